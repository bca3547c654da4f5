import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
  assertThrows,
} from "../_assert.ts";
import { SteepestError } from "../../src/errors.ts";
import { inverseRootNewton } from "../../src/linalg/inverse_root.ts";
import {
  convergentCubic,
  convergentQuintic,
  newtonSchulz,
} from "../../src/linalg/newton_schulz.ts";
import {
  matrixPower,
  spectralMatrix,
  spectralPower,
  spectralProduct,
} from "../../src/linalg/spectral.ts";
import { symmetricEigen } from "../../src/linalg/symmetric_eigen.ts";
import { input } from "../../src/tensor/ops.ts";
import {
  apart,
  composed,
  diagonal,
  graded,
  inverse,
  type Matrix,
  matrix,
  matrixOf,
  numbers,
  orthogonal,
  power,
  precisions,
  product,
  scalar,
  size,
  transposed,
  valuesAt,
  withEigenvalues,
} from "./_matrices.ts";

const N = 20;
const A = input("a", [N, N]);

/** X = A^{-1/p} is judged backwards: by the matrix whose root it is, X^{-p}. */
function backward(x: Matrix, p: number, a: Matrix): number {
  return apart(power(inverse(x), p), a);
}

for (const precision of precisions) {
  for (const p of [2, 3, 4, 8]) {
    Deno.test(`matrixPower() gives A^(-1/${p}) backward stably at a condition of 1e6 in ${precision}`, () => {
      const a = withEigenvalues(graded(N, 1e6), p);
      const root = matrixPower(A, -1 / p, { drop: 1e-8 });
      const [x, dropped] = valuesAt([root.matrix, root.dropped], { a }, precision);
      assertEquals(scalar(dropped), 0);
      assertLess(backward(matrixOf(x!), p, a), precision === "f64" ? 1e-9 : 1e-4);
    });

    Deno.test(`inverseRootNewton() gives A^(-1/${p}) backward stably at a condition of 1e6 in ${precision}`, () => {
      const a = withEigenvalues(graded(N, 1e6).map((x) => 300 * x), p);
      const { root, error } = inverseRootNewton(A, p);
      const [x, far] = valuesAt([root, error], { a }, precision);
      assertLess(scalar(far), 1e-2);
      assertLess(backward(matrixOf(x!), p, a), precision === "f64" ? 1e-5 : 1e-4);
    });
  }

  Deno.test(`matrixPower() and the coupled iteration agree in ${precision}`, () => {
    const a = withEigenvalues(graded(N, 1e3).map((x) => 1e-12 * x), 5);
    const direct = matrixPower(A, -1 / 4, { drop: 0 }).matrix;
    const [x, y] = valuesAt([direct, inverseRootNewton(A, 4).root], { a }, precision);
    assertLess(apart(matrixOf(x!), matrixOf(y!)), precision === "f64" ? 1e-6 : 1e-4);
  });
}

Deno.test("matrixPower() drops null and negative directions by the caller's rule and counts them", () => {
  const values = Array.from({ length: N }, (_, i) => i < 4 ? 0 : i < 7 ? -i : i < 9 ? 1e-3 : i);
  const a = withEigenvalues(values, 11);
  const vectors = orthogonal(N, N, numbers(11));
  for (const precision of precisions) {
    for (const [drop, count] of [[1e-6, 7], [1e-3, 9]] as const) {
      const { matrix, dropped } = matrixPower(A, -1, { drop });
      const [x, k] = valuesAt([matrix, dropped], { a }, precision);
      assertEquals(scalar(k), count);
      const wanted = composed(vectors, values.map((v) => v > drop * 19 ? 1 / v : 0));
      assertLess(apart(matrixOf(x!), wanted), precision === "f64" ? 1e-9 : 3e-3);
    }
  }
});

Deno.test("spectralProduct() is the product with spectralMatrix(), for vectors and matrices", () => {
  const a = withEigenvalues(graded(N, 100), 2), random = numbers(3);
  const b = matrix(N, 3, random), v = matrix(N, 1, random);
  const eigen = symmetricEigen(A);
  const { weights } = spectralPower(eigen.values, -0.5, { drop: 0 });
  const [m, mb, mv] = valuesAt(
    [
      spectralMatrix(eigen, weights),
      spectralProduct(eigen, weights, input("b", [N, 3])),
      spectralProduct(eigen, weights, input("v", [N])),
    ],
    { a, b, v },
    "f64",
  );
  assertLess(apart(matrixOf(mb!), product(matrixOf(m!), b)), 1e-13);
  assertLess(apart(matrixOf(mv!), product(matrixOf(m!), v)), 1e-13);
});

Deno.test("inverseRootNewton() says where there is no root, and stays finite", () => {
  const bad = {
    singular: withEigenvalues(graded(N, 1e3).map((x, i) => i < 3 ? 0 : x), 5),
    indefinite: withEigenvalues(graded(N, 1e3).map((x, i) => i === 2 ? -0.3 : x), 6),
    zero: matrix(N, N, () => 0),
    "not finite": matrix(N, N, (i, j) => i + j === 5 ? NaN : 1),
  };
  for (const precision of precisions) {
    for (const [name, a] of Object.entries(bad)) {
      const { root, error } = inverseRootNewton(A, 4);
      const [x, far] = valuesAt([root, error], { a }, precision);
      assertGreater(scalar(far), 0.5, name);
      if (name !== "not finite") assert(x!.data.every(Number.isFinite), name);
    }
  }
});

Deno.test("inverseRootNewton() returns the last good iterate: the error is that of the root", () => {
  const a = withEigenvalues(graded(N, 100).map((x, i) => i === 2 ? -0.3 : x), 6);
  const { root, error } = inverseRootNewton(A, 2);
  const [x, far] = valuesAt([root, error], { a }, "f64");
  const defect = product(power(matrixOf(x!), 2), a);
  const distance = size({ data: defect.data.map((v, i) => v - (i % (N + 1) === 0 ? 1 : 0)) });
  assertAlmostEquals(scalar(far), distance, 1e-6);
});

Deno.test("inverseRootNewton() stops when it is done, and too few iterations show", () => {
  const a = withEigenvalues(graded(N, 1e4), 8);
  const full = inverseRootNewton(A, 4), short = inverseRootNewton(A, 4, { iterations: 4 });
  const [n, m, far] = valuesAt([full.iterations, short.iterations, short.error], { a }, "f32");
  assertLess(scalar(n), 25);
  assertEquals(scalar(m), 4);
  assertGreater(scalar(far), 0.5);
});

/** A matrix with given singular values, and its orthogonal factor. */
function withSingularValues(rows: number, columns: number, values: readonly number[]) {
  const random = numbers(rows + columns);
  const u = orthogonal(rows, values.length, random), v = orthogonal(columns, values.length, random);
  return {
    x: product(product(u, diagonal(values)), transposed(v)),
    polar: product(u, transposed(v)),
    u,
    v,
  };
}

for (const [rows, columns] of [[6, 15], [15, 6], [8, 8]] as const) {
  Deno.test(`newtonSchulz() of [${rows}, ${columns}] converges to UVᵀ with convergent coefficients`, () => {
    const k = Math.min(rows, columns);
    const { x, polar } = withSingularValues(rows, columns, graded(k, 1e3).map((s) => 1e-15 * s));
    for (const coefficients of [convergentCubic, convergentQuintic]) {
      const y = newtonSchulz(input("x", [rows, columns]), { steps: 30, coefficients });
      for (const precision of precisions) {
        const [found] = valuesAt([y], { x }, precision);
        assertLess(apart(matrixOf(found!), polar), precision === "f64" ? 1e-11 : 1e-4);
      }
    }
  });

  Deno.test(`newtonSchulz() of [${rows}, ${columns}] is Muon's polynomial of the singular values`, () => {
    const k = Math.min(rows, columns);
    const values = graded(k, 20), norm = Math.hypot(...values);
    const { x, u, v } = withSingularValues(rows, columns, values);
    const [found] = valuesAt([newtonSchulz(input("x", [rows, columns]))], { x }, "f64");
    const mapped = values.map((s) => {
      let y = s / norm;
      for (let i = 0; i < 5; i++) y = 3.4445 * y - 4.775 * y ** 3 + 2.0315 * y ** 5;
      return y;
    });
    const wanted = product(product(u, diagonal(mapped)), transposed(v));
    assertLess(apart(matrixOf(found!), wanted), 1e-12);
    mapped.forEach((s) => assertAlmostEquals(s, 1, 0.4));
  });
}

Deno.test("newtonSchulz() leaves null directions null, and zero zero", () => {
  const { x, polar } = withSingularValues(9, 5, [3, 2, 1]);
  const y = newtonSchulz(input("x", [9, 5]), { steps: 12, coefficients: convergentCubic });
  for (const precision of precisions) {
    const [found] = valuesAt([y], { x }, precision);
    assertLess(apart(matrixOf(found!), polar), precision === "f64" ? 1e-12 : 5e-5);
  }
  const [none] = valuesAt([y], { x: matrix(9, 5, () => 0) }, "f32");
  assertEquals(size(none! as { data: Float64Array }), 0);
});

Deno.test("matrix functions refuse numbers that make no sense, with the place", () => {
  for (
    const wrong of [
      () => inverseRootNewton(A, 0),
      () => inverseRootNewton(A, 2, { iterations: 0.5 }),
      () => newtonSchulz(A, { steps: 0 }),
      () => matrixPower(A, 2, { drop: -1 }),
      () => symmetricEigen(A, { sweeps: 0 }),
    ]
  ) assertEquals(assertThrows(wrong, SteepestError).kind, "description");
});
