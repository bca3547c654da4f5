/**
 * Which stages become one kernel.
 *
 * A stage joins the cluster of a stage that it reads when every access to the anchor's value is,
 * axis by axis, the same axis, a window of it, a repetition of it, or the whole of a small axis.
 * Stages without sums over equal extents share a kernel. Nothing here knows what a stage means.
 *
 * @module
 */
import { type Axis, type Index, indexAxis } from "../loops/index.ts";
import { replaceAxes, scalarHasFold, scalarVisit, type ValueId } from "../loops/scalar.ts";
import type { Nest, Stage } from "../loops/stage.ts";
import type { AxisRelation, EpilogueStage } from "../../kernels/tile.ts";
import { isTooLarge } from "./written_size.ts";

/** What the anchor's tile must satisfy along an axis. */
export interface AxisConstraint {
  /** The tile is a multiple of this. */
  readonly multiple: number;
  /** The tile covers the whole axis. */
  readonly whole: boolean;
}

/** A growing cluster. */
export interface Group {
  readonly anchor: Stage;
  readonly epilogue: EpilogueStage[];
  constraints: AxisConstraint[];
}

/** An axis that a thread covers alone may have this many elements. */
export const SMALL = 32;
/** The same where it evaluates them one by one. */
export const ROW = 64;
/** An epilogue axis of its own may have this many elements. */
const FREE = 16;
/** Elements of the smallest possible tile. */
const LARGEST_TILE = 64;

/** Values that a stage loads. */
export function readsOf(stage: Stage): ReadonlySet<ValueId> {
  const reads = new Set<ValueId>();
  scalarVisit(stage.body, (s) => {
    if (s.kind === "load") reads.add(s.value);
  });
  return reads;
}

/** All coordinates at which `stage` reads `target`, in terms of its own axes, through members of the group. */
export function accesses(
  stage: Stage,
  target: ValueId,
  members: ReadonlyMap<ValueId, Stage>,
): readonly (readonly Index[])[] {
  const found: (readonly Index[])[] = [];
  scalarVisit(stage.body, (s) => {
    if (s.kind !== "load") return;
    if (s.value === target) {
      found.push(s.at);
      return;
    }
    const inner = members.get(s.value);
    if (inner === undefined) return;
    const map = new Map(inner.parallel.map((a, i) => [a.name, s.at[i]!]));
    for (const at of accesses(inner, target, members)) {
      found.push(at.map((x) => replaceAxes(x, map)));
    }
  });
  return found;
}

interface Relation {
  readonly axis: number | undefined;
  readonly kind: "same" | "shrink" | "grow" | "whole";
  readonly by: number;
}

function relate(
  x: Index,
  extent: number,
  parallel: readonly Axis[],
  reduceNames: ReadonlySet<string>,
): Relation | undefined {
  const own = x.terms.filter((t) => !(t.atom.kind === "axis" && reduceNames.has(t.atom.axis.name)));
  const axisOf = (name: string) => parallel.findIndex((a) => a.name === name);
  if (own.length === 0) {
    return x.low >= 0 && x.high < extent ? { axis: undefined, kind: "whole", by: 1 } : undefined;
  }
  const only = own[0]!;
  if (own.length > 1) return undefined;
  if (only.atom.kind === "axis") {
    const axis = axisOf(only.atom.axis.name);
    if (axis < 0) return undefined;
    const spread = x.high - (parallel[axis]!.extent - 1) * only.factor;
    if (only.factor === 1 && x.terms.length === 1 && x.constant === 0) {
      return parallel[axis]!.extent === extent ? { axis, kind: "same", by: 1 } : undefined;
    }
    const by = only.factor;
    const fits = by > 1 && x.low >= 0 && spread < by && parallel[axis]!.extent * by <= extent &&
      (parallel[axis]!.extent + 1) * by > extent;
    return fits ? { axis, kind: "shrink", by } : undefined;
  }
  if (only.atom.kind === "div" && only.factor === 1 && x.terms.length === 1 && x.constant === 0) {
    const { of, by } = only.atom;
    const inner = of.terms[0];
    if (
      of.terms.length !== 1 || of.constant !== 0 || inner?.factor !== 1 ||
      inner.atom.kind !== "axis"
    ) return undefined;
    const axis = axisOf(inner.atom.axis.name);
    return axis >= 0 && parallel[axis]!.extent === extent * by
      ? { axis, kind: "grow", by }
      : undefined;
  }
  return undefined;
}

/** The members whose elements take loops to evaluate where they are read. */
function loopingMembers({ anchor, epilogue }: Group): ReadonlySet<ValueId> {
  const looping = new Set<ValueId>();
  if (anchor.combine === "none" && scalarHasFold(anchor.body)) looping.add(anchor.value);
  for (const { stage } of epilogue) {
    if (scalarHasFold(stage.body) || [...readsOf(stage)].some((v) => looping.has(v))) {
      looping.add(stage.value);
    }
  }
  return looping;
}

/** Whether a stage would evaluate loops of the group again, at other elements than its own. */
function repeatsLoops(group: Group, stage: Stage): boolean {
  const elementsOf = (at: readonly Index[]) =>
    at.flatMap(({ key, terms }) => terms.length === 0 ? [] : [key]).join();
  const own = elementsOf(stage.parallel.map(indexAxis));
  return [...loopingMembers(group)].some((value) =>
    accesses(stage, value, new Map()).some((at) => elementsOf(at) !== own)
  );
}

/** The axes of a stage that have more than one element. */
export function longAxes({ parallel }: Stage): readonly number[] {
  return parallel.flatMap(({ extent }, i) => extent > 1 ? [i] : []);
}

/** Whether a member has an element for each one of the anchor's, in the same order. */
export function isSame({ stage, axes }: EpilogueStage, anchor: Stage): boolean {
  const of = longAxes(anchor), own = longAxes(stage);
  return of.length === own.length && own.every((i, k) => {
    const relation = axes[i]!;
    return relation.kind === "same" && relation.anchor === of[k];
  });
}

/** What a stage would be in a group, with the group's constraints. */
export interface Joined {
  readonly member: EpilogueStage;
  readonly constraints: AxisConstraint[];
}

/** The nest that a group's sums go through its elements by. */
export function nestOf(group: Group): Nest | undefined {
  return stagesOf(group).find(({ nest }) => nest !== undefined)?.nest;
}

/** Whether all members are elements of what a nest goes through. */
export function isFlat({ anchor, epilogue, constraints }: Group, { copies, size }: Nest): boolean {
  const extents = copies > 1 ? [copies, size] : [size];
  const fits = (stage: Stage): boolean => {
    const own = longAxes(stage);
    return stage.combine === "none" && own.length === extents.length &&
      own.every((i, k) => stage.parallel[i]!.extent === extents[k]);
  };
  return fits(anchor) &&
    constraints.every(({ multiple, whole }) => multiple === 1 && !whole) &&
    epilogue.every((member) => fits(member.stage) && isSame(member, anchor));
}

/** The epilogue member that `stage` would be, with the group's constraints, or undefined if it cannot join. */
export function joinGroup(group: Group, stage: Stage): Joined | undefined {
  const joined = joinTile(group, stage);
  if (joined === undefined) return undefined;
  const nests = [nestOf(group), stage.nest].filter((nest) => nest !== undefined);
  const grown: Group = {
    ...group,
    epilogue: [...group.epilogue, joined.member],
    constraints: joined.constraints,
  };
  return nests.every((nest) => nest === nests[0] && isFlat(grown, nest)) ? joined : undefined;
}

function joinTile(group: Group, stage: Stage): Joined | undefined {
  const { anchor } = group;
  const members = new Map(group.epilogue.map((e) => [e.stage.value, e.stage]));
  const small = stage.reduce.reduce((n, a) => n * a.extent, 1);
  const most = anchor.combine === "none" ? ROW : SMALL;
  if (small > most || repeatsLoops(group, stage)) return undefined;
  const reads = accesses(stage, anchor.value, members);
  const constraints = group.constraints.map((c) => ({ ...c }));
  const axes: (AxisRelation | undefined)[] = stage.parallel.map(() => undefined);
  if (reads.length === 0) {
    const of = longAxes(anchor), own = longAxes(stage);
    const equal = stage.combine === "none" && own.length === of.length &&
      own.every((i, k) => stage.parallel[i]!.extent === anchor.parallel[of[k]!]!.extent);
    if (!equal) return undefined;
    const relations = stage.parallel.map((_, i): AxisRelation => {
      const k = own.indexOf(i);
      return k < 0 ? { kind: "free" } : { kind: "same", anchor: of[k]! };
    });
    return { member: { stage, axes: relations }, constraints };
  }
  const reduceNames = new Set(stage.reduce.map((a) => a.name));
  for (const at of accessesWithReduce(stage, anchor.value, members, reduceNames)) {
    for (let i = 0; i < at.length; i++) {
      const extent = anchor.parallel[i]!.extent;
      if (extent === 1) continue;
      const r = relate(at[i]!, extent, stage.parallel, reduceNames);
      if (r === undefined) return undefined;
      if (r.kind === "whole") {
        if (extent > most) return undefined;
        constraints[i] = { multiple: constraints[i]!.multiple, whole: true };
        continue;
      }
      const relation: AxisRelation = r.kind === "same"
        ? { kind: "same", anchor: i }
        : r.kind === "shrink"
        ? { kind: "shrink", anchor: i, by: r.by }
        : { kind: "grow", anchor: i, by: r.by };
      const known = axes[r.axis!];
      if (known !== undefined && JSON.stringify(known) !== JSON.stringify(relation)) {
        return undefined;
      }
      if (
        axes.some((a, j) => j !== r.axis && a !== undefined && a.kind !== "free" && a.anchor === i)
      ) return undefined;
      axes[r.axis!] = relation;
      if (r.kind === "shrink") {
        const m = constraints[i]!.multiple;
        constraints[i] = { multiple: leastCommonMultiple(m, r.by), whole: constraints[i]!.whole };
      }
    }
  }
  // Every anchor axis must be followed by an axis of the stage or be covered by one thread.
  for (let i = 0; i < anchor.parallel.length; i++) {
    const extent = anchor.parallel[i]!.extent;
    const followed = axes.some((a) => a !== undefined && a.kind !== "free" && a.anchor === i);
    if (extent > 1 && !followed && !constraints[i]!.whole) return undefined;
  }
  let free = 1;
  stage.parallel.forEach((a, j) => {
    if (axes[j] !== undefined) return;
    if (a.extent > 1) free *= a.extent;
    axes[j] = { kind: "free" };
  });
  if (free > FREE) return undefined;
  const least = constraints.reduce(
    (n, c, i) => n * (c.whole ? anchor.parallel[i]!.extent : c.multiple),
    1,
  );
  if (least > LARGEST_TILE) return undefined;
  const member: EpilogueStage = { stage, axes: axes as AxisRelation[] };
  const tile = constraints.map((c, i) => c.whole ? anchor.parallel[i]!.extent : c.multiple);
  if (isTooLarge(anchor, [...group.epilogue, member], tile)) return undefined;
  return { member, constraints };
}

/** Accesses through members that sum over small axes keep those axes as variables of their own. */
function accessesWithReduce(
  stage: Stage,
  target: ValueId,
  members: ReadonlyMap<ValueId, Stage>,
  reduceNames: Set<string>,
): readonly (readonly Index[])[] {
  for (const member of members.values()) for (const a of member.reduce) reduceNames.add(a.name);
  return accesses(stage, target, members);
}

function leastCommonMultiple(a: number, b: number): number {
  let x = a, y = b;
  while (y > 0) [x, y] = [y, x % y];
  return a / x * b;
}

/** A group of one stage. */
export function groupOf(anchor: Stage): Group {
  return {
    anchor,
    epilogue: [],
    constraints: anchor.parallel.map(() => ({ multiple: 1, whole: false })),
  };
}

/** The stages of a group. */
export function stagesOf(group: Group): readonly Stage[] {
  return [group.anchor, ...group.epilogue.map((e) => e.stage)];
}

/**
 * Greedy growth in order of dependence: each stage joins a group that it reads, or one of equal
 * extents, if that makes no cycle between kernels.
 *
 * @param sealed Values whose groups take no epilogue (partial sums).
 * @param fits Whether a kernel could bind these values.
 * @param urgent Values that are to be known soon: no stage joins their kernels, which could make them wait.
 * @param rounded Whether sums that are written out in another's kernel are rounded at every step, and others at the
 * end: then none is, since what a sum gives is not to depend on what else is computed.
 */
export function formGroups(
  stages: readonly Stage[],
  sealed: ReadonlySet<ValueId>,
  fits: (touched: ReadonlySet<ValueId>) => boolean,
  urgent: ReadonlySet<ValueId>,
  rounded: boolean,
): Group[] {
  const groups: Group[] = [];
  const home = new Map<ValueId, Group>();
  const reads = new Map(stages.map((s) => [s.value, readsOf(s)]));
  const dependsOn = (group: Group, target: Group): boolean => {
    const seen = new Set<Group>();
    const stack = [group];
    while (stack.length > 0) {
      const g = stack.pop()!;
      if (g === target) return true;
      if (seen.has(g)) continue;
      seen.add(g);
      for (const s of stagesOf(g)) {
        for (const v of reads.get(s.value)!) if (home.has(v)) stack.push(home.get(v)!);
      }
    }
    return false;
  };
  const legal = (group: Group, stage: Stage): boolean => {
    if (sealed.has(group.anchor.value) || (rounded && stage.combine === "sum")) return false;
    // Who reads a value of which some elements are stored reads the others too.
    if (stage.place !== undefined || group.anchor.place !== undefined) return false;
    const touched = new Set(
      [...stagesOf(group), stage].flatMap((s) => [s.value, ...reads.get(s.value)!]),
    );
    if (!fits(touched)) return false;
    if (stagesOf(group).some((s) => urgent.has(s.value))) return false;
    for (const v of reads.get(stage.value)!) {
      const source = home.get(v);
      if (source !== undefined && source !== group && dependsOn(source, group)) return false;
    }
    return true;
  };
  for (const stage of stages) {
    const sources = [
      ...new Set([...reads.get(stage.value)!].flatMap((v) => home.has(v) ? [home.get(v)!] : [])),
    ]
      .reverse();
    // The kernels that the stage reads come first, those with equal extents after them.
    const peers = groups.filter((g) =>
      !sources.includes(g) && !urgent.has(stage.value) && g.anchor.combine === "none"
    );
    const found = [...sources, ...peers].find((g) =>
      legal(g, stage) && joinGroup(g, stage) !== undefined
    );
    if (found === undefined) {
      const group = groupOf(stage);
      groups.push(group);
      home.set(stage.value, group);
    } else {
      const joined = joinGroup(found, stage)!;
      found.epilogue.push(joined.member);
      found.constraints = joined.constraints;
      home.set(stage.value, found);
    }
  }
  return order(groups, home, reads);
}

/** Kernels in order of dependence. */
function order(
  groups: readonly Group[],
  home: ReadonlyMap<ValueId, Group>,
  reads: ReadonlyMap<ValueId, ReadonlySet<ValueId>>,
): Group[] {
  const done = new Set<Group>();
  const result: Group[] = [];
  const visit = (g: Group): void => {
    if (done.has(g)) return;
    done.add(g);
    for (const s of stagesOf(g)) {
      for (const v of reads.get(s.value)!) {
        const source = home.get(v);
        if (source !== undefined && source !== g) visit(source);
      }
    }
    result.push(g);
  };
  groups.forEach(visit);
  return result;
}
