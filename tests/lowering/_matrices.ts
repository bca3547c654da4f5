/** Matrices as rows of numbers, and their functions written out in double precision. */

export type Matrix = readonly (readonly number[])[];

export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

export const eye = (n: number, by = 1): Matrix =>
  range(n).map((i) => range(n).map((j) => i === j ? by : 0));

export const transposed = (a: Matrix): Matrix => a[0]!.map((_, j) => a.map((row) => row[j]!));

export const times = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((s, x, k) => s + x * b[k]![j]!, 0)));

export const plus = (a: Matrix, b: Matrix): Matrix =>
  a.map((row, i) => row.map((x, j) => x + b[i]![j]!));

export const scaled = (a: Matrix, by: number): Matrix => a.map((row) => row.map((x) => by * x));

export const onto = (a: Matrix, x: readonly number[]): number[] =>
  a.map((row) => row.reduce((s, y, j) => s + y * x[j]!, 0));

/** An orthogonal matrix, of a seed. */
export const turn = (n: number, seed: number): Matrix =>
  range(n * n).reduce((q, k) => {
    const i = k % n, j = (k * 7 + seed) % n, angle = Math.sin(k + seed);
    if (i === j) return q;
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    return q.map((row) =>
      row.map((x, at) => at === i ? c * x - s * row[j]! : at === j ? s * row[i]! + c * x : x)
    );
  }, eye(n));

/** Cyclic Jacobi: the eigenvalues of a symmetric matrix, falling, and eigenvectors as columns. */
export function eigenOf(matrix: Matrix): {
  readonly values: readonly number[];
  readonly vectors: Matrix;
} {
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
  const order = range(n).sort((i, j) => a[j]![j]! - a[i]![i]!);
  return {
    values: order.map((i) => a[i]![i]!),
    vectors: v.map((row) => order.map((i) => row[i]!)),
  };
}

/** A^p of a symmetric positive definite matrix. */
export function power(matrix: Matrix, p: number): Matrix {
  const { values, vectors } = eigenOf(matrix);
  return times(vectors.map((row) => row.map((x, k) => x * values[k]! ** p)), transposed(vectors));
}

/** The largest difference in units of the largest number. */
export function apart(found: readonly number[], expected: readonly number[]): number {
  const size = Math.max(...expected.map(Math.abs));
  return Math.max(...found.map((x, i) => Math.abs(x - expected[i]!))) / size;
}
