/** @module */
import { add, mul, select } from "../../tensor/ops.ts";
import { restrict, within } from "../arena.ts";
import { selected } from "../mask.ts";
import { hyper, report } from "../scope.ts";
import type { Rule } from "./rule.ts";

/** u ← u + decay·θ on the parameters that the mask matches. */
export const weightDecayRule: Rule<"weightDecay"> = ({ decay, mask }, u, scope) => {
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
};
