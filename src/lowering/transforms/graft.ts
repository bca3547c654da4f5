/**
 * Lowering of `graft`.
 *
 * @module
 */
import type { TransformOf } from "../../optimizer/types.ts";
import type { Scope } from "../scope.ts";
import { joinPath } from "../../optimizer/walk.ts";
import type { Node } from "../../tensor/node.ts";
import { compare, div, mul, select, square } from "../../tensor/ops.ts";
import { normOf, overBlocks } from "../blocks.ts";

/** direction·‖magnitude‖/‖direction‖ in each block; 0 where the direction is 0. */
export function graftRule(transform: TransformOf<"graft">, u: Node, scope: Scope): Node {
  const branch = (name: "direction" | "magnitude") =>
    scope.apply(transform[name], u, joinPath(scope.path, name), scope);
  const direction = branch("direction"), magnitude = branch("magnitude");
  return overBlocks(transform.per, scope.space, (blocks) => {
    const d = blocks.take(direction), m = blocks.take(magnitude);
    const length = normOf(blocks, square(d), "euclidean");
    const moves = compare("gt", length, 0);
    const far = normOf(blocks, square(m), "euclidean");
    return mul(blocks.spread(select(moves, div(far, select(moves, length, 1)), 0)), d);
  });
}
