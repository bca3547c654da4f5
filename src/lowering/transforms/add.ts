/** @module */
import { joinPath } from "../../optimizer/walk.ts";
import { add } from "../../tensor/ops.ts";
import type { Rule } from "./rule.ts";

/** All branches see the same u; their results are summed in order. */
export const addRule: Rule<"add"> = ({ of }, u, scope) =>
  of.map((it, i) => scope.apply(it, u, joinPath(scope.path, i), scope))
    .reduce((sum, branch) => add(sum, branch));
