/** A factor for each axis of each tensor, against matrices that are written out in double precision. */
import { assert, assertAlmostEquals, assertEquals, assertLess } from "../_assert.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { zeros } from "../../src/nn/initial.ts";
import { objective } from "../../src/objective/objective.ts";
import { empiricalFisher } from "../../src/optimizer/calculating.ts";
import { curvature, type CurvatureOptions } from "../../src/optimizer/curvature.ts";
import { sum as total } from "../../src/optimizer/iterative.ts";
import * as lengths from "../../src/optimizer/length.ts";
import { kronecker } from "../../src/optimizer/structure.ts";
import { add, constant, mul, sum } from "../../src/tensor/ops.ts";
import { follow } from "./_follow.ts";

type Matrix = readonly (readonly number[])[];

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const eye = (n: number, by = 1): Matrix =>
  range(n).map((i) => range(n).map((j) => i === j ? by : 0));
const transposed = (a: Matrix): Matrix => a[0]!.map((_, j) => a.map((row) => row[j]!));
const times = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((s, x, k) => s + x * b[k]![j]!, 0)));
const plus = (a: Matrix, b: Matrix): Matrix => a.map((row, i) => row.map((x, j) => x + b[i]![j]!));
const turn = (n: number, seed: number): Matrix =>
  range(n * n).reduce((q, k) => {
    const i = k % n, j = (k * 7 + seed) % n, angle = Math.sin(k + seed);
    if (i === j) return q;
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    return q.map((row) =>
      row.map((x, at) => at === i ? c * x - s * row[j]! : at === j ? s * row[i]! + c * x : x)
    );
  }, eye(n));

/** Cyclic Jacobi: A^p of a symmetric positive definite matrix. */
function power(matrix: Matrix, p: number): Matrix {
  const n = matrix.length, a = matrix.map((row) => [...row]);
  const v = eye(n).map((row) => [...row]);
  for (let sweep = 0; sweep < 30; sweep++) {
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) {
        if (a[i]![j] === 0) continue;
        const tau = (a[j]![j]! - a[i]![i]!) / (2 * a[i]![j]!);
        const t = (tau < 0 ? -1 : 1) / (Math.abs(tau) + Math.sqrt(1 + tau * tau));
        const c = 1 / Math.sqrt(1 + t * t), s = t * c;
        for (const m of [a, v]) {
          for (const row of m) {
            [row[i], row[j]] = [c * row[i]! - s * row[j]!, s * row[i]! + c * row[j]!];
          }
        }
        for (let k = 0; k < n; k++) {
          [a[i]![k], a[j]![k]] = [c * a[i]![k]! - s * a[j]![k]!, s * a[i]![k]! + c * a[j]![k]!];
        }
      }
    }
  }
  return times(v.map((row) => row.map((x, k) => x * a[k]![k]! ** p)), transposed(v));
}

/** Σ gᵢ·θᵢ: a gradient that stays what it is. */
function slope(shape: readonly number[], g: readonly number[]): AnyObjective {
  const start = objective({
    parameters: { x: zeros([...shape]) },
    loss: ({ x }) => sum(mul(constant([...g], [...shape]), x)),
  });
  return start as AnyObjective;
}

function stage(options: Partial<CurvatureOptions> = {}) {
  return curvature({
    calculating: empiricalFisher(),
    structure: kronecker(),
    length: lengths.gradientNorm(),
    ...options,
  });
}

/** What the first step subtracts. */
function firstStep(
  shape: readonly number[],
  g: readonly number[],
  options: Partial<CurvatureOptions> = {},
): number[] {
  const start = g.map(() => 0);
  return follow(slope(shape, g), stage(options), start, 1).thetas[1]!.map((x) => -x);
}

function apart(found: readonly number[], expected: readonly number[]): number {
  const size = Math.max(...expected.map(Math.abs));
  return Math.max(...found.map((x, i) => Math.abs(x - expected[i]!))) / size;
}

const ROWS = 5, COLUMNS = 7;
/** U·diag(σ)·Vᵀ, of a condition of 1e3, so that L has one of 1e6. */
const LEFT = turn(ROWS, 1), RIGHT = turn(COLUMNS, 3);
const SIGMA = range(ROWS).map((i) => 10 ** (-3 * i / 4));
const polar = times(LEFT, transposed(RIGHT).slice(0, ROWS));
const G = times(
  LEFT.map((row) => row.map((x, k) => x * SIGMA[k]!)),
  transposed(RIGHT).slice(0, ROWS),
);

Deno.test("kronecker() steps by UVᵀ when the gradient UΣVᵀ is all that it has seen", () => {
  const found = firstStep([ROWS, COLUMNS], G.flat());
  assertLess(apart(found, polar.flat()), 1.5e-10);
});

Deno.test("kronecker() steps by L^{-1/4} G R^{-1/4} when factors begin as multiples of 1", () => {
  const epsilon = 1e-4;
  const left = plus(times(G, transposed(G)), eye(ROWS, epsilon));
  const right = plus(times(transposed(G), G), eye(COLUMNS, epsilon));
  const expected = times(times(power(left, -1 / 4), G), power(right, -1 / 4));
  const found = firstStep([ROWS, COLUMNS], G.flat(), { iterative: total({ initial: epsilon }) });
  assertLess(apart(found, expected.flat()), 1e-10);
});

Deno.test("kronecker() steps by UVᵀ also in single precision, with a condition of 1e6", () => {
  const start = G.flat().map(() => 0);
  const options = { precision: "f32" } as const;
  const { thetas } = follow(slope([ROWS, COLUMNS], G.flat()), stage(), start, 1, options);
  // What is 1e-3 of the largest is known to 1e-4 of itself, and its Gram matrix to 1e-1.
  assertLess(apart(thetas[1]!.map((x) => -x), polar.flat()), 0.1);
});

Deno.test("kronecker() takes the exponent that it is given, whatever the order", () => {
  const epsilon = 0.1;
  const left = plus(times(G, transposed(G)), eye(ROWS, epsilon));
  const right = plus(times(transposed(G), G), eye(COLUMNS, epsilon));
  const expected = times(times(power(left, -0.7), G), power(right, -0.7));
  const found = firstStep([ROWS, COLUMNS], G.flat(), {
    structure: kronecker({ exponent: 0.7 }),
    length: lengths.none(),
    iterative: total({ initial: epsilon }),
  });
  assertLess(apart(found, expected.flat()), 1e-10);
});

/** The gradient turns, so that factors of different steps do not commute. */
const BEND = range(ROWS * COLUMNS).map((i) => 0.3 + Math.sin(i) ** 2);
const bent = objective({
  parameters: { x: zeros([ROWS, COLUMNS]) },
  loss: ({ x }) => {
    const own = sum(mul(constant(G.flat(), [ROWS, COLUMNS]), x));
    return add(own, mul(0.5, sum(mul(constant(BEND, [ROWS, COLUMNS]), mul(x, x)))));
  },
}) as AnyObjective;

/** The path with roots that are made at every n-th step. */
function path(epsilon: number, every: number, steps: number): number[] {
  let x: Matrix = G.map((row) => row.map(() => 0));
  let left = eye(ROWS, epsilon), right = eye(COLUMNS, epsilon), roots: Matrix[] = [];
  for (let t = 0; t < steps; t++) {
    const g = G.map((row, i) => row.map((gi, j) => gi + BEND[i * COLUMNS + j]! * x[i]![j]!));
    left = plus(left, times(g, transposed(g)));
    right = plus(right, times(transposed(g), g));
    if (t % every === 0) roots = [power(left, -1 / 4), power(right, -1 / 4)];
    const d = times(times(roots[0]!, g), roots[1]!);
    x = x.map((row, i) => row.map((xi, j) => xi - d[i]![j]!));
  }
  return x.flat();
}

for (const every of [1, 3]) {
  Deno.test(`kronecker() keeps its roots for ${every} steps, and samples at each`, () => {
    const options = { iterative: total({ initial: 1e-3 }), every: { factor: every } };
    const { thetas } = follow(bent, stage(options), G.flat().map(() => 0), 8);
    assertLess(apart(thetas[8]!, path(1e-3, every, 8)), 1e-9);
  });
}

Deno.test("kronecker() has a factor for each axis of a tensor of order 4, or one for all after the first", () => {
  const shape = [3, 2, 2, 2], g = range(24).map((i) => Math.cos(i * i + 1));
  const epsilon = 0.2, iterative = total({ initial: epsilon });
  const merged = firstStep(shape, g, { structure: kronecker({ merge: "trailing" }), iterative });
  assertLess(apart(merged, firstStep([3, 8], g, { iterative })), 1e-12);
  // By the definition: every axis in turn is the rows of a matrix.
  const strides = [8, 4, 2, 1];
  const expected = strides.reduce((x, stride, axis) => {
    const n = shape[axis]!;
    const at = (k: number) => Math.floor(k / stride) % n;
    const gram = range(n).map((i) =>
      range(n).map((j) =>
        g.reduce((s, gk, k) => at(k) === i ? s + gk * g[k + (j - i) * stride]! : s, 0)
      )
    );
    const root = power(plus(gram, eye(n, epsilon)), -1 / 8);
    return x.map((_, k) =>
      range(n).reduce((s, j) => s + root[at(k)]![j]! * x[k + (j - at(k)) * stride]!, 0)
    );
  }, g);
  assertLess(apart(firstStep(shape, g, { iterative }), expected), 1e-10);
});

Deno.test("kronecker() keeps the diagonal of a factor when its axis is longer than largest", () => {
  const epsilon = 1e-2;
  const left = plus(times(G, transposed(G)), eye(ROWS, epsilon));
  const right = transposed(G).map((column) => epsilon + column.reduce((s, x) => s + x * x, 0));
  const expected = times(power(left, -1 / 4), G).map((row) =>
    row.map((x, j) => x * right[j]! ** (-1 / 4))
  );
  const options = {
    structure: kronecker({ largest: 6 }),
    iterative: total({ initial: epsilon }),
  };
  assertLess(apart(firstStep([ROWS, COLUMNS], G.flat(), options), expected.flat()), 1e-10);
});

Deno.test("kronecker() of a vector is g/‖g‖, of a number its sign", () => {
  const g = [3, 0, -4];
  assertLess(apart(firstStep([3], g), [0.6, 0, -0.8]), 1e-12);
  assertAlmostEquals(firstStep([], [-5])[0]!, -1, 1e-12);
  assertAlmostEquals(firstStep([1, 1], [5])[0]!, 1, 1e-12);
});

Deno.test("kronecker() drops and counts every direction when there is no gradient", () => {
  const { thetas, records } = follow(slope([2, 3], range(6).map(() => 0)), stage(), range(6), 1);
  assertEquals(thetas[1], range(6));
  assertEquals([...records[0]!].find(([name]) => name.endsWith("dropped"))?.[1], 6);
});

Deno.test("kronecker() lets a tensor have the norm of its own length", () => {
  const two = objective({
    parameters: { a: zeros([2, 3]), b: zeros([3]) },
    loss: ({ a, b }) =>
      add(sum(mul(constant([1, 2, 3, -1, 0.5, 2], [2, 3]), a)), sum(mul(constant([1, 2, 2]), b))),
  }) as AnyObjective;
  const length = lengths.normalized({ per: "tensor" });
  const { thetas } = follow(two, stage({ length }), range(9).map(() => 0), 1);
  const options = { length: lengths.normalized() };
  const alone = [
    ...firstStep([2, 3], [1, 2, 3, -1, 0.5, 2], options),
    ...firstStep([3], [1, 2, 2], options),
  ];
  const { program } = follow(two, stage({ length }), range(9).map(() => 0), 0);
  const found = program.arena.entries.flatMap(({ path, offset, size }) =>
    path === "a" ? thetas[1]!.slice(offset, offset + size) : []
  );
  assert(found.length === 6);
  assertLess(apart(found.map((x) => -x), alone.slice(0, 6)), 1e-10);
});
