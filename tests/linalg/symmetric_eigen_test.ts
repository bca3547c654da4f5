import { assert, assertEquals, assertLess, assertLessOrEqual, assertThrows } from "../_assert.ts";
import { SteepestError } from "../../src/errors.ts";
import { batched } from "../../src/linalg/batched.ts";
import { symmetricEigen } from "../../src/linalg/symmetric_eigen.ts";
import type { Precision } from "../../src/reference/tensor.ts";
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
  precisions,
  product,
  scalar,
  transposed,
  valuesAt,
  withEigenvalues,
} from "./_matrices.ts";

const random = numbers(7);
const list = (n: number, at: (i: number) => number) => Array.from({ length: n }, (_, i) => at(i));

/** Relative residual of A − VΛVᵀ, and of VᵀV − 1 for one column. */
const limits: { readonly [P in Precision]: number } = { f64: 1e-9, f32: 5e-6 };

function judge(a: Matrix, precision: Precision): readonly number[] {
  const n = a.rows;
  const { values, vectors } = symmetricEigen(input("a", [n, n]));
  const [w, v] = valuesAt([values, vectors], { a }, precision);
  const basis = matrixOf(v!);
  assertLess(apart(composed(basis, w!.data), a), limits[precision], "A = VΛVᵀ");
  assertLess(
    apart(product(transposed(basis), basis), identity(n)),
    precision === "f64" ? 1e-13 : 3e-7,
    "VᵀV = 1",
  );
  return [...w!.data].sort((x, y) => y - x);
}

for (const n of [4, 5, 8, 20]) {
  Deno.test(`symmetricEigen() finds the one element beside a diagonal of order ${n}, wherever it is`, () => {
    const turning = [[0.375, 0.02, 0.105], [0.3, 0.05, 0.4], [-0.2, 0.1, 0.1]] as const;
    for (const [first, beside, other] of turning) {
      for (let place = 1; place < n; place++) {
        const a = matrix(
          n,
          n,
          (i, j) =>
            i !== j
              ? i + j === place && i * j === 0 ? beside : 0
              : i === 0
              ? first
              : i === place
              ? other
              : 0.125,
        );
        judge(a, "f64");
      }
    }
  });
}

const cases: { readonly [name: string]: readonly number[] } = {
  "a condition of 1e6": graded(32, 1e6),
  "an odd order and both signs": graded(33, 1e6).map((x, i) => i % 3 === 0 ? -x : x),
  "two clusters": list(24, (i) => i < 12 ? 1 + 1e-7 * i : 0.5),
  "one eigenvalue beside a hundredfold one": list(20, (i) => i === 3 ? 100 : 2),
  "pairs of opposite signs": list(16, (i) => i % 2 === 0 ? 1 + i : -i),
  "a null space": list(18, (i) => i < 5 ? 1 + i : 0),
  "elements of 1e20": list(12, () => 1e20 * random()),
  "elements of 1e-20": list(12, () => 1e-20 * random()),
  "order 2": [3, -1],
  "order 3": [1, 1e-3, 2],
  "order 64": list(64, random),
};

for (const [name, values] of Object.entries(cases)) {
  for (const precision of precisions) {
    Deno.test(`symmetricEigen() has small residuals for ${name} in ${precision}`, () => {
      const found = judge(withEigenvalues(values), precision);
      const scale = Math.max(...values.map(Math.abs));
      [...values].sort((x, y) => y - x).forEach((x, i) =>
        assertLessOrEqual(Math.abs(found[i]! - x), limits[precision] * scale)
      );
    });
  }
}

Deno.test("symmetricEigen() keeps what is diagonal", () => {
  const values = [3, 0, -2, 5, 5];
  const { values: w, vectors, rounds } = symmetricEigen(input("a", [5, 5]));
  const a = matrix(5, 5, (i, j) => i === j ? values[i]! : 0);
  for (const precision of precisions) {
    const [found, basis, done] = valuesAt([w, vectors, rounds], { a }, precision);
    assertEquals([...found!.data].sort(), [...values].sort());
    found!.data.forEach((value, j) => {
      const column = values.map((_, i) => Math.abs(basis!.data[i * 5 + j]!));
      assertEquals(column.toSorted(), [0, 0, 0, 0, 1]);
      assertEquals(values[column.indexOf(1)], value);
    });
    assertEquals(scalar(done), 5, "one sweep shows it");
  }
});

Deno.test("symmetricEigen() stops when it has converged, and says when it has not", () => {
  const n = 24, a = withEigenvalues(graded(n, 1e6), 2);
  const matrix = input("a", [n, n]);
  for (const precision of precisions) {
    const [done, short] = valuesAt(
      [symmetricEigen(matrix).rounds, symmetricEigen(matrix, { sweeps: 2 }).rounds],
      { a },
      precision,
    );
    assertLessOrEqual(scalar(done), 11 * (n - 1));
    assertEquals(scalar(short), 2 * (n - 1));
  }
});

Deno.test("symmetricEigen() of zero is zero, of a number the number", () => {
  assertEquals(judge(matrix(6, 6, () => 0), "f32"), [0, 0, 0, 0, 0, 0].map((x) => x));
  const one = symmetricEigen(input("a", [1, 1]));
  const [value, vector] = valuesAt([one.values, one.vectors], { a: { data: [-4] } }, "f64");
  assertEquals([value!.data[0], vector!.data[0]], [-4, 1]);
});

Deno.test("symmetricEigen() of a stack is that of each matrix, whenever it converges", () => {
  const n = 9;
  const stack = [graded(n, 1e6), list(n, () => 1), list(n, random), list(n, () => 0)]
    .map((values, i) => withEigenvalues(values, i + 3));
  const single = input("a", [n, n]), all = input("all", [4, n, n]);
  const solve = (a: typeof single) => {
    const { values, vectors } = symmetricEigen(a);
    return [values, vectors];
  };
  const data = stack.flatMap((a) => [...a.data]);
  const [values, vectors] = valuesAt(batched((a) => solve(a!), [all]), { all: { data } }, "f32");
  stack.forEach((a, i) => {
    const [w, v] = valuesAt(solve(single), { a }, "f32");
    assertEquals([...values!.data.subarray(i * n, (i + 1) * n)], [...w!.data]);
    assertEquals([...vectors!.data.subarray(i * n * n, (i + 1) * n * n)], [...v!.data]);
  });
});

Deno.test("symmetricEigen() lets what is not finite be seen", () => {
  const a = matrix(4, 4, (i, j) => i === 1 && j === 2 ? NaN : 1 / (1 + i + j));
  const [w] = valuesAt([symmetricEigen(input("a", [4, 4])).values], { a }, "f32");
  assert(w!.data.some((x) => !Number.isFinite(x)));
});

Deno.test("symmetricEigen() refuses what is not square", () => {
  const error = assertThrows(() => symmetricEigen(input("a", [2, 3])), SteepestError);
  assertEquals(error.kind, "shape");
});
