/**
 * Lowering of `accumulate`.
 *
 * @module
 */
import type { TransformOf } from "../../optimizer/types.ts";
import type { Node } from "../../tensor/node.ts";
import { add, div, select } from "../../tensor/ops.ts";
import { beat } from "../rhythm.ts";
import { both, evolve, remember, type Scope } from "../scope.ts";

/** At every k-th step what is inside gets the mean of u since the one before; at the others u ← 0. */
export function accumulateRule(
  { steps, of }: TransformOf<"accumulate">,
  u: Node,
  scope: Scope,
): Node {
  const { taken, fires } = beat(scope, "steps", steps);
  const sum = remember(scope, "sum", u.shape, 0);
  const total = add(sum.old, u);
  sum.become(select(fires, 0, total));
  const inside: Scope = { ...scope, gate: both(scope.gate, fires), ownPace: true };
  const clock = evolve(inside, "count", [], 0, (old) => add(old, 1)).old;
  const out = scope.apply(of, div(total, taken), scope.path, { ...inside, clock });
  return select(fires, out, 0);
}
