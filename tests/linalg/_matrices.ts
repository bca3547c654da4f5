/** Matrices with known eigenvalues, and what is true of them, in plain double precision. */
import { evaluate } from "../../src/reference/evaluate.ts";
import { type Precision, type Tensor, tensor } from "../../src/reference/tensor.ts";
import type { Node, Shape } from "../../src/tensor/node.ts";
import { topological } from "../../src/tensor/walk.ts";
import { verify } from "../../src/tensor/verify.ts";
import { assertEquals } from "../_assert.ts";

/** A row-major matrix. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

export const precisions: readonly Precision[] = ["f64", "f32"];

/** Numbers between −0.5 and 0.5, the same at every run. */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
}

/** A matrix by its elements. */
export function matrix(
  rows: number,
  columns: number,
  at: (i: number, j: number) => number,
): Matrix {
  const data = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) data[i * columns + j] = at(i, j);
  return { rows, columns, data };
}

/** A matrix of the values of a tensor. */
export function matrixOf({ shape, data }: Tensor): Matrix {
  return { rows: shape[0]!, columns: shape[1] ?? 1, data: Float64Array.from(data) };
}

export function transposed(a: Matrix): Matrix {
  return matrix(a.columns, a.rows, (i, j) => a.data[j * a.columns + i]!);
}

export function product(a: Matrix, b: Matrix): Matrix {
  return matrix(a.rows, b.columns, (i, j) => {
    let total = 0;
    for (let k = 0; k < a.columns; k++) {
      total += a.data[i * a.columns + k]! * b.data[k * b.columns + j]!;
    }
    return total;
  });
}

export function identity(n: number): Matrix {
  return matrix(n, n, (i, j) => i === j ? 1 : 0);
}

export function diagonal(values: ArrayLike<number>): Matrix {
  return matrix(values.length, values.length, (i, j) => i === j ? values[i]! : 0);
}

/** ‖A‖_F, its elements divided by the largest first. */
export function size({ data }: Pick<Matrix, "data">): number {
  const largest = data.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
  if (largest === 0 || !Number.isFinite(largest)) return largest;
  return largest * Math.sqrt(data.reduce((s, x) => s + (x / largest) ** 2, 0));
}

/** ‖A − B‖_F / ‖B‖_F. */
export function apart(a: Matrix, b: Matrix): number {
  return size({ data: a.data.map((x, i) => x - b.data[i]!) }) / (size(b) || 1);
}

/** A matrix with orthonormal columns. */
export function orthogonal(rows: number, columns: number, random: () => number): Matrix {
  const found: number[][] = [];
  while (found.length < columns) {
    let v = Array.from({ length: rows }, random);
    for (let twice = 0; twice < 2; twice++) {
      for (const u of found) {
        const along = u.reduce((s, x, i) => s + x * v[i]!, 0);
        v = v.map((x, i) => x - along * u[i]!);
      }
    }
    const length = Math.hypot(...v);
    found.push(v.map((x) => x / length));
  }
  return matrix(rows, columns, (i, j) => found[j]![i]!);
}

/** V·diag(values)·Vᵀ. */
export function composed(vectors: Matrix, values: ArrayLike<number>): Matrix {
  return product(product(vectors, diagonal(values)), transposed(vectors));
}

/** A symmetric matrix with these eigenvalues and random eigenvectors. */
export function withEigenvalues(values: readonly number[], seed = 1): Matrix {
  const vectors = orthogonal(values.length, values.length, numbers(seed));
  const a = composed(vectors, values);
  const n = a.rows;
  return matrix(n, n, (i, j) => a.data[Math.min(i, j) * n + Math.max(i, j)]!);
}

/** n values from 1 down to 1 / condition, at equal ratios. */
export function graded(n: number, condition: number): number[] {
  return Array.from({ length: n }, (_, i) => condition ** (-i / Math.max(n - 1, 1)));
}

/** A⁻¹ by elimination with the largest pivot, for the judge. */
export function inverse(a: Matrix): Matrix {
  const n = a.rows;
  const work = Array.from({ length: n }, (_, i) => [
    ...a.data.subarray(i * n, (i + 1) * n),
    ...Array.from({ length: n }, (_, j) => i === j ? 1 : 0),
  ]);
  for (let k = 0; k < n; k++) {
    let best = k;
    for (let i = k; i < n; i++) if (Math.abs(work[i]![k]!) > Math.abs(work[best]![k]!)) best = i;
    [work[k], work[best]] = [work[best]!, work[k]!];
    const pivot = work[k]!.map((x) => x / work[k]![k]!);
    work.forEach((row, i) => {
      const factor = row[k]!;
      work[i] = i === k ? pivot : row.map((x, j) => x - factor * pivot[j]!);
    });
  }
  return matrix(n, n, (i, j) => work[i]![n + j]!);
}

/** A^p for a natural p. */
export function power(a: Matrix, p: number): Matrix {
  let result = identity(a.rows);
  for (let i = 0; i < p; i++) result = product(result, a);
  return result;
}

/** Values of inputs by name, rounded to the precision as evaluation does. */
export type Given = Readonly<Record<string, { readonly data: ArrayLike<number> }>>;

/** The verified outputs at given inputs. */
export function valuesAt(outputs: readonly Node[], given: Given, precision: Precision): Tensor[] {
  assertEquals(verify(outputs), []);
  const shapes = new Map<string, Shape>();
  for (const { op, shape } of topological(outputs)) {
    if (op.kind === "input") shapes.set(op.name, shape);
  }
  const inputs = new Map(
    [...shapes].map(([name, shape]) =>
      [`${name}@0`, tensor(given[name]!.data, shape, "f32", precision)] as const
    ),
  );
  return evaluate(outputs, inputs, { precision });
}

/** The single number of a scalar. */
export function scalar(x: Tensor | undefined): number {
  return x!.data[0]!;
}
