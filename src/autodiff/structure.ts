/**
 * Pieces that the rules of several directions share: views and their transposes, the selection of a
 * maximum, indices that stay within a table.
 *
 * @module
 */
import { failure, type SteepestError } from "../errors.ts";
import { binary, broadcast, compare, iota, pad, reduce, reshape, slice } from "../tensor/ops.ts";
import { type Node, type OpOf, type Shape, sizeOf } from "../tensor/node.ts";
import { otherAxes } from "./algebra.ts";

/** The slice `op` of another tensor with `shape` as result. */
export function sliceLike(x: Node, op: OpOf<"slice">, shape: Shape): Node {
  const stop = op.start.map((s, i) => s + (shape[i]! - 1) * op.stride[i]! + 1);
  return slice(x, op.start, stop, op.stride);
}

/** The pad `op` of another tensor with `shape` as result. */
export function padLike(x: Node, op: OpOf<"pad">, shape: Shape): Node {
  const high = shape.map((d, i) =>
    d - op.low[i]! - x.shape[i]! - (x.shape[i]! - 1) * op.interior[i]!
  );
  return pad(x, op.low, high, op.interior);
}

/** The transpose of a slice: its elements back in place among zeros. */
export function unslice(t: Node, op: OpOf<"slice">, shape: Shape): Node {
  return padLike(
    t,
    { kind: "pad", low: op.start, interior: op.stride.map((s) => s - 1) },
    shape,
  );
}

/** The transpose of a pad: the elements that were kept. */
export function unpad(t: Node, op: OpOf<"pad">, shape: Shape): Node {
  return sliceLike(
    t,
    { kind: "slice", start: op.low, stride: op.interior.map((i) => i + 1) },
    shape,
  );
}

/** Where along the reduced axes of `x` its first maximum stands: bool, of the shape of `x`. */
export function isFirstMaximum(x: Node, axes: readonly number[]): Node {
  const extents = axes.map((a) => x.shape[a]!);
  const position = reshape(iota([sizeOf(extents)], 0), extents);
  const winner = reduce("argmax", x, axes);
  return compare(
    "eq",
    broadcast(position, x.shape, axes),
    broadcast(winner, x.shape, otherAxes(x.shape, axes)),
  );
}

/** Whether u32 indices are known to be below `rows`. */
export function staysWithin(indices: Node, rows: number): boolean {
  const op = indices.op;
  switch (op.kind) {
    case "constant":
      return op.values.every((v) => v < rows);
    case "iota":
      return indices.shape[op.axis]! <= rows;
    case "reduce":
      return sizeOf(op.axes.map((a) => indices.inputs[0]!.shape[a]!)) <= rows;
    case "reshape":
    case "permute":
    case "broadcast":
    case "slice":
    case "gather":
      return staysWithin(indices.inputs[0]!, rows);
    case "binary":
      return op.fn === "min" && indices.inputs.some((x) => staysWithin(x, rows));
    default:
      return false;
  }
}

/** Indices as `gather` reads them: those beyond the table name its last row. */
export function clamped(indices: Node, rows: number): Node {
  return staysWithin(indices, rows) ? indices : binary("min", indices, rows - 1);
}

/** The error of a primitive that has no derivative, at the node a tangent flows into. */
export function notDifferentiable(node: Node): SteepestError {
  return failure(
    "shape",
    `${node.op.kind} of shape [${node.shape.join(", ")}]`,
    `a derivative through ${node.op.kind}`,
    "values that do not depend on what is differentiated, or stopGradient around them",
  );
}
