import { makeMode } from "../../src/nn/mode.ts";
import { categorical, gaussian, type Likelihood } from "../../src/objective/likelihood.ts";
import { type Objective, objective } from "../../src/objective/objective.ts";
import * as calculating from "../../src/optimizer/calculating.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { curvature } from "../../src/optimizer/curvature.ts";
import { constant } from "../../src/optimizer/schedule.ts";
import { diagonal, scalar } from "../../src/optimizer/structure.ts";
import { scale } from "../../src/optimizer/transforms.ts";
import { evaluate } from "../../src/reference/evaluate.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { dropout } from "../../src/nn/dropout.ts";
import {
  add,
  broadcast,
  constant as fill,
  matmul,
  mul,
  reshape,
  square,
  sum,
} from "../../src/tensor/ops.ts";
import { assertAlmostEquals, assertEquals } from "../_assert.ts";
import { follow, type FollowOptions } from "./_follow.ts";
import { signs } from "./_naive.ts";

const N = 4;
const X = [1, 2, -1, 0.5, 0.3, -0.7, 2, 1];
const Y = [0.5, -1, 0.2, 1.5];
const W = [0.4, -0.3];

const regression = objective({
  parameters: { w: W },
  batch: { x: [N, 2], y: [N, 1] },
  outputs: ({ w }, { x }) => matmul(x, reshape(w, [2, 1])),
  likelihood: gaussian("y"),
}) as Objective;

const DATA = new Map([["batch/x", tensor(X, [N, 2])], ["batch/y", tensor(Y, [N, 1])]]);

const stage = (
  of: Parameters<typeof curvature>[0]["calculating"],
  structure: Parameters<typeof curvature>[0]["structure"] = diagonal(),
) => curvature({ calculating: of, structure });

/** λ = u/d of the first step of a stage without damping. */
function spectrumAt(
  of: Objective,
  optimizer: ReturnType<typeof curvature>,
  theta: readonly number[],
  options: FollowOptions = {},
): number[] {
  const rate = 1e-3;
  const plain = follow(of, scale(rate), theta, 1, options).thetas[1]!;
  const { thetas } = follow(of, chain(optimizer, scale(rate)), theta, 1, options);
  return theta.map((x, i) => (x - plain[i]!) / (x - thetas[1]![i]!));
}

const rows = Array.from({ length: N }, (_, n) => [X[2 * n]!, X[2 * n + 1]!] as const);
const residuals = rows.map(([a, b], n) => a * W[0]! + b * W[1]! - Y[n]!);

function close(actual: readonly number[], expected: readonly number[], tolerance = 1e-9): void {
  assertEquals(actual.length, expected.length);
  actual.forEach((x, i) => assertAlmostEquals(x, expected[i]!, tolerance * (1 + Math.abs(x))));
}

Deno.test("gaussNewton() samples v ⊙ XᵀXv/N when the model is linear", () => {
  const v = signs("curvature/calculating/probe/0", 0, 2);
  const G = [0, 1].map((i) => [0, 1].map((j) => rows.reduce((s, r) => s + r[i]! * r[j]!, 0) / N));
  const expected = [0, 1].map((i) => v[i]! * (G[i]![0]! * v[0]! + G[i]![1]! * v[1]!));
  close(spectrumAt(regression, stage(calculating.gaussNewton()), W, { slots: DATA }), expected);
});

Deno.test("hessian() equals gaussNewton() when the model is linear", () => {
  const [h, g] = [calculating.hessian({ probes: 3 }), calculating.gaussNewton({ probes: 3 })]
    .map((of) => spectrumAt(regression, stage(of), W, { slots: DATA }));
  close(h!, g!);
});

Deno.test("empiricalFisher() is the mean of squared gradients when it is taken from examples", () => {
  const of = calculating.empiricalFisher({ from: "examples" });
  const expected = [0, 1].map((i) =>
    rows.reduce((s, r, n) => s + (residuals[n]! * r[i]!) ** 2, 0) / N
  );
  close(spectrumAt(regression, stage(of), W, { slots: DATA }), expected);
});

Deno.test("empiricalFisher() is the square of the mean gradient when it is taken from the batch", () => {
  const expected = [0, 1].map((i) =>
    (rows.reduce((s, r, n) => s + residuals[n]! * r[i]!, 0) / N) ** 2
  );
  close(
    spectrumAt(regression, stage(calculating.empiricalFisher()), W, { slots: DATA }),
    expected,
  );
});

/** What the labels' stream adds to the outputs at the first step. */
function noise(): number[] {
  const mode = makeMode(false, fill(0, [], "u32"), fill(0, [], "u32"));
  const likelihood: Likelihood = gaussian("y");
  const labels = likelihood.sample!(fill(0, [N, 1]), mode.random("optimizer/labels"))["y"]!;
  return [...evaluate([labels], new Map())[0]!.data];
}

Deno.test("fisher() squares gradients under sampled labels when the likelihood is gaussian", () => {
  const e = noise();
  const each = rows.map((r, n) => [0, 1].map((i) => -e[n]! * r[i]!));
  const fromBatch = [0, 1].map((i) => N * (each.reduce((s, g) => s + g[i]!, 0) / N) ** 2);
  const fromExamples = [0, 1].map((i) => each.reduce((s, g) => s + g[i]! ** 2, 0) / N);
  const at = (from: "batch" | "examples") =>
    spectrumAt(regression, stage(calculating.fisher({ from })), W, { slots: DATA });
  close(at("batch"), fromBatch);
  close(at("examples"), fromExamples);
});

Deno.test("fisher() approaches gaussNewton() when many samples are averaged", () => {
  const soft = objective({
    parameters: { w: [[0.1, -0.2, 0.3], [0.2, 0.1, -0.4]] },
    batch: { x: [N, 2], y: [N] },
    outputs: ({ w }, { x }) => matmul(x, w),
    likelihood: categorical("y"),
  }) as Objective;
  const theta = [0.1, -0.2, 0.3, 0.2, 0.1, -0.4];
  const slots = new Map([
    ["batch/x", tensor(X, [N, 2])],
    ["batch/y", tensor([0, 2, 1, 1], [N], "u32")],
  ]);
  const average = (of: Parameters<typeof stage>[0], runs: number) => {
    const total = theta.map(() => 0);
    for (let seed = 0; seed < runs; seed++) {
      spectrumAt(soft, stage(of), theta, { slots, seed })
        .forEach((x, i) => total[i] = total[i]! + (Number.isFinite(x) ? x : 0) / runs);
    }
    return total;
  };
  // F = G for the categorical likelihood, so the diagonals agree up to sampling.
  const p = rows.map(([a, b]) => {
    const z = [0, 1, 2].map((k) => Math.exp(a * theta[k]! + b * theta[3 + k]!));
    const s = z.reduce((x, y) => x + y);
    return z.map((x) => x / s);
  });
  const exact = [0, 1].flatMap((i) =>
    [0, 1, 2].map((k) =>
      rows.reduce((s, r, n) => s + r[i]! ** 2 * p[n]![k]! * (1 - p[n]![k]!), 0) / N
    )
  );
  const sampled = average(calculating.fisher({ from: "examples" }), 200);
  sampled.forEach((x, i) => assertAlmostEquals(x, exact[i]!, 0.2 * exact[i]!));
});

Deno.test("per-example gradients see the rows of the batch's dropout mask", () => {
  const dropped = objective({
    parameters: { w: [1, 1, 1, 1, 1, 1, 1, 1] },
    batch: { x: [N, 8], y: [N, 8] },
    outputs: ({ w }, { x }, mode) =>
      dropout(mul(x, broadcast(w, x.shape, [1])), 0.5, mode.random("drop")),
    likelihood: gaussian("y"),
  }) as Objective;
  const x = Array.from({ length: N * 8 }, (_, i) => 1 + i % 5);
  const slots = new Map([
    ["batch/x", tensor(x, [N, 8])],
    ["batch/y", tensor(0, [N, 8])],
  ]);
  const theta = [1, 1, 1, 1, 1, 1, 1, 1];
  // With targets 0 the gradient of example n is m²x²w: it is 0 exactly where the mask is.
  const mask = makeMode(true, fill(0, [], "u32"), fill(0, [], "u32")).random("drop")
    .bernoulli(0.5, [N, 8]);
  const kept = evaluate([mask], new Map())[0]!.data;
  const expected = theta.map((_, i) => {
    let s = 0;
    for (let n = 0; n < N; n++) s += (4 * kept[8 * n + i]! * x[8 * n + i]! ** 2) ** 2 / N;
    return s;
  });
  const lambda = spectrumAt(
    dropped,
    stage(calculating.empiricalFisher({ from: "examples" })),
    theta,
    { slots },
  );
  lambda.forEach((l, i) => {
    // A column that is dropped in every row has no gradient, and no λ.
    if (expected[i]! > 0) assertAlmostEquals(l, expected[i]!, 1e-9 * expected[i]!);
  });
});

Deno.test("scalar() keeps the mean of the samples", () => {
  const of = calculating.empiricalFisher();
  const each = spectrumAt(regression, stage(of), W, { slots: DATA });
  const one = spectrumAt(regression, stage(of, scalar()), W, { slots: DATA });
  const mean = (each[0]! + each[1]!) / 2;
  close(one, [mean, mean]);
});

Deno.test("constant() is λ for every coordinate", () => {
  close(spectrumAt(regression, stage(constant(4)), W, { slots: DATA }), [4, 4]);
});

Deno.test("diagonal() averages over a convolution's window when asked to", () => {
  const kernel = objective({
    parameters: { w: [[[[1, 2], [3, 4]]]], b: [5] },
    loss: ({ w, b }) => {
      const weighted = mul(square(reshape(w, [4])), fill([1, 2, 3, 6]));
      return mul(0.5, add(sum(weighted), mul(7, sum(square(b)))));
    },
  }) as Objective;
  const lambda = spectrumAt(
    kernel,
    stage(calculating.hessian(), diagonal({ average: "kernel" })),
    [1, 2, 3, 4, 5],
  );
  close(lambda, [3, 3, 3, 3, 7]);
});
