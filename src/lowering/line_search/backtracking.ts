/**
 * Shorter and shorter steps.
 *
 * @module
 */
import type { Node } from "../../tensor/node.ts";
import { add, binary, compare, mul } from "../../tensor/ops.ts";
import type { Line, Method, Trial } from "./line.ts";

/** Whether φ(α) ≤ φ(0) + c₁αφ′(0). */
export function decreases({ start, c1 }: Line, { at, finite }: Trial): Node {
  const enough = add(start.loss, mul(mul(c1, at.alpha), start.slope));
  return binary("and", finite, compare("le", at.loss, enough));
}

/** Armijo's rule: α times a factor until φ decreases enough. */
export const backtracking: Method = {
  slopes: false,
  initial: () => [],
  judge: (line, trial) => ({
    met: decreases(line, trial),
    next: mul(line.own, trial.at.alpha),
    state: [],
  }),
};
