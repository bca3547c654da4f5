/**
 * Where the *last* transforms may stand: those that read θ − u as the next parameters.
 *
 * @module
 */

import type { Optimizer, OptimizerKind } from "./types.ts";
import { branchesOf, pathAt } from "./walk.ts";

/**
 * What becomes of what a branch puts out: nothing more (`passes`), nothing more where the step is not
 * skipped (`gates`) or where only last transforms follow (`inOrder`), or something else.
 */
type Ending = "last" | "passes" | "gates" | "inOrder" | "changes";

const ENDINGS: { readonly [K in OptimizerKind]: Ending } = {
  identity: "passes",
  zero: "changes",
  chain: "inOrder",
  add: "changes",
  ema: "changes",
  trace: "changes",
  scale: "changes",
  difference: "changes",
  weightDecay: "changes",
  newtonRaphson: "changes",
  graft: "changes",
  trustRatio: "changes",
  scaleByParameterNorm: "changes",
  scaleByShape: "changes",
  gradientAt: "changes",
  partition: "passes",
  skipNonFinite: "gates",
  distanceAdapted: "changes",
  gainAdapted: "changes",
  accumulate: "gates",
  lookahead: "last",
  average: "last",
  scheduleFree: "last",
  lineSearch: "last",
  curvature: "changes",
};

/** Whether a transform consists of last ones alone, so that one before it still knows the next parameters. */
function onlyLast(optimizer: Optimizer): boolean {
  const ending = ENDINGS[optimizer.kind];
  return ending === "last" ||
    ((ending === "passes" || ending === "inOrder") &&
      branchesOf(optimizer, "").every(({ of }) => onlyLast(of)));
}

function search(optimizer: Optimizer, place: string, ends: boolean): readonly string[] {
  const path = pathAt(optimizer, place);
  const ending = ENDINGS[optimizer.kind];
  if (ending === "last") return ends ? [] : [path];
  const branches = branchesOf(optimizer, path);
  return branches.flatMap((branch, i) => {
    const followed = ending === "inOrder" && !branches.slice(i + 1).every(({ of }) => onlyLast(of));
    return search(branch.of, branch.place, ends && ending !== "changes" && !followed);
  });
}

/** The paths of last transforms that do not end the flow, where θ − u is not what θ becomes. */
export function misplaced(optimizer: Optimizer): readonly string[] {
  return search(optimizer, "", true);
}
