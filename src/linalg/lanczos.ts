/**
 * Eigenvalues and functions of matrices of which only products are known.
 *
 * @module
 */
import { failure } from "../errors.ts";
import { type Node, sameShape, sizeOf } from "../tensor/node.ts";
import {
  add,
  binary,
  compare,
  constant,
  div,
  dot,
  gather,
  iota,
  max,
  mul,
  norm,
  reshape,
  select,
  unary,
} from "../tensor/ops.ts";
import type { Product } from "./conjugate_gradients.ts";
import { loop } from "./loop.ts";
import {
  after,
  alongColumns,
  checkCount,
  firstIndex,
  isIndex,
  lengthOf,
  normalized,
} from "./matrices.ts";
import { beside } from "./orthonormalize.ts";

/** Options of {@link lanczos}. */
export interface LanczosOptions {
  /** How many products, and how many basis vectors at most: the dimension of the Krylov space. */
  readonly steps: number;
  /**
   * A remainder of at most this, relative to the largest ‖A·q‖ so far, ends the loop: the space is
   * invariant; default 1e-5.
   */
  readonly tolerance?: number;
}

/** A symmetric operator in the Krylov space of b: Q·A·Qᵀ is tridiagonal. */
export interface Lanczos {
  /** Orthonormal basis vectors as rows, shape [steps, size of b]; rows from `count` on are 0. */
  readonly q: Node;
  /** The diagonal, shape [steps]; 0 from `count` on. */
  readonly alpha: Node;
  /** beta[i] joins i and i + 1, shape [steps]; 0 from `count` − 1 on. */
  readonly beta: Node;
  /** How many basis vectors there are, an f32 scalar: fewer than `steps` where the space is invariant. */
  readonly count: Node;
  /** ‖b‖, so that b = size · (row 0 of q). */
  readonly size: Node;
}

/**
 * The Lanczos process from b, with full re-orthogonalisation (twice, against all rows). Its end
 * before `steps`, where b has parts along few eigenvectors only, is no failure: the space then holds
 * all there is to know. So does b = 0, with `count` 0.
 *
 * @throws SteepestError of kind `shape` where a product has another shape than b.
 */
export function lanczos(
  product: Product,
  b: Node,
  { steps, tolerance = 1e-5 }: LanczosOptions,
): Lanczos {
  checkCount("lanczos/steps", steps);
  const n = sizeOf(b.shape), shape = [steps, n];
  const times = (x: Node): Node => {
    const y = product(reshape(x, b.shape));
    if (sameShape(y.shape, b.shape)) return reshape(y, [n]);
    throw failure("shape", "lanczos/product", `[${y.shape}]`, `[${b.shape}]`);
  };
  const { value, scale } = normalized(reshape(b, [n]));
  const length = norm(value);
  const some = compare("gt", length, 0);
  const first = div(value, select(some, length, 1));
  const here = (i: Node): Node => compare("eq", iota([steps], 0), i);
  const flag = (condition: Node): Node => select(condition, constant(1), constant(0));
  const [q, alpha, beta, , count] = loop({
    times: steps,
    initial: [
      select(isIndex(shape, 0, firstIndex), alongColumns(first, shape), 0),
      constant(0, [steps]),
      constant(0, [steps]),
      firstIndex,
      constant(0),
      constant(0),
      flag(binary("and", some, unary("isFinite", length))),
    ],
    body: (q, alpha, beta, k, count, largest) => {
      const row = gather(q!, k!);
      const image = times(row);
      const own = dot(row, image);
      const { rest } = beside(image, q!);
      const left = lengthOf(rest), reach = max(largest!, lengthOf(image));
      const last = compare("eq", k!, constant(steps - 1, [], "u32"));
      const goesOn = binary(
        "and",
        compare("gt", left, mul(tolerance, reach)),
        unary("not", last),
      );
      const next = div(rest, select(goesOn, left, 1));
      const follows = after(k!);
      const fresh = binary("and", isIndex(shape, 0, follows), goesOn);
      return [
        select(fresh, alongColumns(next, shape), q!),
        select(here(k!), own, alpha!),
        select(here(k!), select(goesOn, left, 0), beta!),
        follows,
        add(count!, 1),
        reach,
        flag(goesOn),
      ];
    },
    condition: (_q, _alpha, _beta, _k, _count, _largest, going) => compare("gt", going!, 0),
  });
  return { q: q!, alpha: alpha!, beta: beta!, count: count!, size: mul(scale, length) };
}
