/**
 * Lowering of `trace`.
 *
 * @module
 */
import type { TransformOf } from "../../optimizer/types.ts";
import type { Node } from "../../tensor/node.ts";
import { add, mul, sub } from "../../tensor/ops.ts";
import { evolve, hyper, type Scope } from "../scope.ts";

/** v ← μv + (1 − dampening)u; out v, or u + μv with `nesterov`. */
export function traceRule(
  { decay, dampening, nesterov }: TransformOf<"trace">,
  u: Node,
  scope: Scope,
): Node {
  const mu = hyper(scope, "decay", decay);
  const damped = mul(sub(1, hyper(scope, "dampening", dampening)), u);
  const v = evolve(scope, "velocity", u.shape, 0, (old) => add(mul(mu, old), damped));
  return nesterov ? add(u, mul(mu, v.next)) : v.next;
}
