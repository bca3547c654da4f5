/**
 * Lowering of `ema`.
 *
 * @module
 */
import type { TransformOf } from "../../optimizer/types.ts";
import type { Node } from "../../tensor/node.ts";
import { add, div, mul, sub } from "../../tensor/ops.ts";
import { evolve, hyper, type Scope } from "../scope.ts";

/** m ← βm + (1 − β)u; out is m, or r·m₋ + (1 − r)u, divided by its accumulated weight if debiased. */
export function emaRule({ decay, debias, read }: TransformOf<"ema">, u: Node, scope: Scope): Node {
  const beta = hyper(scope, "decay", decay);
  const fold = (old: Parameters<typeof mul>[0], x: Parameters<typeof mul>[0], rate = beta) =>
    add(mul(rate, old), mul(sub(1, rate), x));
  const m = evolve(scope, "mean", u.shape, 0, (old) => fold(old, u));
  const rate = read === undefined ? undefined : hyper(scope, "read", read);
  const out = rate === undefined ? m.next : fold(m.old, u, rate);
  if (!debias) return out;
  const weight = evolve(scope, "weight", [], 0, (old) => fold(old, 1));
  return div(out, rate === undefined ? weight.next : fold(weight.old, 1, rate));
}
