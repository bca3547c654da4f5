/**
 * Lowering of `graft`.
 *
 * @module
 */
import type { TransformOf } from "../../optimizer/types.ts";
import type { Scope } from "../scope.ts";
import { joinPath } from "../../optimizer/walk.ts";
import type { Node } from "../../tensor/node.ts";
import { compare, div, mul, norm, select } from "../../tensor/ops.ts";
import { perTensor } from "../arena.ts";

/** direction·‖magnitude‖/‖direction‖; 0 where the direction is 0. */
function grafted(direction: Node, magnitude: Node): Node {
  const length = norm(direction);
  const moves = compare("gt", length, 0);
  const ratio = select(moves, div(norm(magnitude), select(moves, length, 1)), 0);
  return mul(ratio, direction);
}

/** The direction of one branch with the norm of another, by tensor or over all. */
export function graftRule(transform: TransformOf<"graft">, u: Node, scope: Scope): Node {
  const branch = (name: "direction" | "magnitude") =>
    scope.apply(transform[name], u, joinPath(scope.path, name), scope);
  const direction = branch("direction"), magnitude = branch("magnitude");
  return transform.per === "global"
    ? grafted(direction, magnitude)
    : perTensor([direction, magnitude], scope.space, ([d, m]) => grafted(d!, m!));
}
