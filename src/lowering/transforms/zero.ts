/**
 * Lowering of `zero`.
 *
 * @module
 */
import type { TransformOf } from "../../optimizer/types.ts";
import type { Node } from "../../tensor/node.ts";
import { constant } from "../../tensor/ops.ts";

/** u ← 0. */
export function zeroRule(_: TransformOf<"zero">, u: Node): Node {
  return constant(0, u.shape);
}
