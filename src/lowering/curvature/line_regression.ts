/**
 * The slope of u over θ along one direction, from weighted moments that start from nothing:
 * online-parabola-momentum, equations (2) and (3), in centred form, which does not cancel.
 *
 * @module
 */
import type { GradientRegression } from "../../optimizer/calculating.ts";
import type { Curvature } from "../../optimizer/types.ts";
import { joinPath } from "../../optimizer/walk.ts";
import type { Node } from "../../tensor/node.ts";
import { abs, add, compare, div, mul, select, sub, sum } from "../../tensor/ops.ts";
import { hyper, type Memory, remember, type Scope } from "../scope.ts";
import { ratio, type Regressed } from "./regression.ts";
import type { Frame } from "./structure/rule.ts";

const NAMES = ["weight", "parameters", "gradients", "variance", "covariance"] as const;

type Name = typeof NAMES[number];

/** The weight s, the means of θ and u along a direction, the variance of θ and the covariance. */
type Moments = { readonly [N in Name]: Node };

function moments(each: (name: Name) => Node): Moments {
  return Object.fromEntries(NAMES.map((name) => [name, each(name)])) as Moments;
}

/** The moments with one more pair, in exact arithmetic those of the sums of (3) over s; none without a direction. */
function folded(old: Moments, beta: Node, basis: Node, x: Node, y: Node): Moments {
  const fresh = sub(1, beta);
  const weight = add(mul(beta, old.weight), fresh);
  const w = div(fresh, weight), faded = sub(1, w);
  const d = sub(x, old.parameters), e = sub(y, old.gradients);
  const grown: Moments = {
    weight,
    parameters: add(old.parameters, mul(w, d)),
    gradients: add(old.gradients, mul(w, e)),
    variance: mul(faded, add(old.variance, mul(w, mul(d, d)))),
    covariance: mul(faded, add(old.covariance, mul(w, mul(d, e)))),
  };
  const known = compare("gt", sum(abs(basis)), 0);
  return moments((name) => select(known, grown[name], old[name]));
}

/** λ along the direction of a frame, and û. */
export function lineRegression(
  { point }: GradientRegression,
  { iterative }: Curvature,
  u: Node,
  { basis, next, position, nextPosition, shift, turns }: Frame,
  scope: Scope,
): Regressed {
  const [only] = iterative;
  if (only?.kind !== "ema") throw new RangeError("A regression along a line has one ema");
  const beta = hyper(scope, "iterative/0/decay", only.decay);
  const memories = (...group: readonly string[]) => {
    const inside: Scope = { ...scope, path: joinPath(scope.path, "calculating", ...group) };
    return Object.fromEntries(
      NAMES.map((name) => [name, remember(inside, name, [], 0)]),
    ) as { readonly [N in Name]: Memory };
  };
  const current = memories();
  const before = moments((name) => current[name].old);
  const become = (memory: typeof current, value: Moments): Moments =>
    moments((name) => memory[name].become(value[name]));

  const start = (): Moments => {
    if (next === undefined || nextPosition === undefined) {
      return shift === undefined
        ? before
        : { ...before, parameters: sub(before.parameters, shift) };
    }
    const growing = memories("next");
    const grown = moments((name) => growing[name].old);
    const fresh = moments((name) => select(turns, 0, grown[name]));
    become(growing, folded(fresh, beta, next, nextPosition, sum(mul(next, u))));
    return moments((name) => select(turns, grown[name], before[name]));
  };
  const y = sum(mul(basis, u));
  const now = become(current, folded(start(), beta, basis, position, y));
  const slope = ratio(now.covariance, now.variance);
  const lambda = abs(slope);
  return {
    lambda,
    flat: compare("eq", lambda, 0),
    ...(point === "mean"
      ? { gradient: add(now.gradients, mul(slope, sub(position, now.parameters))) }
      : {}),
  };
}
