/** @module */
import { add, mul, sub } from "../../tensor/ops.ts";
import { evolve, hyper } from "../scope.ts";
import type { Rule } from "./rule.ts";

/** v ← μv + (1 − dampening)u; out v, or u + μv with `nesterov`. */
export const traceRule: Rule<"trace"> = ({ decay, dampening, nesterov }, u, scope) => {
  const mu = hyper(scope, "decay", decay);
  const damped = mul(sub(1, hyper(scope, "dampening", dampening)), u);
  const v = evolve(scope, "velocity", u.shape, 0, (old) => add(mul(mu, old), damped));
  return nesterov ? add(u, mul(mu, v.next)) : v.next;
};
