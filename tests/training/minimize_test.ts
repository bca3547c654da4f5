import { SteepestError } from "../../src/errors.ts";
import { adam } from "../../src/optimizer/catalogue/adam.ts";
import { nasgd } from "../../src/optimizer/catalogue/nasgd.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { average } from "../../src/optimizer/last.ts";
import { scale } from "../../src/optimizer/transforms.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { acquireDevice } from "../../src/runtime/device.ts";
import type { BackendName } from "../../src/runtime/executor.ts";
import { objective } from "../../src/objective/objective.ts";
import { add, mul, square, sub, sum } from "../../src/tensor/ops.ts";
import { zeros } from "../../src/nn/initial.ts";
import { minimize } from "../../src/training/minimize.ts";
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "../_assert.ts";

/** q of the norm-adapted paper, from (1, 1). */
const quadratic = objective({
  parameters: { x: 1, y: 1 },
  loss: ({ x, y }) => add(mul(8, square(x)), mul(0.5, square(y))),
});

/** r of the norm-adapted paper, from (−3, −4). */
const rosenbrock = objective({
  parameters: { x: -3, y: -4 },
  loss: ({ x, y }) => add(square(sub(1, x)), mul(100, square(sub(y, square(x))))),
});

type Function_ = typeof quadratic;

/** The index of the first loss at most each threshold, counted from 1 as the paper does. */
function counts(losses: Float64Array, thresholds: readonly number[]): number[] {
  return thresholds.map((t) => losses.findIndex((f) => f <= t) + 1);
}

const Q = [1e-2, 1e-4, 1e-6, 1e-8, 1e-10];
const R = [1e2, 1, 1e-2, 1e-4, 1e-6];

async function row(
  of: Function_,
  optimizer: Optimizer,
  thresholds: readonly number[],
  maxSteps: number,
  precision: "f32" | "f64" = "f32",
): Promise<number[]> {
  const run = await minimize(of, optimizer, {
    until: thresholds.at(-1)!,
    maxSteps,
    backend: "reference",
    precision,
  });
  assert(run.reached);
  assertEquals(run.losses.length, run.steps + 1);
  return counts(run.losses, thresholds);
}

const sgdCells: readonly (readonly [string, Function_, readonly number[], number, number[]])[] = [
  ["q", quadratic, Q, 0.1156, [23, 39, 56, 74, 92]],
  ["q", quadratic, Q, 0.01, [196, 425, 654, 883, 1113]],
  ["q", quadratic, Q, 0.1, [20, 42, 64, 86, 107]],
  ["r", rosenbrock, R, 0.0003945, [7, 9, 14, 20, 13633]],
  ["r", rosenbrock, R, 0.0001, [66, 254, 31683, 85861, 142986]],
];
for (const [name, of, thresholds, learningRate, expected] of sgdCells) {
  Deno.test(`minimize() reproduces the steps of SGD(${learningRate}) on ${name} in f32`, async () => {
    assertEquals(await row(of, sgd({ learningRate }), thresholds, 150_000), expected);
  });
}

Deno.test("minimize() takes the steps in f64 that differ from the printed ones by rounding alone", async () => {
  const cells: readonly (readonly [Function_, readonly number[], Optimizer, number[]])[] = [
    [quadratic, Q, sgd({ learningRate: 0.1156 }), [23, 39, 56, 74, 92]],
    [quadratic, Q, sgd({ learningRate: 0.01 }), [196, 425, 654, 883, 1113]],
    [quadratic, Q, sgd({ learningRate: 0.1 }), [20, 42, 64, 86, 107]],
    [rosenbrock, R, sgd({ learningRate: 0.0003945 }), [7, 9, 14, 20, 13630]],
    [rosenbrock, R, sgd({ learningRate: 0.0001 }), [66, 254, 31675, 85831, 143128]],
    [quadratic, Q, nasgd({ alpha: 1.9 }), [4, 6, 10, 13, 15]],
  ];
  for (const [of, thresholds, optimizer, expected] of cells) {
    assertEquals(await row(of, optimizer, thresholds, 150_000, "f64"), expected);
  }
});

Deno.test("minimize() reproduces that SGD(0.001) diverges on r", async () => {
  const run = await minimize(rosenbrock, sgd({ learningRate: 0.001 }), {
    steps: 4,
    backend: "reference",
  });
  assert(Math.hypot(run.parameters.x, run.parameters.y) > 1e10);
  assertEquals(run.reached, false);
});

Deno.test("minimize() reproduces the steps of NaSGD where they do not depend on the last bit", async () => {
  assertEquals(await row(quadratic, nasgd({ alpha: 1.9 }), Q, 100), [4, 6, 10, 13, 15]);
  const later: readonly (readonly [Function_, readonly number[], number, number[], number[][]])[] =
    [
      [quadratic, Q, 0.7, [12, 22], [[30, 32], [39, 44], [48, 57]]],
      [rosenbrock, R, 1.6, [5, 10], [[26, 173], [91, 416], [204, 633]]],
      [rosenbrock, R, 0.7, [9, 16], [[73, 280], [233, 671], [429, 1028]]],
    ];
  for (const [of, thresholds, alpha, first, ranges] of later) {
    const found = await row(of, nasgd({ alpha }), thresholds, 3000);
    assertEquals(found.slice(0, 2), first);
    ranges.forEach(([low, high], i) => {
      const n = found[i + 2]!;
      assert(n >= low! && n <= high!, `alpha ${alpha}: ${n} outside ${low} to ${high}`);
    });
  }
});

const averages: readonly (readonly [string, Function_, readonly number[], number[], number[]])[] = [
  ["q", quadratic, Q, [13.43, 23.25, 33.05, 42.85, 52.66], [.14, .25, .36, .46, .57]],
  ["r", rosenbrock, R, [8.32, 14.80, 150.6, 387.7, 638.6], [.10, .19, 2, 5.2, 8.6]],
];
for (const [name, of, thresholds, expected, errors] of averages) {
  Deno.test(`minimize() reproduces the mean over 2000 random alphas on ${name}`, async () => {
    const replicas = 2000;
    const alphas = Array.from({ length: replicas }, (_, i) => 0.2 + 1.8 * (i + 0.5) / replicas);
    const run = await minimize(of, nasgd(), {
      until: thresholds.at(-1)!,
      maxSteps: 5000,
      backend: "reference",
      replicas,
      set: { "newtonRaphson/alpha": alphas },
    });
    const total = thresholds.map(() => 0);
    for (let r = 0; r < replicas; r++) {
      const { reached, losses } = run.replica(r);
      assert(reached);
      counts(losses, thresholds).forEach((n, i) => total[i]! += n);
    }
    total.forEach((n, i) => assertAlmostEquals(n / replicas, expected[i]!, 3 * errors[i]!));
  });
}

const adapter = await acquireDevice()();
const hasDevice = adapter._tag === "Right";
if (hasDevice) adapter.right.release();

for (const backend of ["reference", "js", "webgpu"] as const satisfies readonly BackendName[]) {
  const ignore = backend === "webgpu" && !hasDevice;
  const test = (what: string, fn: () => Promise<void>) =>
    Deno.test({ name: `minimize() on ${backend} ${what}`, ignore, fn });

  test("stops each replica at the first parameters that are good enough", async () => {
    const alphas = [1.9, 0.7, 1.2];
    const run = await minimize(quadratic, nasgd(), {
      until: 1e-6,
      maxSteps: 40,
      backend,
      replicas: 3,
      set: { "newtonRaphson/alpha": alphas },
      record: "all",
    });
    for (const [r, alpha] of alphas.entries()) {
      const { steps, reached, losses, parameters, history } = run.replica(r);
      assert(reached);
      assertEquals(losses.length, steps + 1);
      assert(losses[steps]! <= 1e-6);
      assert(losses.slice(0, steps).every((f) => f > 1e-6));
      assertEquals(history.length, steps + 1);
      assertEquals(history[0]!.parameters, { x: 1, y: 1 });
      assertEquals(history[steps]!.parameters, parameters);
      const { x, y } = parameters;
      assertAlmostEquals(8 * x * x + 0.5 * y * y, losses[steps]!, 1e-11);
      const solo = await minimize(quadratic, nasgd({ alpha }), { steps, backend });
      assertEquals(solo.losses, losses);
      assertEquals(solo.parameters, parameters);
    }
  });

  test("makes as many updates as asked for, and evaluates once more", async () => {
    const run = await minimize(quadratic, sgd({ learningRate: 0.1 }), { steps: 3, backend });
    assertEquals([run.steps, run.reached, run.losses.length], [3, false, 4]);
    const { x, y } = run.parameters;
    assertAlmostEquals(x, (1 - 1.6) ** 3, 1e-6);
    assertAlmostEquals(y, 0.9 ** 3, 1e-6);
    assertAlmostEquals(run.losses[3]!, 8 * x * x + 0.5 * y * y, 1e-6);
    const none = await minimize(quadratic, sgd(), { steps: 0, backend });
    assertEquals([none.parameters, [...none.losses]], [{ x: 1, y: 1 }, [8.5]]);
  });

  test("gives up after maxSteps, and stands still when it starts at the goal", async () => {
    const slow = await minimize(quadratic, sgd({ learningRate: 1e-3 }), {
      until: 1e-6,
      maxSteps: 50,
      backend,
    });
    const same = await minimize(quadratic, sgd({ learningRate: 1e-3 }), { steps: 50, backend });
    assertEquals([slow.steps, slow.reached], [50, false]);
    assertEquals(slow.losses, same.losses);
    assertEquals(slow.parameters, same.parameters);
    const there = await minimize(quadratic, sgd(), { until: 9, maxSteps: 50, backend });
    assertEquals([there.steps, there.reached, there.parameters.x], [0, true, 1]);
  });

  test("freezes the state of the optimizer too", async () => {
    const frozen = await minimize(quadratic, adam({ learningRate: 0.1 }), {
      until: 1,
      maxSteps: 100,
      backend,
    });
    const plain = await minimize(quadratic, adam({ learningRate: 0.1 }), {
      steps: frozen.steps,
      backend,
    });
    assertAlmostEquals(frozen.parameters.x, plain.parameters.x, 1e-5);
    assertAlmostEquals(frozen.parameters.y, plain.parameters.y, 1e-5);
  });

  test("reads large parameters step by step when all is recorded", async () => {
    const large = objective({
      parameters: { w: zeros([300]) },
      loss: ({ w }) => mul(0.5, sum(square(sub(w, 1)))),
    });
    const run = await minimize(large, sgd({ learningRate: 0.5 }), {
      steps: 2,
      record: "all",
      backend,
    });
    assertEquals(run.history.map((p) => p.parameters.w.data[299]), [0, 0.5, 0.75]);
    assertEquals(run.history.map((p) => p.loss), [...run.losses]);
  });

  test("is cancelled by its signal", async () => {
    const abort = new AbortController();
    const running = minimize(quadratic, sgd({ learningRate: 1e-9 }), {
      until: 0,
      maxSteps: 10_000_000,
      backend,
      signal: abort.signal,
    });
    setTimeout(() => abort.abort(), 30);
    assertEquals((await assertRejects(() => running, SteepestError)).kind, "cancelled");
  });
}

Deno.test("minimize() rejects numbers of steps that make no sense", async () => {
  const error = await assertRejects(
    () => minimize(quadratic, sgd(), { until: NaN, maxSteps: -1 }),
    SteepestError,
  );
  assertEquals(error.issues.map((i) => i.path), ["maxSteps", "until"]);
  await assertRejects(() => minimize(quadratic, sgd(), { steps: 1.5 }), SteepestError, "steps");
});

Deno.test("minimize() gives the evaluation parameters of θ_steps, replica by replica", async () => {
  const line = objective({ parameters: { x: 4 }, loss: ({ x }) => square(x) });
  for (const backend of ["reference", "js"] as const) {
    const optimizer = chain(scale(0.25), average());
    const stops = [{ steps: 2 }, { until: 1, maxSteps: 9 }] as const;
    for (const stop of stops) {
      const options = { ...stop, backend, replicas: 2, set: { "0/scale/by": [0.25, 0.375] } };
      const run = await minimize(line, optimizer, options);
      assertEquals(run.replica(0).parameters.x, 1);
      assertEquals(run.replica(0).evaluationParameters.x, (2 + 1) / 2);
      const second = run.replica(1);
      if (second.steps === 2) assertEquals(second.evaluationParameters.x, (1 + 0.25) / 2);
      else assertEquals(second.evaluationParameters.x, 1);
    }
  }
});
