/**
 * Which parameters the predicates of an optimizer match.
 *
 * @module
 */

import { failure } from "../errors.ts";
import { show } from "../errors/words.ts";
import type { Leaf } from "../objective/leaves.ts";
import { described } from "./codec.ts";
import { applies } from "./applies.ts";
import type { ParameterFacts, Predicate } from "./predicate.ts";
import type { Optimizer, Partition } from "./types.ts";
import { branchesOf, joinPath, pathAt } from "./walk.ts";

/** What one predicate, or the rest of a partition, came to. */
export interface Selection {
  /** The part, the rest or the decay, such as `1/weightDecay` or `partition/parts/0`. */
  readonly path: string;
  /** The predicate. Absent for the rest of a partition. */
  readonly where?: Predicate;
  /** The paths of the parameters that it gets, in the order of the objective. */
  readonly parameters: readonly string[];
}

/** The number of the part that a parameter goes to: the first that matches it; −1 is the rest. */
export function partOf({ parts }: Pick<Partition, "parts">, about: ParameterFacts): number {
  return parts.findIndex(({ where }) => applies(where, about));
}

const paths = (leaves: readonly ParameterFacts[]): string[] => leaves.map(({ path }) => path);

function search(
  optimizer: Optimizer,
  place: string,
  leaves: readonly ParameterFacts[],
): readonly Selection[] {
  const path = pathAt(optimizer, place);
  if (optimizer.kind === "weightDecay") {
    const { mask: where } = optimizer;
    return [{ path, where, parameters: paths(leaves.filter((leaf) => applies(where, leaf))) }];
  }
  if (optimizer.kind !== "partition") {
    return branchesOf(optimizer, path).flatMap(({ of, place }) => search(of, place, leaves));
  }
  const owned = (part: number) => leaves.filter((leaf) => partOf(optimizer, leaf) === part);
  const parts = optimizer.parts.flatMap(({ where, of }, i) => {
    const own = owned(i), at = joinPath(path, "parts", i);
    return [{ path: at, where, parameters: paths(own) }, ...search(of, at, own)];
  });
  const rest = owned(-1), at = joinPath(path, "rest");
  return [...parts, { path: at, parameters: paths(rest) }, ...search(optimizer.rest, at, rest)];
}

/**
 * Exactly which parameters each part and rest of a `partition` (so of `masked` and `frozen`) and each mask of a
 * `weightDecay` gets. A part gets what no part before it matches, and a transform inside sees that alone.
 *
 * Nothing is compiled, and what matches nothing is listed with no parameters; when the program is built that is an
 * error, except for a rest.
 *
 * @throws {SteepestError} of kind `description`: what is given is no optimizer, or no objective.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { adamw, chain, classification, frozen, mlp, path, selections } from "@steepest/steepest";
 *
 * const model = mlp({ input: [1, 28, 28], hidden: [16], classes: 10 });
 * const optimizer = chain(adamw(), frozen(path("layer1/**")));
 * const [decay, part, rest] = selections(optimizer, classification(model, 1));
 * assert.deepEqual(decay?.parameters, ["layer1/weight", "layer1/bias", "layer2/weight", "layer2/bias"]);
 * assert.deepEqual(part?.parameters, ["layer1/weight", "layer1/bias"]);
 * assert.equal(rest?.path, "3/partition/rest");
 * ```
 */
export function selections(
  optimizer: Optimizer,
  objective: { readonly leaves: readonly Leaf[] },
): readonly Selection[] {
  const known = described(optimizer);
  if (!Array.isArray(objective?.leaves)) {
    throw failure("description", "objective", show(objective), "what objective() makes");
  }
  return search(known, "", objective.leaves);
}
