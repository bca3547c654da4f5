/**
 * Matrices along one axis of a tensor.
 *
 * @module
 */
import { type Node, sizeOf } from "../../../../tensor/node.ts";
import { matmul, permute, reshape } from "../../../../tensor/ops.ts";

/** What brings an axis to the front, and the rest behind it in order. */
function toFront(rank: number, axis: number): number[] {
  return [axis, ...Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis)];
}

/** A tensor as the matrix with an axis as its rows. */
export function unfolded(x: Node, axis: number): Node {
  const rows = x.shape[axis]!;
  return reshape(permute(x, toFront(x.shape.length, axis)), [rows, sizeOf(x.shape) / rows]);
}

/** A matrix times a tensor along one axis. */
export function along(matrix: Node, x: Node, axis: number): Node {
  const order = toFront(x.shape.length, axis);
  const front = reshape(matmul(matrix, unfolded(x, axis)), order.map((i) => x.shape[i]!));
  return permute(front, x.shape.map((_, i) => order.indexOf(i)));
}
