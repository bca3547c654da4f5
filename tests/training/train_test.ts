import { digits } from "../../src/data/digits.ts";
import { mlp } from "../../src/nn/models.ts";
import { nasgd } from "../../src/optimizer/catalogue/nasgd.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import type { TrainOptions } from "../../src/training/options.ts";
import type { Progress } from "../../src/training/progress.ts";
import { train } from "../../src/training/train.ts";
import { assert, assertEquals, assertRejects } from "../_assert.ts";

const data = digits({ train: 120, test: 33 });
const model = mlp({ input: [1, 28, 28], classes: 10 });
const small = { model, data, optimizer: nasgd({ alpha: 0.5 }), batchSize: 20, seed: 3 };

Deno.test("train() learns, and reports every epoch", async () => {
  const seen: Progress[] = [];
  const result = await train({
    ...small,
    epochs: 3,
    backend: "reference",
    onProgress: (p) => seen.push(p),
  });
  assertEquals([result.steps, result.interrupted, result.backend], [18, false, "reference"]);
  assertEquals(result.history.map((e) => e.steps), [6, 12, 18]);
  assert(result.history[2]!.trainLoss < result.history[0]!.trainLoss);
  assert(result.metrics.testAccuracy > 0.3, `accuracy ${result.metrics.testAccuracy}`);
  assertEquals(result.telemetry.loss.length, 18);
  assertEquals(result.parameters["layer1"]?.weight.shape, [10, 784]);
  assertEquals(seen.filter((p) => p.epochDone).map((p) => [p.epoch, p.step]), [
    [1, 6],
    [2, 12],
    [3, 18],
  ]);
});

Deno.test("train() gives each replica the result of its solo run", async () => {
  const both = await train({ ...small, backend: "reference", replicas: 2 });
  const solo = await train({ ...small, backend: "reference", seed: 4 });
  assertEquals(both.replica(1).metrics, solo.metrics);
  assertEquals(both.replica(1).telemetry, solo.telemetry);
  assertEquals(
    both.metrics.testLoss,
    (both.replica(0).metrics.testLoss + solo.metrics.testLoss) / 2,
  );
});

Deno.test("train() keeps what was reached when its signal is aborted", async () => {
  const controller = new AbortController();
  const result = await train({
    ...small,
    epochs: 1000,
    backend: "reference",
    signal: controller.signal,
    onProgress: ({ step }) => {
      if (step >= 2) controller.abort();
    },
  });
  assert(result.interrupted);
  assert(result.steps >= 2 && result.steps < 6000);
  assert(Number.isFinite(result.metrics.testAccuracy));
  assertEquals(result.telemetry.loss.length, result.steps);
});

Deno.test("train() says at which step a loss was not finite", async () => {
  const result = await train({
    ...small,
    optimizer: sgd({ learningRate: 3e38 }),
    backend: "reference",
  });
  assert(result.firstNonFinite !== undefined && result.firstNonFinite >= 1);
});

Deno.test("train() names every option that is out of range", async () => {
  const wrong: Partial<TrainOptions<unknown>> = {
    epochs: 0,
    batchSize: 121,
    seed: -1,
    replicas: 0.5,
  };
  const error = await assertRejects(() => train({ ...small, ...wrong, model }), Error);
  assertEquals(error.message.split("\n"), [
    "epochs: expected an integer from 1 to 1000000, found 0",
    "batchSize: expected an integer from 1 to 120, found 121",
    "seed: expected an integer from 0 to 4294967295, found -1",
    "replicas: expected an integer from 1 to 65535, found 0.5",
  ]);
});
