/**
 * Lowering of `partition`.
 *
 * @module
 */
import type { Node } from "../../tensor/node.ts";
import { partOf } from "../../optimizer/selections.ts";
import type { Optimizer, TransformOf } from "../../optimizer/types.ts";
import { joinPath } from "../../optimizer/walk.ts";
import { assemble, restrict, type Space, subspace } from "../arena.ts";
import { report, type Scope } from "../scope.ts";

/** Each parameter goes to the first part that matches it, or to the rest; norms are over the part. */
export function partitionRule(
  partition: TransformOf<"partition">,
  u: Node,
  scope: Scope,
): Node {
  const { parts, rest } = partition;
  const { space, path } = scope;
  const owner = new Map(
    space.entries.map((entry) => [entry.path, partOf(partition, entry)]),
  );
  const part = (index: number) => subspace(space, (entry) => owner.get(entry.path) === index);
  const lowered = (of: Optimizer, place: string, inside: Space) => ({
    space: inside,
    flat: scope.apply(of, restrict(u, space, inside), place, { ...scope, space: inside }),
  });
  const pieces = parts.flatMap(({ of }, i) => {
    const inside = part(i), place = joinPath(path, "parts", i);
    if (inside.size > 0) return [lowered(of, place, inside)];
    const paths = space.entries.map((entry) => entry.path).join(", ");
    report(
      { ...scope, path: place },
      "description",
      `a part that gets none of ${paths}`,
      "at least one parameter",
    );
    return [];
  });
  const others = part(-1);
  if (others.size > 0) pieces.push(lowered(rest, joinPath(path, "rest"), others));
  return assemble(pieces, space);
}
