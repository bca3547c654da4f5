/** Several directions: exact slopes of quadratics, one direction as a line, saddles, other slots, both targets. */
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { objective } from "../../src/objective/objective.ts";
import { gradientRegression, hessian } from "../../src/optimizer/calculating.ts";
import { ogr1d } from "../../src/optimizer/catalogue/online_parabola.ts";
import {
  ogr,
  type OnlineParaboloidOptions,
} from "../../src/optimizer/catalogue/online_paraboloid.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import { identity } from "../../src/optimizer/combinators.ts";
import { curvature } from "../../src/optimizer/curvature.ts";
import { abs } from "../../src/optimizer/damping.ts";
import { clamped, eigenbasis, gradientNorm, none, normalized } from "../../src/optimizer/length.ts";
import { needs } from "../../src/optimizer/needs.ts";
import { subspace } from "../../src/optimizer/subspace.ts";
import { ema, scale } from "../../src/optimizer/transforms.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { classify } from "../../src/taxonomy/classify.ts";
import { explain } from "../../src/taxonomy/explain.ts";
import type { SlotValues } from "../../src/reference/step.ts";
import {
  add,
  constant,
  matmul,
  mul,
  pow,
  reshape,
  square,
  sub,
  sum,
} from "../../src/tensor/ops.ts";
import { targets } from "../compiler/_run_plan.ts";
import { differences } from "../compiler/_steps.ts";
import {
  type Matrix,
  numbers,
  orthogonal,
  product,
  transposed,
  withEigenvalues,
} from "../linalg/_matrices.ts";
import { assert, assertAlmostEquals, assertEquals, assertLess } from "../_assert.ts";
import { follow, right } from "./_follow.ts";
import { PROBLEMS } from "./_functions.ts";

const [, rosenbrock, wavy] = PROBLEMS as readonly (typeof PROBLEMS[number])[];
const N = 8;

/** ½(x − c)ᵀA(x − c). */
function bowl(a: Matrix, centre = 0): AnyObjective {
  const n = a.rows;
  return objective({
    parameters: { x: Array.from({ length: n }, () => 0) },
    loss: ({ x }) => {
      const d = sub(x, centre);
      const ad = reshape(matmul(constant([...a.data], [n, n]), reshape(d, [n, 1])), [n]);
      return mul(0.5, sum(mul(d, ad)));
    },
  }) as AnyObjective;
}

const START = Array.from({ length: N }, (_, i) => Math.cos(3 * i + 1));
/** Eight eigenvalues, one negative, along random directions. */
const A = withEigenvalues([20, 9, 4, 2.5, 1.2, 0.6, 0.3, -0.5], 3);

function value(values: SlotValues, name: string, rows: number): Matrix {
  const { data } = values.get(`state/curvature/${name}`)!;
  return { rows, columns: data.length / rows, data: Float64Array.from(data) };
}

/** The matrix V A Vᵀ along the directions, turned by the eigenvectors that the stage has. */
function restricted(a: Matrix, values: SlotValues, rank: number): Matrix {
  const v = value(values, "structure/basis", rank), q = value(values, "factor/vectors", rank);
  const inside = product(product(v, a), transposed(v));
  return product(product(transposed(q), inside), q);
}

/** cov(u, θ)/var θ along each of these eigenvectors. */
function slopes(values: SlotValues, rank: number): number[] {
  const q = value(values, "factor/vectors", rank);
  const along = (name: string) => {
    const m = product(product(transposed(q), value(values, name, rank)), q);
    return Array.from({ length: rank }, (_, i) => m.data[i * rank + i]!);
  };
  const variance = along("calculating/variance");
  return along("calculating/second").map((x, i) => x / variance[i]!);
}

const WIDE: OnlineParaboloidOptions = { rank: N, every: 12, learningRate: 0.02, limit: 0.3 };

Deno.test("ogr() finds every eigenvalue of a quadratic whose gradients are in its subspace", () => {
  const eigenvalues = [9, 4, 1, -0.5], a = withEigenvalues(eigenvalues, 3);
  const options = { ...WIDE, rank: 4, every: 6, learningRate: 0.1 };
  const { values } = follow(bowl(a), ogr(options), START.slice(0, 4), 20);
  const found = restricted(a, values, 4), lambda = slopes(values, 4);
  found.data.forEach((x, k) => {
    const i = Math.floor(k / 4);
    assertAlmostEquals(x, k % 4 === i ? lambda[i]! : 0, 1e-7, `element ${k}`);
  });
  lambda.toSorted((x, y) => y - x).forEach((x, i) => assertAlmostEquals(x, eigenvalues[i]!, 1e-7));
});

Deno.test("ogr() finds the Hessian along directions that all gradients are in", () => {
  // The gradients of this one are in a space of three directions, at random in eight.
  const q = orthogonal(N, N, numbers(5));
  const three = {
    ...q,
    rows: N,
    data: q.data.map((x, i) => x * [7, 2, 0.5, 0, 0, 0, 0, 0][i % N]!),
  };
  const a = product(three, transposed(q));
  const { values } = follow(bowl(a), ogr({ ...WIDE, rank: 3, every: 5 }), START, 22);
  const lambda = slopes(values, 3).toSorted((x, y) => y - x);
  lambda.forEach((x, i) => assertAlmostEquals(x, [7, 2, 0.5][i]!, 1e-9));
});

Deno.test("ogr() leaves gradient descent behind on quadratics along random directions", () => {
  const a = withEigenvalues([40, 20, 10, 5, 2, 1, 0.5, 0.1], 11);
  const f = (x: readonly number[]) => {
    const row = { rows: 1, columns: N, data: Float64Array.from(x) };
    return product(product(row, a), transposed(row)).data[0]!;
  };
  const last = (o: Optimizer) => f(follow(bowl(a), o, START, 90).thetas.at(-1)!);
  // The rate of descent that is best for this quadratic.
  const descent = last(sgd({ learningRate: 2 / 40.1 }));
  assertLess(last(ogr({ ...WIDE, every: 6, limit: 1 })), 1e-6 * descent);
  assertLess(
    last(ogr({ ...WIDE, every: 6, limit: 1, rank: 4, learningRate: 0.04 })),
    0.1 * descent,
  );
});

Deno.test("ogr() with one direction is ogr1d() where that does not turn", () => {
  // On a quadratic a line through any points is the gradient's; without momentum both follow the gradient itself.
  const one = objective({ parameters: { x: 0 }, loss: ({ x }) => mul(1.5, square(sub(x, 2))) });
  const shared = { alpha: 0.3, limit: 0.4, learningRate: 0.02, every: 4 };
  const line = follow(one, ogr1d({ ...shared, momentum: 0 }), [-1], 20).thetas;
  const plane = follow(one, ogr({ ...shared, rank: 1 }), [-1], 20).thetas;
  plane.forEach(([x], k) => assertAlmostEquals(x!, line[k]![0]!, 1e-12, `step ${k}`));
});

Deno.test("ogr() walks the same path when the function is moved far from 0", () => {
  const options = { ...WIDE, rank: 3, every: 4 };
  const near = follow(bowl(A), ogr(options), START, 24).thetas.at(-1)!;
  const far = follow(bowl(A, 1e3), ogr(options), START.map((x) => x + 1e3), 24).thetas.at(-1)!;
  far.forEach((x, i) => assertAlmostEquals(x - 1e3, near[i]!, 1e-7));
});

Deno.test("ogr() crosses Rosenbrock's valley in fewer steps than tuned momentum", () => {
  const options = { rank: 2, alpha: 0.9, beta: 0.6, decay: 0.9, limit: 1, learningRate: 1e-3 };
  const { thetas } = follow(rosenbrock!.objective, ogr({ ...options, every: 2 }), [-1.2, 1], 300);
  const taken = thetas.findIndex((theta) => rosenbrock!.f(theta) <= 1e-6);
  assert(taken > 0 && taken < 385, `${taken}`);
});

Deno.test("ogr() leaves a saddle by either choice, and counts what it leaves to gradient descent", () => {
  const saddle = objective({
    parameters: { x: 1, y: 1e-3 },
    loss: ({ x, y }) => add(sub(square(x), square(y)), mul(0.25, pow(y, 4))),
  });
  for (const choice of ["reverse", "descend"] as const) {
    const options = { rank: 2, every: 3, limit: 0.3, learningRate: 0.05, saddle: choice };
    const { thetas, records } = follow(saddle, ogr(options), [1, 1e-3], 300);
    const [x, y] = thetas.at(-1)!;
    // Newton's method ends at the saddle, where f = 0; the minima are −1.
    assertLess(x! ** 2 - y! ** 2 + 0.25 * y! ** 4, -0.9, choice);
    const left = records.map((record) => record.get("record/curvature/dropped")!);
    assertEquals(Math.max(...left.slice(8)), choice === "reverse" ? 0 : 1);
  }
});

Deno.test("a direction with λ < 0 is stepped along by `rest` unless the damping says otherwise", () => {
  const hill = objective({ parameters: { x: [1, 2] }, loss: ({ x }) => mul(-0.5, sum(square(x))) });
  const stage = curvature({
    calculating: hessian(),
    structure: subspace({ directions: identity(), rank: 2, decay: 0.5, rest: scale(0.1) }),
  });
  const [, , , before, after] = follow(hill, stage, [1, 2], 4).thetas;
  after!.forEach((x, i) => assertAlmostEquals(x, 1.1 * before![i]!, 1e-12));
});

Deno.test("formula (14) is of diagonals alone: H_ij tends to √(H_iiH_jj) for independent θ", () => {
  const stage = ogr({ rank: 3, estimate: "deviations" });
  assert(explain(stage).includes("√(H_iiH_jj)"));
  assert(!explain(ogr({ rank: 3 })).includes("√(H_iiH_jj)"));
  assertEquals(classify(stage).structure, "3 directions");
  const { records } = follow(bowl(A), ogr({ ...WIDE, estimate: "deviations" }), START, 30);
  // Some ratios of covariances are negative, and are told.
  assert(Math.max(...records.map((record) => record.get("record/curvature/rootless")!)) > 0);
});

Deno.test("subspace() takes Newton's step of any length along all directions when the Hessian is sampled", () => {
  const positive = withEigenvalues([20, 9, 4, 2.5], 3), start = START.slice(0, 4);
  const all = { directions: identity(), rank: 4, decay: 0.9 };
  const stage = curvature({
    calculating: hessian(),
    structure: subspace({ ...all, rest: scale(0.01) }),
  });
  assertEquals(needs(stage).map(({ count }) => count), [4]);
  const { thetas } = follow(bowl(positive), stage, start, 6);
  thetas.at(-1)!.forEach((x) => assertAlmostEquals(x, 0, 1e-9));
  for (const length of [none(), gradientNorm(), eigenbasis(), normalized()]) {
    const { thetas } = follow(bowl(positive), curvature({ ...stage, length }), start, 6);
    assert(thetas.at(-1)!.every(Number.isFinite));
  }
});

Deno.test("subspace() has no more directions than there are parameters", () => {
  const six = follow(wavy!.objective, ogr({ rank: 6, every: 3 }), wavy!.start, 15).thetas;
  assertEquals(follow(wavy!.objective, ogr({ rank: 9, every: 3 }), wavy!.start, 15).thetas, six);
});

const turning = subspace({ directions: identity(), rank: 2, decay: 0.5, turn: "rebuild" });
const COMPILED: Readonly<Record<string, Optimizer>> = {
  "an online PCA": ogr({ rank: 3, every: 2, limit: 0.2, learningRate: 0.05 }),
  "averages that are built again": curvature({
    calculating: gradientRegression({ estimate: "slope" }),
    structure: turning,
    iterative: ema({ decay: 0.5, debias: true }),
    length: clamped(0.1),
    damping: abs(),
    every: { factor: 3 },
    warmup: { steps: 3, use: scale(0.05) },
  }),
};

for (const target of targets) {
  for (const [name, optimizer] of Object.entries(COMPILED)) {
    Deno.test(`subspace() on ${target} takes the oracle's steps with ${name}`, async () => {
      const program = right(lower(wavy!.objective, optimizer));
      const thetas = [wavy!.start, wavy!.start.map((x) => -x)].map((x) => Float64Array.from(x));
      const { wrong } = await differences(program, { steps: 9, target, thetas, seeds: [1, 2] });
      assertEquals(wrong, []);
    });
  }
}
