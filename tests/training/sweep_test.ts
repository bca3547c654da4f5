import { digits } from "../../src/data/digits.ts";
import { mlp } from "../../src/nn/models.ts";
import { zeros } from "../../src/nn/initial.ts";
import { objective } from "../../src/objective/objective.ts";
import { adahessian } from "../../src/optimizer/catalogue/adahessian.ts";
import { kfac } from "../../src/optimizer/catalogue/kfac.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { hessian } from "../../src/optimizer/calculating.ts";
import { curvature } from "../../src/optimizer/curvature.ts";
import { toSample } from "../../src/optimizer/damping.ts";
import { clipped, gradientNorm, none } from "../../src/optimizer/length.ts";
import { cosineDecay } from "../../src/optimizer/schedule.ts";
import { cholesky, eigen } from "../../src/optimizer/solver.ts";
import { full } from "../../src/optimizer/structure.ts";
import { ema, scale } from "../../src/optimizer/transforms.ts";
import { adam } from "../../src/optimizer/catalogue/adam.ts";
import { catalogue } from "../../src/optimizer/catalogue/registry.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import { mul, square, sub, sum } from "../../src/tensor/ops.ts";
import { minimize } from "../../src/training/minimize.ts";
import { sweep } from "../../src/training/sweep.ts";
import type { SweepProgress } from "../../src/training/sweep_result.ts";
import { train } from "../../src/training/train.ts";
import { grid, randomTrials } from "../../src/training/trials.ts";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "../_assert.ts";
import { leavesOut } from "../catalogue/_suite.ts";

const bowl = objective({
  parameters: { x: [1, -2] },
  loss: ({ x }) => sum(mul(square(sub(x, 0.5)), 2)),
});

Deno.test("grid() gives every combination, randomTrials() begins alike for more", () => {
  assertEquals(grid({ a: [1, 2], b: ["x", "y"] }).map(({ a, b }) => `${a}${b}`), [
    "1x",
    "1y",
    "2x",
    "2y",
  ]);
  const ranges = {
    rate: { kind: "log", from: 1e-5, to: 1e-1 },
    decay: { kind: "linear", from: 0.5, to: 1 },
    nesterov: [true, false],
  } as const;
  const many = randomTrials(ranges, 400, 7);
  assertEquals(many.slice(0, 5), randomTrials(ranges, 5, 7));
  assert(randomTrials(ranges, 1, 8)[0]!["rate"] !== many[0]!["rate"]);
  const below = many.filter(({ rate }) => Number(rate) < 1e-3).length;
  assert(below > 150 && below < 250, `${below} of 400 below the middle of the logarithm`);
  assert(many.every(({ decay }) => Number(decay) >= 0.5 && Number(decay) < 1));
  assertEquals(new Set(many.map(({ nesterov }) => nesterov)).size, 2);
});

Deno.test("grid() and randomTrials() refuse lists and ranges that are none", () => {
  assertThrows(() => grid({ a: [] }), Error, "a: expected values to try");
  const wrong = assertThrows(
    () => randomTrials({ a: { kind: "log", from: 0, to: 1 }, b: [] }, 0.5),
    Error,
  );
  for (const path of ["a:", "b:", "count:"]) assert(wrong.message.includes(path), wrong.message);
});

for (const name of Object.keys(catalogue)) {
  if (leavesOut(catalogue[name]!.build(), bowl)) continue;
  Deno.test(`sweep() gives each trial of ${name} the bits of its solo run`, async () => {
    const { suggested, build } = catalogue[name]!;
    const [option, values] = Object.entries(suggested)[0] ?? ["learningRate", [0.01]];
    const trials = grid({ [option]: values.slice(0, 3) });
    const likely = build({ [option]: values[0] });
    const common = { steps: 12, backend: "js", seed: 3 } as const;
    const solo = await minimize(bowl, likely, common).catch((cause: Error) => cause);
    const asked = sweep({ objective: bowl, optimizer: build, trials, ...common });
    if (solo instanceof Error) {
      await assertRejects(() => asked, Error, solo.message);
      return;
    }
    const result = await asked;
    assertEquals(result.programs, 1);
    for (const { settings, run } of result.trials) {
      const alone = await minimize(bowl, build(settings), common);
      assertEquals(run.losses, alone.losses);
      assertEquals(run.parameters, alone.parameters);
    }
  });
}

Deno.test("sweep() makes a program of every structural value and of none else", async () => {
  const result = await sweep({
    objective: bowl,
    optimizer: sgd,
    trials: grid({ learningRate: [0.01, 0.1], momentum: [0.5, 0.9], nesterov: [false, true] }),
    steps: 5,
    backend: "js",
  });
  assertEquals([result.programs, result.runs, result.trials.length], [2, 2, 8]);
  assertEquals(result.structural, ["nesterov"]);
  assertEquals(result.trials.map(({ index }) => index), [0, 1, 2, 3, 4, 5, 6, 7]);
  assert(result.trials.every(({ program, settings }) => program === (settings.nesterov ? 1 : 0)));
  const rhythm = await sweep({
    objective: bowl,
    optimizer: adahessian,
    trials: grid({ every: [1, 3], learningRate: [0.1, 0.2] }),
    steps: 5,
    backend: "js",
  });
  assertEquals([rhythm.programs, rhythm.structural], [2, ["every"]]);
});

Deno.test("sweep() ranks trials that are not finite last, and says where they broke", async () => {
  const result = await sweep({
    objective: bowl,
    optimizer: sgd,
    trials: grid({ learningRate: [1e30, 0.1, 1e-3, 1e25] }),
    steps: 20,
    backend: "js",
  });
  assertEquals(result.ranked.map(({ index }) => index), [1, 2, 0, 3]);
  assertEquals(result.best?.index, 1);
  assertEquals(result.trials.map(({ firstNonFinite }) => firstNonFinite === undefined), [
    false,
    true,
    true,
    false,
  ]);
  const none = await sweep({
    objective: bowl,
    optimizer: sgd,
    trials: [{ learningRate: 1e30 }],
    steps: 20,
    backend: "js",
  });
  assertEquals([none.best, none.trials.length, none.interrupted], [undefined, 1, false]);
});

Deno.test("sweep() ranks by steps what reached a loss, and by loss what did not", async () => {
  const result = await sweep({
    objective: bowl,
    optimizer: sgd,
    trials: grid({ learningRate: [1e-4, 0.2, 0.01, 1e-3, 0.05] }),
    until: 1e-3,
    maxSteps: 150,
    backend: "js",
  });
  assertEquals(result.ranked.map(({ index }) => index), [1, 4, 2, 3, 0]);
  assertEquals(result.ranked.map(({ run }) => run.reached), [true, true, true, false, false]);
});

Deno.test("sweep() reports everything that is wrong where no trial makes sense, once", async () => {
  const wrong = await assertRejects(
    () =>
      sweep({
        objective: bowl,
        optimizer: adam,
        trials: grid({ eps: [-1, -2], beta1: [2, 0.5] }),
        steps: 1,
        sideBySide: 0,
      }),
    Error,
  );
  assertEquals(wrong.message.split("\n").length, 4);
  await assertRejects(
    () => sweep({ objective: bowl, optimizer: adam, trials: [], steps: 1 }),
    Error,
    "trials",
  );
});

Deno.test("sweep() keeps the other trials where some cannot be built, compiled or run", async () => {
  const optimizers = {
    good: () => adam(),
    undescribed: () => adam({ eps: -1 }),
    // The bowl has no layers.
    uncompiled: () => kfac(),
    other: () => sgd({ learningRate: 0.1 }),
  };
  const result = await sweep({
    objective: bowl,
    optimizer: ({ of }) => optimizers[of](),
    trials: grid({ of: ["uncompiled", "good", "undescribed", "other"] }),
    steps: 3,
    backend: "js",
  });
  assertEquals(result.trials.map(({ index }) => index), [1, 3]);
  assertEquals(result.failures.map(({ index, error }) => [index, error.kind]), [
    [0, "need"],
    [2, "description"],
  ]);
  assertStringIncludes(result.failures[1]!.error.message, "eps");
  assertEquals([result.interrupted, result.programs, result.runs], [false, 3, 2]);
});

Deno.test("sweep() varies lengths, solvers, rhythms and schedules: whatever makes another optimizer", async () => {
  const lengths = { none: none(), gradientNorm: gradientNorm(), clipped: clipped(1) };
  const solvers = { eigen: eigen(), cholesky: cholesky() };
  const rates = { fixed: 0.05, decaying: cosineDecay({ from: 0.1, steps: 20 }) };
  const trials = grid({
    length: ["none", "gradientNorm", "clipped"],
    solver: ["eigen", "cholesky"],
    factor: [1, 4],
    rate: ["fixed", "decaying"],
  });
  const build = ({ length, solver, factor, rate }: typeof trials[number]) =>
    chain(
      curvature({
        calculating: hessian(),
        structure: full(),
        iterative: ema({ decay: 0.9, debias: true }),
        length: lengths[length],
        damping: toSample(0.1),
        solver: solvers[solver],
        every: { factor },
      }),
      scale(rates[rate]),
    );
  const common = { steps: 6, backend: "js", seed: 3 } as const;
  const result = await sweep({ objective: bowl, optimizer: build, trials, ...common });
  const refused = result.failures.map(({ settings: { solver, length } }) => `${solver} ${length}`);
  // A root has no triangular factors, and what cannot be is told of beside what can.
  assertEquals(new Set(refused), new Set(["cholesky gradientNorm"]));
  assertEquals(result.structural, ["length", "solver", "factor", "rate"]);
  assertEquals(result.trials.length, 20);
  for (const { settings, run } of result.trials) {
    assertEquals(run.losses, (await minimize(bowl, build(settings), common)).losses);
  }
});

Deno.test("sweep() varies seeds and starts side by side, and when a trial ends", async () => {
  const trials = grid({ seed: [4, 9], start: [-1, 2], steps: [3, 5] });
  const result = await sweep({
    objective: bowl,
    optimizer: () => adam({ learningRate: 0.1 }),
    trials,
    vary: ({ seed, start, steps }) => ({
      seed,
      parameters: { x: [start, 1] },
      stopping: { steps },
    }),
    steps: 1,
    backend: "js",
  });
  assertEquals([result.programs, result.structural], [2, ["steps"]]);
  for (const { settings: { seed, start, steps }, run } of result.trials) {
    const alone = await minimize(bowl, adam({ learningRate: 0.1 }), {
      seed,
      parameters: { x: [start, 1] },
      steps,
      backend: "js",
    });
    assertEquals(run, alone.replica(0));
  }
});

Deno.test("sweep() varies the size of batches and of the model", async () => {
  const shared = {
    model: mlp({ input: [1, 28, 28], classes: 10, hidden: [] }),
    data: digits({ train: 60, test: 20 }),
    backend: "js",
  } as const;
  const models = [shared.model, mlp({ input: [1, 28, 28], classes: 10, hidden: [5] })];
  const result = await sweep({
    ...shared,
    optimizer: ({ learningRate }) => sgd({ learningRate }),
    trials: grid({
      batchSize: [20, 61],
      hidden: [0, 1],
      learningRate: [0.1, 0.01],
      seed: [1, 2],
    }),
    vary: ({ batchSize, hidden, seed }) => ({ batchSize, model: models[hidden]!, seed }),
  });
  assertEquals(result.failures.length, 8);
  assert(result.failures.every(({ settings }) => settings.batchSize === 61));
  assertStringIncludes(result.failures[0]!.error.message, "batchSize");
  assertEquals([result.programs, result.runs], [4, 2]);
  assertEquals(result.structural, ["batchSize", "hidden"]);
  for (const { settings, run } of result.trials.filter((_, i) => i % 5 === 0)) {
    const { batchSize, hidden, learningRate, seed } = settings;
    const optimizer = sgd({ learningRate });
    const alone = await train({ ...shared, optimizer, batchSize, seed, model: models[hidden]! });
    const { parameters, telemetry, metrics } = alone.replica(0);
    assertEquals([run.parameters, run.telemetry, run.metrics], [parameters, telemetry, metrics]);
  }
});

Deno.test("sweep() keeps the trials that came to their end when its signal is aborted", async () => {
  const controller = new AbortController();
  const seen: SweepProgress[] = [];
  const result = await sweep({
    objective: bowl,
    optimizer: adam,
    trials: grid({ learningRate: [0.01, 0.1, 1] }),
    steps: 50,
    backend: "js",
    sideBySide: 1,
    signal: controller.signal,
    onProgress: (progress) => {
      seen.push(progress);
      if (progress.finished === 1) controller.abort();
    },
  });
  assertEquals([result.interrupted, result.trials.map(({ index }) => index)], [true, [0]]);
  assertEquals(seen.map(({ finished }) => finished), [0, 1, 1]);
});

Deno.test("sweep() trains models, each trial as if it were alone", async () => {
  const shared = {
    model: mlp({ input: [1, 28, 28], classes: 10 }),
    data: digits({ train: 120, test: 33 }),
    batchSize: 20,
    epochs: 2,
    backend: "js",
  } as const;
  const result = await sweep({
    ...shared,
    seed: 3,
    optimizer: sgd,
    trials: grid({ learningRate: [0.1, 0.01], momentum: [0.5, 0.9] }),
    by: "testAccuracy",
    sideBySide: 3,
  });
  assertEquals([result.programs, result.runs], [1, 2]);
  for (const { settings, run, score } of result.trials) {
    const alone = await train({ ...shared, seed: 3, optimizer: sgd(settings) });
    assertEquals(run.metrics, alone.metrics);
    assertEquals(score, -alone.metrics.testAccuracy);
  }
  assertEquals(
    result.best?.run.metrics.testAccuracy,
    Math.max(...result.trials.map(({ run }) => run.metrics.testAccuracy)),
  );
});

Deno.test("sweep() gives the same where the device cannot hold all trials at once", async () => {
  const options = {
    objective: objective({
      parameters: { x: zeros([1000]) },
      loss: ({ x }) => sum(square(sub(x, 1))),
    }),
    optimizer: sgd,
    trials: grid({ learningRate: [0.1, 0.2, 0.3, 0.4, 0.5, 0.25, 0.35, 0.45] }),
    steps: 3,
    backend: "js",
  } as const;
  // A binding holds six copies of θ, and eight are asked for.
  const parts = await sweep({ ...options, limits: { maxBindingBytes: 6 * 4096 } });
  const whole = await sweep(options);
  assertEquals([parts.programs, parts.runs, parts.trials.length], [1, 1, 8]);
  assertEquals(parts.trials.map(({ run }) => run), whole.trials.map(({ run }) => run));
});

Deno.test("sweep() says that an option is structural where it is beside some values only", async () => {
  const result = await sweep({
    objective: objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) }),
    optimizer: sgd,
    trials: grid({ momentum: [0, 0.9], nesterov: [true, false] }),
    steps: 2,
    backend: "js",
  });
  assertEquals([result.programs, result.structural], [3, ["momentum", "nesterov"]]);
});
