/**
 * Lowering of `distanceAdapted`.
 *
 * @module
 */
import type { TransformOf } from "../../optimizer/types.ts";
import type { Node } from "../../tensor/node.ts";
import { abs, add, compare, div, dot, max, min, mul, select, sub, sum } from "../../tensor/ops.ts";
import { restrict } from "../arena.ts";
import { evolve, hyper, record, remember, scaled, type Scope } from "../scope.ts";

/**
 * u ← γ·d·of(d·u), d the largest estimate r/‖s‖₁ of the distance to the solution before this step.
 *
 * Source: Mishchenko and Defazio 2023, Algorithm 4.
 */
export function distanceAdaptedRule(
  { of, rate, decay, initial, growth }: TransformOf<"distanceAdapted">,
  u: Node,
  scope: Scope,
): Node {
  const { problem, space, path } = scope;
  const theta = restrict(problem.theta, problem.arena, space);
  const start = remember(scope, "start", theta.shape, theta).old;
  const distance = remember(scope, "distance", [], initial);
  const d = distance.old;
  const gamma = hyper(scope, "rate", rate), beta = hyper(scope, "decay", decay);
  const fresh = mul(mul(sub(1, beta), gamma), mul(d, d));
  const fold = (name: string, x: Node): Node =>
    evolve(scope, name, x.shape, 0, (old) => add(mul(beta, old), mul(fresh, x))).next;
  const gained = fold("gained", dot(u, sub(start, theta)));
  const length = sum(abs(fold("sum", u)));
  const some = compare("gt", length, 0);
  const estimate = select(some, div(gained, select(some, length, 1)), 0);
  const bound = growth === undefined
    ? estimate
    : min(estimate, mul(hyper(scope, "growth", growth), d));
  distance.become(max(d, bound));
  record(scope, "distance", d);
  const inside: Scope = { ...scope, signals: new Map([...scope.signals, ["distance", d]]) };
  return scaled(scope, mul(gamma, d), scope.apply(of, mul(d, u), path, inside));
}
