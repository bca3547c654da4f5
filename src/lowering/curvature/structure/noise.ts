/**
 * Eigenvalues that are nothing but rounding.
 *
 * @module
 */
import type { Node } from "../../../tensor/node.ts";
import { abs, compare, mul, reduce, select } from "../../../tensor/ops.ts";

/** λ, and 0 for what single precision cannot tell from it: such directions are null. */
export function withoutNoise(lambda: Node): Node {
  const bound = mul(lambda.shape[0]! * 2 ** -23, reduce("max", abs(lambda)));
  return select(compare("le", abs(lambda), bound), 0, lambda);
}
