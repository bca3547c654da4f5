/**
 * Lowering of `weightDecay`.
 *
 * @module
 */
import type { TransformOf } from "../../optimizer/types.ts";
import type { Node } from "../../tensor/node.ts";
import { add, mul, select } from "../../tensor/ops.ts";
import { restrict, within } from "../arena.ts";
import { selected } from "../mask.ts";
import { hyper, report, type Scope } from "../scope.ts";

/** u ← u + decay·θ on the parameters that the mask matches. */
export function weightDecayRule(
  { decay, mask }: TransformOf<"weightDecay">,
  u: Node,
  scope: Scope,
): Node {
  const { space, problem } = scope;
  const { ranges, all } = selected(space, mask);
  if (ranges.length === 0) {
    const paths = space.entries.map(({ path }) => path).join(", ");
    report(scope, "description", `a mask that matches none of ${paths}`, "at least one parameter");
  }
  const rate = hyper(scope, "decay", decay);
  const theta = restrict(problem.theta, problem.arena, space);
  const decayed = add(u, mul(rate, theta));
  return all ? decayed : select(within(ranges, space.size), decayed, u);
}
