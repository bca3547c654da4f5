/**
 * Linear systems of which only products are known.
 *
 * @module
 */
import { failure } from "../errors.ts";
import { type Node, sameShape } from "../tensor/node.ts";
import {
  abs,
  add,
  binary,
  compare,
  constant,
  div,
  dot,
  mul,
  select,
  sqrt,
  sub,
  sum,
  unary,
} from "../tensor/ops.ts";
import { loop } from "./loop.ts";
import { checkCount, lengthOf, normalized } from "./matrices.ts";

/** A symmetric operator: the product of a matrix with a value of the shape of `b`. */
export type Product = (x: Node) => Node;

/** Options of {@link conjugateGradients}. */
export interface ConjugateGradientsOptions {
  /** Products at most. */
  readonly steps: number;
  /** The loop ends once ‖b − A·x‖ is at most this times ‖b‖; default 0, which does all steps. */
  readonly tolerance?: number;
  /** Where to begin; default 0. Costs one more product. */
  readonly warmStart?: Node;
  /** An approximation of A⁻¹, symmetric and positive definite; default none. */
  readonly preconditioner?: Product;
}

/** A solution, and how it was come by. */
export interface ConjugateGradients {
  /** The last iterate: before the direction of negative curvature where there was one. */
  readonly x: Node;
  /** Steps taken, an f32 scalar. */
  readonly iterations: Node;
  /** Whether a direction without positive curvature ended the loop, a bool scalar. */
  readonly negativeCurvature: Node;
  /**
   * The direction after the last step: where `negativeCurvature` holds, the one that has it. It
   * is a direction of descent of xᵀAx/2 − bᵀx, so that with no iteration done it is b itself
   * (preconditioned), scaled.
   */
  readonly direction: Node;
  /** ‖b − A·x‖ / ‖b‖ by the recurrence, an f32 scalar; 0 for b = 0 without a warm start. */
  readonly residual: Node;
}

/**
 * Curvature pᵀAp counts as positive above this part of ‖p‖·‖Ap‖. For a positive definite matrix of
 * condition κ the quotient is at least 2√κ/(κ + 1), so that 1e-6 excludes only conditions above 4e12.
 */
const LEAST_COSINE = 1e-6;

const zeroSafe = (x: Node): Node => select(compare("ne", x, 0), x, 1);

/**
 * Conjugate gradients for A·x = b with A symmetric, known by `product`, which may be any graph: a
 * Hessian-vector product costs 1.8 gradients a step, because what does not depend on x is computed once.
 *
 * It ends at the first direction of curvature that is not positive and says so (Steihaug 1983): the
 * caller may take x, go along `direction`, or reject. It ends as well before a step that is not finite.
 * b is divided by its largest element first, so that its size does not matter.
 *
 * @throws SteepestError of kind `shape` where a product or the warm start has another shape than b.
 */
export function conjugateGradients(
  product: Product,
  b: Node,
  options: ConjugateGradientsOptions,
): ConjugateGradients {
  const { steps, tolerance = 0, warmStart, preconditioner = (x: Node): Node => x } = options;
  checkCount("conjugateGradients/steps", steps);
  const shaped = (what: string, f: Product): Product => (x) => {
    const y = f(x);
    if (sameShape(y.shape, b.shape)) return y;
    throw failure("shape", `conjugateGradients/${what}`, `[${y.shape}]`, `[${b.shape}]`);
  };
  const times = shaped("product", product), solve = shaped("preconditioner", preconditioner);
  const { value: right, scale } = normalized(b);
  const start = warmStart === undefined
    ? constant(0, b.shape)
    : div(shaped("warmStart", () => warmStart)(b), scale);
  const r0 = warmStart === undefined ? right : sub(right, times(start));
  const p0 = solve(r0);
  const whole = dot(right, right);
  const enough = mul(tolerance * tolerance, whole);
  const flag = (condition: Node): Node => select(condition, constant(1), constant(0));
  const [x, r, p, , iterations, bent] = loop({
    times: steps,
    initial: [start, r0, p0, dot(r0, p0), constant(0), constant(0), constant(1)],
    body: (x, r, p, rz, count) => {
      const ap = times(p!);
      const curvature = dot(p!, ap);
      const least = mul(LEAST_COSINE, mul(lengthOf(p!), lengthOf(ap)));
      const positive = compare("gt", curvature, least);
      const length = div(rz!, select(positive, curvature, 1));
      const nextX = add(x!, mul(length, p!)), nextR = sub(r!, mul(length, ap));
      const z = solve(nextR);
      const nextRz = dot(nextR, z);
      const finite = unary("isFinite", add(nextRz, sum(abs(nextX))));
      const steps = binary("and", positive, finite);
      const nextP = add(z, mul(div(nextRz, zeroSafe(rz!)), p!));
      return [
        select(steps, nextX, x!),
        select(steps, nextR, r!),
        select(steps, nextP, p!),
        select(steps, nextRz, rz!),
        add(count!, flag(steps)),
        flag(binary("and", compare("le", curvature, least), unary("isFinite", curvature))),
        flag(steps),
      ];
    },
    condition: (_x, r, _p, rz, _count, _bent, going) =>
      binary(
        "and",
        binary("and", compare("gt", dot(r!, r!), enough), compare("ne", rz!, 0)),
        compare("gt", going!, 0),
      ),
  });
  return {
    x: mul(scale, x!),
    iterations: iterations!,
    negativeCurvature: compare("gt", bent!, 0),
    direction: mul(scale, p!),
    residual: sqrt(div(dot(r!, r!), zeroSafe(whole))),
  };
}
