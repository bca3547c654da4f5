import { digits } from "../../src/data/digits.ts";
import { mlp } from "../../src/nn/models.ts";
import { nasgd } from "../../src/optimizer/catalogue/nasgd.ts";
import { scheduleFreeAdamw, scheduleFreeSgd } from "../../src/optimizer/catalogue/schedule_free.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { average } from "../../src/optimizer/last.ts";
import { scale } from "../../src/optimizer/transforms.ts";
import type { TrainOptions } from "../../src/training/options.ts";
import type { Progress } from "../../src/training/progress.ts";
import { getOrThrow } from "../../src/runtime/program.ts";
import { train } from "../../src/training/train.ts";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertRejects,
} from "../_assert.ts";

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

/** Trains until a report, at which the signal is aborted. */
function abortedAt(when: (progress: Progress) => boolean) {
  const controller = new AbortController();
  return train({
    ...small,
    epochs: 1000,
    backend: "reference",
    signal: controller.signal,
    onProgress: (progress) => {
      if (when(progress)) controller.abort();
    },
  });
}

Deno.test("train() ends soon after its signal, with what was reached and nothing measured anew", async () => {
  // The first report comes when at most one more chunk of steps is queued.
  const result = await abortedAt(() => true);
  assert(result.interrupted);
  assert(result.steps >= 1 && result.steps < 6, `${result.steps}`);
  assertEquals(result.telemetry.loss.length, result.steps);
  const { trainLoss, testAccuracy, testLoss } = result.metrics;
  assert(Number.isFinite(trainLoss));
  assertEquals([testAccuracy, testLoss], [NaN, NaN]);

  const after = await abortedAt(({ epoch, epochDone }) => epoch === 2 && epochDone);
  assertEquals([after.interrupted, after.steps], [true, 12]);
  assert(after.history.every((epoch) => Number.isFinite(epoch.testAccuracy)));
  assertEquals(after.metrics.testAccuracy, after.history[1]!.testAccuracy);
});

Deno.test("train() is interrupted too where the signal comes before the last measurement", async () => {
  const controller = new AbortController();
  const result = await train({
    ...small,
    batchSize: 120,
    backend: "reference",
    signal: controller.signal,
    onProgress: () => controller.abort(),
  });
  assertEquals([result.interrupted, result.steps], [true, 1]);
  assertEquals([result.metrics.testAccuracy, result.history.length], [NaN, 1]);
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

Deno.test("train() measures with the evaluation parameters of each replica", async () => {
  const optimizer = chain(scale(0.02), average({ decay: 0.9 }));
  const options = { ...small, optimizer, replicas: 2, backend: "js" as const };
  const averaged = await train(options);
  const plain = await train({ ...options, optimizer: scale(0.02) });
  for (const r of [0, 1]) {
    const one = averaged.replica(r), other = plain.replica(r);
    assertEquals(one.parameters, other.parameters);
    assertEquals(other.evaluationParameters, other.parameters);
    assertNotEquals(one.evaluationParameters, one.parameters);
    // The test loss is that of the average: put in as initial parameters, it is found again.
    const { weight, bias } = one.evaluationParameters["layer1"]!;
    let loss = 0;
    for (let i = 0; i < data.test.count; i++) {
      const logits = Array.from(bias.data, (b, k) => {
        let z = b;
        for (let j = 0; j < 784; j++) {
          z += weight.data[784 * k + j]! * data.test.images[784 * i + j]! / 255;
        }
        return z;
      });
      const sum = logits.reduce((s, z) => s + Math.exp(z), 0);
      loss += (Math.log(sum) - logits[data.test.labels[i]!]!) / data.test.count;
    }
    assertAlmostEquals(one.metrics.testLoss, loss, 1e-5);
    assertNotEquals(one.metrics.testLoss, other.metrics.testLoss);
  }
});

Deno.test("train() learns digits with the schedule-free entries", async () => {
  for (const optimizer of [scheduleFreeSgd(), scheduleFreeAdamw({ learningRate: 0.01 })]) {
    const result = await train({ ...small, optimizer, epochs: 8, backend: "js" });
    assert(result.metrics.testAccuracy > 0.5, `accuracy ${result.metrics.testAccuracy}`);
  }
});

Deno.test("train() lets onProgress read and change the rate between chunks", async () => {
  const seen: number[] = [];
  const result = await train({
    model: mlp({ input: [1, 28, 28], hidden: [8], classes: 10 }),
    data: digits({ train: 200, test: 20, seed: 1 }),
    optimizer: sgd({ learningRate: 0.1 }),
    epochs: 4,
    batchSize: 20,
    backend: "js",
    telemetry: ["learningRate"],
    onProgress: async ({ epochDone }, { set, values }) => {
      if (!epochDone) return;
      const { value } = (await values())["scale/by"]!;
      seen.push(value!);
      getOrThrow(set({ "scale/by": value! / 2 }));
    },
  });
  assertEquals(seen, [0.1, 0.05, 0.025, 0.0125]);
  const rates = result.telemetry.learningRate;
  assertEquals([0, 9, 10, 19, 20, 30, 39].map((s) => Math.round(rates[s]! * 1e4)), [
    1000,
    1000,
    500,
    500,
    250,
    125,
    125,
  ]);
});
