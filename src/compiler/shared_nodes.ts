/**
 * Which nodes a straight region evaluates for the `every` regions after it: a node that such a region
 * shares with a later one must have a value also at the steps where it does not run.
 *
 * @module
 */
import type { Node } from "../tensor/node.ts";
import { topological } from "../tensor/walk.ts";

/** The values of one region. */
export interface RegionValues {
  /** Whether the region runs at every step. */
  readonly always: boolean;
  readonly values: readonly Node[];
}

/**
 * For each region the nodes that it evaluates for others. A node that depends on what a region has
 * assigned stays where it is, and is evaluated again by whoever needs it.
 */
export function sharedNodes(regions: readonly RegionValues[]): readonly (readonly Node[])[] {
  const shared: Node[][] = regions.map(() => []);
  regions.forEach(({ always, values }, i) => {
    const before = regions.slice(0, i).findLastIndex((r) => r.always);
    if (always || before < 0) return;
    const later = new Set(
      topological(regions.slice(i + 1).flatMap((r) => r.values)).map(({ hash }) => hash),
    );
    const assigned = new Set<string>();
    for (const node of topological(values)) {
      const depends = (node.op.kind === "input" && node.op.version > 0) ||
        node.inputs.some((x) => assigned.has(x.hash));
      if (depends) assigned.add(node.hash);
      else if (later.has(node.hash)) shared[before]!.push(node);
    }
  });
  return shared;
}
