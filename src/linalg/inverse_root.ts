/**
 * Inverse p-th roots of positive definite matrices by matrix products alone.
 *
 * @module
 */
import type { Node } from "../tensor/node.ts";
import {
  abs,
  add,
  binary,
  compare,
  constant,
  div,
  matmul,
  mul,
  norm,
  select,
  sub,
  sum,
  unary,
} from "../tensor/ops.ts";
import { loop } from "./loop.ts";
import { checkCount, identity, normalized, orderOf } from "./matrices.ts";

/** Options of {@link inverseRootNewton}. */
interface InverseRootOptions {
  /** Iterations at most; default 40. A condition κ takes about ln κ and six more. */
  readonly iterations?: number;
  /** The loop ends once the error is at most this; default 1e-6. */
  readonly tolerance?: number;
}

/** An inverse root, and how far the iteration came. */
interface InverseRoot {
  /** A^{-1/p}, shape [n, n]; always finite for a finite matrix. */
  readonly root: Node;
  /**
   * ‖Xᵖ·A − 1‖_F by the recurrence, an f32 scalar. Above about 0.1 there is no root yet (a direction that
   * has none contributes 1): the matrix is singular or indefinite, its condition is beyond the
   * precision, or the iterations are too few. NaN never comes out; a matrix that is not finite gives ∞.
   */
  readonly error: Node;
  /** Iterations done, an f32 scalar. */
  readonly iterations: Node;
}

/** Xᵖ by repeated squaring. */
function integerPower(x: Node, p: number): Node {
  if (p === 1) return x;
  const half = integerPower(matmul(x, x), Math.floor(p / 2));
  return p % 2 === 0 ? half : matmul(half, x);
}

/**
 * By which factor the error may rise in one iteration. In exact arithmetic it falls; far away it falls so
 * slowly that rounding hides it, near the end a rise says that rounding is all that is left.
 */
const RISE_FAR = 1.2, RISE_NEAR = 1, NEAR = 0.1;

/**
 * A^{-1/p} of a symmetric positive definite matrix, p a positive integer, by the coupled Newton
 * iteration of Iannazzo (2006) and Guo and Higham (2006), which is also what implementations of Shampoo use:
 *
 * T = ((p + 1)·1 − M)/p, X ← X·T, M ← Tᵖ·M, from M = A/c, X = c^{-1/p}·1 with c = 2‖A‖_F/(p + 1).
 *
 * M is Xᵖ·A in exact arithmetic and goes to 1. An iteration that raises the error (rounding has the last
 * word) or meets a number that is not finite is discarded and ends the loop. The size of A is
 * divided out first, so that it may be anything within 1e±30.
 *
 * @throws SteepestError of kind `shape` unless the matrix is square and f32, `description` for p < 1.
 */
export function inverseRootNewton(
  matrix: Node,
  p: number,
  options: InverseRootOptions = {},
): InverseRoot {
  const n = orderOf("inverseRootNewton", matrix);
  const { iterations = 40, tolerance = 1e-6 } = options;
  checkCount("inverseRootNewton/p", p);
  checkCount("inverseRootNewton/iterations", iterations);
  const one = identity(n);
  const { value, scale } = normalized(matrix);
  const squared = sum(mul(value, value));
  const some = compare("gt", squared, 0);
  const c = mul(2 / (p + 1), binary("pow", select(some, squared, 1), constant(0.5)));
  const distance = (m: Node) => {
    const far = norm(sub(m, one));
    // The norm of NaN is 0, because NaN is not positive.
    return select(unary("isFinite", sum(abs(m))), far, constant(Infinity));
  };
  const start = div(value, c);
  const inverseRoot = (x: Node) => binary("pow", x, constant(-1 / p));
  const [root, , error, , count] = loop({
    times: iterations,
    initial: [one, start, distance(start), constant(1), constant(0)],
    body: (x, m, far, _going, done) => {
      const turn = div(sub(mul(p + 1, one), m!), p);
      const nextM = matmul(integerPower(turn, p), m!);
      const nextX = matmul(x!, turn);
      const nextFar = distance(nextM);
      const rise = select(compare("lt", far!, NEAR), constant(RISE_NEAR), constant(RISE_FAR));
      const better = compare("lt", nextFar, mul(rise, far!));
      return [
        select(better, nextX, x!),
        select(better, nextM, m!),
        select(better, nextFar, far!),
        select(better, constant(1), constant(0)),
        add(done!, 1),
      ];
    },
    condition: (_x, _m, far, going) =>
      binary("and", compare("gt", far!, tolerance), compare("gt", going!, 0)),
  });
  return {
    root: mul(root!, mul(inverseRoot(c), inverseRoot(scale))),
    error: error!,
    iterations: count!,
  };
}
