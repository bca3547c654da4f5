/**
 * Lowering of `trustRatio`.
 *
 * @module
 */
import type { TransformOf } from "../../optimizer/types.ts";
import { joinPath } from "../../optimizer/walk.ts";
import type { Node } from "../../tensor/node.ts";
import {
  add,
  binary,
  cast,
  compare,
  constant,
  div,
  mul,
  select,
  square,
  sum,
} from "../../tensor/ops.ts";
import { restrict } from "../arena.ts";
import { normOf, overBlocks } from "../blocks.ts";
import { hyper, record, type Scope } from "../scope.ts";

/** x, or the bound where x is on the wrong side of it: NaN is on neither side. */
function bounded(x: Node, side: "lt" | "gt", bound: Node | undefined): Node {
  return bound === undefined ? x : select(compare(side, x, bound), bound, x);
}

const count = (truth: Node): Node => sum(cast(truth, "f32"));

/**
 * u ← ρ·direction(u), ρ = c·max(‖θ‖, floor)/(‖u‖ + decay·‖θ‖ + ε) in each block, and 1 where that has no meaning;
 * then ρ is kept between its bounds, and the blocks where they decide are counted.
 */
export function trustRatioRule(
  { per, coefficient, floor, decay, eps, min, max, direction }: TransformOf<"trustRatio">,
  u: Node,
  scope: Scope,
): Node {
  const { problem, space } = scope;
  const c = hyper(scope, "coefficient", coefficient), least = hyper(scope, "floor", floor);
  const share = hyper(scope, "decay", decay), extra = hyper(scope, "eps", eps);
  const low = min === undefined ? undefined : hyper(scope, "min", min);
  const high = max === undefined ? undefined : hyper(scope, "max", max);
  const theta = restrict(problem.theta, problem.arena, space);
  const moved = scope.apply(direction, u, joinPath(scope.path, "direction"), scope);
  let decided = constant(0);
  const step = overBlocks(per, space, (blocks) => {
    const own = normOf(blocks, square(blocks.take(theta)), "euclidean");
    const length = normOf(blocks, square(blocks.take(u)), "euclidean");
    const size = bounded(own, "lt", least);
    const some = binary("and", compare("ne", size, 0), compare("ne", length, 0));
    const whole = add(add(length, mul(share, own)), extra);
    const free = select(some, div(mul(c, size), select(some, whole, 1)), 1);
    const raised = bounded(free, "lt", low), ratio = bounded(raised, "gt", high);
    if (low !== undefined) decided = add(decided, count(compare("lt", free, low)));
    if (high !== undefined) decided = add(decided, count(compare("gt", raised, high)));
    return mul(blocks.spread(ratio), blocks.take(moved));
  });
  if (low !== undefined || high !== undefined) record(scope, "bounded", decided);
  return step;
}
