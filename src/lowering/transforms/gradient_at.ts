/** @module */
import { joinPath } from "../../optimizer/walk.ts";
import { constant, sub } from "../../tensor/ops.ts";
import { assemble, subspace } from "../arena.ts";
import type { Rule } from "./rule.ts";

/** u ← ∇f(θ − at(u)), on the same batch and mask; parameters outside the space stay at θ. */
export const gradientAtRule: Rule<"gradientAt"> = ({ at }, u, scope) => {
  const { problem, space } = scope;
  const displacement = scope.apply(at, u, joinPath(scope.path, "at"), scope);
  const inside = new Set(space.entries.map(({ path }) => path));
  const rest = subspace(problem.arena, ({ path }) => !inside.has(path));
  const parts = [{ space, flat: displacement }];
  if (rest.size > 0) parts.push({ space: rest, flat: constant(0, [rest.size]) });
  return problem.gradientAt(sub(problem.theta, assemble(parts, problem.arena)), space);
};
