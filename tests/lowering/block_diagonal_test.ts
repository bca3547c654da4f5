/** A matrix for each block, against blocks that are written out in double precision. */
import { assertEquals, assertLess, assertMatch, assertThrows } from "../_assert.ts";
import * as E from "fp-ts/lib/Either.js";
import { SteepestError } from "../../src/errors.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { zeros } from "../../src/nn/initial.ts";
import { objective } from "../../src/objective/objective.ts";
import * as calculating from "../../src/optimizer/calculating.ts";
import { curvature, type CurvatureOptions } from "../../src/optimizer/curvature.ts";
import * as dampings from "../../src/optimizer/damping.ts";
import { sum as total } from "../../src/optimizer/iterative.ts";
import * as lengths from "../../src/optimizer/length.ts";
import { blockDiagonal } from "../../src/optimizer/structure.ts";
import { ema } from "../../src/optimizer/transforms.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { explain } from "../../src/taxonomy/explain.ts";
import { stateSlots } from "../../src/taxonomy/state.ts";
import { add, concatenate, constant, matmul, mul, reshape, sum } from "../../src/tensor/ops.ts";
import { regression, regressionData } from "../runtime/_objectives.ts";
import { apart, eye, type Matrix, onto, plus, power, range, scaled, times } from "./_matrices.ts";
import { follow } from "./_follow.ts";

const N = 16;
const wave = (i: number): number => Math.sin(12.9898 * i * i + 0.7 * i);
const ROOT: Matrix = range(N).map((i) => range(N).map((j) => wave(N * i + j + 1)));
/** No block commutes with what is beside it. */
const H: Matrix = plus(times(ROOT, ROOT.map((_, i) => ROOT.map((row) => row[i]!))), eye(N, 0.1));
const G = range(N).map((i) => Math.cos(2 * i + 0.5));

/** gᵀθ + ½θᵀHθ in tensors of 8, 4, 1 and 3, at θ = 0. */
const bowl = objective({
  parameters: { a: zeros([2, 4]), b: zeros([4]), c: 0, d: zeros([3]) },
  loss: ({ a, b, c, d }) => {
    const x = concatenate([reshape(a, [8]), b, reshape(c, [1]), d], 0);
    const column = reshape(x, [N, 1]);
    const curved = sum(mul(column, matmul(constant(H.flat(), [N, N]), column)));
    return add(sum(mul(constant(G), x)), mul(0.5, curved));
  },
}) as AnyObjective;

/** [first, end) of each block. */
const BLOCKS = {
  tensor: [[0, 8], [8, 12], [12, 13], [13, 16]],
  unit: [[0, 4], [4, 8], [8, 12], [12, 13], [13, 16]],
  3: [[0, 3], [3, 6], [6, 8], [8, 11], [11, 12], [12, 13], [13, 16]],
} as const;

type Blocks = readonly (readonly [number, number])[];

/** M^{-p}·g in each block. */
function inBlocks(matrix: Matrix, g: readonly number[], blocks: Blocks, p: number): number[] {
  return blocks.flatMap(([first, end]) => {
    const own = matrix.slice(first, end).map((row) => row.slice(first, end));
    return onto(power(own, -p), g.slice(first, end));
  });
}

function stage(options: Partial<CurvatureOptions>) {
  return curvature({
    calculating: calculating.hessian(),
    structure: blockDiagonal(),
    ...options,
  });
}

for (const per of ["tensor", "unit", 3] as const) {
  Deno.test(`blockDiagonal() per ${per} solves with every block of the Hessian`, () => {
    const start = G.map(() => 0);
    for (const [length, p] of [[lengths.none(), 1], [lengths.gradientNorm(), 0.5]] as const) {
      const { thetas } = follow(
        bowl,
        stage({ structure: blockDiagonal({ per }), length }),
        start,
        1,
      );
      const expected = inBlocks(H, G, BLOCKS[per], p);
      assertLess(apart(thetas[1]!.map((x) => -x), expected), 1e-9, `power ${p}`);
    }
  });
}

Deno.test("blockDiagonal() gives every length that full() has on one block", () => {
  const start = G.map(() => 0);
  const all = [
    lengths.normalized(),
    lengths.power(0.75),
    lengths.clamped(0.2),
    lengths.clipped(0.2),
    lengths.gradientNormClipped(0.2),
    lengths.eigenbasisClipped(0.2),
  ];
  const whole = objective({
    parameters: { x: zeros([N]) },
    loss: ({ x }) => {
      const column = reshape(x, [N, 1]);
      const curved = sum(mul(column, matmul(constant(H.flat(), [N, N]), column)));
      return add(sum(mul(constant(G), x)), mul(0.5, curved));
    },
  }) as AnyObjective;
  for (const length of all) {
    const step = (structure: CurvatureOptions["structure"]) =>
      follow(whole, stage({ structure, length }), start, 1).thetas[1]!;
    assertLess(apart(step(blockDiagonal()), step({ kind: "full" })), 1e-9, length.kind);
  }
});

Deno.test("blockDiagonal() averages matrices, with ε of the identity, and keeps its bases", () => {
  const epsilon = 0.3, blocks = BLOCKS.unit;
  const optimizer = stage({
    calculating: calculating.empiricalFisher(),
    structure: blockDiagonal({ per: "unit" }),
    iterative: total({ initial: epsilon }),
    length: lengths.gradientNorm(),
    every: { factor: 2 },
  });
  const { thetas } = follow(bowl, optimizer, G.map(() => 0), 4);
  let x = G.map(() => 0), sum: Matrix = eye(N, epsilon), kept = sum;
  for (let t = 0; t < 4; t++) {
    const g = onto(H, x).map((y, i) => y + G[i]!);
    sum = plus(sum, g.map((a) => g.map((b) => a * b)));
    if (t % 2 === 0) kept = sum;
    const step = inBlocks(kept, g, blocks, 0.5);
    x = x.map((y, i) => y - step[i]!);
  }
  assertLess(apart(thetas[4]!, x), 1e-9);
});

const START = range(15).map((i) => Math.sin(i));
const SLOTS = new Map([
  ["batch/x", tensor(regressionData.x, [40, 5])],
  ["batch/y", tensor(regressionData.y, [40], "u32")],
]);

/** Σ x xᵀ ⊗ (diag p − ppᵀ)/N and Σ x xᵀ ⊗ (p − y)(p − y)ᵀ/N of softmax regression, and its gradient. */
function naive() {
  let gaussNewton: Matrix = eye(15, 0), empirical: Matrix = eye(15, 0);
  const gradient = range(15).map(() => 0);
  for (const n of range(40)) {
    const x = range(5).map((i) => regressionData.x[5 * n + i]!);
    const z = range(3).map((c) => x.reduce((s, xi, i) => s + xi * START[3 * i + c]!, 0));
    const sizes = z.map((v) => Math.exp(v)), whole = sizes.reduce((a, b) => a + b);
    const p = sizes.map((v) => v / whole);
    const e = p.map((v, c) => v - (regressionData.y[n] === c ? 1 : 0));
    const g = x.flatMap((xi) => e.map((ec) => xi * ec));
    const curved = range(15).map((i) =>
      range(15).map((j) => {
        const [a, b] = [i % 3, j % 3];
        return x[(i - a) / 3]! * x[(j - b) / 3]! * ((a === b ? p[a]! : 0) - p[a]! * p[b]!);
      })
    );
    gaussNewton = plus(gaussNewton, scaled(curved, 1 / 40));
    empirical = plus(empirical, scaled(g.map((a) => g.map((b) => a * b)), 1 / 40));
    g.forEach((v, i) => gradient[i]! += v / 40);
  }
  return { gaussNewton, empirical, gradient };
}

Deno.test("blockDiagonal() has the blocks of Gauss–Newton and of the examples' gradients", () => {
  const { gaussNewton, empirical, gradient } = naive();
  const blocks = [[0, 4], [4, 8], [8, 12], [12, 15]] as const;
  for (
    const [calculated, matrix] of [
      [calculating.gaussNewton(), gaussNewton],
      [calculating.empiricalFisher({ from: "examples" }), empirical],
    ] as const
  ) {
    const optimizer = stage({
      calculating: calculated,
      structure: blockDiagonal({ per: 4 }),
      iterative: ema({ decay: 0.5, debias: true }),
      damping: dampings.add(0.01),
    });
    const { thetas } = follow(regression as AnyObjective, optimizer, START, 1, { slots: SLOTS });
    const expected = inBlocks(plus(matrix, eye(15, 0.01)), gradient, blocks, 1);
    const found = thetas[1]!.map((x, i) => START[i]! - x);
    assertLess(apart(found, expected), 1e-9, calculated.kind);
  }
});

Deno.test("blockDiagonal() refuses more numbers than it can store, and sizes that are none", () => {
  const large = objective({ parameters: { x: zeros([5000]) }, loss: ({ x }) => sum(mul(x, x)) });
  const program = lower(large, stage({}));
  assertEquals(E.isLeft(program), true);
  if (E.isRight(program)) return;
  assertEquals(program.left.kind, "limit");
  assertMatch(program.left.message, /at most 16777216 numbers, found blocks of 5000 parameters/);
  const small = lower(large, stage({ structure: blockDiagonal({ per: 100 }) }));
  assertEquals(E.isRight(small), true);
  for (const per of [0, 1.5]) {
    const error = assertThrows(() => blockDiagonal({ per }), SteepestError);
    assertEquals(error.issues.map(({ path }) => path), ["blockDiagonal/per"]);
  }
});

Deno.test("blockDiagonal() has norms by the blocks that its bases leave apart", () => {
  const byUnit = lengths.clipped(0.5, { per: "unit" });
  curvature({ ...stage({}), structure: blockDiagonal({ per: "unit" }), length: byUnit });
  for (const per of ["tensor", 4] as const) {
    const error = assertThrows(
      () => stage({ structure: blockDiagonal({ per }), length: byUnit }),
      SteepestError,
    );
    assertEquals(error.issues.map(({ path }) => path), ["curvature/length/per"]);
  }
});

Deno.test("explain() tells of blocks, and stateSlots() their size", () => {
  const optimizer = stage({ iterative: ema({ decay: 0.9 }) });
  assertMatch(explain(optimizer), /a matrix for each tensor/);
  assertEquals(stateSlots(optimizer), [{ path: "curvature/iterative/0/mean", size: "blocks" }]);
});
