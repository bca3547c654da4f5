/**
 * Inverses of positive definite matrices.
 *
 * @module
 */
import type { Node } from "../tensor/node.ts";
import {
  add,
  binary,
  cast,
  compare,
  constant,
  div,
  gather,
  iota,
  mul,
  neg,
  pad,
  select,
  slice,
  sub,
} from "../tensor/ops.ts";
import { loop } from "./loop.ts";
import {
  after,
  alongColumns,
  alongRows,
  diagonalOf,
  firstIndex,
  isIndex,
  largestOrOne,
  orderOf,
} from "./matrices.ts";

/** Options of {@link inverseOf}. */
interface InverseOptions {
  /**
   * A pivot that is at most this, relative to the largest diagonal element, has failed; default 1e-7. Its row and
   * column are left out, so that the result stays finite.
   */
  readonly tolerance?: number;
}

/** An inverse, and how much of it there is. */
export interface Inverse {
  /** A⁻¹, shape [n, n]. */
  readonly inverse: Node;
  /** How many pivots were not positive, an f32 scalar: 0 says that the matrix is positive definite. */
  readonly failed: Node;
}

/** Elements that a thread moves at once, if the rows of a matrix allow it. */
const WORD = 4;

/** A matrix with 1 on the diagonal of as many rows and columns as make its order a multiple. */
function padded(a: Node): Node {
  const n = a.shape[0]!, beyond = (WORD - n % WORD) % WORD;
  if (beyond === 0) return a;
  const whole = pad(a, [0, 0], [beyond, beyond]);
  const rows = iota(whole.shape, 0);
  const added = binary(
    "and",
    compare("eq", rows, iota(whole.shape, 1)),
    compare("ge", rows, constant(n, [], "u32")),
  );
  return select(added, 1, whole);
}

/**
 * A⁻¹ of a symmetric positive definite matrix [n, n] by symmetric Gauss–Jordan elimination, one row and column an
 * iteration: the pivots are the squares of Cholesky's, and an iteration is elementwise arithmetic on the matrix, which costs far
 * less than a factor and the solution of n triangular systems with it.
 *
 * @throws SteepestError of kind `shape` unless the matrix is square and f32.
 */
export function inverseOf(matrix: Node, { tolerance = 1e-7 }: InverseOptions = {}): Inverse {
  const order = orderOf("inverseOf", matrix);
  // No element of a positive definite matrix is larger than the largest on its diagonal.
  const scale = largestOrOne(diagonalOf(matrix));
  const start = padded(div(matrix, scale)), shape = start.shape, n = shape[0]!;
  /** Row k, what its iteration puts in its place (−1/pivot at the pivot, the others over it), and whether it may. */
  const rowOf = (a: Node, k: Node): readonly [Node, Node, Node] => {
    const row = gather(a, k), pivot = gather(row, k);
    const works = compare("gt", pivot, tolerance);
    const unit = select(works, div(1, select(works, pivot, 1)), 0);
    return [row, select(isIndex([n], 0, k), neg(unit), mul(row, unit)), cast(works, "f32")];
  };
  // The row is carried, so that it is computed once and not for each element.
  const [swept, , , , , worked] = loop({
    times: n,
    initial: [start, ...rowOf(start, firstIndex), firstIndex, constant(0)],
    body: (a, row, own, works, k, worked) => {
      const across = alongColumns(own!, shape), down = alongRows(own!, shape);
      const rest = sub(a!, mul(alongRows(row!, shape), across));
      const next = select(
        isIndex(shape, 0, k!),
        across,
        select(isIndex(shape, 1, k!), down, rest),
      );
      return [next, ...rowOf(next, after(k!)), after(k!), add(worked!, works!)];
    },
  });
  const inverse = slice(swept!, [0, 0], [order, order]);
  return { inverse: neg(div(inverse, scale)), failed: sub(n, worked!) };
}
