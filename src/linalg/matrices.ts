/**
 * Small things that all matrix functions need.
 *
 * @module
 */
import { failure } from "../errors.ts";
import type { Node, Shape } from "../tensor/node.ts";
import {
  abs,
  binary,
  broadcast,
  cast,
  compare,
  constant,
  div,
  iota,
  lift,
  matmul,
  mul,
  norm,
  reduce,
  reshape,
  select,
  slice,
  sum,
  type TensorLike,
} from "../tensor/ops.ts";

const show = ({ shape, dtype }: Node): string => `${dtype}[${shape.join(", ")}]`;

/** The order of a square f32 matrix, or a typed error that names the function. */
export function orderOf(path: string, matrix: Node): number {
  const [n, m] = matrix.shape;
  if (matrix.shape.length !== 2 || n !== m || matrix.dtype !== "f32") {
    throw failure("shape", path, show(matrix), "a square f32 matrix");
  }
  return n!;
}

/** The extents of an f32 matrix, or a typed error that names the function. */
export function extentsOf(path: string, matrix: Node): readonly [number, number] {
  const [rows, columns] = matrix.shape;
  if (matrix.shape.length !== 2 || matrix.dtype !== "f32") {
    throw failure("shape", path, show(matrix), "an f32 matrix");
  }
  return [rows!, columns!];
}

/** Fails unless `count` is a positive integer. */
export function checkCount(path: string, count: number): void {
  if (!Number.isInteger(count) || count < 1) {
    throw failure("description", path, `${count}`, "a positive integer");
  }
}

/** The value in every place of a column of [rows, columns]: entry i stands in all of row i. */
export const alongRows = (x: Node, shape: Shape): Node => broadcast(x, shape, [0]);
/** Entry j stands in all of column j. */
export const alongColumns = (x: Node, shape: Shape): Node => broadcast(x, shape, [1]);

/** The diagonal of a square matrix. */
export function diagonalOf(matrix: Node): Node {
  const n = matrix.shape[0]!;
  return slice(reshape(matrix, [n * n]), [0], [n * n], [n + 1]);
}

/** A matrix with `value` on its diagonal and zeros beside it. */
export function diagonalMatrix(value: TensorLike, n: number): Node {
  const here = compare("eq", iota([n, n], 0), iota([n, n], 1));
  const x = lift(value);
  return select(here, x.shape.length === 0 ? x : alongRows(x, [n, n]), constant(0));
}

/** The identity of order n. */
export function identity(n: number): Node {
  return diagonalMatrix(1, n);
}

/** The largest |x|, or 1 where all are 0: dividing by it keeps squares within single precision. */
export function largestOrOne(x: Node): Node {
  const largest = reduce("max", abs(x));
  return select(compare("gt", largest, 0), largest, 1);
}

/** x with its largest |x| brought to 1, and by what it was divided. */
export function normalized(x: Node): { readonly value: Node; readonly scale: Node } {
  const scale = largestOrOne(x);
  return { value: div(x, scale), scale };
}

/** Matrix times vector. */
export function apply(matrix: Node, x: Node): Node {
  return reshape(matmul(matrix, reshape(x, [x.shape[0]!, 1])), [matrix.shape[0]!]);
}

/** Whether the index along `axis` is the u32 scalar `i`. */
export function isIndex(shape: Shape, axis: number, i: Node): Node {
  return compare("eq", iota(shape, axis), i);
}

/** The u32 scalar after `i`. */
export const after = (i: Node): Node => binary("add", i, constant(1, [], "u32"));

/** The u32 zero that counters start from. */
export const firstIndex: Node = constant(0, [], "u32");

/** ‖x‖ where squares of the elements may leave single precision. */
export function lengthOf(x: Node): Node {
  const { value, scale } = normalized(x);
  return mul(scale, norm(value));
}

/** The places of the values by falling size, u32 [n]; of equal ones the first comes first. */
export function fallingOrder(values: Node): Node {
  const n = values.shape[0]!, shape = [n, n];
  const own = alongRows(values, shape), other = alongColumns(values, shape);
  const earlier = compare("lt", iota(shape, 1), iota(shape, 0));
  const before = binary(
    "or",
    compare("gt", other, own),
    binary("and", compare("eq", other, own), earlier),
  );
  const rank = sum(cast(before, "f32"), [1]);
  const here = compare("eq", alongColumns(rank, shape), cast(iota(shape, 0), "f32"));
  return cast(sum(mul(cast(here, "f32"), cast(iota(shape, 1), "f32")), [1]), "u32");
}
