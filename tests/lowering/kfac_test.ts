/** A ⊗ G of every layer, against matrices in double precision. */
import { assert, assertEquals, assertLess, assertThrows } from "../_assert.ts";
import * as E from "fp-ts/lib/Either.js";
import { SteepestError } from "../../src/errors.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { zeros } from "../../src/nn/initial.ts";
import { categorical } from "../../src/objective/likelihood.ts";
import { objective } from "../../src/objective/objective.ts";
import { empiricalFisher, fisher, hessian } from "../../src/optimizer/calculating.ts";
import { curvature, type CurvatureOptions } from "../../src/optimizer/curvature.ts";
import { add as addDamping, type Damping, factored } from "../../src/optimizer/damping.ts";
import * as lengths from "../../src/optimizer/length.ts";
import { needs } from "../../src/optimizer/needs.ts";
import { path } from "../../src/optimizer/predicate.ts";
import { cholesky, eigen } from "../../src/optimizer/solver.ts";
import { diagonal, full } from "../../src/optimizer/structure.ts";
import { kronecker } from "../../src/optimizer/kronecker.ts";
import { ema, scale } from "../../src/optimizer/transforms.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { partition } from "../../src/optimizer/wrappers.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { stateSlots } from "../../src/taxonomy/state.ts";
import { add, matmul, mul, sum } from "../../src/tensor/ops.ts";
import { follow } from "./_follow.ts";
import { at, cnn, EXAMPLES, type Matrix, naiveFactors, range } from "./_networks.ts";

const LABELS = [2, 0, 3, 2];
const network = cnn as AnyObjective;

function stage(options: Partial<CurvatureOptions> = {}): Optimizer {
  return curvature({
    calculating: empiricalFisher({ from: "examples" }),
    structure: kronecker({ of: "layers" }),
    ...options,
  });
}

const transposed = (a: Matrix): Matrix => a[0]!.map((_, j) => a.map((row) => row[j]!));
const shifted = (a: Matrix, by: number): Matrix =>
  a.map((row, i) => row.map((x, j) => i === j ? x + by : x));
const trace = (a: Matrix): number => a.reduce((s, row, i) => s + row[i]!, 0);

/** A⁻¹B by elimination with the largest pivot. */
function solve(a: Matrix, b: Matrix): Matrix {
  const rows = a.map((row, i) => [...row, ...b[i]!]), n = a.length;
  for (const k of range(n)) {
    const best = range(n).slice(k).reduce(
      (p, i) => Math.abs(rows[i]![k]!) > Math.abs(rows[p]![k]!) ? i : p,
      k,
    );
    [rows[k], rows[best]] = [rows[best]!, rows[k]!];
    for (const i of range(n)) {
      if (i === k) continue;
      const by = rows[i]![k]! / rows[k]![k]!;
      rows[i] = rows[i]!.map((x, j) => x - by * rows[k]![j]!);
    }
  }
  return rows.map((row, i) => row.slice(n).map((x) => x / row[i]!));
}

/** (G + √γ/π)⁻¹ U (A + π√γ)⁻¹. */
function stepOf(u: Matrix, a: Matrix, g: Matrix, gamma: number): Matrix {
  const pi = Math.sqrt(trace(a) / a.length / (trace(g) / g.length));
  const left = solve(shifted(g, Math.sqrt(gamma) / pi), u);
  return transposed(solve(shifted(a, Math.sqrt(gamma) * pi), transposed(left)));
}

const slots = (labels: readonly number[]) =>
  new Map([
    ["batch/x", tensor(at(network, labels).x, [EXAMPLES, 2, 5, 6])],
    ["batch/y", tensor(labels, [EXAMPLES], "u32")],
  ]);

const start = at(network, LABELS).theta;
const { entries } = at(network, LABELS).problem.arena;

/** The elements of a parameter. */
const read = (theta: readonly number[], name: string): number[] => {
  const { offset, size } = entries.find((entry) => entry.path === name)!;
  return theta.slice(offset, offset + size);
};

/** What a flat vector holds of a layer, [W b]. */
function layer(theta: readonly number[], name: string): number[][] {
  const weight = read(theta, `${name}/weight`), bias = read(theta, `${name}/bias`);
  const inputs = weight.length / bias.length;
  return bias.map((b, o) => [...weight.slice(o * inputs, (o + 1) * inputs), b]);
}

function apart(found: Matrix, expected: Matrix): number {
  const size = Math.max(...expected.flat().map(Math.abs));
  return Math.max(...found.flatMap((row, i) => row.map((x, j) => Math.abs(x - expected[i]![j]!)))) /
    size;
}

const minus = (a: Matrix, b: Matrix): Matrix => a.map((row, i) => row.map((x, j) => x - b[i]![j]!));

for (
  const [labels, calculating, solver] of [
    ["given", empiricalFisher({ from: "examples" }), eigen()],
    ["sampled", fisher(), eigen()],
    ["sampled", fisher(), cholesky()],
  ] as const
) {
  Deno.test(`kronecker() by layer steps by G⁻¹UA⁻¹, damped by π, under ${labels} labels, ${solver.kind}`, () => {
    const gamma = 0.03;
    const optimizer = stage({ calculating, damping: factored(gamma), solver });
    const { thetas } = follow(network, optimizer, start, 1, { seed: 3, slots: slots(LABELS) });
    const here = at(network, LABELS, { step: 0 });
    const levels = here.values([here.problem.random("optimizer/labels").uniform([EXAMPLES])])[0]!;
    const drawn = (p: readonly number[], n: number) =>
      range(p.length).findIndex((k) => p.slice(0, k + 1).reduce((a, b) => a + b) > levels[n]!);
    const given = naiveFactors(here, (_, n) => LABELS[n]!);
    const factors = labels === "given" ? given : naiveFactors(here, drawn);
    for (const name of ["conv", "dense"] as const) {
      const { a, g } = factors[name];
      const expected = stepOf(given[name].gradient, a, g, gamma);
      const found = minus(layer(thetas[0]!, name), layer(thetas[1]!, name));
      assertLess(apart(found, expected), 1e-9);
    }
  });
}

Deno.test("kronecker() by layer averages A and G, and keeps what it makes of them for some steps", () => {
  const gamma = 0.1, beta = 0.6, every = { sample: 1, factor: 2 };
  const optimizer = stage({
    iterative: ema({ decay: beta, debias: true }),
    damping: factored(gamma),
    every,
  });
  const { thetas } = follow(network, optimizer, start, 3, { slots: slots(LABELS) });
  const { x } = at(network, LABELS);
  let theta = start, weight = 0;
  const blend = (old: Matrix | undefined, fresh: Matrix): Matrix =>
    fresh.map((row, i) => row.map((v, j) => beta * (old?.[i]?.[j] ?? 0) + (1 - beta) * v));
  const kept: Record<string, { a: Matrix; g: Matrix }> = {};
  const used: Record<string, { a: Matrix; g: Matrix }> = {};
  for (const t of range(3)) {
    const factors = naiveFactors(
      { x, parameter: (name) => read(theta, name) },
      (_, n) => LABELS[n]!,
    );
    weight = beta * weight + 1 - beta;
    for (const name of ["conv", "dense"] as const) {
      const { a, g, gradient } = factors[name];
      const own = kept[name] = { a: blend(kept[name]?.a, a), g: blend(kept[name]?.g, g) };
      const over = (m: Matrix) => m.map((row) => row.map((v) => v / weight));
      if (t % every.factor === 0) used[name] = { a: over(own.a), g: over(own.g) };
      const expected = stepOf(gradient, used[name]!.a, used[name]!.g, gamma);
      assertLess(
        apart(minus(layer(thetas[t]!, name), layer(thetas[t + 1]!, name)), expected),
        1e-8,
      );
    }
    theta = thetas[t + 1]!;
  }
});

/** A single dense layer on one example, whose Fisher matrix is A ⊗ G. */
const single = objective({
  parameters: { w: zeros([3, 4]), b: zeros([4]) },
  batch: { x: [1, 3], y: [1] },
  outputs: ({ w, b }, { x }) => add(matmul(x, w), b),
  likelihood: categorical("y"),
}) as unknown as AnyObjective;

const LENGTHS = {
  none: lengths.none(),
  normalized: lengths.normalized(),
  gradientNorm: lengths.gradientNorm(),
  power: lengths.power(0.3),
  clipped: lengths.clipped(0.2),
};

/** What one step of the stage leaves of the CNN's parameters. */
function afterOne(options: Partial<CurvatureOptions>): readonly number[] {
  return follow(network, stage({ damping: factored(0.03), ...options }), start, 1, {
    slots: slots(LABELS),
  }).thetas[1]!;
}

for (const name of ["none", "normalized", "clipped"] as const) {
  for (const largest of [1024, 12]) {
    Deno.test(`cholesky() takes the step of eigen(): ${name}, diagonals beyond ${largest}`, () => {
      const options = { length: LENGTHS[name], structure: kronecker({ of: "layers", largest }) };
      const [found, expected] = [cholesky(), eigen()].map((solver) =>
        afterOne({ ...options, solver })
      );
      assertLess(apart([found!], [expected!]), 1e-9);
    });
  }
}

Deno.test("cholesky() takes no step in a layer of which a factor has no inverse, and counts it", () => {
  const { records, thetas } = follow(network, stage({ solver: cholesky() }), start, 1, {
    slots: slots(LABELS),
  });
  // Of four examples 19 features and 4 probabilities that add up to 1.
  const failed = [...records[0]!].find(([name]) => name.endsWith("failed"))?.[1];
  assertEquals(failed, 2);
  assertEquals(layer(thetas[1]!, "dense"), layer(start, "dense"));
  assert(apart(layer(thetas[1]!, "conv"), layer(start, "conv")) > 1e-3);
});

Deno.test("curvature() refuses what an inverse cannot do", () => {
  const wrong = (options: Partial<CurvatureOptions>) =>
    refusals({ ...options, solver: cholesky() });
  assertEquals(wrong({ length: lengths.gradientNorm() }), "curvature/length");
  assertEquals(wrong({ damping: addDamping(0.1) }), "curvature/damping/0");
  assertEquals(wrong({ structure: kronecker() }), "curvature/structure/exponent");
  assertEquals(wrong({ structure: kronecker({ exponent: 1 }) }), "");
  assertEquals(wrong({ structure: full() }), "");
});

for (const [name, length] of Object.entries(LENGTHS)) {
  Deno.test(`kronecker() by layer is the whole matrix of one dense layer and example: ${name}`, () => {
    const theta = range(16).map((i) => Math.sin(i));
    const batch = new Map([
      ["batch/x", tensor([0.3, -0.8, 0.5], [1, 3])],
      ["batch/y", tensor([2], [1], "u32")],
    ]);
    const path = (structure: CurvatureOptions["structure"]) =>
      follow(single, stage({ structure, length, damping: addDamping(0.01) }), theta, 1, {
        slots: batch,
      }).thetas[1]!;
    const [found, expected] = [path(kronecker({ of: "layers" })), path(full())];
    assertLess(Math.max(...found.map((v, i) => Math.abs(v - expected[i]!))), 1e-10);
    assert(found.some((v, i) => Math.abs(v - theta[i]!) > 1e-2));
  });
}

Deno.test("kronecker() by layer keeps the diagonal of what is larger than `largest`", () => {
  const gamma = 0.03;
  const structure = kronecker({ of: "layers", largest: 12 });
  const { thetas } = follow(network, stage({ structure, damping: factored(gamma) }), start, 1, {
    slots: slots(LABELS),
  });
  const factors = naiveFactors(at(network, LABELS), (_, n) => LABELS[n]!);
  for (const name of ["conv", "dense"] as const) {
    const { a, g, gradient } = factors[name];
    const diagonal = a.map((row, i) => row.map((v, j) => i === j ? v : 0));
    const expected = stepOf(gradient, diagonal, g, gamma);
    assertLess(apart(minus(layer(thetas[0]!, name), layer(thetas[1]!, name)), expected), 1e-9);
  }
});

/** What one step takes off x, whose gradient is x itself. */
function shrink(shape: readonly number[], x: readonly number[], damping: Damping): number[] {
  const bowl = objective({
    parameters: { x: zeros([...shape]) },
    loss: ({ x }) => mul(0.5, sum(mul(x, x))),
  }) as unknown as AnyObjective;
  const optimizer = stage({
    structure: kronecker(),
    calculating: empiricalFisher(),
    damping,
  });
  return follow(bowl, optimizer, x, 1).thetas[1]!.map((v, i) => x[i]! - v);
}

Deno.test("factored() is add() for one factor", () => {
  const x = range(5).map((i) => 1 + Math.cos(i));
  assertLess(apart([shrink([5], x, factored(0.3))], [shrink([5], x, addDamping(0.3))]), 1e-12);
});

Deno.test("factored() shares γ among factors by their mean eigenvalues, whatever the exponent", () => {
  // L = σ²uuᵀ and R = σ²vvᵀ have means σ²/2 and σ²/3: what is added is γ√6/2 and γ√6/3.
  const gamma = 0.3, x = [0.6, 0.8].flatMap((u) => [1, 2, 2].map((v) => 0.5 * u * v / 3));
  const root = Math.sqrt((0.25 + gamma * Math.sqrt(6) / 2) * (0.25 + gamma * Math.sqrt(6) / 3));
  assertLess(apart([shrink([2, 3], x, factored(gamma))], [x.map((v) => v / root)]), 1e-10);
});

Deno.test("factored() is the same for all factors when one of them is 0", () => {
  assertEquals(shrink([2, 3], range(6).map(() => 0), factored(0.3)), range(6).map(() => 0));
});

Deno.test("kronecker() by layer keeps (in + 1)² + out² numbers of a layer", () => {
  const optimizer = stage({ iterative: ema({ decay: 0.9 }) });
  const { slots } = follow(network, optimizer, start, 0).program;
  const state = slots.filter(({ role }) => role === "state");
  assertEquals(stateSlots(optimizer), [{ path: "curvature/iterative/0/mean", size: "layers" }]);
  assertEquals(state.map(({ name, shape }) => [name, shape]), [
    ["state/curvature/iterative/0/mean", [19 ** 2 + 4 ** 2 + 13 ** 2 + 3 ** 2]],
  ]);
});

Deno.test("needs() of kronecker() by layer are factors, and sampled labels where they are", () => {
  const needed = (calculating: CurvatureOptions["calculating"]) =>
    needs(stage({ calculating, every: { sample: 5 } })).map(({ what, every }) => [what, every]);
  assertEquals(needed(fisher()), [["drawnLabels", 5], ["layerFactors", 5]]);
  assertEquals(needed(empiricalFisher({ from: "examples" })), [["layerFactors", 5]]);
});

/** What lowering says is wrong. */
function issuesOf(problem: AnyObjective, optimizer: Optimizer): readonly string[] {
  const result = lower(problem, optimizer);
  assert(E.isLeft(result));
  assertEquals(result.left.kind, "need");
  return result.left.issues.map(({ path, found }) => `${path}: ${found}`);
}

const scaled = objective({
  parameters: { w: zeros([3, 4]), scale: zeros([4]) },
  batch: { x: [2, 3], y: [2] },
  outputs: ({ w, scale }, { x }) => mul(matmul(x, w), scale),
  likelihood: categorical("y"),
}) as unknown as AnyObjective;

Deno.test("kronecker() by layer says which parameter is in no layer, and of what it cannot sample", () => {
  assertEquals(issuesOf(scaled, stage()), [
    "curvature/structure: scale, which is an input of broadcast",
  ]);
  const bare = objective({
    parameters: { x: 1 },
    loss: ({ x }) => mul(x, x),
  }) as unknown as AnyObjective;
  assertEquals(issuesOf(bare, stage()), [
    "curvature/calculating: an objective without a likelihood",
  ]);
  const unsampled = objective({
    parameters: { w: zeros([3, 1]) },
    batch: { x: [2, 3] },
    outputs: ({ w }, { x }) => matmul(x, w),
    likelihood: { loss: (outputs) => sum(mul(outputs, outputs), [1]) },
  }) as unknown as AnyObjective;
  assertEquals(issuesOf(unsampled, stage({ calculating: fisher() })), [
    "curvature/calculating: a likelihood that cannot be sampled",
  ]);
});

Deno.test("kronecker() by layer lets a partition take what is in no layer", () => {
  const optimizer = partition([{ where: path("w"), of: stage() }], scale(0.1));
  assert(E.isRight(lower(scaled, optimizer)));
});

/** The paths of what is refused. */
function refusals(options: Partial<CurvatureOptions>): string {
  try {
    stage(options);
  } catch (error) {
    assert(error instanceof SteepestError);
    return error.issues.map(({ path }) => path).join();
  }
  return "";
}

Deno.test("curvature() refuses what makes no factors of layers", () => {
  const wrong = refusals;
  assertEquals(wrong({ calculating: empiricalFisher() }), "curvature/calculating/from");
  assertEquals(wrong({ calculating: hessian() }), "curvature/structure");
  assertEquals(wrong({ length: lengths.normalized({ per: "tensor" }) }), "curvature/length/per");
  assertEquals(wrong({ structure: diagonal(), damping: factored(1) }), "curvature/damping/0");
  assertThrows(() => kronecker({ of: "layers", merge: "trailing" }), SteepestError);
  assertEquals(
    JSON.stringify(stage({ calculating: fisher() })),
    JSON.stringify(stage({ calculating: fisher({ from: "examples" }) })),
  );
});
