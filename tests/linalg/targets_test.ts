/** Matrix functions on the compiled targets, from f32 inputs, judged by their residuals in f64. */
import { assert, assertEquals, assertLess } from "../_assert.ts";
import { run, type Target, targets } from "../compiler/_run_plan.ts";
import { batched } from "../../src/linalg/batched.ts";
import { cholesky, choleskyApply } from "../../src/linalg/cholesky.ts";
import { conjugateGradients } from "../../src/linalg/conjugate_gradients.ts";
import { inverseOf } from "../../src/linalg/inverse.ts";
import { inverseRootNewton } from "../../src/linalg/inverse_root.ts";
import { krylovProduct, krylovSpectral } from "../../src/linalg/krylov.ts";
import { apply } from "../../src/linalg/matrices.ts";
import { convergentCubic, newtonSchulz } from "../../src/linalg/newton_schulz.ts";
import { orthonormalize } from "../../src/linalg/orthonormalize.ts";
import { matrixPower } from "../../src/linalg/spectral.ts";
import { symmetricEigen } from "../../src/linalg/symmetric_eigen.ts";
import { tensor } from "../../src/reference/tensor.ts";
import type { Node } from "../../src/tensor/node.ts";
import { cast, input, reshape, slice } from "../../src/tensor/ops.ts";
import {
  apart,
  composed,
  graded,
  identity,
  inverse,
  type Matrix,
  matrix,
  numbers,
  orthogonal,
  power,
  product,
  transposed,
  withEigenvalues,
} from "./_matrices.ts";

const N = 24;
const A = input("a", [N, N]), B = input("b", [N]);
const random = numbers(41);
const single = (a: Matrix): Matrix => ({ ...a, data: Float64Array.from(a.data, Math.fround) });
const b = single(matrix(N, 1, random));

async function values(
  outputs: readonly Node[],
  a: Matrix,
  target: Target,
): Promise<readonly Float64Array[]> {
  const inputs = new Map([["a@0", tensor(a.data, [a.rows, a.columns])]]);
  return await run(outputs, inputs.set("b@0", tensor(b.data, [N])), target);
}

const square = (data: Float64Array, n = N): Matrix => ({ rows: n, columns: n, data });
const column = (data: Float64Array): Matrix => ({ rows: data.length, columns: 1, data });

for (const target of targets) {
  for (const n of target === "js" ? [N, 33, 64] : [N, 33]) {
    Deno.test(`symmetricEigen() of order ${n} on ${target}`, async () => {
      const a = single(withEigenvalues(graded(n, 1e6).map((x, i) => i % 3 === 0 ? -x : x), n));
      const { values: w, vectors, rounds } = symmetricEigen(input("a", [n, n]));
      const [found, basis, done] = await values([w, vectors, rounds], a, target);
      const v = square(basis!, n);
      assertLess(apart(composed(v, found!), a), 5e-6);
      assertLess(apart(product(transposed(v), v), identity(n)), 5e-7);
      assertLess(done![0]!, 14 * n);
    });
  }

  Deno.test(`inverse roots at a condition of 1e6 on ${target}`, async () => {
    const a = single(withEigenvalues(graded(N, 1e6), 7));
    const direct = matrixPower(A, -1 / 4, { drop: 1e-8 }), newton = inverseRootNewton(A, 4);
    const [x, dropped, y, error] = await values(
      [direct.matrix, direct.dropped, newton.root, newton.error],
      a,
      target,
    );
    assertEquals(dropped![0], 0);
    assertLess(error![0]!, 1e-3);
    for (const root of [x!, y!]) assertLess(apart(power(inverse(square(root)), 4), a), 1e-4);
  });

  Deno.test(`inverseOf(), alone and in a stack, on ${target}`, async () => {
    for (const n of [6, 13, 130]) {
      const stack = [1e3, 10].map((c, i) => single(withEigenvalues(graded(n, c), i + 2)));
      const bent = matrix(n, n, (i, j) => i === j && i === 5 ? -1 : stack[1]!.data[i * n + j]!);
      const both = {
        rows: 2,
        columns: n * n,
        data: Float64Array.from([stack[0]!, bent].flatMap((a) => [...a.data])),
      };
      const all = reshape(input("a", [2, n * n]), [2, n, n]);
      const stacked = batched((a) => {
        const { inverse, failed } = inverseOf(a!);
        return [inverse, failed];
      }, [all]);
      const alone = inverseOf(reshape(slice(all, [0, 0, 0], [1, n, n]), [n, n])).inverse;
      const [x, failed, first] = await values([...stacked, alone], both, target);
      assertEquals([...failed!], [0, 1]);
      assertLess(apart(square(x!.slice(0, n * n), n), square(first!, n)), 1e-5);
      if (target === "js") assertEquals(x!.slice(0, n * n), first);
      assertLess(apart(product(square(first!, n), stack[0]!), identity(n)), 1e-4);
      assertEquals(transposed(square(first!, n)), square(first!, n));
      const kept = [...Array(n).keys()].filter((i) => i !== 5);
      const without = (data: Float64Array) =>
        matrix(n - 1, n - 1, (i, j) => data[kept[i]! * n + kept[j]!]!);
      assertLess(apart(without(x!.slice(n * n)), inverse(without(bent.data))), 1e-5);
    }
  });

  Deno.test(`newtonSchulz() and orthonormalize() on ${target}`, async () => {
    const u = orthogonal(N, N, random), v = orthogonal(N, N, random);
    // U·G·Uᵀ·V, whose orthogonal factor is V.
    const a = single(product(composed(u, graded(N, 100)), v));
    const { q, r, rank } = orthonormalize(A);
    const polar = newtonSchulz(A, { steps: 18, coefficients: convergentCubic });
    const [Q, R, k, p] = await values([q, r, rank, polar], a, target);
    assertEquals(k![0], N);
    assertLess(apart(product(transposed(square(Q!)), square(Q!)), identity(N)), 1e-6);
    assertLess(apart(product(square(Q!), square(R!)), a), 1e-6);
    assertLess(apart(square(p!), v), 1e-4);
  });

  Deno.test(`solvers on ${target}`, async () => {
    const a = single(withEigenvalues(graded(N, 100), 9));
    const factor = cholesky(A);
    const cg = conjugateGradients((x) => apply(A, x), B, { steps: 60, tolerance: 1e-6 });
    const krylov = krylovSpectral((x) => apply(A, x), B, { steps: 8 });
    const [x, failed, y, bent, square_, count] = await values(
      [
        choleskyApply(factor, B),
        factor.failed,
        cg.x,
        cast(cg.negativeCurvature, "f32"),
        krylovProduct(krylov, krylov.values),
        krylov.count,
      ],
      a,
      target,
    );
    assertEquals([failed![0], bent![0], count![0]], [0, 0, 8]);
    assertLess(apart(product(a, column(x!)), b), 1e-5);
    assertLess(apart(product(a, column(y!)), b), 1e-5);
    assertLess(apart(column(square_!), product(a, b)), 1e-5);
  });

  Deno.test(`conjugateGradients() ends at negative curvature on ${target}`, async () => {
    const a = single(withEigenvalues(graded(N, 10).map((x, i) => i === 7 ? -0.05 * x : x), 9));
    const cg = conjugateGradients((x) => apply(A, x), B, { steps: 30 });
    const outputs = [cast(cg.negativeCurvature, "f32"), cg.direction, cg.iterations];
    const [bent, p, k] = await values(outputs, a, target);
    assertEquals(bent![0], 1);
    assert(k![0]! < 30);
    assertLess(product(transposed(column(p!)), product(a, column(p!))).data[0]!, 0);
  });

  Deno.test(`a stack converges one by one on ${target}`, async () => {
    const n = 8, conditions = [1, 1e3, 1e6];
    const stack = conditions.map((c, i) => single(withEigenvalues(graded(n, c), i + 2)));
    const all = input("a", [3, n * n]);
    const [w, v] = await values(
      batched((a) => {
        const { values, vectors } = symmetricEigen(a!);
        return [values, vectors];
      }, [reshape(all, [3, n, n])]),
      { rows: 3, columns: n * n, data: Float64Array.from(stack.flatMap((a) => [...a.data])) },
      target,
    );
    stack.forEach((a, i) => {
      const basis = square(v!.slice(i * n * n, (i + 1) * n * n), n);
      assertLess(apart(composed(basis, w!.slice(i * n, (i + 1) * n)), a), 2e-6);
    });
  });
}
