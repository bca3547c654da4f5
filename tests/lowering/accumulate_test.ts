import { type Objective, objective } from "../../src/objective/objective.ts";
import { empiricalFisher } from "../../src/optimizer/calculating.ts";
import { adamDirection } from "../../src/optimizer/catalogue/adam.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { curvature } from "../../src/optimizer/curvature.ts";
import { addToRoot } from "../../src/optimizer/damping.ts";
import { clipByGlobalNorm } from "../../src/optimizer/derived.ts";
import { gradientNorm } from "../../src/optimizer/length.ts";
import { lookahead } from "../../src/optimizer/last.ts";
import { linear } from "../../src/optimizer/schedule.ts";
import { diagonal } from "../../src/optimizer/structure.ts";
import { ema, scale, trace } from "../../src/optimizer/transforms.ts";
import { accumulate, skipNonFinite } from "../../src/optimizer/wrappers.ts";
import { initialValues, type SlotValues, stepRunner } from "../../src/reference/step.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { lower } from "../../src/lowering/lower.ts";
import { PARAMETERS } from "../../src/lowering/program.ts";
import { mul, square, sub, sum } from "../../src/tensor/ops.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { assertAlmostEquals, assertEquals } from "../_assert.ts";
import { follow, right } from "./_follow.ts";
import { PROBLEMS } from "./_functions.ts";

/** f = Σ w·(θ − x)²: the gradient is 2w(θ − x), and a batch may hold what is not finite. */
const noisy = objective({
  parameters: { theta: [1, -2] },
  batch: { x: [2], w: [2] },
  loss: ({ theta }, { x, w }) => sum(mul(w, square(sub(theta, x)))),
}) as Objective;

const START = [1, -2];

/** θ after each step, with another target at each; `rates` sets hyperparameters before a step. */
function run(
  optimizer: Optimizer,
  targets: readonly number[],
  changes: ReadonlyMap<number, readonly [string, number]> = new Map(),
): number[][] {
  const program = right(lower(noisy, optimizer));
  const step = stepRunner(program, "f64");
  let values: SlotValues = initialValues(program, START);
  return targets.map((x, t) => {
    const change = changes.get(t);
    values = new Map([
      ...values,
      ["batch/x", tensor([x, 2 * x], [2])],
      ["batch/w", tensor([1, 3], [2])],
      ...(change === undefined ? [] : [[change[0], tensor(change[1], [])] as const]),
    ]);
    values = step(values, t).values;
    return [...values.get(PARAMETERS)!.data];
  });
}

const gradient = (theta: readonly number[], x: number) => [
  2 * (theta[0]! - x),
  6 * (theta[1]! - 2 * x),
];

/** Momentum with a scheduled rate behind a gate that opens when `size(t)` gradients have come. */
function naive(
  targets: readonly number[],
  size: (t: number) => number,
  rate: (opened: number) => number,
  skips: "nothing" | "outside" | "inside" = "nothing",
): number[][] {
  let theta = [...START], taken: number[][] = [], opened = 0;
  const v = [0, 0];
  return targets.map((x, t) => {
    const g = gradient(theta, x);
    if (skips === "outside" && !g.every(Number.isFinite)) return theta;
    taken.push(g);
    if (taken.length < size(t)) return theta;
    const mean = [0, 1].map((i) => taken.reduce((s, u) => s + u[i]!, 0) / taken.length);
    taken = [];
    if (skips === "inside" && !mean.every(Number.isFinite)) return theta;
    const eta = rate(opened++);
    return theta = theta.map((p, i) => p - eta * (v[i] = 0.9 * v[i]! + mean[i]!));
  });
}

function close(got: readonly number[][], wanted: readonly number[][]): void {
  wanted.forEach((theta, t) =>
    theta.forEach((x, i) => assertAlmostEquals(got[t]![i]!, x, 1e-12, `step ${t}`))
  );
}

const TARGETS = Array.from({ length: 17 }, (_, t) => Math.sin(3 * t));
const rate = linear({ from: 0.1, to: 0.01, steps: 4 });
const rateAt = (t: number) => 0.1 - 0.09 * Math.min(1, t / 4);
const inner = chain(trace({ decay: 0.9 }), scale(rate));

Deno.test("accumulate() hands the mean on at every k-th step, and nothing inside moves between", () => {
  for (const k of [1, 2, 5]) {
    close(run(accumulate(k, inner), TARGETS), naive(TARGETS, () => k, rateAt));
  }
});

Deno.test("accumulate() opens as soon as a smaller k is reached, with the mean of what there was", () => {
  const changes = new Map(
    [[3, ["hyper/accumulate/steps", 2]], [9, [
      "hyper/accumulate/steps",
      4,
    ]]] as const,
  );
  close(
    run(accumulate(5, inner), TARGETS, changes),
    naive(TARGETS, (t) => t < 3 ? 5 : t < 9 ? 2 : 4, rateAt),
  );
});

Deno.test("accumulate() nests with skipNonFinite() on either side", () => {
  const broken = TARGETS.map((x, t) => t === 4 || t === 9 || t === 10 ? NaN : x);
  const k = () => 3;
  close(run(skipNonFinite(accumulate(3, inner)), broken), naive(broken, k, rateAt, "outside"));
  close(run(accumulate(3, skipNonFinite(inner)), broken), naive(broken, k, rateAt, "inside"));
  close(run(accumulate(2, accumulate(3, inner)), TARGETS), naive(TARGETS, () => 6, rateAt));
});

Deno.test("accumulate() lets a stage sample at every k-th of its own steps", () => {
  const stage = curvature({
    calculating: empiricalFisher(),
    structure: diagonal(),
    iterative: ema({ decay: 0.5, debias: true }),
    length: gradientNorm(),
    damping: addToRoot(0.1),
    every: { sample: 3 },
  });
  const got = run(accumulate(2, chain(stage, scale(0.1))), TARGETS);
  let theta = [...START], taken: number[][] = [], opened = 0;
  const v = [0, 0];
  let weight = 0;
  const wanted = TARGETS.map((x) => {
    taken.push(gradient(theta, x));
    if (taken.length < 2) return theta;
    const u = [0, 1].map((i) => (taken[0]![i]! + taken[1]![i]!) / 2);
    taken = [];
    if (opened++ % 3 === 0) {
      weight = 0.5 * weight + 0.5;
      u.forEach((ui, i) => v[i] = 0.5 * v[i]! + 0.5 * ui * ui);
    }
    return theta = theta.map((p, i) => p - 0.1 * u[i]! / (Math.sqrt(v[i]! / weight) + 0.1));
  });
  close(got, wanted);
});

Deno.test("accumulate() tells 0 of what is inside at the steps at which it rests", () => {
  const quadratic = PROBLEMS[0]!;
  const optimizer = accumulate(3, chain(clipByGlobalNorm(0.01), scale(1)));
  const { records } = follow(quadratic.objective, optimizer, quadratic.start, 6);
  const clipped = records.map((row) => row.get("record/accumulate/0/curvature/clipped"));
  assertEquals(clipped, [0, 0, 1, 0, 0, 1]);
});

Deno.test("accumulate() around the same gradient is the inner optimizer every k-th step", () => {
  const wavy = PROBLEMS[2]!;
  const optimizer = chain(adamDirection(), scale(0.05), lookahead({ steps: 2 }));
  const slow = follow(wavy.objective, accumulate(4, optimizer), wavy.start, 24).thetas;
  const plain = follow(wavy.objective, optimizer, wavy.start, 6).thetas;
  plain.forEach((theta, t) =>
    theta.forEach((x, i) => assertAlmostEquals(slow[4 * t]![i]!, x, 1e-12))
  );
});
