/**
 * Inverses of positive definite matrices.
 *
 * @module
 */
import type { Node } from "../tensor/node.ts";
import {
  add,
  binary,
  broadcast,
  cast,
  compare,
  constant,
  div,
  gather,
  iota,
  matmul,
  mul,
  neg,
  pad,
  permute,
  reshape,
  select,
  slice,
  sqrt,
  sub,
  transpose,
} from "../tensor/ops.ts";
import { loop } from "./loop.ts";
import {
  after,
  alongColumns,
  diagonalOf,
  firstIndex,
  identity,
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

/**
 * Pivots that an iteration eliminates. An iteration moves the matrix once, whatever it eliminates; but what
 * inverts the block is written out, and its length is the cube of the block's order.
 */
const BLOCK = 4, LARGE_BLOCK = 8;

/** From which order on moving the matrix counts for more than the text. */
const LARGE = 128;

/** A matrix with 1 on the diagonal of as many rows and columns as make its order a multiple of a block. */
function padded(a: Node, block: number): Node {
  const n = a.shape[0]!, beyond = (block - n % block) % block;
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
 * T with TᵀT = P⁻¹ of a block P [b, b], lower triangular: the inverse of Cholesky's factor, whose product with the
 * rows of a block is as accurate as their elimination one by one, while P⁻¹ times them is not. The row of a
 * pivot that does not work is 0, which leaves it out; and how many work.
 */
function inverseFactor(block: Node, tolerance: number): readonly [factor: Node, worked: Node] {
  const b = block.shape[0]!;
  const at = (row: number, column: number): Node =>
    reshape(slice(block, [row, column], [row + 1, column + 1]), []);
  const columns = [...Array(b).keys()];
  /** The rows of Cholesky's factor, of which what is right of the diagonal is read, those of T, and what works. */
  const above: Node[][] = [], rows: Node[] = [], works: Node[] = [];
  const reduced = (from: Node, factors: readonly Node[], others: readonly Node[]): Node =>
    factors.reduce((rest, factor, q) => sub(rest, mul(factor, others[q]!)), from);
  for (const p of columns) {
    const column = above.map((row) => row[p]!);
    const pivot = reduced(at(p, p), column, column);
    const good = compare("gt", pivot, tolerance);
    const root = select(good, sqrt(div(1, select(good, pivot, 1))), 0);
    const right = columns.map((j) => reduced(at(p, j), column, above.map((row) => row[j]!)));
    above.push(right.map((x) => mul(root, x)));
    const one = cast(isIndex([b], 0, constant(p, [], "u32")), "f32");
    const own = reduced(one, column.map((x) => broadcast(x, [b], [])), rows);
    rows.push(mul(broadcast(root, [b], []), own));
    works.push(cast(good, "f32"));
  }
  const shape = [b, b];
  const factor = rows.reduce(
    (all, row, p) =>
      select(isIndex(shape, 0, constant(p, [], "u32")), alongColumns(row, shape), all),
    constant(0, shape),
  );
  return [factor, works.reduce((sum, one) => add(sum, one))];
}

/**
 * A⁻¹ of a symmetric positive definite matrix [n, n] by symmetric Gauss–Jordan elimination, a block of rows and columns an
 * iteration: the pivots are the squares of Cholesky's, and an iteration is one product of a block's rows with
 * themselves that is subtracted from the matrix, which costs far less than a factor and the solution of n triangular
 * systems with it. The inverse of a symmetric matrix is symmetric to the last bit.
 *
 * @throws SteepestError of kind `shape` unless the matrix is square and f32.
 */
export function inverseOf(matrix: Node, { tolerance = 1e-7 }: InverseOptions = {}): Inverse {
  const order = orderOf("inverseOf", matrix);
  // No element of a positive definite matrix is larger than the largest on its diagonal.
  const scale = largestOrOne(diagonalOf(matrix));
  const b = order < LARGE ? BLOCK : LARGE_BLOCK;
  const start = padded(div(matrix, scale), b), n = start.shape[0]!, blocks = n / b;
  const [swept, , worked] = loop({
    times: blocks,
    initial: [start, firstIndex, constant(0)],
    body: (a, k, worked) => {
      const rows = reshape(gather(reshape(a!, [blocks, b, n]), k!), [b, blocks, b]);
      const [factor, works] = inverseFactor(gather(permute(rows, [1, 0, 2]), k!), tolerance);
      // With −1 in the place of the block, −P⁻¹ comes out there, and P⁻¹ times the other columns in theirs.
      const one = broadcast(neg(identity(b)), rows.shape, [0, 2]);
      const given = reshape(select(isIndex(rows.shape, 1, k!), one, rows), [b, n]);
      const half = matmul(factor, given);
      const own = reshape(matmul(transpose(factor), half), rows.shape);
      const shape = [blocks, b, blocks, b];
      const across = broadcast(own, shape, [1, 2, 3]);
      const down = broadcast(permute(own, [1, 2, 0]), shape, [0, 1, 3]);
      const rest = reshape(sub(a!, matmul(transpose(half), half)), shape);
      const next = select(
        isIndex(shape, 0, k!),
        across,
        select(isIndex(shape, 2, k!), down, rest),
      );
      return [reshape(next, [n, n]), after(k!), add(worked!, works)];
    },
  });
  const inverse = slice(swept!, [0, 0], [order, order]);
  return { inverse: neg(div(inverse, scale)), failed: sub(n, worked!) };
}
