/**
 * Lowering of `scheduleFree`.
 *
 * @module
 */
import type { TransformOf } from "../../optimizer/types.ts";
import type { Node } from "../../tensor/node.ts";
import { add, compare, constant, div, max, mul, pow, select, sub } from "../../tensor/ops.ts";
import { thetaOf } from "../problem.ts";
import { evaluated, evolve, hyper, scaled, type Scope } from "../scope.ts";

/**
 * z ← z − ηu; x ← (1 − c)x + cz, c = w/Σw, w = (max η)^power; θ becomes (1 − β)z + βx.
 *
 * Source: Defazio et al. 2024, equations (3) to (5), with the weights of its section 3.
 */
export function scheduleFreeRule(
  { rate, beta, power }: TransformOf<"scheduleFree">,
  u: Node,
  scope: Scope,
): Node {
  const theta = thetaOf(scope.problem, scope.space);
  const eta = hyper(scope, "rate", rate), b = hyper(scope, "beta", beta);
  const largest = evolve(scope, "largest", [], 0, (old) => max(old, eta)).next;
  const weight = power === 0 ? constant(1) : pow(largest, power);
  const total = evolve(scope, "weight", [], 0, (old) => add(old, weight)).next;
  const some = compare("gt", total, 0);
  const c = select(some, div(weight, select(some, total, 1)), 0);
  const step = scaled(scope, eta, u);
  const z = evolve(scope, "z", theta.shape, theta, (old) => sub(old, step)).next;
  const averaged = evaluated(scope, "x", theta);
  const x = averaged.become(add(mul(sub(1, c), averaged.old), mul(c, z)));
  return sub(theta, add(mul(sub(1, b), z), mul(b, x)));
}
