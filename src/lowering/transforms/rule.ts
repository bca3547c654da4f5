/**
 * What a rule of lowering is.
 *
 * @module
 */
import type { OptimizerKind, TransformOf } from "../../optimizer/types.ts";
import type { Node } from "../../tensor/node.ts";
import type { Scope } from "../scope.ts";

/** How a transform of kind `K` makes an update of u, a flat vector over `scope.space`. */
export type Rule<K extends OptimizerKind> = (
  transform: TransformOf<K>,
  u: Node,
  scope: Scope,
) => Node;
