/**
 * Lowering of `scale`.
 *
 * @module
 */
import type { TransformOf } from "../../optimizer/types.ts";
import type { Node } from "../../tensor/node.ts";
import { mul } from "../../tensor/ops.ts";
import { hyper, type Scope } from "../scope.ts";

/** u ← by·u. */
export function scaleRule({ by }: TransformOf<"scale">, u: Node, scope: Scope): Node {
  return mul(hyper(scope, "by", by), u);
}
