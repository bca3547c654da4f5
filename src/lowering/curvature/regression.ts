/**
 * Curvature by regression of u on θ: online-parabola-momentum, Algorithms 8 and 9, with the
 * exponentially weighted moments in centred form, which does not cancel.
 *
 * @module
 */
import type { GradientRegression } from "../../optimizer/calculating.ts";
import type { Accumulator } from "../../optimizer/iterative.ts";
import type { Node } from "../../tensor/node.ts";
import { abs, add, compare, div, mul, select, sqrt, square, sub } from "../../tensor/ops.ts";
import { restrict } from "../arena.ts";
import { evolve, hyper, type Scope } from "../scope.ts";

/** a/b, and 0 where b is 0: a coordinate that has not moved has no curvature. */
function ratio(a: Node, b: Node): Node {
  const some = compare("ne", b, 0);
  return select(some, div(a, select(some, b, 1)), 0);
}

/** λ of every coordinate. The one accumulator is an `ema` that starts from prior variances. */
export function regression(
  { estimate, confidence = 0 }: GradientRegression,
  iterative: readonly Accumulator[],
  u: Node,
  scope: Scope,
): Node {
  const [only] = iterative;
  if (only?.kind !== "ema" || typeof only.initial !== "object") {
    throw new RangeError("A gradient regression starts from one ema with prior variances");
  }
  const { problem, space, path } = scope;
  const { parameters, gradients } = only.initial;
  const beta = hyper(scope, "iterative/0/decay", only.decay);
  const fresh = sub(1, beta);
  const inside: Scope = { ...scope, path: `${path}/calculating` };
  const theta = restrict(problem.theta, problem.arena, space);
  const mean = (name: string, x: Node, start: number | Node) =>
    evolve(inside, name, x.shape, start, (old) => add(old, mul(fresh, sub(x, old))));
  // var ← β(var + (1 − β)·d²), with d the distance to the mean before it moves.
  const moment = (name: string, product: Node, start: number) =>
    evolve(inside, name, u.shape, start, (old) => mul(beta, add(old, mul(fresh, product)))).next;
  const m = mean("parameters", theta, theta), mg = mean("gradients", u, 0);
  const d = sub(theta, m.old), e = sub(u, mg.old);
  const variance = moment("variance", square(d), parameters);
  if (estimate === "deviations") {
    return sqrt(ratio(moment("gradientVariance", square(e), gradients), variance));
  }
  const slope = ratio(moment("covariance", mul(d, e), 0), variance);
  const residual = sub(sub(u, mg.next), mul(slope, sub(theta, m.next)));
  const noise = evolve(
    inside,
    "residual",
    u.shape,
    gradients,
    (old) => add(mul(beta, old), mul(fresh, square(residual))),
  ).next;
  const gamma = hyper(inside, "confidence", confidence);
  return add(abs(slope), mul(gamma, sqrt(ratio(noise, variance))));
}
