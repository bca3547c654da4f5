/**
 * The order of a region's kernels, and which stores happen in place.
 *
 * @module
 */
import type { Slot } from "../lowering/program.ts";
import { indexAxis } from "../loops/index.ts";
import type { ValueId } from "../loops/scalar.ts";
import type { Stage, Value } from "../loops/stage.ts";
import { accesses, type Group, isSame, readsOf, stagesOf } from "./fusion.ts";
import type { Touches } from "./memory.ts";

/** A kernel of a region. */
export interface PlannedKernel {
  readonly group: Group;
  readonly stored: readonly ValueId[];
  readonly touches: Touches;
}

/** The kernels of a region, in the order in which they run. */
export interface RegionKernels {
  readonly kernels: readonly PlannedKernel[];
  /**
   * Stores that are not in place: computed aside, and copied at the end of the region unless the two change
   * places.
   */
  readonly copied: ReadonlySet<ValueId>;
}

/**
 * Orders the kernels of a region so that what is overwritten has been read, and says what cannot be.
 * What is `urgent` comes as soon as it can.
 *
 * @param doubled Slots that may be computed aside: in place, who reads and writes one could not read it
 * through a window.
 */
export function planRegion(
  groups: readonly Group[],
  values: readonly Value[],
  storeOf: ReadonlyMap<ValueId, { readonly slot: string; readonly version: number }>,
  crossing: ReadonlySet<ValueId>,
  slots: ReadonlyMap<string, Slot>,
  loops: ReadonlySet<number>,
  urgent: ReadonlySet<ValueId>,
  doubled: ReadonlySet<string>,
): RegionKernels {
  const homes = new Map<ValueId, Group>();
  for (const g of groups) for (const s of stagesOf(g)) homes.set(s.value, g);
  const reads = new Map(
    groups.map((g) => [g, new Set(stagesOf(g).flatMap((s) => [...readsOf(s)]))]),
  );
  const edges = new Map<Group, Set<Group>>(groups.map((g) => [
    g,
    new Set([...reads.get(g)!].flatMap((v) => {
      const source = homes.get(v);
      return source !== undefined && source !== g ? [source] : [];
    })),
  ]));
  const reaches = (from: Group, to: Group): boolean => {
    const seen = new Set<Group>();
    const stack = [from];
    while (stack.length > 0) {
      const g = stack.pop()!;
      if (g === to) return true;
      if (seen.has(g)) continue;
      seen.add(g);
      stack.push(...edges.get(g)!);
    }
    return false;
  };
  const copied = new Set<ValueId>();
  for (const [v, store] of storeOf) {
    const writer = homes.get(v);
    if (writer === undefined || slots.get(store.slot)!.role === "record") continue;
    const old = new Set(
      values.filter((x) =>
        x.source.kind === "slot" && x.source.slot === store.slot && x.source.version < store.version
      )
        .map((x) => x.id),
    );
    const readers = groups.filter((g) => [...old].some((o) => reads.get(g)!.has(o)));
    const inPlace = readers.every((g) =>
      g === writer ? identical(writer, v, old) : !reaches(g, writer)
    );
    const apart = doubled.has(store.slot) && readers.includes(writer);
    if (!inPlace || apart) copied.add(v);
    else for (const g of readers) if (g !== writer) edges.get(writer)!.add(g);
  }
  const done = new Set<Group>();
  const order: Group[] = [];
  const visit = (g: Group): void => {
    if (done.has(g)) return;
    done.add(g);
    edges.get(g)!.forEach(visit);
    order.push(g);
  };
  groups.filter((g) => stagesOf(g).some((s) => urgent.has(s.value))).forEach(visit);
  groups.forEach(visit);
  return {
    copied,
    kernels: order.map((group) => {
      const inside = new Set(stagesOf(group).map((s) => s.value));
      const stored = [...inside].filter((v) =>
        storeOf.has(v) || crossing.has(v) || groups.some((g) => g !== group && reads.get(g)!.has(v))
      );
      const outside = new Set([...reads.get(group)!].filter((v) => !inside.has(v)));
      const label = stored.map((v) => values[v]!.label).join(" + ");
      const { parallel, reduce } = group.anchor;
      const work = [...parallel, ...reduce].reduce((n, a) => n * a.extent, 1);
      const touches = { label, reads: outside, writes: new Set(stored), loops, work };
      return { group, stored, touches };
    }),
  };
}

/** Whether a kernel reads old values of the slot it writes only where the same thread writes. */
function identical(group: Group, written: ValueId, old: ReadonlySet<ValueId>): boolean {
  const same = (stage: Stage): boolean => {
    if (stage === group.anchor) return true;
    const member = group.epilogue.find((e) => e.stage === stage);
    return member !== undefined && isSame(member, group.anchor);
  };
  const writer = stagesOf(group).find((s) => s.value === written)!;
  if (group.anchor.parallel.every((a) => a.extent === 1)) return true;
  if (!same(writer)) return false;
  // A member is evaluated where it is read: what counts is where that reads the slot in the end.
  const members = new Map(group.epilogue.map((e) => [e.stage.value, e.stage]));
  return stagesOf(group).every((stage) => {
    const own = stage.place ?? stage.parallel.map(indexAxis);
    return [...old].flatMap((o) => accesses(stage, o, members)).every((at) =>
      same(stage) && at.length === own.length && at.every((x, i) => x.key === own[i]!.key)
    );
  });
}
