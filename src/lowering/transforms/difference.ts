/** @module */
import { compare, select, sub } from "../../tensor/ops.ts";
import { evolve } from "../scope.ts";
import type { Rule } from "./rule.ts";

/** u ← u − previous u; the first step gives 0. */
export const differenceRule: Rule<"difference"> = (_, u, scope) => {
  const previous = evolve(scope, "previous", u.shape, 0, () => u);
  return select(compare("eq", scope.clock, 0), 0, sub(u, previous.old));
};
