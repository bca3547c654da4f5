/**
 * Lowering of `scale`.
 *
 * @module
 */
import type { TransformOf } from "../../optimizer/types.ts";
import type { Node } from "../../tensor/node.ts";
import { hyper, scaled, type Scope } from "../scope.ts";

/** u ← by·u. */
export function scaleRule({ by }: TransformOf<"scale">, u: Node, scope: Scope): Node {
  return scaled(scope, hyper(scope, "by", by), u);
}
