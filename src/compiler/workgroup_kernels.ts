/**
 * What runs inside one kernel: loops whose iterations, and runs of kernels that, are so small that one
 * workgroup does them sooner than the device begins as many kernels.
 *
 * @module
 */
import { type AdapterClass, mostTurns } from "../loops/adapter.ts";
import { indexAxis } from "../loops/index.ts";
import { scalarLoad, type ValueId } from "../loops/scalar.ts";
import type { Stage, Value } from "../loops/stage.ts";
import { groupOf } from "./fusion.ts";
import type { Block, LoopBlock } from "./loop_blocks.ts";
import type { Touches } from "./memory.ts";
import type { PlannedKernel, RegionKernels } from "./region_kernels.ts";
import { sizeOf } from "../tensor/node.ts";
import {
  deviceCost,
  MOST_PARTS,
  turnsAround,
  turnsOf,
  WORKGROUP_COSTS,
} from "./workgroup_costs.ts";
import { labelOfRun, type Run, runsOf } from "./workgroup_runs.ts";
import { costOf, type Part, type Phase } from "./write_kernel.ts";

/** A loop that runs inside a kernel, which is dispatched `chunks` times. */
export interface WorkgroupLoop {
  readonly chunks: number;
  readonly loop: Extract<Phase, { readonly kind: "loop" }>;
}

/** Numbered loops with what their units do, and what runs inside one kernel. */
export interface WorkgroupKernels {
  /** The phases of a loop that is one kernel, by its number; loops inside it are not in here. */
  readonly kernels: ReadonlyMap<number, WorkgroupLoop>;
  /** The loops that are in kernels, those inside others as well. */
  readonly inside: ReadonlySet<number>;
  /** The kernels of units that are not in such loops, in runs. */
  readonly runs: ReadonlyMap<RegionKernels, readonly Run[]>;
  /** What the kernels touch, in order; what is in one kernel is touched together. */
  readonly touches: readonly Touches[];
  /** The values, with those that are copied inside kernels. */
  readonly values: readonly Value[];
  /** Values that are seated where a slot is. */
  readonly copies: ReadonlyMap<ValueId, string>;
}

/** A region's blocks with the kernels of their units, and the numbers of their loops. */
type Planned =
  | { readonly kind: "unit"; readonly plan: RegionKernels }
  | {
    readonly kind: "loop";
    readonly number: number;
    readonly block: LoopBlock;
    readonly body: readonly Planned[];
  };

function numbered(
  regions: readonly (readonly Block[])[],
  planned: readonly RegionKernels[],
): readonly (readonly Planned[])[] {
  let units = 0, loops = 0;
  const visit = (block: Block): Planned => {
    if (block.kind === "unit") return { kind: "unit", plan: planned[units++]! };
    const number = loops++;
    return { kind: "loop", number, block, body: block.body.map(visit) };
  };
  return regions.map((blocks) => blocks.map(visit));
}

/** At least as many turns as the loops of a lane take in an iteration. */
function turnsIn(
  blocks: readonly Planned[],
  values: readonly Value[],
  adapter: AdapterClass,
): number {
  return blocks.reduce((turns, block) => {
    if (block.kind === "loop") {
      return turns + block.block.times * turnsIn(block.body, values, adapter);
    }
    const { kernels, copied } = block.plan;
    const parts = kernels.map(({ group }) => turnsOf(group, adapter));
    const copies = [...copied].map((v) => turnsAround(sizeOf(values[v]!.shape), adapter));
    return [...parts, ...copies].reduce((a, b) => a + b, turns);
  }, 1);
}

/** What may run inside a kernel. */
export interface WorkgroupOptions {
  /** How many times as long as by kernels of its own it may take; with 0 nothing does so. */
  readonly mostTime: number;
  /** Numbers of loops that may not. */
  readonly except: ReadonlySet<number>;
}

/**
 * Chooses the loops and the runs.
 *
 * @param periods Of the regions, in steps.
 * @param storeOf Which slot a value is the next one of.
 * @param urgent Values that are to be known soon.
 * @param bindable Whether a kernel could bind these values; slots that are `apart` share no buffer.
 */
export function workgroupKernels(
  regions: readonly (readonly Block[])[],
  periods: readonly number[],
  planned: readonly RegionKernels[],
  given: readonly Value[],
  storeOf: ReadonlyMap<ValueId, { readonly slot: string; readonly version: number }>,
  urgent: ReadonlySet<ValueId>,
  bindable: (touched: ReadonlySet<ValueId>, apart: ReadonlySet<string>) => boolean,
  adapter: AdapterClass,
  { mostTime, except }: WorkgroupOptions,
): WorkgroupKernels {
  const { dispatch, barrier } = WORKGROUP_COSTS[adapter.kind];
  const values = [...given];
  const copies = new Map<ValueId, string>();
  const kernels = new Map<number, WorkgroupLoop>();
  const inside = new Set<number>();
  const runs = new Map<RegionKernels, readonly Run[]>();
  const touches: Touches[] = [];

  /** The next value of a slot is put in its place at the end of an iteration. */
  const copied = (v: ValueId): Part => {
    const { shape, dtype, label } = values[v]!;
    const value = values.length;
    values.push({ id: value, label: `${label} kept`, shape, dtype, source: { kind: "stage" } });
    copies.set(value, storeOf.get(v)!.slot);
    const parallel = shape.map((extent, i) => ({ name: `k${i}`, extent }));
    const body = scalarLoad(v, parallel.map(indexAxis), dtype);
    const stage: Stage = { value, parallel, reduce: [], combine: "none", body };
    return { group: groupOf(stage), stored: [value] };
  };
  const phasesOf = (blocks: readonly Planned[]): readonly Phase[] =>
    blocks.flatMap((block): readonly Phase[] => {
      if (block.kind === "loop") return [loopOf(block)];
      const { kernels, copied: aside } = block.plan;
      return [...kernels, ...[...aside].map(copied)].map((part) => ({ kind: "part", part }));
    });
  const loopOf = ({ block: { times, active }, body }: Planned & { kind: "loop" }) => {
    const word = [...storeOf].find(([, { slot }]) => slot === active)?.[0];
    return {
      kind: "loop" as const,
      times,
      phases: phasesOf(body),
      ...word === undefined ? {} : { active: word },
    };
  };
  const plansIn = (blocks: readonly Planned[]): readonly RegionKernels[] =>
    blocks.flatMap((b) => b.kind === "unit" ? [b.plan] : plansIn(b.body));
  const numbersIn = (blocks: readonly Planned[]): readonly number[] =>
    blocks.flatMap((b) => b.kind === "unit" ? [] : [b.number, ...numbersIn(b.body)]);

  /** What an iteration takes: as parts of a workgroup, and as kernels of the device. */
  const costsOf = (
    blocks: readonly Planned[],
    written: ReadonlySet<ValueId>,
  ): { workgroup: number; device: number } => {
    let workgroup = 0, device = 0;
    for (const block of blocks) {
      if (block.kind === "loop") {
        const inner = costsOf(block.body, written);
        workgroup += block.block.times * inner.workgroup;
        device += block.block.times * inner.device;
        continue;
      }
      for (const part of block.plan.kernels) {
        workgroup += costOf(part, values, adapter, written) + barrier;
        device += deviceCost(part, values, adapter) + dispatch;
      }
      for (const v of block.plan.copied) workgroup += 2 * sizeOf(values[v]!.shape) + barrier;
    }
    return { workgroup, device };
  };
  /** Whether that is so where no two values share a buffer: none that others read becomes one that is written. */
  const bindableApart = (run: Run): boolean => {
    const { reads, writes } = touchedBy(run, "");
    const buffers = [...reads, ...writes].map((v) => {
      const { source } = values[v]!, store = storeOf.get(v);
      if (source.kind === "host") return "host";
      if (source.kind === "slot" && source.version === 0) return source.slot;
      const slot = source.kind === "slot" ? source.slot : store?.slot;
      return slot === undefined ? v : `${slot} next`;
    });
    return new Set(buffers).size <= adapter.maxBindings;
  };
  const fits = (
    { number, body }: Planned & { kind: "loop" },
    around: ReadonlySet<string>,
  ): boolean => {
    const plans = plansIn(body);
    const parts = plans.flatMap((p) => p.kernels);
    if (mostTime === 0 || except.has(number) || parts.length === 0 || parts.length > MOST_PARTS) {
      return false;
    }
    const { workgroup, device } = costsOf(body, writtenBy(parts));
    if (workgroup > mostTime * device || turnsIn(body, values, adapter) > mostTurns(adapter)) {
      return false;
    }
    const touched = parts.flatMap(({ touches: { reads, writes } }) => [...reads, ...writes]);
    // What the loops around carry may change places, and shares with its like alone.
    return bindable(new Set(touched), around);
  };
  const visit = (block: Planned, around: ReadonlySet<string>, often: number): void => {
    if (block.kind === "unit") {
      const { plan } = block;
      const own = runsOf(plan.kernels, {
        values,
        adapter,
        mostTime,
        often,
        bindable: bindableApart,
        urgent,
      });
      runs.set(plan, own);
      touches.push(...own.map((run) => touchedBy(run, labelOfRun(run))));
      return;
    }
    if (!fits(block, around)) {
      const carried = around.union(new Set(block.block.carried));
      return block.body.forEach((b) => visit(b, carried, often * block.block.times));
    }
    const { times } = block.block;
    const most = Math.floor(mostTurns(adapter) / turnsIn(block.body, values, adapter));
    let inOne = Math.min(times, most);
    while (times % inOne !== 0) inOne--;
    kernels.set(block.number, { chunks: times / inOne, loop: { ...loopOf(block), times: inOne } });
    for (const number of [block.number, ...numbersIn(block.body)]) inside.add(number);
    const { loops, ...all } = touchedBy(
      plansIn(block.body).flatMap((p) => p.kernels),
      labelOf(block.block),
    );
    const own = new Set([block.number, ...numbersIn(block.body)]);
    touches.push({ ...all, loops: loops.difference(own) });
  };
  numbered(regions, planned).forEach((blocks, i) =>
    blocks.forEach((block) => visit(block, new Set(), 1 / periods[i]!))
  );
  return { kernels, inside, runs, touches, values, copies };
}

/** What kernels store. */
function writtenBy(kernels: readonly PlannedKernel[]): ReadonlySet<ValueId> {
  return new Set(kernels.flatMap(({ stored }) => stored));
}

/** What kernels touch together. */
function touchedBy(kernels: readonly PlannedKernel[], label: string): Touches {
  const all = kernels.map((k) => k.touches);
  return {
    label,
    reads: new Set(all.flatMap((t) => [...t.reads])),
    writes: new Set(all.flatMap((t) => [...t.writes])),
    loops: all[0]!.loops,
    work: all.reduce((sum, t) => sum + t.work, 0),
  };
}

/** What a loop is called. */
export function labelOf({ times, carried }: LoopBlock): string {
  return `${times} × ${carried.join(" + ")}`;
}
