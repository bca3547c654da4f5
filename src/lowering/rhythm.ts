/**
 * Every k-th step, where k may change while the program runs.
 *
 * @module
 */
import type { Node } from "../tensor/node.ts";
import { add, compare, select } from "../tensor/ops.ts";
import { hyperSlot, remember, type Scope } from "./scope.ts";

/** A place in a rhythm. */
interface Beat {
  /** How many steps there were since the last k-th one, this one included: an f32 scalar. */
  readonly taken: Node;
  /** Whether this is the k-th: a bool scalar. */
  readonly fires: Node;
}

/**
 * Counts the steps of a transform up to the number at `path`, k, again and again. A count of its own, not
 * the clock, so that after a change of k no step is lost; both are numbers that the host knows.
 */
export function beat(scope: Scope, path: string, k: number): Beat {
  const counted = remember(scope, "taken", [], 0);
  const taken = add(counted.old, 1);
  const fires = compare("ge", taken, hyperSlot(scope, path, k));
  counted.become(select(fires, 0, taken));
  return { taken, fires };
}
