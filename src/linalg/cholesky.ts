/**
 * Linear systems with positive definite matrices.
 *
 * @module
 */
import { failure } from "../errors.ts";
import type { Node } from "../tensor/node.ts";
import {
  add,
  binary,
  compare,
  constant,
  div,
  gather,
  iota,
  mul,
  reduce,
  reshape,
  select,
  sqrt,
  sub,
  transpose,
} from "../tensor/ops.ts";
import { loop } from "./loop.ts";
import {
  after,
  alongColumns,
  alongRows,
  diagonalOf,
  extentsOf,
  firstIndex,
  isIndex,
  normalized,
  orderOf,
} from "./matrices.ts";

/** Options of {@link cholesky}. */
interface CholeskyOptions {
  /**
   * A pivot that is at most this, relative to the largest diagonal element, has failed; default 1e-7. Its row
   * is left out, so that the result stays finite.
   */
  readonly tolerance?: number;
}

/** A positive definite matrix as Uᵀ·U. */
export interface Cholesky {
  /** U, upper triangular with a positive diagonal; rows of failed pivots are 0. */
  readonly upper: Node;
  /** How many pivots were not positive, an f32 scalar: 0 says that the matrix is positive definite. */
  readonly failed: Node;
}

/**
 * The Cholesky factor of a symmetric positive definite matrix [n, n], one row an iteration; only the upper
 * triangle is read.
 *
 * @throws SteepestError of kind `shape` unless the matrix is square and f32.
 */
export function cholesky(matrix: Node, { tolerance = 1e-7 }: CholeskyOptions = {}): Cholesky {
  const n = orderOf("cholesky", matrix);
  const { value, scale } = normalized(matrix);
  const least = mul(tolerance, reduce("max", diagonalOf(value)));
  const rows = iota([n, n], 0), columns = iota([n, n], 1);
  const [factor, , failed] = loop({
    times: n,
    initial: [value, firstIndex, constant(0)],
    body: (a, k, failures) => {
      const row = gather(a!, k!), pivot = gather(row, k!);
      const works = compare("gt", pivot, select(compare("gt", least, 0), least, 0));
      const scaled = div(row, sqrt(select(works, pivot, 1)));
      const right = binary("and", compare("ge", iota([n], 0), k!), works);
      const own = select(right, scaled, 0);
      const updated = sub(a!, mul(alongRows(own, [n, n]), alongColumns(own, [n, n])));
      const here = select(isIndex([n, n], 0, k!), alongColumns(own, [n, n]), updated);
      return [
        select(compare("lt", rows, k!), a!, here),
        after(k!),
        add(failures!, select(works, constant(0), constant(1))),
      ];
    },
  });
  const upper = select(compare("le", rows, columns), factor!, 0);
  return { upper: mul(upper, sqrt(scale)), failed: failed! };
}

/** One row of a triangular solve: what is known is taken off the rows that are still to come. */
function eliminate(x: Node, factor: Node, k: Node, ahead: "gt" | "lt"): Node {
  const [n, m] = extentsOf("cholesky", x);
  const column = gather(factor, k), pivot = gather(column, k);
  const works = compare("gt", pivot, 0);
  const row = select(works, div(gather(x, k), select(works, pivot, 1)), 0);
  const shape = [n, m];
  const rest = sub(x, mul(alongRows(column, shape), alongColumns(row, shape)));
  const coming = select(compare(ahead, iota(shape, 0), k), rest, x);
  return select(isIndex(shape, 0, k), alongColumns(row, shape), coming);
}

/**
 * X with Uᵀ·U·X = B for a vector [n] or a matrix [n, m]; entries of failed pivots are 0.
 *
 * @throws SteepestError of kind `shape` where B has another number of rows.
 */
export function choleskyApply({ upper }: Pick<Cholesky, "upper">, b: Node): Node {
  const n = orderOf("choleskyApply", upper);
  if (b.shape[0] !== n || b.shape.length > 2) {
    throw failure("shape", "choleskyApply", `[${b.shape}]`, `[${n}] or [${n}, m]`);
  }
  const right = reshape(b, [n, b.shape[1] ?? 1]);
  const [forward] = loop({
    times: n,
    initial: [right, firstIndex],
    body: (x, k) => [eliminate(x!, upper, k!, "gt"), after(k!)],
  });
  const lower = transpose(upper);
  const [back] = loop({
    times: n,
    initial: [forward!, constant(n - 1, [], "u32")],
    body: (x, k) => [
      eliminate(x!, lower, k!, "lt"),
      binary("sub", k!, constant(1, [], "u32")),
    ],
  });
  return reshape(back!, b.shape);
}

/**
 * A⁻¹·B for a symmetric positive definite A [n, n] and a vector [n] or matrix [n, m], and how many pivots
 * failed: unless that is 0 the solution is only one of the rows that worked.
 */
export function choleskySolve(
  matrix: Node,
  b: Node,
  options: CholeskyOptions = {},
): { readonly x: Node; readonly failed: Node } {
  const factor = cholesky(matrix, options);
  return { x: choleskyApply(factor, b), failed: factor.failed };
}
