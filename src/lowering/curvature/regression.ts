/**
 * Curvature by regression of u on θ, or on the steps that were taken: online-parabola-momentum,
 * Algorithms 8 and 9, with the exponentially weighted moments in centred form, which does not cancel.
 *
 * @module
 */
import type { GradientRegression } from "../../optimizer/calculating.ts";
import type { Curvature } from "../../optimizer/types.ts";
import { joinPath } from "../../optimizer/walk.ts";
import type { Node } from "../../tensor/node.ts";
import { abs, add, compare, div, mul, select, sqrt, square, sub } from "../../tensor/ops.ts";
import { restrict } from "../arena.ts";
import { evolve, hyper, remember, type Scope } from "../scope.ts";
import { damped } from "./damping.ts";

/** a/b, and 0 where b is 0: a coordinate that has not moved has no curvature. */
export function ratio(a: Node, b: Node): Node {
  const some = compare("ne", b, 0);
  return select(some, div(a, select(some, b, 1)), 0);
}

/** λ of every coordinate, and what is to be told the step that is made of it. */
export interface Regressed {
  readonly lambda: Node;
  /** The directions that the λ are of, as columns in the coordinates of a frame; absent: these coordinates. */
  readonly vectors?: Node;
  /** Whether a λ may be negative. */
  readonly signed?: boolean;
  /** û of the fitted line, where that is wanted. */
  readonly gradient?: Node;
  /** Where λ = 0 is what was found, not that nothing is known. */
  readonly flat?: Node;
  readonly observe?: (step: Node) => void;
}

/** What a regression starts from: the one accumulator is an `ema` with prior variances. */
function priorsOf({ iterative }: Curvature) {
  const [only] = iterative;
  if (only?.kind !== "ema" || typeof only.initial !== "object") {
    throw new RangeError("A gradient regression starts from one ema with prior variances");
  }
  return { decay: only.decay, ...only.initial };
}

/** λ of every coordinate. */
export function regression(
  { estimate, of, centred, point, confidence }: GradientRegression,
  stage: Curvature,
  u: Node,
  scope: Scope,
): Regressed {
  const { decay, parameters, gradients } = priorsOf(stage);
  const beta = hyper(scope, "iterative/0/decay", decay);
  const fresh = sub(1, beta);
  const inside: Scope = { ...scope, path: joinPath(scope.path, "calculating") };
  const mean = (name: string, x: Node, start: number | Node) =>
    evolve(inside, name, x.shape, start, (old) => add(old, mul(fresh, sub(x, old))));
  /** x, or its distance to its mean before that moves. */
  const away = (name: string, x: Node, start: number | Node) =>
    centred ? sub(x, mean(name, x, start).old) : x;
  // Centred: var ← β(var + (1 − β)·d²), with d that distance.
  const folded = (old: Node, product: Node) =>
    centred ? mul(beta, add(old, mul(fresh, product))) : add(mul(beta, old), mul(fresh, product));
  const squared = (x: Node) => damped(stage.damping, "sample", square(x), scope);
  const moment = (name: string, start: number, product: Node) =>
    evolve(inside, name, u.shape, start, (old) => folded(old, product)).next;

  if (of === "steps") {
    const taken = remember(inside, "variance", u.shape, parameters);
    const spread = moment("gradientVariance", gradients, squared(away("gradients", u, 0)));
    return {
      lambda: sqrt(ratio(spread, taken.old)),
      observe: (step) => {
        taken.become(folded(taken.old, squared(away("steps", step, 0))));
      },
    };
  }
  const { problem, space } = scope;
  const theta = restrict(problem.theta, problem.arena, space);
  if (estimate === "deviations") {
    const variance = moment("variance", parameters, squared(away("parameters", theta, theta)));
    const spread = moment("gradientVariance", gradients, squared(away("gradients", u, 0)));
    return { lambda: sqrt(ratio(spread, variance)) };
  }
  const m = mean("parameters", theta, theta), mg = mean("gradients", u, 0);
  const d = sub(theta, m.old), e = sub(u, mg.old);
  const variance = moment("variance", parameters, squared(d));
  const slope = ratio(moment("covariance", 0, mul(d, e)), variance);
  const gradient = point === "mean"
    ? { gradient: add(mg.next, mul(slope, sub(theta, m.next))) }
    : {};
  if (confidence === undefined) return { lambda: slope, signed: true, ...gradient };
  const residual = sub(sub(u, mg.next), mul(slope, sub(theta, m.next)));
  const noise = evolve(
    inside,
    "residual",
    u.shape,
    gradients,
    (old) => add(mul(beta, old), mul(fresh, square(residual))),
  ).next;
  const gamma = hyper(inside, "confidence", confidence);
  return { lambda: add(abs(slope), mul(gamma, sqrt(ratio(noise, variance)))), ...gradient };
}
