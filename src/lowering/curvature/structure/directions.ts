/**
 * Vectors and what they are along a few directions, the rows of a matrix.
 *
 * @module
 */
import type { Node } from "../../../tensor/node.ts";
import { broadcast, mul, sum } from "../../../tensor/ops.ts";

/** Vx: sums of many numbers, few of them, so a reduction that is split and not a product of matrices. */
export function along(directions: Node, x: Node): Node {
  return sum(mul(directions, broadcast(x, directions.shape, [1])), [1]);
}

/** Vᵀc. */
export function combination(directions: Node, c: Node): Node {
  return sum(mul(directions, broadcast(c, directions.shape, [0])), [0]);
}

/** a bᵀ. */
export function outer(a: Node, b: Node): Node {
  const shape = [a.shape[0]!, b.shape[0]!];
  return mul(broadcast(a, shape, [0]), broadcast(b, shape, [1]));
}
