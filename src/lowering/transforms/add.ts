/**
 * Lowering of `add`.
 *
 * @module
 */
import type { TransformOf } from "../../optimizer/types.ts";
import type { Node } from "../../tensor/node.ts";
import type { Scope } from "../scope.ts";
import { joinPath } from "../../optimizer/walk.ts";
import { add } from "../../tensor/ops.ts";

/** All branches see the same u; their results are summed in order. */
export function addRule({ of }: TransformOf<"add">, u: Node, scope: Scope): Node {
  return of.map((it, i) => scope.apply(it, u, joinPath(scope.path, i), scope))
    .reduce((sum, branch) => add(sum, branch));
}
