import { assert, assertEquals, assertLess, assertLessOrEqual } from "../_assert.ts";
import { hessianVector } from "../../src/autodiff/products.ts";
import { batched } from "../../src/linalg/batched.ts";
import { cholesky, choleskySolve } from "../../src/linalg/cholesky.ts";
import { inverseOf } from "../../src/linalg/inverse.ts";
import { conjugateGradients } from "../../src/linalg/conjugate_gradients.ts";
import { apply } from "../../src/linalg/matrices.ts";
import { orthonormalize } from "../../src/linalg/orthonormalize.ts";
import { cast, div, input, mul, sin, sum } from "../../src/tensor/ops.ts";
import type { Node } from "../../src/tensor/node.ts";
import { topological } from "../../src/tensor/walk.ts";
import {
  apart,
  graded,
  identity,
  inverse,
  type Matrix,
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

const N = 24;
const A = input("a", [N, N]), B = input("b", [N]);
const random = numbers(17);
const vector = (n = N) => matrix(n, 1, random);

for (const precision of precisions) {
  const tiny = precision === "f64" ? 1e-13 : 1e-5;

  Deno.test(`choleskySolve() has small residuals at a condition of 1e6 in ${precision}`, () => {
    for (const scale of [1, 1e-20, 1e18]) {
      const a = withEigenvalues(graded(N, 1e6).map((x) => x * scale), 4), b = matrix(N, 5, random);
      const { x, failed } = choleskySolve(A, input("b", [N, 5]));
      const [found, k] = valuesAt([x, failed], { a, b }, precision);
      assertEquals(scalar(k), 0);
      const solution = matrixOf(found!);
      const left = product(a, solution);
      const residual = size({ data: left.data.map((v, i) => v - b.data[i]!) });
      assertLess(residual / (size(a) * size(solution)), precision === "f64" ? 1e-15 : 1e-6);
    }
  });

  Deno.test(`inverseOf() has small residuals at a condition of 1e4 in ${precision}`, () => {
    for (const n of [N, 1, 21, 131]) {
      for (const scale of [1, 1e-20, 1e18]) {
        const a = withEigenvalues(graded(n, 1e4).map((x) => x * scale), 6);
        const { inverse: x, failed } = inverseOf(input("a", [n, n]));
        const [found, k] = valuesAt([x, failed], { a }, precision);
        assertEquals(scalar(k), 0);
        const bound = precision === "f64" ? 1e-11 : 1e-2;
        assertLess(apart(product(a, matrixOf(found!)), identity(n)), bound);
        // Of the condition, 1e4 times what single precision rounds.
        assertLess(apart(matrixOf(found!), inverse(a)), bound);
        assertEquals(transposed(matrixOf(found!)), matrixOf(found!));
      }
    }
  });

  Deno.test(`inverseOf() counts the pivots that an indefinite or singular matrix has not in ${precision}`, () => {
    const flat = withEigenvalues(graded(N, 10).map((x, i) => i < 5 ? 0 : x), 3);
    const bent = withEigenvalues(graded(N, 10).map((x, i) => i < 5 ? -x : x), 3);
    for (const a of [flat, bent, matrix(N, N, () => 0)]) {
      const { inverse, failed } = inverseOf(A, { tolerance: 1e-5 });
      const [found, k] = valuesAt([inverse, failed], { a }, precision);
      assert(scalar(k) >= 5);
      assert(found!.data.every(Number.isFinite));
    }
  });

  Deno.test(`inverseOf() is as accurate as by one pivot at a time in ${precision}`, () => {
    for (const n of [12, 135]) {
      const a = withEigenvalues(graded(n, 3e6), 8);
      const [found] = valuesAt([inverseOf(input("a", [n, n])).inverse], { a }, precision);
      const bound = precision === "f64" ? 1e-9 : 0.3;
      assertLess(apart(product(a, matrixOf(found!)), identity(n)), bound);
    }
  });

  Deno.test(`inverseOf() leaves out the rows and columns of pivots that fail in ${precision}`, () => {
    for (const n of [N, 13, 133]) {
      // Two in one block, one in the last; none tells the others that it is there.
      const bad = [1, 2, n - 1];
      const whole = withEigenvalues(graded(n, 10), 5);
      const a = matrix(n, n, (i, j) => i === j && bad.includes(i) ? -0.1 : whole.data[i * n + j]!);
      const { inverse: x, failed } = inverseOf(input("a", [n, n]));
      const [found, k] = valuesAt([x, failed], { a }, precision);
      assertEquals(scalar(k), bad.length);
      const kept = [...Array(n).keys()].filter((i) => !bad.includes(i)), m = kept.length;
      const at = (i: number, j: number) => found!.data[i * n + j]!;
      const part = matrix(m, m, (i, j) => a.data[kept[i]! * n + kept[j]!]!);
      const of = matrix(m, m, (i, j) => at(kept[i]!, kept[j]!));
      assertLess(apart(of, inverse(part)), precision === "f64" ? 1e-13 : 1e-5);
      for (const i of bad) {
        for (let j = 0; j < n; j++) assertEquals([Math.abs(at(i, j)), Math.abs(at(j, i))], [0, 0]);
      }
    }
  });

  Deno.test(`cholesky() is UᵀU = A with U upper triangular in ${precision}`, () => {
    const a = withEigenvalues(graded(N, 1e4).map((x) => 50 * x), 9);
    const [u] = valuesAt([cholesky(A).upper], { a }, precision);
    const upper = matrixOf(u!);
    assertLess(apart(product(transposed(upper), upper), a), precision === "f64" ? 1e-14 : 1e-6);
    for (let i = 0; i < N; i++) {
      for (let j = 0; j < i; j++) assertEquals(upper.data[i * N + j], 0);
      assert(upper.data[i * N + i]! > 0);
    }
  });

  Deno.test(`cholesky() counts the pivots that fail and stays finite in ${precision}`, () => {
    const cases = [
      [withEigenvalues(graded(N, 10).map((x, i) => i === 0 ? -x : x), 3), 1, N],
      [withEigenvalues(graded(N, 10).map((x, i) => i < 3 ? 0 : x), 3), 3, 3],
      [matrix(N, N, () => 0), N, N],
    ] as const;
    for (const [a, least, most] of cases) {
      const { x, failed } = choleskySolve(A, B);
      const [found, k] = valuesAt([x, failed], { a, b: vector() }, precision);
      assert(scalar(k) >= least && scalar(k) <= most, `${scalar(k)} failed`);
      assert(found!.data.every(Number.isFinite));
    }
  });

  Deno.test(`conjugateGradients() solves, from zero and from a start, in ${precision}`, () => {
    const a = withEigenvalues(graded(N, 100), 12), b = vector(), start = vector();
    const exact = product(inverse(a), b);
    for (const warmStart of [undefined, input("start", [N])]) {
      for (const scale of [1, 1e-20, 1e18]) {
        const scaled = matrix(N, 1, (i) => b.data[i]! * scale);
        const from = matrix(N, 1, (i) => start.data[i]! * scale);
        const { x, residual, negativeCurvature } = conjugateGradients((p) => apply(A, p), B, {
          steps: 80,
          tolerance: precision === "f64" ? 1e-12 : 1e-6,
          ...(warmStart === undefined ? {} : { warmStart }),
        });
        const [found, left, bent] = valuesAt(
          [x, residual, cast(negativeCurvature, "f32")],
          { a, b: scaled, start: from },
          precision,
        );
        assertEquals(scalar(bent), 0);
        assertLessOrEqual(scalar(left), precision === "f64" ? 1e-12 : 1e-6);
        const relative = matrixOf(found!).data.map((v) => v / scale);
        assertLess(apart({ ...exact, data: relative }, exact), precision === "f64" ? 1e-10 : 1e-4);
      }
    }
  });

  Deno.test(`conjugateGradients() ends where it makes no progress, in ${precision}`, () => {
    const a = withEigenvalues(graded(N, 300), 9), b = vector(), start = vector();
    const steps = 24, progress = 0.02, given = { a, b, start };
    const model = (x: Matrix): number => {
      const image = product(a, x);
      return x.data.reduce((s, xi, i) => s + xi * (image.data[i]! / 2 - b.data[i]!), 0);
    };
    for (const from of [undefined, input("start", [N])]) {
      const options = from === undefined ? {} : { warmStart: from };
      const solve = (more: { readonly steps: number; readonly progress?: number }) =>
        conjugateGradients((p) => apply(A, p), B, { ...options, ...more });
      const after = Array.from({ length: steps }, (_, i) => solve({ steps: i + 1 }).x);
      const found = valuesAt(after, given, precision).map((x) => model(matrixOf(x)));
      const phi = [from === undefined ? 0 : model(start), ...found];
      const wanted = phi.findIndex((now, i) =>
        i > 10 && now < 0 && phi[i - 10]! - now < 10 * progress * -now
      );
      const [count] = valuesAt([solve({ steps, progress }).iterations], given, precision);
      assert(wanted > 10 && wanted < steps, `${phi}`);
      assertEquals(scalar(count), wanted);
    }
  });

  Deno.test(`conjugateGradients() ends at the first negative curvature in ${precision}`, () => {
    const a = withEigenvalues(graded(N, 10).map((x, i) => i === 7 ? -0.05 * x : x), 12),
      b = vector();
    const cg = conjugateGradients((p) => apply(A, p), B, { steps: 30 });
    const [x, bent, p, k] = valuesAt(
      [cg.x, cast(cg.negativeCurvature, "f32"), cg.direction, cg.iterations],
      { a, b },
      precision,
    );
    assertEquals(scalar(bent), 1);
    const curvature = product(transposed(matrixOf(p!)), product(a, matrixOf(p!))).data[0]!;
    assertLess(curvature, 0);
    // x is what the same number of steps gives, and lowers the model.
    const [same] = valuesAt(
      [conjugateGradients((q) => apply(A, q), B, { steps: scalar(k) }).x],
      { a, b },
      precision,
    );
    assertEquals([...x!.data], [...same!.data]);
    const v = matrixOf(x!);
    const model = product(transposed(v), product(a, v)).data[0]! / 2 -
      product(transposed(v), b).data[0]!;
    assertLess(model, 0);
  });

  Deno.test(`orthonormalize() is QR of badly conditioned columns in ${precision}`, () => {
    const k = 7;
    const shear = matrix(k, k, (i, j) => i === j ? 10 ** -i : i < j ? 1 : 0);
    const sizes = [1, 1e12, 1e-12, 1, 1e15, 1e-15, 1];
    const base = product(orthogonal(N, k, numbers(2)), shear);
    const u = matrix(N, k, (i, j) => base.data[i * k + j]! * sizes[j]!);
    const { q, r, rank } = orthonormalize(input("u", [N, k]), { tolerance: 1e-8 });
    const [Q, R, count] = valuesAt([q, r, rank], { u }, precision);
    assertEquals(scalar(count), k);
    assertLess(apart(product(transposed(matrixOf(Q!)), matrixOf(Q!)), identity(k)), tiny / 10);
    const back = product(matrixOf(Q!), matrixOf(R!));
    for (let j = 0; j < k; j++) {
      const column = (m: typeof u) => matrix(N, 1, (i) => m.data[i * k + j]! / sizes[j]!);
      assertLess(apart(column(back), column(u)), tiny / 10);
      for (let i = j + 1; i < k; i++) assertEquals(R!.data[i * k + j], 0);
    }
  });

  Deno.test(`orthonormalize() drops columns that are zero or depend on others in ${precision}`, () => {
    const base = orthogonal(N, 3, numbers(6));
    const at = (i: number, j: number) => base.data[i * 3 + j]!;
    const u = matrix(
      N,
      5,
      (i, j) => [at(i, 0), 2 * at(i, 0), 0, at(i, 0) - at(i, 1), at(i, 2)][j]!,
    );
    const { q, r, rank } = orthonormalize(input("u", [N, 5]));
    const [Q, R, count] = valuesAt([q, r, rank], { u }, precision);
    assertEquals(scalar(count), 3);
    for (const j of [1, 2]) {
      for (let i = 0; i < N; i++) assertEquals(Q!.data[i * 5 + j], 0);
    }
    assertLess(apart(product(matrixOf(Q!), matrixOf(R!)), u), tiny / 10);
  });
}

Deno.test("conjugateGradients() says negative curvature at once, and gives b as the direction", () => {
  const a = withEigenvalues(graded(N, 10).map((x) => -x), 12), b = vector();
  const cg = conjugateGradients((p) => apply(A, p), B, { steps: 5 });
  const [x, p, k] = valuesAt([cg.x, cg.direction, cg.iterations], { a, b }, "f64");
  assertEquals([size(matrixOf(x!)), scalar(k)], [0, 0]);
  assertLess(apart(matrixOf(p!), b), 1e-14);
});

Deno.test("conjugateGradients() takes fewer steps with a preconditioner", () => {
  const scales = Array.from({ length: N }, (_, i) => 10 ** (i % 5));
  const near = withEigenvalues(graded(N, 3), 5);
  const a = matrix(N, N, (i, j) => near.data[i * N + j]! * Math.sqrt(scales[i]! * scales[j]!));
  const b = vector(), d = matrix(N, 1, (i) => scales[i]!);
  const options = { steps: 200, tolerance: 1e-9 };
  const plain = conjugateGradients((p) => apply(A, p), B, options);
  const better = conjugateGradients((p) => apply(A, p), B, {
    ...options,
    preconditioner: (r) => div(r, input("d", [N])),
  });
  const [slow, fast, x] = valuesAt(
    [plain.iterations, better.iterations, better.x],
    { a, b, d },
    "f64",
  );
  assertLess(scalar(fast) * 2, scalar(slow));
  assertLess(apart(product(a, matrixOf(x!)), b), 1e-8);
});

Deno.test("conjugateGradients() of zero is zero without a step", () => {
  const a = withEigenvalues(graded(N, 10), 12), b = matrix(N, 1, () => 0);
  const cg = conjugateGradients((p) => apply(A, p), B, { steps: 5 });
  const [x, k, left] = valuesAt([cg.x, cg.iterations, cg.residual], { a, b }, "f32");
  assertEquals([size(matrixOf(x!)), scalar(k), scalar(left)], [0, 0, 0]);
});

Deno.test("conjugateGradients() with Hessian-vector products computes the primal pass once", () => {
  const theta = input("theta", [N]);
  const inner = sin(mul(apply(A, theta), 0.3));
  const loss: Node = sum(mul(mul(inner, inner), mul(theta, theta)));
  const product = (p: Node) => {
    const [h] = hessianVector(loss, [theta], [p]);
    return h!;
  };
  const { x } = conjugateGradients(product, B, { steps: 3 });
  const repeated = topological([x]).find((node) => node.op.kind === "repeat")!;
  assert(repeated.op.kind === "repeat");
  const { loop } = repeated.op;
  const body = topological(loop.next);
  assertEquals(body.filter((node) => node.op.kind === "unary" && node.op.fn === "sin").length, 0);
  assertEquals(
    loop.formals.length - loop.next.length,
    repeated.inputs.length - loop.next.length,
  );
});

Deno.test("batched() solves a stack of systems as each alone", () => {
  const sizes = [3, N, N];
  const matrices = [1, 2, 3].map((seed) => withEigenvalues(graded(N, 10 ** seed), seed));
  const rights = matrices.map(() => vector());
  const solve = (a: Node, b: Node) => {
    const cg = conjugateGradients((p) => apply(a, p), b, { steps: 40, tolerance: 1e-5 });
    return [choleskySolve(a, b).x, cg.x, cg.iterations];
  };
  const all = batched((a, b) => solve(a!, b!), [input("as", sizes), input("bs", [3, N])]);
  const flat = (parts: readonly { readonly data: Float64Array }[]) => ({
    data: parts.flatMap((p) => [...p.data]),
  });
  const [direct, iterated, counts] = valuesAt(all, { as: flat(matrices), bs: flat(rights) }, "f32");
  matrices.forEach((a, i) => {
    const [x, y, k] = valuesAt(solve(A, B), { a, b: rights[i]! }, "f32");
    assertEquals([...direct!.data.subarray(i * N, (i + 1) * N)], [...x!.data]);
    assertEquals([...iterated!.data.subarray(i * N, (i + 1) * N)], [...y!.data]);
    assertEquals(counts!.data[i], scalar(k));
  });
});
