/** @module */
import { joinPath } from "../../optimizer/walk.ts";
import type { Rule } from "./rule.ts";

/** Each transform in order. */
export const chainRule: Rule<"chain"> = ({ of }, u, scope) =>
  of.reduce((update, it, i) => scope.apply(it, update, joinPath(scope.path, i), scope), u);
