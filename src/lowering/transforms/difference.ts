/**
 * Lowering of `difference`.
 *
 * @module
 */
import type { TransformOf } from "../../optimizer/types.ts";
import type { Node } from "../../tensor/node.ts";
import { compare, select, sub } from "../../tensor/ops.ts";
import { evolve, type Scope } from "../scope.ts";

/** u ← u − previous u; the first step gives 0. */
export function differenceRule(_: TransformOf<"difference">, u: Node, scope: Scope): Node {
  const previous = evolve(scope, "previous", u.shape, 0, () => u);
  return select(compare("eq", scope.clock, 0), 0, sub(u, previous.old));
}
