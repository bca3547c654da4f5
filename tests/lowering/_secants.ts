/** Secant methods as Nocedal and Wright (2006) print them: whole matrices B, and a system solved at each step. */

/** A matrix by its rows. */
export type Matrix = readonly (readonly number[])[];

/** Numbers that look random and are the same everywhere. */
export function noise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

export const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((s, x, i) => s + x * b[i]!, 0);

export const times = (m: Matrix, x: readonly number[]): number[] => m.map((row) => dot(row, x));

export const scaledIdentity = (n: number, by: number): number[][] =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => i === j ? by : 0));

/** A random symmetric matrix with eigenvalues from about `least` on; indefinite where it is negative. */
export function randomMatrix(n: number, seed: number, least: number): number[][] {
  const next = noise(seed);
  const m = Array.from({ length: n }, () => Array.from({ length: n }, next));
  return scaledIdentity(n, least).map((row, i) => row.map((x, j) => x + dot(m[i]!, m[j]!)));
}

/** x with Ax = b, by elimination with pivots. */
export function solve(a: Matrix, b: readonly number[]): number[] {
  const n = b.length, rows = a.map((row, i) => [...row, b[i]!]);
  for (let k = 0; k < n; k++) {
    const pivot = rows.slice(k).reduce(
      (best, row, i) => Math.abs(row[k]!) > Math.abs(rows[best]![k]!) ? i + k : best,
      k,
    );
    [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
    for (let i = k + 1; i < n; i++) {
      const factor = rows[i]![k]! / rows[k]![k]!;
      for (let j = k; j <= n; j++) rows[i]![j]! -= factor * rows[k]![j]!;
    }
  }
  const x = new Array<number>(n).fill(0);
  for (let i = n - 1; i >= 0; i--) {
    const known = rows[i]!.slice(i + 1, n).reduce((s, v, j) => s + v * x[i + 1 + j]!, 0);
    x[i] = (rows[i]![n]! - known) / rows[i]![i]!;
  }
  return x;
}

/** B with each element changed. */
function changed(b: Matrix, by: (i: number, j: number) => number): number[][] {
  return b.map((row, i) => row.map((x, j) => x + by(i, j)));
}

/** B after a pair: equations (6.19), (6.13) and (6.24). */
export const UPDATES: Readonly<
  Record<
    "bfgs" | "dfp" | "sr1",
    (b: Matrix, s: readonly number[], y: readonly number[]) => number[][]
  >
> = {
  bfgs: (b, s, y) => {
    const bs = times(b, s), sbs = dot(s, bs), sy = dot(s, y);
    return changed(b, (i, j) => y[i]! * y[j]! / sy - bs[i]! * bs[j]! / sbs);
  },
  dfp: (b, s, y) => {
    const rho = 1 / dot(s, y), n = s.length;
    const left = changed(scaledIdentity(n, 1), (i, j) => -rho * y[i]! * s[j]!);
    const half = left.map((row) => times(b, row)); // left·B, as B is symmetric
    const whole = half.map((row) => times(left, row));
    return changed(whole, (i, j) => rho * y[i]! * y[j]!);
  },
  sr1: (b, s, y) => {
    const bs = times(b, s), v = y.map((x, i) => x - bs[i]!), vs = dot(v, s);
    return changed(b, (i, j) => v[i]! * v[j]! / vs);
  },
};

/** An eigenvalue with a unit vector. */
export interface Pair {
  readonly value: number;
  readonly vector: readonly number[];
}

/** Eigenvalues and eigenvectors by Jacobi's rotations, one after the other. */
function eigenpairs(matrix: Matrix): Pair[] {
  const n = matrix.length, a = matrix.map((row) => [...row]), v = scaledIdentity(n, 1);
  for (let sweep = 0; sweep < 30; sweep++) {
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (a[p]![q] === 0) continue;
        const angle = 0.5 * Math.atan2(2 * a[p]![q]!, a[q]![q]! - a[p]![p]!);
        const c = Math.cos(angle), s = Math.sin(angle);
        const turn = (row: number[]) => {
          const [x, y] = [row[p]!, row[q]!];
          row[p] = c * x - s * y;
          row[q] = s * x + c * y;
        };
        a.forEach(turn);
        v.forEach(turn);
        const [rowP, rowQ] = [[...a[p]!], [...a[q]!]];
        a[p] = rowP.map((x, j) => c * x - s * rowQ[j]!);
        a[q] = rowQ.map((y, j) => s * rowP[j]! + c * y);
      }
    }
  }
  return a.map((row, i) => ({ value: row[i]!, vector: v.map((r) => r[i]!) }));
}

/** The eigenpairs of a matrix, of a repeated eigenvalue the one along what u has there. */
export function eigenpairsAlong(matrix: Matrix, u: readonly number[]): Pair[] {
  const groups: Pair[][] = [];
  for (const pair of eigenpairs(matrix).toSorted((a, b) => a.value - b.value)) {
    const last = groups.at(-1);
    const same = last !== undefined && pair.value - last[0]!.value < 1e-8 * Math.abs(pair.value);
    if (same) last.push(pair);
    else groups.push([pair]);
  }
  return groups.flatMap((group) => {
    if (group.length === 1) return group;
    const part = u.map((_, i) =>
      group.reduce((sum, { vector }) => sum + dot(vector, u) * vector[i]!, 0)
    );
    const size = Math.sqrt(dot(part, part));
    if (size < 1e-9 * Math.sqrt(dot(u, u))) return [];
    return [{ value: group[0]!.value, vector: part.map((x) => x / size) }];
  });
}
