/**
 * The tiles of a group's kernels.
 *
 * @module
 */
import { failure } from "../errors.ts";
import { type AdapterClass, mostTurns } from "../loops/adapter.ts";
import { indexAtoms } from "../loops/index.ts";
import { scalarVisit, type ValueId } from "../loops/scalar.ts";
import type { Stage, Value } from "../loops/stage.ts";
import type { EpilogueStage, TiledCluster } from "../../kernels/tile.ts";
import { type Afterwards, chooseTile, type ChosenTile } from "../../kernels/tile_search.ts";
import { addressOf } from "./build_stages.ts";
import { type Group, stagesOf } from "./fusion.ts";

/** Elements from which an elementwise kernel handles four neighbours per thread. */
export const VECTOR_ELEMENTS = 2048;
/** Elements of a row that a thread may have, and rows from which there are threads enough. */
const FEW = 8;
const MANY = 512;

/** How many elements an epilogue stage has for each one of the anchor's. */
function elementsPerAnchor({ stage, axes }: EpilogueStage, anchor: Stage): number {
  const followed = new Set<number>();
  const grown = axes.reduce((n, r, i) => {
    if (r.kind === "free") return n * stage.parallel[i]!.extent;
    followed.add(r.anchor);
    return r.kind === "same" ? n : r.kind === "grow" ? n * r.by : n / r.by;
  }, 1);
  return anchor.parallel.reduce((n, a, i) => followed.has(i) ? n : n / a.extent, grown);
}

/** Neighbouring words of a member for each element of the anchor along its last axis, or 0. */
function neighbours({ stage, axes }: EpilogueStage, anchor: Stage): number {
  let words = 1;
  for (let i = axes.length - 1; i >= 0; i--) {
    const r = axes[i]!;
    if (r.kind === "free") words *= stage.parallel[i]!.extent;
    else {
      const by = r.kind === "same" ? 1 : r.kind === "grow" ? r.by : 1 / r.by;
      return r.anchor === anchor.parallel.length - 1 ? words * by : 0;
    }
  }
  return 0;
}

/** What a kernel loads and stores besides what its anchor reads. */
function afterwardsOf({ anchor, epilogue }: Group, stored: readonly ValueId[]): Afterwards {
  const inside = new Set([anchor.value, ...epilogue.map((e) => e.stage.value)]);
  const own = stored.includes(anchor.value);
  const loads = new Map<string, Afterwards["loads"][number]>();
  let stores = own ? 1 : 0, last = own ? 1 : Infinity;
  for (const member of epilogue) {
    scalarVisit(member.stage.body, (s) => {
      if (s.kind !== "load" || inside.has(s.value)) return;
      const moves = anchor.parallel.map(() => false);
      let words = 1;
      const names = new Set<string>();
      for (const x of s.at) {
        indexAtoms(x, (a) => a.kind === "axis" && names.add(a.axis.name));
      }
      member.stage.parallel.forEach((axis, i) => {
        const r = member.axes[i]!;
        if (!names.has(axis.name)) return;
        if (r.kind === "free") words *= axis.extent;
        else moves[r.anchor] = true;
      });
      loads.set(s.key, { moves, words });
    });
    if (!stored.includes(member.stage.value)) continue;
    stores += elementsPerAnchor(member, anchor);
    last = Math.min(last, neighbours(member, anchor));
  }
  return { loads: [...loads.values()], stores, last: last === Infinity ? 0 : last };
}

/** Along which axes the elements of a thread may be no neighbours: none that a member follows in windows. */
function spreadsOf({ anchor, epilogue }: Group): readonly boolean[] {
  return anchor.parallel.map((_, i) =>
    epilogue.every(({ axes }) =>
      axes.every((r) => r.kind === "same" || r.kind === "free" || r.anchor !== i)
    )
  );
}

/** How a group is to be written. */
export interface TilingOptions {
  /** Whether its threads may share memory, and have arrays. */
  readonly memory: boolean;
  /**
   * Multiply-adds of a loop body, at most.
   *
   * @default Infinity
   */
  readonly mostArithmetic?: number;
  /** What a workgroup writes that does all the work, if one does. */
  readonly workgroup?: ReadonlySet<ValueId>;
}

/** The cheapest tile of a group. */
export function tileOf(
  group: Group,
  stored: readonly ValueId[],
  values: readonly Value[],
  adapter: AdapterClass,
  { memory, mostArithmetic = Infinity, workgroup }: TilingOptions,
): ChosenTile {
  const chosen = chooseTile(group.anchor, {
    constraints: group.constraints,
    adapter,
    fixed: group.anchor.combine === "none",
    shapeOf: (v) => values[v]!.shape,
    address: (v, at) => addressOf(at, values[v]!.shape),
    afterwards: afterwardsOf(group, stored),
    spreads: spreadsOf(group),
    memory,
    mostArithmetic,
    ...workgroup === undefined ? {} : { workgroup },
  });
  const most = mostTurns(adapter), { reduce, value } = group.anchor;
  const turns = reduce.reduce((n, a, i) => n * Math.ceil(a.extent / chosen.tile.reduce[i]!), 1);
  if (turns > most) {
    const found = `a loop of ${turns} turns in one thread`;
    throw failure("limit", `kernels/${values[value]!.label}`, found, `at most ${most}`);
  }
  return chosen;
}

/** The clusters that a group is written as: one, or one for each part of its elements. */
export function tiledClusters(
  group: Group,
  stored: readonly ValueId[],
  values: readonly Value[],
  adapter: AdapterClass,
  options: TilingOptions,
): readonly TiledCluster[] {
  const { anchor, epilogue } = group;
  const cluster = { anchor, epilogue: epilogue.map((e) => e.stage), stored };
  const elementwise = anchor.combine === "none";
  const chosen = tileOf(group, stored, values, adapter, options).tile;
  const last = anchor.parallel.length - 1, end = anchor.parallel[last]?.extent ?? 0;
  const size = anchor.parallel.reduce((n, a) => n * a.extent, 1);
  const one = { cluster, epilogue, tile: chosen };
  if (!elementwise || chosen.parallel[last] !== 1) return [one];
  const to = size < VECTOR_ELEMENTS ? 0 : evenElements(group, adapter);
  if (to < end && hasRows(group)) {
    return [{
      cluster,
      epilogue,
      tile: { ...chosen, parallel: chosen.parallel.map((n, i) => i === last ? end : n) },
    }];
  }
  if (size < VECTOR_ELEMENTS) return [one];
  if (to < end && (to < end / 2 || size * to / end < VECTOR_ELEMENTS)) return [one];
  const quads = chosen.parallel.map((n, i) => i === last ? 4 : n);
  const tile = { ...chosen, parallel: quads };
  if (to === end) return [{ cluster, epilogue, tile }];
  return [
    { cluster, epilogue, tile: { ...tile, part: { from: 0, to } } },
    { cluster, epilogue, tile: { ...chosen, part: { from: to, to: end } } },
  ];
}

/**
 * Whether a thread should have all elements of the last axis: where there are few, as in many copies of a function
 * of two numbers, and most of what they load, or which branch they take, is the row's.
 */
function hasRows(group: Group): boolean {
  const { parallel } = group.anchor;
  const extent = parallel.at(-1)?.extent ?? 1;
  const rows = parallel.slice(0, -1).reduce((n, a) => n * a.extent, 1);
  if (extent < 2 || extent > FEW || rows < MANY) return false;
  let still = 0, moving = 0, branches = false;
  for (const { body, parallel: own } of stagesOf(group)) {
    const last = own.at(-1)?.name;
    scalarVisit(body, (s) => {
      if (s.kind === "inside") branches = true;
      if (s.kind !== "load") return;
      let moves = false;
      for (const x of s.at) {
        indexAtoms(x, (a) => moves ||= a.kind === "axis" && a.axis.name === last);
      }
      if (moves) moving++;
      else still++;
    });
  }
  return branches || still >= moving;
}

/** Up to which element of the last axis four neighbours are always on the same side of a range test. */
function evenElements(group: Group, adapter: AdapterClass): number {
  const { anchor, epilogue } = group;
  const axis = anchor.parallel.at(-1)!;
  const same = epilogue.every((e) => e.axes.every((r, i) => r.kind === "same" && r.anchor === i));
  let even = axis.extent - axis.extent % 4, plain = true, tests = false;
  for (const stage of stagesOf(group)) {
    const own = stage.parallel.at(-1)?.name;
    scalarVisit(stage.body, (s) => {
      if (s.kind === "fold") tests = true;
      if (s.kind !== "inside") return;
      tests = true;
      const { terms, constant } = s.index;
      const [only] = terms;
      plain &&= terms.length === 1 && only!.factor === 1 && only!.atom.kind === "axis" &&
        only!.atom.axis.name === own;
      if (constant % 4 !== 0 || s.extent % 4 !== 0) {
        even = Math.min(even, Math.max(0, 4 * Math.floor(-constant / 4)));
      }
    });
  }
  if (!tests) return even === axis.extent ? even : 0;
  return !plain || !same || adapter.kind === "script" ? 0 : even;
}
