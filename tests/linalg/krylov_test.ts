import { assert, assertEquals, assertLess, assertThrows } from "../_assert.ts";
import { hessianVector } from "../../src/autodiff/products.ts";
import { krylovProduct, krylovSpectral } from "../../src/linalg/krylov.ts";
import { lanczos } from "../../src/linalg/lanczos.ts";
import { loop } from "../../src/linalg/loop.ts";
import { lowRankProduct, lowRankSpectral } from "../../src/linalg/low_rank.ts";
import { apply } from "../../src/linalg/matrices.ts";
import { spectralPower } from "../../src/linalg/spectral.ts";
import { gradient } from "../../src/autodiff/vjp.ts";
import { SteepestError } from "../../src/errors.ts";
import type { Node } from "../../src/tensor/node.ts";
import {
  add,
  cast,
  constant,
  div,
  input,
  matmul,
  mul,
  reshape,
  sin,
  sqrt,
  sum,
  unary,
} from "../../src/tensor/ops.ts";
import {
  apart,
  composed,
  graded,
  identity,
  matrix,
  matrixOf,
  numbers,
  orthogonal,
  precisions,
  product,
  scalar,
  size,
  transposed,
  valuesAt,
  withEigenvalues,
} from "./_matrices.ts";

const N = 30;
const A = input("a", [N, N]), B = input("b", [N]);
const random = numbers(23);
const vector = (n = N) => matrix(n, 1, random);

for (const precision of precisions) {
  const tiny = precision === "f64" ? 1e-12 : 1e-5;

  Deno.test(`lanczos() keeps a basis orthonormal that makes A tridiagonal in ${precision}`, () => {
    const k = 12;
    for (const scale of [1, 1e20, 1e-20]) {
      const a = withEigenvalues(graded(N, 1e6).map((x, i) => scale * (i % 4 === 0 ? -x : x)), 2);
      const { q, alpha, beta, count } = lanczos((x) => apply(A, x), B, { steps: k });
      const [Q, d, e, n] = valuesAt([q, alpha, beta, count], { a, b: vector() }, precision);
      assertEquals(scalar(n), k);
      const rows = matrixOf(Q!);
      assertLess(apart(product(rows, transposed(rows)), identity(k)), tiny);
      const t = matrix(
        k,
        k,
        (i, j) => i === j ? d!.data[i]! : Math.abs(i - j) === 1 ? e!.data[Math.min(i, j)]! : 0,
      );
      assertLess(apart(product(product(rows, a), transposed(rows)), t), tiny);
      assertEquals(e!.data[k - 1], 0);
    }
  });

  Deno.test(`krylovSpectral() gives H^(-1/2)b exactly where the space is invariant, in ${precision}`, () => {
    // b lies along four eigenvectors: the space ends there and the rest of the twelve steps is empty.
    const vectors = orthogonal(N, N, numbers(4));
    const values = Array.from({ length: N }, (_, i) => 0.5 + i);
    const a = withEigenvalues(values, 4);
    const parts = [3, 9, 17, 25];
    const b = matrix(N, 1, (i) => parts.reduce((s, j) => s + vectors.data[i * N + j]!, 0));
    const krylov = krylovSpectral((x) => apply(A, x), B, { steps: 12, tolerance: 1e-4 });
    const { weights } = spectralPower(krylov.values, -0.5, { drop: 0 });
    const [x, n, kept, w] = valuesAt(
      [krylovProduct(krylov, weights), krylov.count, cast(krylov.kept, "f32"), krylov.values],
      { a, b },
      precision,
    );
    assertEquals(scalar(n), 4);
    assertEquals([...kept!.data].reduce((s, v) => s + v, 0), 4);
    const found = [...w!.data].filter((_, i) => kept!.data[i] === 1).sort((p, q) => p - q);
    found.forEach((v, i) => assertLess(Math.abs(v - values[parts[i]!]!), 100 * tiny));
    const wanted = product(composed(vectors, values.map((v) => v ** -0.5)), b);
    assertLess(apart(matrixOf(x!), wanted), 10 * tiny);
  });

  Deno.test(`krylovSpectral() converges to f(H)b with the steps in ${precision}`, () => {
    const values = graded(N, 100), vectors = orthogonal(N, N, numbers(8));
    const a = withEigenvalues(values, 8), b = vector();
    const wanted = product(composed(vectors, values.map((v) => v ** -0.5)), b);
    const errors = [5, 15, N].map((steps) => {
      const krylov = krylovSpectral((x) => apply(A, x), B, { steps });
      const { weights } = spectralPower(krylov.values, -0.5, { drop: 0 });
      const [x] = valuesAt([krylovProduct(krylov, weights)], { a, b }, precision);
      return apart(matrixOf(x!), wanted);
    });
    assert(errors[1]! < errors[0]! / 5, `${errors}`);
    assertLess(errors[2]!, 10 * tiny);
  });

  Deno.test(`lowRankSpectral() gives any power of σ1 + UMUᵀ in ${precision}`, () => {
    const k = 6, sigma = 0.7;
    const u = matrix(N, k, random), half = matrix(k, k, random);
    const m = product(half, transposed(half));
    const dense = product(product(u, m), transposed(u));
    const b = matrix(N, N, (i, j) => dense.data[i * N + j]! + (i === j ? sigma : 0));
    const x = vector();
    const spectral = lowRankSpectral(sigma, input("u", [N, k]), input("m", [k, k]));
    const root = lowRankProduct(spectral, (v) => div(1, sqrt(v)), input("x", [N]));
    const whole = lowRankProduct(spectral, (v) => v, input("x", [N]));
    const [half_, full, rank] = valuesAt([root, whole, spectral.rank], { u, m, x }, precision);
    assertEquals(scalar(rank), k);
    assertLess(apart(matrixOf(full!), product(b, x)), tiny);
    // B^(-1/2)x, judged by applying it twice.
    const [twice] = valuesAt([root], { u, m, x: matrixOf(half_!) }, precision);
    assertLess(apart(product(b, matrixOf(twice!)), x), 10 * tiny);
  });

  Deno.test(`lowRankSpectral() is fine with columns that depend on each other in ${precision}`, () => {
    const base = matrix(N, 2, random), x = vector();
    const u = matrix(N, 4, (i, j) => (j < 2 ? 1 : -3) * base.data[i * 2 + j % 2]!);
    const m = matrix(4, 4, (i, j) => 1 / (1 + i + j));
    const spectral = lowRankSpectral(2, input("u", [N, 4]), input("m", [4, 4]));
    const [y, rank] = valuesAt(
      [lowRankProduct(spectral, (v) => v, input("x", [N])), spectral.rank],
      { u, m, x },
      precision,
    );
    assertEquals(scalar(rank), 2);
    const wanted = product(product(product(u, m), transposed(u)), x);
    const dense = matrix(N, 1, (i) => wanted.data[i]! + 2 * x.data[i]!);
    assertLess(apart(matrixOf(y!), dense), tiny);
  });
}

Deno.test("lanczos() from zero has no basis vector, and f(H)b is zero", () => {
  const krylov = krylovSpectral((x) => apply(A, x), B, { steps: 4 });
  const a = withEigenvalues(graded(N, 10), 1), b = matrix(N, 1, () => 0);
  const infinite = div(constant(1), krylov.values);
  const [x, n] = valuesAt([krylovProduct(krylov, infinite), krylov.count], { a, b }, "f32");
  assertEquals([size(matrixOf(x!)), scalar(n)], [0, 0]);
});

Deno.test("lanczos() takes Hessian-vector products of any graph, in the shape of b", () => {
  const theta = input("theta", [5, 6]), b = input("b", [5, 6]);
  const loss = sum(sin(mul(theta, add(theta, sum(theta)))));
  const hessian = (v: Node) => hessianVector(loss, [theta], [v])[0]!;
  const krylov = krylovSpectral(hessian, b, { steps: 30 });
  const twice = reshape(krylovProduct(krylov, mul(krylov.values, krylov.values)), [5, 6]);
  const given = { theta: vector(), b: vector() };
  const [x, y] = valuesAt([twice, hessian(hessian(b))], given, "f64");
  assertLess(apart(matrixOf(x!), matrixOf(y!)), 1e-9);
});

Deno.test("loop() closes bodies inside bodies over what they use", () => {
  const w = input("w", [3]), x = input("x", [3]);
  // Outer: x ← x + inner(x); inner: three times y ← w·y + sin(Σw)·x, from the same zero as the outer.
  const zero = constant(0, [3]);
  const shift = sin(sum(w));
  const [result] = loop({
    times: 2,
    initial: [zero],
    body: (outer) => {
      const [inner] = loop({
        times: 3,
        initial: [zero],
        body: (y) => [add(mul(w, y!), mul(shift, add(x, outer!)))],
      });
      return [add(outer!, inner!)];
    },
  });
  const W = [0.3, -0.5, 1.1], X = [1, 2, -3];
  const [found] = valuesAt([result!], { w: { data: W }, x: { data: X } }, "f64");
  const s = Math.sin(W[0]! + W[1]! + W[2]!);
  W.forEach((v, i) => {
    let outer = 0;
    for (let k = 0; k < 2; k++) {
      let y = 0;
      for (let t = 0; t < 3; t++) y = v * y + s * (X[i]! + outer);
      outer += y;
    }
    assertLess(Math.abs(found!.data[i]! - outer), 1e-14);
  });
});

Deno.test("loop() gives equal graphs for equal loops, and no derivative", () => {
  const w = input("w", [2, 2]);
  const make = () => loop({ times: 3, initial: [w], body: (x) => [matmul(x!, unary("sin", w))] });
  assertEquals(make()[0]!.hash, make()[0]!.hash);
  assertThrows(() => gradient(sum(make()[0]!), [w]), SteepestError);
});
