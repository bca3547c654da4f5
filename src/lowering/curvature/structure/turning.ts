/**
 * When a basis turns, and the state that changes only then.
 *
 * @module
 */
import type { Subspace } from "../../../optimizer/subspace.ts";
import type { Curvature } from "../../../optimizer/types.ts";
import { joinPath } from "../../../optimizer/walk.ts";
import type { Node, Shape } from "../../../tensor/node.ts";
import { add, binary, compare, constant, div, floor, select, sub } from "../../../tensor/ops.ts";
import { everyNth, hyperSlot, type Memory, remember, type Scope, settled } from "../../scope.ts";

/** The turns of a basis. */
export interface Turning {
  /** Whether this step begins with another basis: a bool scalar. */
  readonly turns: Node;
  /** State of the stage that changes at turns. */
  remember(name: string, shape: Shape): Memory;
  /** A value that is made at turns, as what happens at every step sees it. */
  settled(value: Node): Node;
}

/** Whether n divides x, both whole. */
function divides(n: number, x: Node): Node {
  const quotient = div(x, n);
  return compare("eq", quotient, floor(quotient));
}

/** A line turns in the middle of the warm-up, and in the rhythm of the steps that come after it. */
function ofLine({ turn }: Subspace, { warmup, every }: Curvature, scope: Scope): Turning {
  const steps = warmup === undefined ? constant(0) : hyperSlot(scope, "warmup/steps", warmup.steps);
  const first = compare("eq", scope.clock, floor(div(steps, 2)));
  const since = sub(scope.clock, turn === "keep" ? add(steps, 1) : steps);
  const again = binary("and", compare("ge", since, 0), divides(every.factor, since));
  const turns = binary("or", first, again);
  return {
    turns,
    remember: (name, shape) => {
      const { old, become } = remember(scope, name, shape, 0);
      return { old, become: (value) => become(select(turns, value, old)) };
    },
    settled: (value) => value,
  };
}

/** The turns of what a stage's structure has for a basis. Several directions cost too much to be made at every step. */
export function turningOf(structure: Subspace, stage: Curvature, scope: Scope): Turning {
  if (structure.decay === undefined) return ofLine(structure, stage, scope);
  const { factor } = stage.every;
  const factoring: Scope = { ...everyNth(scope, factor), phase: "factor" };
  return {
    turns: divides(factor, scope.clock),
    remember: (name, shape) => remember(factoring, name, shape, 0),
    settled: (value) => settled(value, factoring),
  };
}

/** Where state of the structure stands. */
export function ofStructure(name: string): string {
  return joinPath("structure", name);
}
