/**
 * Lowering of `identity`.
 *
 * @module
 */
import type { TransformOf } from "../../optimizer/types.ts";
import type { Node } from "../../tensor/node.ts";

/** u ← u. */
export function identityRule(_: TransformOf<"identity">, u: Node): Node {
  return u;
}
