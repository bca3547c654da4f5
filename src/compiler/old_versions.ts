/**
 * Slots are overwritten in place. A value that a later region still reads is kept aside, by a region
 * that runs at every step just before the one that overwrites it.
 *
 * @module
 */
import type { Region, Slot } from "../lowering/program.ts";
import type { Node } from "../tensor/node.ts";
import { input } from "../tensor/ops.ts";
import { substitute, topological } from "../tensor/walk.ts";

/** Regions that read each slot as it is when they begin, and the slots for what was before. */
export interface KeptVersions {
  readonly regions: readonly Region[];
  readonly slots: readonly Slot[];
}

/** Keeps what is read after it was overwritten. */
export function keepOldVersions(
  regions: readonly Region[],
  slots: ReadonlyMap<string, Slot>,
): KeptVersions {
  const kept: Slot[] = [];
  const versions = new Map<string, number>();
  /** The region that overwrites a version, by `slot@version`. */
  const overwriter = new Map<string, number>();
  const before: Region["assign"][number][][] = regions.map(() => []);
  const known = new Map<string, Node>();
  const keep = (old: Node, slot: Slot, version: number): Node => {
    const name = `${slot.name}@${version}`;
    const made = known.get(name) ?? input(name, old.shape, old.dtype, 1);
    if (!known.has(name)) {
      known.set(name, made);
      kept.push({ ...slot, name, role: "state" });
      before[overwriter.get(name)!]!.push({ slot: name, value: old });
    }
    return made;
  };
  const current = regions.map((region, i): Region => {
    const values = region.assign.map(({ value }) => value);
    const replaced = new Map<string, Node>();
    for (const node of topological(values)) {
      if (node.op.kind !== "input") continue;
      const { name, version } = node.op;
      const slot = slots.get(name);
      if (slot !== undefined && version < (versions.get(name) ?? 0)) {
        replaced.set(node.hash, keep(node, slot, version));
      }
    }
    for (const { slot } of region.assign) {
      const version = versions.get(slot) ?? 0;
      overwriter.set(`${slot}@${version}`, i);
      versions.set(slot, version + 1);
    }
    const rewritten = replaced.size === 0 ? values : substitute(values, replaced);
    return {
      ...region,
      assign: region.assign.map(({ slot }, k) => ({ slot, value: rewritten[k]! })),
    };
  });
  return {
    slots: kept,
    regions: current.flatMap((region, i): Region[] => {
      const assign = before[i]!;
      return assign.length === 0
        ? [region]
        : [{ kind: "straight", period: 1, offset: 0, assign }, region];
    }),
  };
}
