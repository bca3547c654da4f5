/**
 * Lowering of `gradientAt`.
 *
 * @module
 */
import type { TransformOf } from "../../optimizer/types.ts";
import type { Node } from "../../tensor/node.ts";
import type { Scope } from "../scope.ts";
import { joinPath } from "../../optimizer/walk.ts";
import { thetaMinus } from "../problem.ts";

/** u ← ∇f(θ − at(u)), on the same batch and mask; parameters outside the space stay at θ. */
export function gradientAtRule({ at }: TransformOf<"gradientAt">, u: Node, scope: Scope): Node {
  const { problem, space } = scope;
  const displacement = scope.apply(at, u, joinPath(scope.path, "at"), scope);
  return problem.gradientAt(thetaMinus(problem, space, displacement), space);
}
