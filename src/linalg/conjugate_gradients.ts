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
  cast,
  compare,
  constant,
  div,
  dot,
  floor,
  iota,
  max,
  mul,
  select,
  sqrt,
  sub,
  sum,
  unary,
} from "../tensor/ops.ts";
import { loop } from "./loop.ts";
import { checkCount, lengthOf, normalized } from "./matrices.ts";

/** Over how many steps progress is measured, at least … */
const LEAST_WINDOW = 10;
/** … and as a part of the steps taken. */
const WINDOW = 0.1;

/** Looks back at the values of φ = xᵀAx/2 − bᵀx = −xᵀ(b + r)/2 after each step. */
function progressOf(enough: number, steps: number, b: Node) {
  const place = cast(iota([steps + 1], 0), "f32");
  const at = (i: Node): Node => compare("eq", place, i);
  const model = (x: Node, r: Node): Node => mul(-0.5, dot(x, add(b, r)));
  return {
    initial: (x: Node, r: Node): Node => select(at(constant(0)), model(x, r), 0),
    next: (x: Node, r: Node, i: Node, before: Node) => {
      const now = model(x, r);
      const models = select(at(i), now, before);
      const window = max(LEAST_WINDOW, floor(mul(WINDOW, i)));
      const gained = sub(sum(select(at(sub(i, window)), models, 0)), now);
      const slow = binary(
        "and",
        compare("lt", gained, mul(mul(-enough, window), now)),
        compare("gt", i, window),
      );
      return { models, goesOn: unary("not", binary("and", slow, compare("lt", now, 0))) };
    },
  };
}

/** A symmetric operator: the product of a matrix with a value of the shape of `b`. */
export type Product = (x: Node) => Node;

/** Options of {@link conjugateGradients}. */
interface ConjugateGradientsOptions {
  /** Products at most. */
  readonly steps: number;
  /** The loop ends once ‖b − A·x‖ is at most this times ‖b‖; default 0, which does all steps. */
  readonly tolerance?: number;
  /**
   * The loop ends after i steps once the last k = max(10, ⌊i/10⌋) of them have made φ = xᵀAx/2 − bᵀx less by under k times
   * this part of it, where φ < 0 (Martens 2010, section 4.4); default none.
   */
  readonly progress?: number;
  /** Where to begin; default 0. Costs one more product. */
  readonly warmStart?: Node;
  /** An approximation of A⁻¹, symmetric and positive definite; default none. */
  readonly preconditioner?: Product;
}

/** A solution, and how it was come by. */
interface ConjugateGradients {
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
  const { steps, tolerance = 0, progress, warmStart, preconditioner = (x: Node): Node => x } =
    options;
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
  const track = progress === undefined ? undefined : progressOf(progress, steps, right);
  const [x, r, p, , iterations, bent] = loop({
    times: steps,
    initial: [
      start,
      r0,
      p0,
      dot(r0, p0),
      constant(0),
      constant(0),
      constant(1),
      ...(track === undefined ? [] : [track.initial(start, r0)]),
    ],
    body: (x, r, p, rz, count, _bent, _going, models) => {
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
      const tracked = track?.next(nextX, nextR, add(count!, 1), models!);
      return [
        select(steps, nextX, x!),
        select(steps, nextR, r!),
        select(steps, nextP, p!),
        select(steps, nextRz, rz!),
        add(count!, flag(steps)),
        flag(binary("and", compare("le", curvature, least), unary("isFinite", curvature))),
        flag(tracked === undefined ? steps : binary("and", steps, tracked.goesOn)),
        ...(tracked === undefined ? [] : [select(steps, tracked.models, models!)]),
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
