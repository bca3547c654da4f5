/**
 * Powers of eigenvalues.
 *
 * @module
 */
import type { Node } from "../../../../tensor/node.ts";
import { binary, compare, constant, select } from "../../../../tensor/ops.ts";

/** λ^p where λ > 0, else 0; NaN stays NaN. */
export function positivePower(lambda: Node, p: number): Node {
  const none = compare("le", lambda, 0);
  return select(none, 0, binary("pow", select(none, 1, lambda), constant(p, lambda.shape)));
}
