/**
 * Which loops run inside one kernel: those whose iterations are so small that one workgroup does them
 * sooner than the device begins as many kernels.
 *
 * @module
 */
import { type AdapterClass, mostTurns } from "../loops/adapter.ts";
import { type Axis, indexAxis } from "../loops/index.ts";
import { scalarLoad, scalarVisit, type ValueId } from "../loops/scalar.ts";
import type { Stage, Value } from "../loops/stage.ts";
import { groupOf, nestOf, stagesOf } from "./fusion.ts";
import type { Block, LoopBlock } from "./loop_blocks.ts";
import type { Touches } from "./memory.ts";
import type { RegionKernels } from "./region_kernels.ts";
import { sizeOf } from "../tensor/node.ts";
import { costOf, type Part, type Phase, withoutWindows, workgroupLanes } from "./write_kernel.ts";

/** In nanoseconds. */
interface Costs {
  /** Until a kernel begins. */
  readonly dispatch: number;
  /** Between two parts of a workgroup. */
  readonly barrier: number;
  /** How much longer one workgroup takes than the whole device. */
  readonly slower: number;
}

const COSTS: { readonly [K in AdapterClass["kind"]]: Costs } = {
  cpu: { dispatch: 20_000, barrier: 50, slower: 2 },
  gpu: { dispatch: 5000, barrier: 200, slower: 16 },
  script: { dispatch: 0, barrier: 0, slower: 1 },
};

/** Parts of one kernel, all of which are compiled together. */
const MOST_PARTS = 24;

/** A loop that runs inside a kernel, which is dispatched `chunks` times. */
export interface WorkgroupLoop {
  readonly chunks: number;
  readonly loop: Extract<Phase, { readonly kind: "loop" }>;
}

/** Numbered loops with what their units do, and the loops that run inside one kernel. */
export interface WorkgroupLoops {
  /** The phases of a loop that is one kernel, by its number; loops inside it are not in here. */
  readonly kernels: ReadonlyMap<number, WorkgroupLoop>;
  /** The loops that are in kernels, those inside others as well. */
  readonly inside: ReadonlySet<number>;
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
): readonly Planned[] {
  let units = 0, loops = 0;
  const visit = (block: Block): Planned => {
    if (block.kind === "unit") return { kind: "unit", plan: planned[units++]! };
    const number = loops++;
    return { kind: "loop", number, block, body: block.body.map(visit) };
  };
  return regions.flatMap((blocks) => blocks.map(visit));
}

/** At least as many turns as the loops of a lane take in an iteration. */
function turnsOf(
  blocks: readonly Planned[],
  values: readonly Value[],
  adapter: AdapterClass,
): number {
  const lanes = workgroupLanes(adapter);
  const around = (elements: number) => Math.ceil(elements / lanes);
  return blocks.reduce((turns, block) => {
    if (block.kind === "loop") {
      return turns + block.block.times * turnsOf(block.body, values, adapter);
    }
    const { kernels, copied } = block.plan;
    const parts = kernels.map(({ group }) => {
      const { parallel, reduce } = group.anchor, nest = nestOf(group);
      let inside = 2 * product(reduce) * (nest?.block ?? 1);
      for (const stage of stagesOf(group)) {
        scalarVisit(stage.body, (s) => inside *= s.kind === "fold" ? 2 * s.axis.extent : 1);
      }
      const threads = nest === undefined ? product(parallel) : nest.threads * nest.copies;
      return around(threads) * (1 + inside);
    });
    const copies = [...copied].map((v) => around(sizeOf(values[v]!.shape)));
    return [...parts, ...copies].reduce((a, b) => a + b, turns);
  }, 1);
}

const product = (axes: readonly Axis[]): number => axes.reduce((n, a) => n * a.extent, 1);

/** Which loops may run inside a kernel. */
export interface WorkgroupLoopOptions {
  /** How many times as long as by kernels of its own a loop may take. */
  readonly mostTime: number;
  /** Numbers of loops that may not. */
  readonly except: ReadonlySet<number>;
}

/**
 * Chooses the loops.
 *
 * @param storeOf Which slot a value is the next one of.
 * @param bindable Whether a kernel could bind these values; slots that are `apart` share no buffer.
 */
export function workgroupLoops(
  regions: readonly (readonly Block[])[],
  planned: readonly RegionKernels[],
  given: readonly Value[],
  storeOf: ReadonlyMap<ValueId, { readonly slot: string; readonly version: number }>,
  bindable: (touched: ReadonlySet<ValueId>, apart: ReadonlySet<string>) => boolean,
  adapter: AdapterClass,
  { mostTime, except }: WorkgroupLoopOptions,
): WorkgroupLoops {
  const { dispatch, barrier, slower } = COSTS[adapter.kind];
  const values = [...given];
  const copies = new Map<ValueId, string>();
  const kernels = new Map<number, WorkgroupLoop>();
  const inside = new Set<number>();
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
  const costsOf = (blocks: readonly Planned[]): { workgroup: number; device: number } => {
    let workgroup = 0, device = 0;
    for (const block of blocks) {
      if (block.kind === "loop") {
        const inner = costsOf(block.body);
        workgroup += block.block.times * inner.workgroup;
        device += block.block.times * inner.device;
        continue;
      }
      for (const part of block.plan.kernels) {
        workgroup += costOf(part, values, withoutWindows(adapter)) + barrier;
        device += costOf(part, values, adapter) / slower + dispatch;
      }
      for (const v of block.plan.copied) workgroup += 2 * sizeOf(values[v]!.shape) + barrier;
    }
    return { workgroup, device };
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
    const { workgroup, device } = costsOf(body);
    if (workgroup > mostTime * device || turnsOf(body, values, adapter) > mostTurns(adapter)) {
      return false;
    }
    const touched = parts.flatMap(({ touches: { reads, writes } }) => [...reads, ...writes]);
    // What the loops around carry may change places, and shares with its like alone.
    return bindable(new Set(touched), around);
  };
  const visit = (block: Planned, around: ReadonlySet<string>): void => {
    if (block.kind === "unit") {
      touches.push(...block.plan.kernels.map((k) => k.touches));
      return;
    }
    if (!fits(block, around)) {
      const carried = around.union(new Set(block.block.carried));
      return block.body.forEach((b) => visit(b, carried));
    }
    const { times } = block.block;
    const most = Math.floor(mostTurns(adapter) / turnsOf(block.body, values, adapter));
    let inOne = Math.min(times, most);
    while (times % inOne !== 0) inOne--;
    kernels.set(block.number, { chunks: times / inOne, loop: { ...loopOf(block), times: inOne } });
    for (const number of [block.number, ...numbersIn(block.body)]) inside.add(number);
    const all = plansIn(block.body).flatMap((p) => p.kernels.map((k) => k.touches));
    const union = (of: (t: Touches) => ReadonlySet<ValueId>) =>
      new Set(all.flatMap((t) => [...of(t)]));
    touches.push({
      label: labelOf(block.block),
      reads: union((t) => t.reads),
      writes: union((t) => t.writes),
      loops: all[0]!.loops.difference(new Set([block.number, ...numbersIn(block.body)])),
    });
  };
  numbered(regions, planned).forEach((block) => visit(block, new Set()));
  return { kernels, inside, touches, values, copies };
}

/** What a loop is called. */
export function labelOf({ times, carried }: LoopBlock): string {
  return `${times} × ${carried.join(" + ")}`;
}
