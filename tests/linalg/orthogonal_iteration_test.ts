/** Bases that follow a matrix: orthogonal for every matrix, and each column where it was. */
import { assert, assertEquals, assertLess } from "../_assert.ts";
import { orderedEigenvectors, orthogonalIteration } from "../../src/linalg/orthogonal_iteration.ts";
import { input } from "../../src/tensor/ops.ts";
import {
  apart,
  composed,
  graded,
  identity,
  type Matrix,
  matrix,
  matrixOf,
  numbers,
  orthogonal,
  precisions,
  product,
  size,
  transposed,
  valuesAt,
  withEigenvalues,
} from "./_matrices.ts";

const N = 9;
const A = input("a", [N, N]), Q = input("q", [N, N]);

function iterated(a: Matrix, q: Matrix, steps: number, precision: "f64" | "f32"): Matrix {
  return matrixOf(valuesAt([orthogonalIteration(A, Q, steps)], { a, q }, precision)[0]!);
}

/** |QᵀAQ| beside its diagonal, of |A|. */
function besideDiagonal(a: Matrix, q: Matrix): number {
  const turned = product(transposed(q), product(a, q));
  const beside = matrix(N, N, (i, j) => i === j ? 0 : turned.data[i * N + j]!);
  return size(beside) / size(a);
}

for (const precision of precisions) {
  const tiny = precision === "f64" ? 1e-12 : 1e-5;
  const q = orthogonal(N, N, numbers(3));
  const SPECTRA: Readonly<Record<string, readonly number[]>> = {
    "of full rank": graded(N, 1e3),
    "of rank 4": graded(N, 1e3).map((x, i) => i < 4 ? x : 0),
    "of rank 1": graded(N, 1).map((x, i) => i < 1 ? x : 0),
    "with equal eigenvalues": graded(N, 1),
    "of zeros": graded(N, 1).map(() => 0),
  };
  for (const [name, values] of Object.entries(SPECTRA)) {
    Deno.test(`orthogonalIteration() stays orthogonal for a matrix ${name} in ${precision}`, () => {
      const a = withEigenvalues(values, 5);
      for (const start of [q, identity(N)]) {
        const found = iterated(a, start, 2, precision);
        assertLess(apart(product(transposed(found), found), identity(N)), tiny);
      }
    });
  }

  Deno.test(`orthogonalIteration() leaves eigenvectors where they are in ${precision}`, () => {
    const values = graded(N, 100);
    const shuffled = values.map((_, i) => values[(4 * i) % N]!);
    const found = iterated(composed(q, shuffled), q, 1, precision);
    assertLess(apart(found, q), tiny);
  });

  Deno.test(`orthogonalIteration() comes to eigenvectors in ${precision}`, () => {
    const a = withEigenvalues(graded(N, 1e3), 5);
    const [first, later] = [1, 30].map((steps) =>
      besideDiagonal(a, iterated(a, q, steps, precision))
    );
    assert(later! < Math.max(tiny, 1e-4 * first!), `${first} to ${later}`);
  });

  Deno.test(`orderedEigenvectors() fall in ${precision}`, () => {
    const values = graded(N, 100), a = withEigenvalues(values, 8);
    const found = matrixOf(valuesAt([orderedEigenvectors(A)], { a }, precision)[0]!);
    const turned = product(transposed(found), product(a, found));
    const quotients = values.map((_, i) => turned.data[i * N + i]!);
    quotients.forEach((x, i) => assertLess(Math.abs(x - values[i]!), tiny));
  });
}

Deno.test("orthogonalIteration() keeps columns to which a matrix adds nothing", () => {
  const half = matrix(N, N, (i, j) => i === j && i < 4 ? 4 - i : 0);
  assertEquals(iterated(half, identity(N), 3, "f64"), identity(N));
});

Deno.test("orthogonalIteration() orthogonalises by falling quotients, and leaves columns in place", () => {
  const a = withEigenvalues(graded(N, 50), 5), q = orthogonal(N, N, numbers(4));
  const turned = product(transposed(q), product(a, q));
  const order = Array.from({ length: N }, (_, i) => i)
    .sort((i, j) => turned.data[j * N + j]! - turned.data[i * N + i]!);
  assert(order.some((from, to) => from !== to));
  const image = product(a, q), found = iterated(a, q, 1, "f64");
  const done: number[][] = [];
  for (const column of order) {
    let x = Array.from({ length: N }, (_, i) => image.data[i * N + column]!);
    for (const u of [...done, ...done]) {
      const along = u.reduce((s, y, i) => s + y * x[i]!, 0);
      x = x.map((y, i) => y - along * u[i]!);
    }
    const unit = x.map((y) => y / Math.hypot(...x));
    done.push(unit);
    unit.forEach((y, i) => assertLess(Math.abs(y - found.data[i * N + column]!), 1e-10));
  }
});
