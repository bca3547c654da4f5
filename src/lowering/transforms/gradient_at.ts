/**
 * Lowering of `gradientAt`.
 *
 * @module
 */
import type { TransformOf } from "../../optimizer/types.ts";
import type { Node } from "../../tensor/node.ts";
import type { Scope } from "../scope.ts";
import { joinPath } from "../../optimizer/walk.ts";
import { constant, sub } from "../../tensor/ops.ts";
import { assemble, subspace } from "../arena.ts";

/** u ← ∇f(θ − at(u)), on the same batch and mask; parameters outside the space stay at θ. */
export function gradientAtRule({ at }: TransformOf<"gradientAt">, u: Node, scope: Scope): Node {
  const { problem, space } = scope;
  const displacement = scope.apply(at, u, joinPath(scope.path, "at"), scope);
  const inside = new Set(space.entries.map(({ path }) => path));
  const rest = subspace(problem.arena, ({ path }) => !inside.has(path));
  const parts = [{ space, flat: displacement }];
  if (rest.size > 0) parts.push({ space: rest, flat: constant(0, [rest.size]) });
  return problem.gradientAt(sub(problem.theta, assemble(parts, problem.arena)), space);
}
