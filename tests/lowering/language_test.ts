import * as E from "fp-ts/lib/Either.js";
import fc from "fast-check";
import { SteepestError } from "../../src/errors.ts";
import { lower } from "../../src/lowering/lower.ts";
import { fires, PARAMETERS, slotOf } from "../../src/lowering/program.ts";
import { categorical } from "../../src/objective/likelihood.ts";
import { type Objective, objective } from "../../src/objective/objective.ts";
import { empiricalFisher, fisher, gaussNewton, hessian } from "../../src/optimizer/calculating.ts";
import { add, chain, identity } from "../../src/optimizer/combinators.ts";
import { curvature } from "../../src/optimizer/curvature.ts";
import { clipByGlobalNorm, normalize } from "../../src/optimizer/derived.ts";
import { hyperparameters } from "../../src/optimizer/hyperparameters.ts";
import { latest } from "../../src/optimizer/iterative.ts";
import { none } from "../../src/optimizer/length.ts";
import { path, rank } from "../../src/optimizer/predicate.ts";
import * as annealing from "../../src/optimizer/annealing.ts";
import * as schedules from "../../src/optimizer/schedule.ts";
import { scheduleAt } from "../../src/optimizer/schedule_at.ts";
import { diagonal } from "../../src/optimizer/structure.ts";
import { ema, newtonRaphson, scale, trace, weightDecay } from "../../src/optimizer/transforms.ts";
import { graft, masked, partition, skipNonFinite } from "../../src/optimizer/wrappers.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { topological } from "../../src/tensor/walk.ts";
import { constant, div, matmul, mul, sum } from "../../src/tensor/ops.ts";
import { optimizerArbitrary } from "../optimizer/_arbitrary.ts";
import { assert, assertAlmostEquals, assertEquals, assertInstanceOf } from "../_assert.ts";
import { follow, right } from "./_follow.ts";
import { PROBLEMS } from "./_functions.ts";

const [quadratic, rosenbrock, wavy] = PROBLEMS as [
  typeof PROBLEMS[0],
  typeof PROBLEMS[0],
  typeof PROBLEMS[0],
];

const classifier = objective({
  parameters: { w: [[0.1, -0.2, 0.3], [0.2, 0.1, -0.4]], b: [0.1, 0, -0.1] },
  batch: { x: [4, 2], y: [4] },
  outputs: ({ w }, { x }) => matmul(x, w),
  likelihood: categorical("y"),
}) as Objective;

const BATCH = new Map([
  ["batch/x", tensor([1, 2, -1, 0.5, 0.3, -0.7, 2, 1], [4, 2])],
  ["batch/y", tensor([0, 2, 1, 1], [4], "u32")],
]);

const START = [0.1, -0.2, 0.3, 0.2, 0.1, -0.4, 0.1, 0, -0.1];

Deno.test("lower() gives finite steps when optimizers are drawn at random", () => {
  const drawn = optimizerArbitrary({ depth: 2 });
  let lowered = 0;
  fc.assert(
    fc.property(drawn, (optimizer) => {
      const result = lower(classifier, optimizer);
      if (E.isLeft(result)) {
        // Only a mask that matches nothing may be refused.
        assertEquals(result.left.kind, "description");
        return;
      }
      lowered++;
      const { thetas, records } = follow(classifier, chain(optimizer, scale(1e-3)), START, 4, {
        slots: BATCH,
      });
      assert(thetas.flat().every(Number.isFinite), JSON.stringify(optimizer));
      assert(records.every((r) => [...r.values()].every(Number.isFinite)));
    }),
    { seed: 7, numRuns: 60 },
  );
  assert(lowered > 30, `${lowered} of 60 were lowered`);
});

Deno.test("lower() reads no old version of state that a region has replaced", () => {
  fc.assert(
    fc.property(optimizerArbitrary({ depth: 2 }), (optimizer) => {
      const result = lower(classifier, optimizer);
      if (E.isLeft(result)) return;
      const { regions } = result.right;
      const replaced = new Set(
        regions.filter(({ kind }) => kind === "every").flatMap(({ assign }) =>
          assign.map(({ slot }) => slot)
        ),
      );
      for (const { op } of topological(regions.at(-1)!.assign.map(({ value }) => value))) {
        if (op.kind === "input" && replaced.has(op.name)) assertEquals(op.version, 1, op.name);
      }
    }),
    { seed: 3, numRuns: 60 },
  );
});

Deno.test("lower() makes a slot of every value hyperparameter when they are numbers", () => {
  const optimizer = chain(
    trace({ decay: 0.9, dampening: 0.1 }),
    curvature({
      calculating: empiricalFisher(),
      structure: diagonal(),
      iterative: ema({ decay: 0.99 }),
    }),
    scale(schedules.cosineDecay({ from: 0.1, steps: 100, warmup: 5 })),
  );
  const program = right(lower(wavy.objective, optimizer));
  for (const { path, kind, value } of hyperparameters(optimizer)) {
    if (kind !== "value") continue;
    if (typeof value === "number") assertEquals(slotOf(program, `hyper/${path}`).initial, value);
    else assertEquals(slotOf(program, `hyper/${path}/from`).initial, 0.1);
  }
});

Deno.test("lower() follows scheduleAt() when the rate is a schedule", () => {
  const pieces = [
    schedules.constant(0.3),
    schedules.linear({ from: 0, to: 1, steps: 7 }),
    schedules.cosineDecay({ from: 1, to: 0.1, steps: 15, warmup: 4 }),
    schedules.cosineDecay({ from: 1, steps: 9 }),
    schedules.exponentialDecay({ from: 1, factor: 0.5, steps: 4 }),
    schedules.stepDecay({ from: 1, factor: 0.5, steps: 4 }),
    annealing.powerDecay({ from: 0.1, to: 1, power: 0.8, steps: 3 }),
    schedules.piecewise({ from: 1, changes: [{ at: 3, value: 2 }, { at: 8, value: 0.5 }] }),
    schedules.warmup({ to: 1, steps: 6 }),
    schedules.oneCycle({ peak: 1, steps: 18 }),
    schedules.unbiased({ by: 0.1, decay: 0.9, lead: 1 }),
    annealing.polynomial({ from: 1, to: 0.2, steps: 9, power: 2.5 }),
    annealing.inverseSqrt({ peak: 1, warmup: 5 }),
    annealing.cosineRestarts({ from: 1, to: 0.1, steps: 6 }),
    annealing.cosineRestarts({ from: 1, steps: 1, growth: 2 }),
    annealing.cosineRestarts({ from: 1, steps: 2, growth: 3 }),
    annealing.rectification({ decay: 0.999 }),
    annealing.rectification({ decay: 0.7, after: 4 }),
  ];
  const joined = schedules.join({
    of: [pieces[7]!, pieces[1]!, pieces[6]!],
    at: [5, 11],
  });
  // Here the logarithms at which cycles begin are rounded down.
  const long = [3, 10].map((growth) => annealing.cosineRestarts({ from: 1, steps: 1, growth }));
  const line = objective({ parameters: { x: [0, 0] }, loss: ({ x }) => sum(x) }) as Objective;
  for (const schedule of [...pieces, joined, ...long]) {
    const steps = schedule.kind === "restarts" ? 130 : 20;
    const { thetas } = follow(line, scale(schedule), [0, 0], steps);
    for (let t = 0; t < steps; t++) {
      const taken = thetas[t]![0]! - thetas[t + 1]![0]!;
      assertAlmostEquals(taken, scheduleAt(schedule, t), 1e-12, `${schedule.kind} at ${t}`);
    }
  }
});

Deno.test("lower() samples every k steps and holds the curvature in between", () => {
  const stage = curvature({
    calculating: empiricalFisher(),
    structure: diagonal(),
    iterative: latest(),
    length: none(),
    every: { sample: 3 },
  });
  const { thetas, program } = follow(wavy.objective, chain(stage, scale(0.01)), wavy.start, 7);
  assertEquals(program.regions.map(({ kind }) => kind), ["straight", "every", "straight"]);
  assertEquals([0, 1, 2, 3].map((step) => fires(program.regions[1]!, step)), [
    true,
    false,
    false,
    true,
  ]);
  let held: number[] = [];
  for (let t = 0; t < 7; t++) {
    const g = wavy.g(thetas[t]!);
    if (t % 3 === 0) held = g.map((x) => x * x);
    g.forEach((gi, i) =>
      assertAlmostEquals(thetas[t + 1]![i]!, thetas[t]![i]! - 0.01 * gi / held[i]!, 1e-12)
    );
  }
});

Deno.test("lower() divides by the weight accumulated when samples are rare and decays scheduled", () => {
  const decay = schedules.linear({ from: 0.5, to: 0.9, steps: 6 });
  const stage = curvature({
    calculating: empiricalFisher(),
    structure: diagonal(),
    iterative: ema({ decay, debias: true }),
    every: { sample: 2 },
  });
  const { thetas } = follow(wavy.objective, chain(stage, scale(0.001)), wavy.start, 6);
  const v = wavy.start.map(() => 0);
  let w = 0;
  for (let t = 0; t < 6; t++) {
    const g = wavy.g(thetas[t]!);
    if (t % 2 === 0) {
      const beta = scheduleAt(decay, t);
      w = beta * w + 1 - beta;
      g.forEach((gi, i) => v[i] = beta * v[i]! + (1 - beta) * gi * gi);
    }
    g.forEach((gi, i) =>
      assertAlmostEquals(
        thetas[t + 1]![i]!,
        thetas[t]![i]! - 0.001 * gi / (v[i]! / w),
        1e-12,
      )
    );
  }
});

Deno.test("lower() puts out `use` during the warm-up while statistics run", () => {
  const stage = curvature({
    calculating: empiricalFisher(),
    structure: diagonal(),
    iterative: ema({ decay: 0.5, debias: true }),
    warmup: { steps: 2, use: scale(10) },
  });
  const { thetas } = follow(wavy.objective, chain(stage, scale(1e-3)), wavy.start, 3);
  const [g0, g1, g2] = thetas.slice(0, 3).map((x) => wavy.g(x));
  assertAlmostEquals(thetas[2]![0]!, thetas[1]![0]! - 1e-2 * g1![0]!, 1e-12);
  const mean = (0.125 * g0![0]! ** 2 + 0.25 * g1![0]! ** 2 + 0.5 * g2![0]! ** 2) / 0.875;
  assertAlmostEquals(thetas[3]![0]!, thetas[2]![0]! - 1e-3 * g2![0]! / mean, 1e-12);
});

Deno.test("lower() keeps θ, state and count where a gated gradient is not finite", () => {
  // The gradient is 1/s, infinite at every step where s is 0.
  const flaky = objective({
    parameters: { x: [1, 2] },
    batch: { s: [] },
    loss: ({ x }, { s }) => div(sum(x), s),
  }) as Objective;
  const inner = chain(
    ema({ decay: 0.5, debias: true }),
    scale(schedules.warmup({ to: 1, steps: 4 })),
  );
  const program = right(lower(flaky, skipNonFinite(inner)));
  assert(program.slots.some(({ name }) => name === "state/skipNonFinite/count"));
  const at = (s: number) => new Map([["batch/s", tensor(s, [])]]);
  const good = follow(flaky, skipNonFinite(inner), [1, 2], 1, { slots: at(1) });
  const bad = follow(flaky, skipNonFinite(inner), [1, 2], 1, { slots: at(0) });
  assertEquals(bad.thetas[1], [1, 2]);
  assertEquals(bad.values.get("state/skipNonFinite/count")!.data[0], 0);
  assertEquals([...bad.values.get("state/skipNonFinite/0/ema/mean")!.data], [0, 0]);
  assertEquals(bad.records[0]!.get("record/skipNonFinite/skipped"), 1);
  assertEquals(good.records[0]!.get("record/skipNonFinite/skipped"), 0);
  assertEquals(good.values.get("state/skipNonFinite/count")!.data[0], 1);
  assertEquals(good.thetas[1], [0.75, 1.75]);
});

Deno.test("lower() takes norms over the part when a partition splits the parameters", () => {
  const optimizer = partition([{ where: rank(2), of: normalize() }], scale(0.1));
  const { thetas } = follow(wavy.objective, optimizer, wavy.start, 1);
  const g = wavy.g(wavy.start);
  const n = Math.hypot(...g.slice(0, 4));
  g.forEach((gi, i) => {
    const step = i < 4 ? gi / n : 0.1 * gi;
    assertAlmostEquals(thetas[1]![i]!, wavy.start[i]! - step, 1e-12);
  });
});

Deno.test("lower() decays the parameters that the mask matches when it is given one", () => {
  const optimizer = chain(weightDecay(0.5, path("b")), scale(0.1));
  const { thetas } = follow(wavy.objective, optimizer, wavy.start, 1);
  const g = wavy.g(wavy.start);
  g.forEach((gi, i) => {
    const decayed = gi + (i < 4 ? 0 : 0.5 * wavy.start[i]!);
    assertAlmostEquals(thetas[1]![i]!, wavy.start[i]! - 0.1 * decayed, 1e-12);
  });
});

Deno.test("lower() grafts the norm of one branch on the direction of another", () => {
  const optimizer = graft({ direction: scale(-3), magnitude: scale(0.01), per: "tensor" });
  const { thetas } = follow(wavy.objective, optimizer, wavy.start, 1);
  wavy.g(wavy.start).forEach((gi, i) =>
    assertAlmostEquals(thetas[1]![i]!, wavy.start[i]! + 0.01 * gi, 1e-12)
  );
});

Deno.test("lower() takes no step and counts it when gᵀu is not positive", () => {
  const uphill = follow(
    quadratic.objective,
    chain(scale(-1), newtonRaphson()),
    quadratic.start,
    1,
  );
  assertEquals(uphill.thetas[1], [...quadratic.start]);
  assertEquals(uphill.records[0]!.get("record/1/newtonRaphson/noStep"), 1);
  const capped = follow(quadratic.objective, newtonRaphson({ cap: 1e-4 }), quadratic.start, 1);
  assertEquals(capped.records[0]!.get("record/newtonRaphson/capped"), 1);
  assertEquals(capped.records[0]!.get("record/loss"), 17);
  const flat = follow(quadratic.objective, newtonRaphson(), [0, 0], 1);
  assertEquals(flat.thetas[1], [0, 0]);
});

Deno.test("lower() tells that a global clip was active when it was", () => {
  const { records, thetas } = follow(rosenbrock.objective, clipByGlobalNorm(0.1), [-1.2, 1], 2);
  assertEquals(records[0]!.get("record/curvature/clipped"), 1);
  assertAlmostEquals(Math.hypot(thetas[1]![0]! + 1.2, thetas[1]![1]! - 1), 0.1, 1e-12);
});

Deno.test("lower() drops and counts eigenvalues that are not positive", () => {
  const stage = curvature({ calculating: hessian(), structure: diagonal(), length: none() });
  const saddle = objective({
    parameters: { x: [1, 1, 1] },
    loss: ({ x }) => sum(mul(constant([1, -1, 0]), mul(x, x))),
  }) as Objective;
  const { thetas, records } = follow(saddle, stage, [1, 1, 1], 1);
  assertEquals(thetas[1], [0, 1, 1]);
  assertEquals(records[0]!.get("record/curvature/dropped"), 2);
});

Deno.test("lower() records norms and the cosine when telemetry is asked for", () => {
  const { records } = follow(wavy.objective, scale(0.1), wavy.start, 1, {
    telemetry: ["gradientNorm", "updateNorm", "cosine"],
  });
  const n = Math.hypot(...wavy.g(wavy.start));
  assertAlmostEquals(records[0]!.get("record/gradientNorm")!, n, 1e-12);
  assertAlmostEquals(records[0]!.get("record/updateNorm")!, 0.1 * n, 1e-12);
  assertAlmostEquals(records[0]!.get("record/cosine")!, 1, 1e-12);
});

Deno.test("lower() reports every need that the objective cannot meet, with its path", () => {
  const needy = (calculating: Parameters<typeof curvature>[0]["calculating"]) =>
    curvature({ calculating, structure: diagonal() });
  const result = lower(
    quadratic.objective,
    chain(needy(fisher()), needy(gaussNewton()), needy(empiricalFisher({ from: "examples" }))),
  );
  assert(E.isLeft(result));
  assertInstanceOf(result.left, SteepestError);
  assertEquals(result.left.kind, "need");
  assertEquals(result.left.issues.map(({ path }) => path), [
    "0/curvature/calculating",
    "1/curvature/calculating",
    "2/curvature/calculating",
  ]);
});

Deno.test("lower() refuses masks that match nothing", () => {
  const result = lower(
    quadratic.objective,
    add(weightDecay(1, path("nothing")), masked(identity(), path("nobody"))),
  );
  assertEquals(E.isLeft(result) && result.left.issues.map(({ path }) => path), [
    "add/0/weightDecay",
    "add/1/partition/parts/0",
  ]);
});

Deno.test("lower() lays parameters of 4n elements first and those of one mask side by side", () => {
  const mixed = objective({
    parameters: { a: [1, 2, 3], b: [1, 2, 3, 4], c: [[1, 2], [3, 4]], d: [1, 2, 3, 4] },
    loss: ({ a, b, c, d }) => mul(mul(sum(a), sum(b)), mul(sum(c), sum(d))),
  }) as Objective;
  const { arena } = right(lower(mixed, masked(scale(1), rank(2))));
  assertEquals(arena.entries.map(({ path, offset }) => [path, offset]), [
    ["b", 0],
    ["d", 4],
    ["c", 8],
    ["a", 12],
  ]);
  assertEquals(arena.size, 15);
});

Deno.test("lower() ends by assigning θ when the program is complete", () => {
  const program = right(lower(wavy.objective, scale(1)));
  assertEquals(program.regions.at(-1)!.assign.at(-1)!.slot, PARAMETERS);
  assertEquals(slotOf(program, "theta").shape, [6]);
  assertEquals(slotOf(program, "record/loss").role, "record");
});
