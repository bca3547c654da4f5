/**
 * Lowering of `chain`.
 *
 * @module
 */
import type { TransformOf } from "../../optimizer/types.ts";
import type { Node } from "../../tensor/node.ts";
import type { Scope } from "../scope.ts";
import { joinPath } from "../../optimizer/walk.ts";

/** Each transform in order. */
export function chainRule({ of }: TransformOf<"chain">, u: Node, scope: Scope): Node {
  return of.reduce((update, it, i) => scope.apply(it, update, joinPath(scope.path, i), scope), u);
}
