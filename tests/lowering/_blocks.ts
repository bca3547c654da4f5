/** A function of tensors of odd shapes, and norms by block as loops over numbers. */

import type { AnyObjective } from "../../src/lowering/problem.ts";
import { arenaOf } from "../../src/lowering/arena.ts";
import type { ArenaEntry } from "../../src/lowering/program.ts";
import { zeros } from "../../src/nn/initial.ts";
import { objective } from "../../src/objective/objective.ts";
import type { NormKind, Per } from "../../src/optimizer/blocks.ts";
import { add, constant, mul, sin, square, sum } from "../../src/tensor/ops.ts";

const SHAPES = {
  scalar: [],
  vector: [5],
  matrix: [3, 7],
  column: [4, 1],
  row: [1, 4],
  cube: [2, 1, 3],
  kernel: [2, 3, 2, 5],
} as const;
const NAMES = Object.keys(SHAPES) as (keyof typeof SHAPES)[];

const sizeOf = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

/** c of each element of a tensor: distinct, of both signs. */
const slopes = (name: string, size: number): number[] =>
  Array.from({ length: size }, (_, i) => 2 * Math.sin(name.length + 1.7 * i) + 0.3);

/** Σ cx²/2 + sin x over all elements. */
export const shapes: AnyObjective = objective({
  parameters: Object.fromEntries(NAMES.map((name) => [name, zeros([...SHAPES[name]])])),
  loss: (parameters) =>
    Object.entries(parameters).map(([name, x]) => {
      const c = constant(slopes(name, sizeOf(x.shape)), x.shape);
      return sum(add(mul(mul(0.5, c), square(x)), sin(x)));
    }).reduce((a, b) => add(a, b)),
}) as AnyObjective;

/** The layout of θ. */
export const ENTRIES: readonly ArenaEntry[] = arenaOf(shapes.leaves, () => "").entries;

const C = ENTRIES.flatMap(({ path, size }) => slopes(path, size));

/** Where runs start; the tensor `row` is 0. */
export const START: readonly number[] = ENTRIES.flatMap(({ path, size }) =>
  Array.from({ length: size }, (_, i) => path === "row" ? 0 : Math.cos(path.length + 0.9 * i))
);

/** ∇f. */
export function gradient(x: readonly number[]): number[] {
  return x.map((xi, i) => C[i]! * xi + Math.cos(xi));
}

/** The indices of each block. */
export function blocks(per: Per, entries: readonly ArenaEntry[] = ENTRIES): number[][] {
  const range = (start: number, size: number) => Array.from({ length: size }, (_, i) => start + i);
  if (per === "global") return [entries.flatMap(({ offset, size }) => range(offset, size))];
  return entries.flatMap(({ shape, offset, size }) => {
    const count = per === "unit" && shape.length >= 2 ? shape[0]! : 1;
    return range(0, count).map((i) => range(offset + i * size / count, size / count));
  });
}

/** The norm of some elements of x. */
export function normAt(x: readonly number[], block: readonly number[], norm: NormKind): number {
  let squares = 0;
  for (const i of block) squares += x[i]! * x[i]!;
  return Math.sqrt(norm === "rms" ? squares / block.length : squares);
}

/** x with f(block)·x in each block. */
export function scaled(
  x: readonly number[],
  all: readonly number[][],
  factor: (block: number[]) => number,
): number[] {
  const out = [...x];
  for (const block of all) {
    const by = factor(block);
    for (const i of block) out[i] = by * x[i]!;
  }
  return out;
}

/** The indices of every matrix over the last two axes, as rows; tensors of rank 0 and 1 have none. */
export function matrices(entries: readonly ArenaEntry[] = ENTRIES): number[][][] {
  return entries.flatMap(({ shape, offset, size }) => {
    if (shape.length < 2) return [];
    const [r, c] = shape.slice(-2) as [number, number];
    return Array.from(
      { length: size / (r * c) },
      (_, b) =>
        Array.from(
          { length: r },
          (_, i) => Array.from({ length: c }, (_, j) => offset + (b * r + i) * c + j),
        ),
    );
  });
}

const mean = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0) / x.length;

/** Row and column means that are averaged, and R Cᵀ/mean(R) of them: one matrix, or single numbers. */
export interface Factors {
  /** Folds a new sample in with this decay, and gives λ. */
  next(sample: readonly number[], decay: number): number[];
}

/** Averages of the factors of a sample over all of θ, which start at 0. */
export function factors(entries: readonly ArenaEntry[] = ENTRIES): Factors {
  const all = matrices(entries);
  const rows = all.map((m) => m.map(() => 0)), columns = all.map((m) => m[0]!.map(() => 0));
  const size = entries.reduce((n, e) => n + e.size, 0);
  const whole = Array.from({ length: size }, () => 0);
  return {
    next: (sample, decay) => {
      const fold = (old: number, x: number) => decay * old + (1 - decay) * x;
      sample.forEach((x, i) => whole[i] = fold(whole[i]!, x));
      const lambda = [...whole];
      all.forEach((m, k) => {
        m.forEach((row, i) => rows[k]![i] = fold(rows[k]![i]!, mean(row.map((e) => sample[e]!))));
        m[0]!.forEach((_, j) =>
          columns[k]![j] = fold(columns[k]![j]!, mean(m.map((row) => sample[row[j]!]!)))
        );
        const total = mean(rows[k]!);
        m.forEach((row, i) =>
          row.forEach((e, j) =>
            lambda[e] = total === 0 ? 0 : rows[k]![i]! * columns[k]![j]! / total
          )
        );
      });
      return lambda;
    },
  };
}
