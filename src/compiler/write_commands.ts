/**
 * From planned units to kernels and the commands that run them.
 *
 * @module
 */
import type { AdapterClass } from "../loops/adapter.ts";
import type { ValueId } from "../loops/scalar.ts";
import { sizeOf } from "../tensor/node.ts";
import { isLong, isLongLoop } from "./kernel_size.ts";
import { type Block, type LoopBlock, unitsOf } from "./loop_blocks.ts";
import type { Command, Kernel, Place, Repeat } from "./plan.ts";
import type { RegionKernels } from "./region_kernels.ts";
import { type Seating, STEP_LOOP, type Swap } from "./seating.ts";
import { labelOf, type WorkgroupKernels } from "./workgroup_kernels.ts";
import { labelOfRun, type Run } from "./workgroup_runs.ts";
import { writeKernels, writeWorkgroupKernel, type WrittenKernel } from "./write_kernel.ts";
import type { Seat } from "./write_pieces.ts";
import type { Syntax } from "../../kernels/syntax.ts";

type StoreOf = ReadonlyMap<ValueId, { readonly slot: string; readonly version: number }>;

/** Calls `unit` with the loops around each unit, and `loop` with each loop and its number, all in order. */
function visitLoops(
  regions: readonly (readonly Block[])[],
  unit: (around: ReadonlySet<number>) => void,
  loop: (block: LoopBlock, number: number) => void,
): void {
  let loops = 0;
  const visit = (blocks: readonly Block[], around: ReadonlySet<number>): void => {
    for (const block of blocks) {
      if (block.kind === "unit") unit(around);
      else {
        const own = loops++;
        loop(block, own);
        visit(block.body, new Set([...around, own]));
      }
    }
  };
  for (const blocks of regions) visit(blocks, new Set([STEP_LOOP]));
}

/** The loops around each unit, in order. */
export function loopsAround(
  regions: readonly (readonly Block[])[],
): readonly ReadonlySet<number>[] {
  const around: ReadonlySet<number>[] = [];
  visitLoops(regions, (loops) => around.push(loops), () => {});
  return around;
}

/**
 * The slots that an iteration, or a step, does not overwrite in place. Instead of a copy at its end, the two
 * buffers change places.
 *
 * @param doubled Slots that steps carry so.
 */
export function swapsOf(
  regions: readonly (readonly Block[])[],
  planned: readonly RegionKernels[],
  storeOf: StoreOf,
  inKernels: ReadonlySet<number>,
  doubled: ReadonlySet<string>,
): readonly Swap[] {
  const carriedBy = new Map([...doubled].map((slot) => [slot, STEP_LOOP]));
  visitLoops(regions, () => {}, ({ carried }, loop) => {
    for (const slot of carried) {
      // A loop that runs inside a kernel puts next values in their place by itself.
      if (inKernels.has(loop)) carriedBy.delete(slot);
      else carriedBy.set(slot, loop);
    }
  });
  return planned.flatMap(({ copied }) =>
    [...copied].flatMap((value): Swap[] => {
      const { slot } = storeOf.get(value)!;
      const loop = carriedBy.get(slot);
      return loop === undefined ? [] : [{ loop, slot, value }];
    })
  );
}

function loopsIn(blocks: readonly Block[]): number {
  return blocks.reduce((n, b) => b.kind === "unit" ? n : n + 1 + loopsIn(b.body), 0);
}

/** Kernels and the commands of each region. */
export interface WrittenCommands {
  readonly kernels: readonly Kernel[];
  readonly commands: readonly (readonly Command[])[];
  /** See {@link Plan}. */
  readonly swaps: readonly (readonly [number, number])[];
  /** Loops whose kernels became larger than they should be. */
  readonly large: readonly number[];
}

/** Writes the kernels of all units, and what happens in each region. */
export function writeCommands(
  regions: readonly (readonly Block[])[],
  planned: readonly RegionKernels[],
  swaps: readonly Swap[],
  { kernels: loopKernels, runs, values, copies }: WorkgroupKernels,
  storeOf: StoreOf,
  seating: Seating,
  syntax: Syntax,
  adapter: AdapterClass,
): WrittenCommands {
  const kernels: Kernel[] = [];
  const swapped = new Map(swaps.map((s) => [s.slot, s]));
  const placeOf = (v: ValueId): Place => {
    const { buffer, offset } = seating.seatOf(v);
    return { buffer, offset };
  };
  const copyOf = (slot: string, v: ValueId): Command => ({
    kind: "copy",
    from: placeOf(v),
    to: seating.placeOfSlot(slot),
    words: sizeOf(values[v]!.shape),
  });
  const pairsOf = (of: readonly Swap[]): Repeat["swaps"] => {
    const pairs = of.map(({ slot, value }) =>
      [seating.placeOfSlot(slot).buffer, seating.seatOf(value).buffer] as const
    );
    return [...new Map(pairs.map((pair) => [pair.join(), pair])).values()];
  };
  const seatOf = (v: ValueId): Seat => {
    const slot = copies.get(v);
    if (slot === undefined) return seating.seatOf(v);
    const place = seating.placeOfSlot(slot);
    return { ...place, bufferWords: seating.buffers[place.buffer]!.words, ring: false };
  };
  const large: number[] = [];
  let unit = 0, loops = 0;
  /** After which command the first value of a slot is known. */
  const known = new Map<string, Command>();
  /** The kernels of a run: one, unless that would be large. */
  const written = (run: Run): readonly WrittenKernel[] => {
    const [first, ...more] = run;
    if (more.length === 0) {
      return writeKernels(first!.touches.label, first!, values, seatOf, syntax, adapter);
    }
    const parts = run.map((part) => ({ kind: "part" as const, part }));
    const one = writeWorkgroupKernel(labelOfRun(run), parts, values, seatOf, adapter);
    if (!isLong(one.kernel.source)) return [one];
    const half = run.length >> 1;
    return [...written(run.slice(0, half)), ...written(run.slice(half))];
  };
  const unitCommands = (): Command[] => {
    const plan = planned[unit++]!;
    const commands = runs.get(plan)!.flatMap((run): Command[] => {
      const dispatches = written(run).map(({ kernel, workgroups }): Command => {
        kernels.push(kernel);
        return { kind: "dispatch", kernel: kernels.length - 1, workgroups };
      });
      for (const v of run.flatMap(({ stored }) => stored)) {
        const store = storeOf.get(v);
        if (store?.version === 1) known.set(store.slot, dispatches.at(-1)!);
      }
      return dispatches;
    });
    for (const v of plan.copied) {
      const { slot } = storeOf.get(v)!;
      if (!swapped.has(slot)) commands.push(copyOf(slot, v));
    }
    return commands;
  };
  const loopCommands = (block: LoopBlock): Command[] => {
    const number = loops++;
    const inKernel = loopKernels.get(number);
    if (inKernel !== undefined) {
      const { chunks, loop } = inKernel;
      unit += unitsOf(block.body).length;
      loops += loopsIn(block.body);
      const label = labelOf(block);
      const { kernel, workgroups } = writeWorkgroupKernel(label, [loop], values, seatOf, adapter);
      kernels.push(kernel);
      if (isLongLoop(kernel.source)) large.push(number);
      const once: Command = { kind: "dispatch", kernel: kernels.length - 1, workgroups };
      return chunks === 1
        ? [once]
        : [{ kind: "repeat", times: chunks, commands: [once], swaps: [] }];
    }
    const commands = blockCommands(block.body);
    const own = block.carried.flatMap((slot) => swapped.get(slot) ?? []);
    const active = block.active === undefined ? {} : {
      active: {
        ...seating.placeOfSlot(block.active),
        after: commands.indexOf(known.get(block.active)!) + 1,
      },
    };
    return [
      { kind: "repeat", times: block.times, commands, swaps: pairsOf(own), ...active },
      // After an odd number of iterations the last values lie aside.
      ...block.times % 2 === 0 ? [] : own.map(({ slot, value }) => copyOf(slot, value)),
    ];
  };
  const blockCommands = (blocks: readonly Block[]): Command[] =>
    blocks.flatMap((block) => block.kind === "unit" ? unitCommands() : loopCommands(block));
  return {
    commands: regions.map(blockCommands),
    swaps: pairsOf(swaps.filter(({ loop }) => loop === STEP_LOOP)),
    kernels,
    large,
  };
}
