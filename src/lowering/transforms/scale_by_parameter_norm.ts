/**
 * Lowering of `scaleByParameterNorm`.
 *
 * @module
 */
import type { TransformOf } from "../../optimizer/types.ts";
import type { Node } from "../../tensor/node.ts";
import { compare, mul, select, square } from "../../tensor/ops.ts";
import { restrict } from "../arena.ts";
import { normOf, overBlocks } from "../blocks.ts";
import { hyper, type Scope } from "../scope.ts";

/** u ← max(‖θ‖, floor)·u in each block. */
export function scaleByParameterNormRule(
  { per, norm, floor }: TransformOf<"scaleByParameterNorm">,
  u: Node,
  scope: Scope,
): Node {
  const { problem, space } = scope;
  const least = hyper(scope, "floor", floor);
  const theta = restrict(problem.theta, problem.arena, space);
  return overBlocks(per, space, (blocks) => {
    const own = normOf(blocks, square(blocks.take(theta)), norm);
    const size = select(compare("lt", own, least), least, own);
    return mul(blocks.spread(size), blocks.take(u));
  });
}
