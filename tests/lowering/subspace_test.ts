/** The line along a direction: step counts, flat and concave lines, other slots, records and state. */
import { lower } from "../../src/lowering/lower.ts";
import { objective } from "../../src/objective/objective.ts";
import { type Calculating, gradientRegression, hessian } from "../../src/optimizer/calculating.ts";
import {
  ogr1d,
  ogr1dc,
  ogr1ds,
  type OnlineParabolaOptions,
} from "../../src/optimizer/catalogue/online_parabola.ts";
import { ogr } from "../../src/optimizer/catalogue/online_paraboloid.ts";
import { identity } from "../../src/optimizer/combinators.ts";
import { curvature, type CurvatureOptions } from "../../src/optimizer/curvature.ts";
import { checkValue, hyperparameters } from "../../src/optimizer/hyperparameters.ts";
import { abs } from "../../src/optimizer/damping.ts";
import { clamped } from "../../src/optimizer/length.ts";
import { linear } from "../../src/optimizer/schedule.ts";
import { diagonal } from "../../src/optimizer/structure.ts";
import { subspace } from "../../src/optimizer/subspace.ts";
import { ema, scale, trace } from "../../src/optimizer/transforms.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { stateSlots } from "../../src/taxonomy/state.ts";
import { sizeOf } from "../../src/tensor/node.ts";
import { add, constant, mul, pow, square, sub, sum } from "../../src/tensor/ops.ts";
import { targets } from "../compiler/_run_plan.ts";
import { differences } from "../compiler/_steps.ts";
import { assert, assertAlmostEquals, assertEquals, assertLess, assertThrows } from "../_assert.ts";
import { follow, right } from "./_follow.ts";
import { PROBLEMS } from "./_functions.ts";

const FAMILY = { ogr1d, ogr1ds, ogr1dc };
const [quadratic, rosenbrock, wavy] = PROBLEMS as readonly (typeof PROBLEMS[number])[];

/** How many gradients until f is below a threshold for eleven points in a row. */
function gradients(
  problem: typeof PROBLEMS[number],
  optimizer: Optimizer,
  start: readonly number[],
  threshold: number,
): number {
  const { thetas } = follow(problem.objective, optimizer, start, 200);
  const below = thetas.map((theta) => problem.f(theta) <= threshold);
  return below.findIndex((_, k) => below.slice(k, k + 11).every(Boolean));
}

Deno.test("ogr1ds() and ogr1dc() cross Rosenbrock's valley in tens of gradients when they are tuned", () => {
  const safe = ogr1ds({
    alpha: 0.95,
    beta: 0.46,
    momentum: 0.33,
    limit: 1.5,
    learningRate: 7.3e-5,
    every: 8,
  });
  const centred = ogr1dc({
    alpha: 0.49,
    beta: 0.27,
    momentum: 0.957,
    limit: 0.22,
    learningRate: 0.0011,
    every: 4,
  });
  // Momentum, tuned for each of the starts, takes 2004 and 385.
  for (const [optimizer, start] of [[safe, [-3, -4]], [centred, [-1.2, 1]]] as const) {
    const taken = gradients(rosenbrock!, optimizer, start, 1e-6);
    assert(taken > 0 && taken < 150, `${taken}`);
  }
});

const FAST = { alpha: 0.67, beta: 0.46, momentum: 0.79, limit: 1.2, learningRate: 0.04, every: 2 };

Deno.test("every online parabola is faster on a quadratic than a tuned rate of descent", () => {
  for (const [name, build] of Object.entries(FAMILY)) {
    const taken = gradients(quadratic!, build(FAST), [1, 1], 1e-10);
    assert(taken > 0 && taken < 91, `${name}: ${taken}`);
  }
});

Deno.test("every online parabola takes steps of αε against a gradient that is the same everywhere", () => {
  const slope = objective({
    parameters: { x: [0, 0] },
    loss: ({ x }) => sum(mul(constant([3, -4]), x)),
  });
  const options: OnlineParabolaOptions = { alpha: 0.5, limit: 0.2, every: 2 };
  for (const build of Object.values(FAMILY)) {
    const { thetas, records } = follow(slope, build(options), [0, 0], 12);
    for (let k = 4; k < 12; k++) {
      const [a, b] = thetas[k]!, [c, d] = thetas[k + 1]!;
      assertAlmostEquals(c! - a!, -0.06, 1e-12);
      assertAlmostEquals(d! - b!, 0.08, 1e-12);
      assertEquals(records[k]!.get("record/curvature/clipped"), 1);
    }
  }
});

Deno.test("every online parabola leaves a saddle", () => {
  const saddle = objective({
    parameters: { x: 1, y: 1e-3 },
    loss: ({ x, y }) => add(sub(square(x), square(y)), mul(0.25, pow(y, 4))),
  });
  for (const [name, build] of Object.entries(FAMILY)) {
    const options = { ...FAST, alpha: 0.5, limit: 0.3, learningRate: 0.05, every: 4 };
    const [x, y] = follow(saddle, build(options), [1, 1e-3], 200).thetas.at(-1)!;
    // Newton's method ends at the saddle, where f = 0; the minima are −1.
    assertLess(x! ** 2 - y! ** 2 + 0.25 * y! ** 4, -0.9, name);
  }
});

Deno.test("every online parabola walks the same path when the function is moved far from 0", () => {
  const moved = (by: number) =>
    objective({
      parameters: { x: [1, 1] },
      loss: ({ x }) => sum(mul(constant([1, 16]), square(sub(x, by)))),
    });
  for (const [name, build] of Object.entries(FAMILY)) {
    const near = follow(moved(0), build(FAST), [1, 1], 12).thetas;
    const far = follow(moved(1e3), build(FAST), [1e3 + 1, 1e3 + 1], 12).thetas;
    const apart = far.map((theta, k) => Math.hypot(...theta.map((x, i) => x - 1e3 - near[k]![i]!)));
    // Averages that stay when v̂ turns are turned round 0, which is far from here.
    if (name === "ogr1d") assert(Math.max(...apart) > 1e-3);
    else assertLess(Math.max(...apart), 1e-6, name);
  }
});

Deno.test("stateSlots() is what an online parabola keeps", () => {
  for (const build of [...Object.values(FAMILY), () => ogr({ rank: 3 })]) {
    const kept = right(lower(wavy!.objective, build())).slots
      .filter(({ role }) => role === "state").map((
        { name, shape },
      ) => [name, sizeOf(shape)]);
    const told = stateSlots(build()).map(({ path, size, count = 1 }) => [
      `state/${path}`,
      count * (size === "scalar" ? 1 : wavy!.start.length),
    ]);
    assertEquals(kept.toSorted(), told.toSorted());
  }
});

Deno.test("an online parabola follows schedules of each of its rates, which can be changed", () => {
  const optimizer = ogr1d({ ...FAST, alpha: linear({ from: 0.2, to: 0.8, steps: 20 }) });
  const path = "curvature/structure/along/scale/by";
  assertEquals(hyperparameters(optimizer).filter((it) => it.path === path).length, 1);
  assertEquals(
    right(lower(quadratic!.objective, optimizer)).slots.some(({ name }) =>
      name === `hyper/${path}`
    ),
    true,
  );
  assertEquals(checkValue(optimizer, path, 0.3)._tag, "Right");
  const thetas = (o: Optimizer) => follow(quadratic!.objective, o, [1, 1], 8).thetas;
  const early = thetas(optimizer), fixed = thetas(ogr1d({ ...FAST, alpha: 0.2 }));
  assertEquals(early.slice(0, 5), fixed.slice(0, 5));
  assert(early[6]![0] !== fixed[6]![0]);
});

const LINE: CurvatureOptions = {
  calculating: hessian(),
  structure: subspace({ directions: identity() }),
};

Deno.test("subspace() takes vᵀHv for λ when the Hessian is sampled", () => {
  // H = diag(2, 32); v̂ at the second step is g₀/‖g₀‖, and the first has none.
  const { thetas } = follow(quadratic!.objective, curvature(LINE), [1, 0.5], 2);
  assertEquals(thetas[1], [1, 0.5]);
  const v = [2, 16].map((x) => x / Math.hypot(2, 16));
  const lambda = 2 * v[0]! ** 2 + 32 * v[1]! ** 2;
  const along = (2 * v[0]! + 16 * v[1]!) / lambda;
  thetas[2]!.forEach((x, i) => assertAlmostEquals(x, [1, 0.5][i]! - along * v[i]!, 1e-12));
});

for (const target of targets) {
  Deno.test(`subspace() on ${target} takes the oracle's steps with samples of the Hessian`, async () => {
    const stage = curvature({
      ...LINE,
      structure: subspace({ directions: trace({ decay: 0.5 }), rest: scale(0.01) }),
      iterative: ema({ decay: 0.5, debias: true }),
      length: clamped(0.1),
    });
    const program = right(lower(wavy!.objective, stage));
    const thetas = [wavy!.start, wavy!.start.map((x) => -x)].map((x) => Float64Array.from(x));
    const { wrong } = await differences(program, { steps: 4, target, thetas, seeds: [1, 2] });
    assertEquals(wrong, []);
  });
}

Deno.test('gradientRegression({ point: "mean" }) gives the gradient of the line by coordinate', () => {
  const beta = 0.7, start = [1, 0.5], prior = 0.01;
  const stage = curvature({
    calculating: gradientRegression({ estimate: "slope", point: "mean" }),
    structure: diagonal(),
    iterative: ema({ decay: beta, initial: { parameters: prior, gradients: 1 } }),
    length: clamped(0.1),
    // A slope is known once something has moved.
    warmup: { steps: 2, use: scale(0.05) },
    damping: abs(),
  });
  const { thetas } = follow(quadratic!.objective, stage, start, 15);
  assert(thetas[15]!.every((x, i) => Math.abs(x - thetas[2]![i]!) > 0.1), "nothing was learnt");
  const m = [...start], mg = [0, 0], variance = [prior, prior], covariance = [0, 0];
  let theta = [...start];
  for (let k = 0; k < 15; k++) {
    const g = quadratic!.g(theta);
    theta = theta.map((x, i) => {
      const d = x - m[i]!, e = g[i]! - mg[i]!;
      variance[i] = beta * (variance[i]! + (1 - beta) * d * d);
      covariance[i] = beta * (covariance[i]! + (1 - beta) * d * e);
      m[i] = m[i]! + (1 - beta) * d;
      mg[i] = mg[i]! + (1 - beta) * e;
      const slope = covariance[i]! / variance[i]!;
      const model = mg[i]! + slope * (x - m[i]!);
      const step = slope === 0 ? 0 : model / Math.abs(slope);
      return k < 2 ? x - 0.05 * g[i]! : x - Math.max(-0.1, Math.min(0.1, step));
    });
    thetas[k + 1]!.forEach((x, i) => assertAlmostEquals(x, theta[i]!, 1e-9, `step ${k}`));
  }
});

const SLOPE: Calculating = gradientRegression({ estimate: "slope" });
const DEBIASED = ema({ decay: 0.9, debias: true });

Deno.test("curvature() refuses what a line has no statistic for, and says where", () => {
  const cases: readonly (readonly [Partial<CurvatureOptions>, RegExp])[] = [
    [{ calculating: SLOPE }, /curvature\/iterative: .*debias: true/],
    [
      { calculating: gradientRegression({ of: "steps" }), iterative: DEBIASED },
      /calculating: .*on the parameters/,
    ],
    [
      { calculating: gradientRegression({ centred: false }), iterative: DEBIASED },
      /calculating: .*centred/,
    ],
    [
      {
        structure: subspace({ directions: identity(), rank: 2, decay: 0.5 }),
        iterative: DEBIASED,
      },
      /iterative: .*latest/,
    ],
    [
      { structure: subspace({ directions: identity(), rank: 2, decay: 0.5, turn: "rebuild" }) },
      /structure\/turn: .*"project"/,
    ],
    [{
      calculating: gradientRegression({ estimate: "slope", confidence: 1 }),
      iterative: DEBIASED,
    }, /calculating: .*without a confidence/],
    [{
      calculating: gradientRegression({ estimate: "slope", point: "mean" }),
      iterative: DEBIASED,
      direction: trace({ decay: 0.9 }),
    }, /direction: .*identity/],
    [
      { structure: subspace({ directions: identity(), turn: "rebuild" }) },
      /structure\/turn: .*"keep"/,
    ],
    [{ every: { sample: 2 } }, /every\/sample: .*subspace/],
  ];
  for (const [options, message] of cases) {
    const error = assertThrows(() => curvature({ ...LINE, ...options }));
    assert(error instanceof Error && message.test(error.message), String(error));
  }
  assertThrows(() => gradientRegression({ point: "mean" }));
  const { message } = assertThrows(() => subspace({ directions: identity(), rank: 2 }));
  assert(/rank: .*decay/.test(message), message);
  const kept = { directions: identity(), decay: 0.5, turn: "recentre" } as const;
  assert(/turn: .*principal/.test(assertThrows(() => subspace(kept)).message));
  assertEquals(gradientRegression({ estimate: "slope", point: "last" }), SLOPE);
});
