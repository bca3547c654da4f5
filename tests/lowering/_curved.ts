/** What the unified view promises of every length, checked on a point whose curvature is known apart from the stage. */
import { lower } from "../../src/lowering/lower.ts";
import { arenaOf } from "../../src/lowering/arena.ts";
import {
  type AnyObjective,
  batchTensors,
  type Problem,
  problemOf,
} from "../../src/lowering/problem.ts";
import { PARAMETERS, SEED, STEP, type StepProgram } from "../../src/lowering/program.ts";
import { initialValues as startValues } from "../../src/nn/initial.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { curvature, type CurvatureOptions } from "../../src/optimizer/curvature.ts";
import * as lengths from "../../src/optimizer/length.ts";
import { scale } from "../../src/optimizer/transforms.ts";
import { evaluate } from "../../src/reference/evaluate.ts";
import { initialValues, stepRunner } from "../../src/reference/step.ts";
import { type Tensor, tensor } from "../../src/reference/tensor.ts";
import type { Node } from "../../src/tensor/node.ts";
import { input } from "../../src/tensor/ops.ts";
import { assert, assertLess } from "../_assert.ts";
import { right } from "./_follow.ts";

export type Vector = readonly number[];

/** M·v. */
export type Times = (v: Vector) => Vector;

/** An eigenvalue with its eigenvector, or a Ritz pair. */
export interface Pair {
  readonly lambda: number;
  readonly vector: Vector;
}

export const dot = (a: Vector, b: Vector): number => a.reduce((s, x, i) => s + x * b[i]!, 0);
export const times = (a: number, x: Vector): Vector => x.map((xi) => a * xi);
export const norm = (x: Vector): number => Math.sqrt(dot(x, x));
const minus = (a: Vector, b: Vector): Vector => a.map((x, i) => x - b[i]!);

/** An objective at parameters and a batch. */
export interface Point {
  readonly of: AnyObjective;
  readonly theta: Vector;
  readonly batch: Readonly<Record<string, ArrayLike<number>>>;
}

/** The tensors of the batch of a point, by the names of their slots. */
function batchOf({ of, batch }: Point): Map<string, Tensor> {
  const slots = Object.entries(batchTensors(of));
  return new Map(slots.map(([name, { shape, dtype }]) => [
    `batch/${name}`,
    tensor(batch[name]!, shape, dtype, "f64"),
  ]));
}

/** The clock of a run's first step, and the vector `v` of a graph. */
export interface At {
  readonly v?: Vector;
  readonly seed?: number;
}

/** What a graph of the objective is at a point, in double precision. */
export function graphAt(point: Point, graph: (problem: Problem) => Node): (at?: At) => number[] {
  const arena = arenaOf(point.of.leaves, () => "");
  const shapes = batchTensors(point.of);
  const problem = problemOf(point.of, arena, (name) => {
    const { shape, dtype } = shapes[name]!;
    return input(`batch/${name}`, shape, dtype);
  });
  const root = graph(problem), batch = batchOf(point);
  return ({ v, seed = 0 } = {}) => {
    const given: [string, Tensor][] = [
      [PARAMETERS, tensor(point.theta, [arena.size])],
      [SEED, tensor([seed], [], "u32")],
      [STEP, tensor([0], [], "u32")],
      ...batch,
      ...(v === undefined ? [] : [["v", tensor(v, [arena.size])] as [string, Tensor]]),
    ];
    const inputs = new Map(given.map(([name, value]) => [`${name}@0`, value]));
    return [...evaluate([root], inputs)[0]!.data];
  };
}

/** The initial parameters of an objective, in the layout of its arena. */
export function startOf(of: AnyObjective, seed: number): number[] {
  const leaves = new Map(of.leaves.map((leaf) => [leaf.path, leaf]));
  return arenaOf(of.leaves, () => "").entries.flatMap(({ path }) => [
    ...startValues(leaves.get(path)!.initial, seed, path),
  ]);
}

/** Eigenvalues and eigenvectors (as rows) of a small symmetric matrix, by Jacobi's rotations. */
export function eigenOf(symmetric: readonly Vector[]): readonly Pair[] {
  const a = symmetric.map((row) => [...row]), n = a.length;
  const q = a.map((_, i) => a.map((_, j): number => i === j ? 1 : 0));
  const rotate = (rows: number[][], i: number, j: number, c: number, s: number) => {
    for (let k = 0; k < n; k++) {
      const x = rows[i]![k]!, y = rows[j]![k]!;
      rows[i]![k] = c * x - s * y;
      rows[j]![k] = s * x + c * y;
    }
  };
  const transposed = (rows: number[][]) => {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) {
        [rows[i]![j], rows[j]![i]] = [rows[j]![i]!, rows[i]![j]!];
      }
    }
  };
  for (let sweep = 0; sweep < 30; sweep++) {
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) {
        if (a[i]![j] === 0) continue;
        const angle = 0.5 * Math.atan2(2 * a[i]![j]!, a[j]![j]! - a[i]![i]!);
        const c = Math.cos(angle), s = Math.sin(angle);
        rotate(a, i, j, c, s);
        transposed(a);
        rotate(a, i, j, c, s);
        transposed(a);
        rotate(q, i, j, c, s);
      }
    }
  }
  return a.map((row, i) => ({ lambda: row[i]!, vector: q[i]! }));
}

/** What a space knows of the eigenvalues of an operator: Ritz pairs, or all pairs if it is the whole space. */
export function pairsIn(basis: readonly Vector[], product: Times): readonly Pair[] {
  const images = basis.map(product);
  const pairs = eigenOf(basis.map((v) => images.map((w) => dot(v, w))));
  return pairs.map(({ lambda, vector }) => ({
    lambda,
    vector: basis[0]!.map((_, i) => vector.reduce((s, y, k) => s + y * basis[k]![i]!, 0)),
  }));
}

/** An orthonormal basis of b, Mb, …, M^{k−1}b. */
export function krylovBasis(product: Times, b: Vector, k: number): readonly Vector[] {
  const basis: Vector[] = [];
  for (let next = b; basis.length < k; next = product(basis.at(-1)!)) {
    // Twice is enough.
    for (let pass = 0; pass < 2; pass++) {
      for (const v of basis) next = minus(next, times(dot(v, next), v));
    }
    basis.push(times(1 / norm(next), next));
  }
  return basis;
}

/** A stage at a point, with its curvature by pairs. */
export interface Curved {
  readonly g: Vector;
  /** λ after damping, all positive; nothing of the step is outside their vectors. */
  readonly pairs: readonly Pair[];
  /** −Δθ of the stage with this length, then this rate. */
  readonly step: (length: lengths.Length, rate: number) => Vector | Promise<Vector>;
  /** dᵀHd apart from the pairs, where H is not damped. */
  readonly squared?: (d: Vector) => number;
}

/** The program of a stage with a length and a rate. */
export function programOf(
  of: AnyObjective,
  options: CurvatureOptions,
  length: lengths.Length,
  rate: number,
): StepProgram {
  return right(lower(of, chain(curvature({ ...options, length }), scale(rate))));
}

/** {@link Curved.step} by the oracle. */
export function oracleSteps(point: Point, options: CurvatureOptions): Curved["step"] {
  return (length, rate) => {
    const program = programOf(point.of, options, length, rate);
    const values = new Map([...initialValues(program, point.theta), ...batchOf(point)]);
    const after = stepRunner(program, "f64")(values, 0).values.get(PARAMETERS)!.data;
    return point.theta.map((x, i) => x - after[i]!);
  };
}

const ALPHA = 0.7, EPSILON = 0.3, FAR = 1e6;

/**
 * ‖d‖_H = ε, ‖d_i‖_H = ε|ĝ_i| and ‖d_i‖_H = ε, their clips, and the limits of these, up to a share of the largest
 * coordinate of the step.
 */
export async function assertIdentities(
  { g, pairs, step, squared }: Curved,
  tolerance: number,
): Promise<void> {
  const lambda = pairs.map((pair) => pair.lambda), root = lambda.map(Math.sqrt);
  const along = (x: Vector) => pairs.map(({ vector }) => dot(vector, x));
  const ghat = along(g), newton = ghat.map((x, i) => x / lambda[i]!);
  assert(lambda.every((l) => l > 0) && ghat.every((x) => x !== 0), "a pair without a step");
  const size = norm(newton.map((x, i) => root[i]! * x));
  const coordinates = async (length: lengths.Length, rate: number) => {
    const d = await step(length, rate), c = along(d);
    const inside = pairs.reduce<Vector>(
      (rest, { vector }, i) => minus(rest, times(c[i]!, vector)),
      d,
    );
    assertLess(norm(inside), tolerance * norm(d), `${length.kind} leaves the space`);
    if (squared !== undefined) {
      const other = dot(c, c.map((x, i) => lambda[i]! * x));
      assertLess(Math.abs(squared(d) - other), 10 * tolerance * other, "‖d‖²_H");
    }
    return c;
  };
  const close = (found: Vector, expected: Vector, what: string) => {
    const scale = Math.max(...expected.map(Math.abs));
    found.forEach((x, i) =>
      assertLess(Math.abs(x - expected[i]!), tolerance * scale, `${what}: ${found} ${expected}`)
    );
  };
  const lengthsOf = (c: Vector) => c.map((x, i) => root[i]! * Math.abs(x));
  const free = lengthsOf(newton);

  close(await coordinates(lengths.none(), ALPHA), times(ALPHA, newton), "Newton");

  const one = await coordinates(lengths.normalized(), EPSILON);
  assertLess(Math.abs(norm(lengthsOf(one)) - EPSILON), tolerance, "‖d‖_H = ε");
  const byGradient = await coordinates(lengths.gradientNorm(), EPSILON);
  close(lengthsOf(byGradient), ghat.map((x) => EPSILON * Math.abs(x)), "‖d_i‖_H = ε|ĝ_i|");
  const each = await coordinates(lengths.eigenbasis(), EPSILON);
  close(lengthsOf(each), ghat.map(() => EPSILON), "‖d_i‖_H = ε");
  for (const c of [one, byGradient, each]) {
    assert(c.every((x, i) => x * ghat[i]! > 0), "a step against the gradient");
  }

  // A bound that some of the coordinates reach and others do not.
  const middle = (values: Vector) => values.toSorted((a, b) => a - b)[values.length >> 1]! * 0.999;
  const clips = [
    [lengths.clipped, one, 0.5 * size, (C: number) => times(Math.min(1, C / size), free)],
    [
      lengths.gradientNormClipped,
      byGradient,
      middle(root.map((x) => 1 / x)),
      (C: number) => free.map((x, i) => Math.min(x, C * Math.abs(ghat[i]!))),
    ],
    [
      lengths.eigenbasisClipped,
      each,
      middle(free),
      (C: number) => free.map((x) => Math.min(x, C)),
    ],
  ] as const;
  for (const [clip, normalized, C, bounded] of clips) {
    const what = clip(C).kind;
    close(lengthsOf(await coordinates(clip(C), ALPHA)), times(ALPHA, bounded(C)), what);
    const most = FAR * Math.max(size, ...free, ...root.map((x) => 1 / x));
    close(await coordinates(clip(most), ALPHA), times(ALPHA, newton), `${what}, C → ∞`);
    const least = Math.min(size, ...free, ...root.map((x) => 1 / x)) / FAR;
    close(await coordinates(clip(least), EPSILON / least), normalized, `${what}, C → 0`);
  }
}
