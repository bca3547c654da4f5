/** A factor for each axis of each tensor, against matrices that are written out in double precision. */
import * as E from "fp-ts/lib/Either.js";
import { assert, assertAlmostEquals, assertEquals, assertLess } from "../_assert.ts";
import { convergentQuintic, muonQuintic } from "../../src/linalg/newton_schulz.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { zeros } from "../../src/nn/initial.ts";
import { objective } from "../../src/objective/objective.ts";
import { empiricalFisher } from "../../src/optimizer/calculating.ts";
import { curvature, type CurvatureOptions } from "../../src/optimizer/curvature.ts";
import { sum as total } from "../../src/optimizer/iterative.ts";
import * as lengths from "../../src/optimizer/length.ts";
import { coupledNewton, eigen, newtonSchulz } from "../../src/optimizer/solver.ts";
import { kronecker } from "../../src/optimizer/kronecker.ts";
import { initialValues, stepRunner } from "../../src/reference/step.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { type Node, sizeOf } from "../../src/tensor/node.ts";
import { add, constant, mul, sum } from "../../src/tensor/ops.ts";
import { follow, right } from "./_follow.ts";
import { eye, type Matrix, plus, power, range, times, transposed, turn } from "./_matrices.ts";

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

const epsilonOf = (epsilon: number) => ({ iterative: total({ initial: epsilon }) });

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

Deno.test("kronecker() has factors of every block when an axis is longer than largest", () => {
  const cut: readonly (readonly [number, number])[] = [[0, 3], [3, 5]];
  const across: readonly (readonly [number, number])[] = [[0, 3], [3, 6], [6, 7]];
  const expected = G.map((row) => row.map(() => 0));
  for (const [top, bottom] of cut) {
    for (const [first, last] of across) {
      const part = G.slice(top, bottom).map((row) => row.slice(first, last));
      const own = firstStep([part.length, part[0]!.length], part.flat(), epsilonOf(1e-2));
      own.forEach((x, k) => {
        const columns = last - first;
        expected[top + Math.floor(k / columns)]![first + k % columns] = x;
      });
    }
  }
  for (const solver of [eigen(), coupledNewton({ ridge: 0, tolerance: 1e-12 })]) {
    const structure = kronecker({ largest: 3, longer: "blocks" });
    const found = firstStep([ROWS, COLUMNS], G.flat(), { structure, solver, ...epsilonOf(1e-2) });
    assertLess(apart(found, expected.flat()), 1e-8, solver.kind);
  }
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

for (
  const [name, length, exponent, epsilon] of [
    ["gradientNorm", lengths.gradientNorm(), undefined, 0.01],
    ["none", lengths.none(), undefined, 0.01],
    ["power", lengths.power(0.25), 1, 0.1],
    ["normalized", lengths.normalized(), undefined, 0.01],
    ["clipped", lengths.clipped(0.5), 1, 0.1],
  ] as const
) {
  Deno.test(`kronecker() takes the steps of the eigenbasis with the roots of coupledNewton(): ${name}`, () => {
    const structure = kronecker(exponent === undefined ? {} : { exponent });
    const options = { structure, length, ...epsilonOf(epsilon) };
    const solver = coupledNewton({ ridge: 0, tolerance: 1e-12 });
    const found = firstStep([ROWS, COLUMNS], G.flat(), { ...options, solver });
    assertLess(apart(found, firstStep([ROWS, COLUMNS], G.flat(), options)), 1e-8);
  });
}

Deno.test("coupledNewton() takes roots of different orders where tensors of different orders have axes of one length", () => {
  const problem = objective({
    parameters: { a: zeros([3]), b: zeros([3, 3]), c: zeros([3, 3, 2]) },
    loss: ({ a, b, c }) => {
      const slopeOf = (n: number) => range(n).map((i) => Math.cos(i * i + n));
      const own = (x: Node) => sum(mul(constant(slopeOf(sizeOf(x.shape)), x.shape), x));
      return add(own(a), add(own(b), own(c)));
    },
  }) as AnyObjective;
  const [exact, found] = [eigen(), coupledNewton({ ridge: 0, tolerance: 1e-12 })].map((solver) =>
    follow(problem, stage({ solver, ...epsilonOf(0.1) }), range(30).map(() => 0), 1).thetas[1]!
  );
  assertLess(apart(found!, exact!), 1e-8);
});

Deno.test("coupledNewton() makes roots of what its ridge leaves, also of a diagonal", () => {
  const ridge = 1e-3, shape = [3, 7], g = G.slice(0, 3).flat();
  const lengthOf = (a: Matrix) => Math.hypot(...a.flat());
  const matrix: Matrix = G.slice(0, 3);
  const gram = times(matrix, transposed(matrix));
  const left = power(plus(gram, eye(3, ridge * lengthOf(gram))), -1 / 4);
  const columns = transposed(matrix).map((column) => column.reduce((s, x) => s + x * x, 0));
  const right = columns.map((x) => (x + ridge * Math.hypot(...columns)) ** (-1 / 4));
  const expected = times(left, matrix).map((row) => row.map((x, j) => x * right[j]!));
  const found = firstStep(shape, g, {
    structure: kronecker({ largest: 5 }),
    solver: coupledNewton({ ridge, tolerance: 1e-12 }),
  });
  assertLess(apart(found, expected.flat()), 1e-8);
});

Deno.test("coupledNewton() keeps the last good root, counts the others, and steps by nothing before the first", () => {
  const problem = objective({
    parameters: { x: zeros([2, 2]) },
    batch: { g: [2, 2] },
    loss: ({ x }, { g }) => sum(mul(g, x)),
  }) as AnyObjective;
  const regular = [2, 1, 0, 1], singular = [1, 2, 2, 4], broken = [NaN, 0, 0, 1];
  const solver = coupledNewton({ ridge: 0 });
  for (const factor of [1, 2]) {
    const optimizer = stage({ solver, every: { factor } });
    const program = right(lower(problem, optimizer)), run = stepRunner(program, "f64");
    let values = initialValues(program, [0, 0, 0, 0], { precision: "f64" });
    const told: number[] = [], steps: number[][] = [];
    for (const [t, g] of [singular, regular, singular, broken, regular, regular].entries()) {
      for (let k = 0; k < factor; k++) {
        // θ is left alone, so that a NaN of the direction does not stay.
        const next = run(new Map([...values, ["batch/g", tensor(g, [2, 2])]]), t * factor + k);
        steps[t] = [...next.values.get("theta")!.data];
        told[t] = [...next.records].find(([name]) => name.endsWith("failed"))![1];
        values = new Map([...next.values, ["theta", tensor([0, 0, 0, 0], [4])]]);
      }
    }
    assertEquals(told, [2, 0, 2, 2, 0, 0], `every ${factor}`);
    assertEquals(steps[0], [0, 0, 0, 0].map((x) => x - 0));
    const gram = times([[2, 1], [0, 1]], [[2, 0], [1, 1]]);
    const other = times([[2, 0], [1, 1]], [[2, 1], [0, 1]]);
    const kept = times(times(power(gram, -1 / 4), [[1, 2], [2, 4]]), power(other, -1 / 4));
    assertLess(apart(steps[2]!.map((x) => -x), kept.flat()), 1e-5);
    assertEquals(steps[4], steps[1]);
  }
});

for (const [rows, columns] of [[ROWS, COLUMNS], [COLUMNS, ROWS]] as const) {
  Deno.test(`newtonSchulz() steps by UVᵀ of [${rows}, ${columns}] as the eigenbasis does, when its polynomial converges`, () => {
    const g = rows < columns ? G : transposed(G);
    const found = firstStep([rows, columns], g.flat(), {
      structure: kronecker({ merge: "trailing" }),
      solver: newtonSchulz({ steps: 30, coefficients: convergentQuintic }),
    });
    assertLess(apart(found, (rows < columns ? polar : transposed(polar)).flat()), 1e-9);
  });
}

Deno.test("newtonSchulz() takes a tensor by its first axis, a vector as a column, and Muon's polynomial by default", () => {
  const g = range(24).map((i) => Math.cos(i * i + 1)), structure = kronecker({ merge: "trailing" });
  const solver = newtonSchulz();
  const found = firstStep([3, 2, 2, 2], g, { structure, solver });
  assertEquals(found, firstStep([3, 8], g, { structure, solver }));
  // Of a vector the only singular value is 1.
  const [a, b, c] = muonQuintic;
  const one = range(5).reduce((s) => a * s + b * s ** 3 + c * s ** 5, 1);
  assertLess(apart(firstStep([2], [3, 4], { structure, solver }), [0.6 * one, 0.8 * one]), 1e-12);
});

Deno.test("newtonSchulz() says which axis has no whole factor", () => {
  const structure = kronecker({ merge: "trailing", largest: 6 });
  const found = lower(slope([5, 7], G.flat()), stage({ structure, solver: newtonSchulz() }));
  assert(E.isLeft(found));
  assertEquals(found.left.kind, "limit");
  assertEquals(found.left.issues.map(({ path }) => path), ["curvature/structure"]);
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
