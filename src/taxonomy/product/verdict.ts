/**
 * What becomes of every combination of the four slots and the solver: it is a stage, it is one that another combination
 * is too, or it makes no sense.
 *
 * @module
 */

import { type Issue, issue } from "../../errors.ts";
import { curvature } from "../../optimizer/curvature.ts";
import { combine } from "../../optimizer/schema/combine.ts";
import type { Curvature } from "../../optimizer/types.ts";
import { type Combination, combinations, dampingOf } from "./axes.ts";
import { normalForm } from "./normal_form.ts";

/** What a combination is. */
export type Verdict =
  /** A stage of its own. */
  | { readonly kind: "stage"; readonly stage: Curvature }
  /** The same steps as those of another stage, and why. */
  | {
    readonly kind: "equal";
    readonly stage: Curvature;
    readonly to: Curvature;
    readonly because: readonly string[];
  }
  /** No stage: every problem with it. */
  | { readonly kind: "refused"; readonly issues: readonly Issue[] };

/** A combination with its verdict. */
export interface Judged {
  readonly combination: Combination;
  readonly verdict: Verdict;
}

/** The slots of a combination as a stage, before its parts are checked against each other. */
function uncheckedOf(combination: Combination): Curvature {
  const { length, calculating, structure, iterative, solver } = combination;
  return {
    kind: "curvature",
    calculating: calculating[1],
    structure: structure[1],
    iterative: [iterative[1]].flat().filter((it) => it.kind !== "latest"),
    length: length[1],
    direction: { kind: "identity" },
    damping: dampingOf(combination),
    solver: solver[1],
    every: { sample: 1, factor: 1 },
  };
}

/** What the language has against a combination: what its constructor would throw. */
export function issuesOf(combination: Combination): readonly Issue[] {
  const issues: Issue[] = [];
  // The parts are checked already: what is left is what they ask of each other.
  combine(uncheckedOf(combination), (path, found, expected) => {
    issues.push(issue(["curvature", ...path].join("/"), found, expected));
  });
  return issues;
}

/** The stage of a combination; throws what is wrong with it. */
export function stageOf(combination: Combination): Curvature {
  const { length, calculating, structure, iterative, solver } = combination;
  return curvature({
    length: length[1],
    calculating: calculating[1],
    structure: structure[1],
    iterative: iterative[1],
    solver: solver[1],
    damping: dampingOf(combination),
  });
}

/** The slots in which two combinations of one description differ, such as "power(1) is none()". */
function spellings(one: Combination, other: Combination): readonly string[] {
  return (Object.keys(one) as (keyof Combination)[]).flatMap((slot) =>
    one[slot][0] === other[slot][0] ? [] : [`${one[slot][0]} is ${other[slot][0]}`]
  );
}

/** Every combination with its verdict; of those with one description the first is the stage. */
export function product(): readonly Judged[] {
  const first = new Map<string, Combination>();
  const verdictOf = (combination: Combination): Verdict => {
    const issues = issuesOf(combination);
    if (issues.length > 0) return { kind: "refused", issues };
    const stage = stageOf(combination), text = JSON.stringify(stage);
    const before = first.get(text);
    if (before !== undefined) {
      return { kind: "equal", stage, to: stage, because: spellings(combination, before) };
    }
    first.set(text, combination);
    const { stage: to, because } = normalForm(stage);
    return because.length > 0 ? { kind: "equal", stage, to, because } : { kind: "stage", stage };
  };
  return Array.from(combinations(), (combination) => ({
    combination,
    verdict: verdictOf(combination),
  }));
}
