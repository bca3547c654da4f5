/**
 * The compiler: from a step program to a plan of kernels.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { failure, SteepestError } from "../errors.ts";
import type { StepProgram } from "../lowering/program.ts";
import type { AdapterClass } from "../loops/adapter.ts";
import type { ValueId } from "../loops/scalar.ts";
import type { Value } from "../loops/stage.ts";
import { simplify } from "../tensor/simplify.ts";
import { buildStages, type Store, type StoreUnit } from "./build_stages.ts";
import { doubledFrom, doubledSlots } from "./doubled_slots.ts";
import { storeEarly } from "./early_stores.ts";
import { formGroups, readsOf, stagesOf } from "./fusion.ts";
import { gateLoops } from "./gates.ts";
import { hostInput, splitHost } from "./host.ts";
import { type Excess, excessOf } from "./limits.ts";
import {
  activeSlots,
  type Block,
  cutLoops,
  hoistedNodes,
  unitsOf,
  withValues,
} from "./loop_blocks.ts";
import { mayFill, passesOf } from "./pass_size.ts";
import { keepOldVersions } from "./old_versions.ts";
import type { Plan } from "./plan.ts";
import { prepare } from "./prepare.ts";
import { askPositiveParts } from "./rectified.ts";
import { planRegion } from "./region_kernels.ts";
import { replicate } from "./replicate.ts";
import { leastBindings } from "./least_bindings.ts";
import { seatValues } from "./seating.ts";
import { sharedNodes } from "./shared_nodes.ts";
import { shareSums } from "./flat_sums.ts";
import { foldSums, splitSums } from "./split_sums.ts";
import { loopsAround, swapsOf, writeCommands } from "./write_commands.ts";
import { workgroupKernels } from "./workgroup_kernels.ts";
import { WRITTEN_OUT, type WrittenOut } from "./written_out.ts";
import { js } from "../../kernels/syntax_js.ts";
import { wgsl } from "../../kernels/syntax_wgsl.ts";

/** What a plan is made for. */
export interface PlanOptions {
  readonly replicas: number;
  readonly target: "wgsl" | "js";
  readonly adapter: AdapterClass;
  /** Loops up to this size are written out. */
  readonly writtenOut?: WrittenOut;
  /** Told which part of the work is next: regions to plan, and one to write the kernels. */
  readonly progress?: (done: number, total: number) => void;
  /**
   * How many times as long as kernels of their own loops and runs of kernels may take inside one kernel, by
   * estimate: with 0 none does so, with Infinity each that can.
   *
   * @default 1
   */
  readonly oneKernel?: number;
  /**
   * Words from which parameters and state that each step assigns once are computed aside, and change places
   * after the step.
   *
   * @default 8192 where kernels read through windows, Infinity elsewhere
   */
  readonly doubled?: number;
}

/** A plan of some of the copies, and how many times over it takes to run them all. */
export interface PassPlan {
  /** Of `plan.replicas` copies. */
  readonly plan: Plan;
  /** The copies of the last pass that are too many are run and forgotten. */
  readonly passes: number;
}

function tryPlan(program: StepProgram, options: PlanOptions): E.Either<SteepestError, Plan> {
  return E.tryCatch(() => planOf(program, options), (error) => {
    if (error instanceof SteepestError) return error;
    throw error;
  });
}

function tooLarge(excess: readonly Excess[]): SteepestError {
  return new SteepestError("limit", excess.map((e) => e.issue));
}

/** Plans a step program. Problems come back as the typed error that names what is at fault. */
export function compilePlan(
  program: StepProgram,
  options: PlanOptions,
): E.Either<SteepestError, Plan> {
  return E.flatMap((plan: Plan) => {
    const excess = excessOf(plan, options.adapter);
    return excess.length === 0 ? E.right(plan) : E.left(tooLarge(excess));
  })(tryPlan(program, options));
}

/**
 * Plans as many copies at once as the device can bind and its caches hold, in as few passes as that takes;
 * all passes are of equal size. Left: whatever {@link compilePlan} finds where one copy alone is too large.
 */
export function planPasses(
  program: StepProgram,
  options: PlanOptions,
): E.Either<SteepestError, PassPlan> {
  const { replicas, adapter } = options;
  const planOfCopies = (together: number) => tryPlan(program, { ...options, replicas: together });
  const alone = replicas > 1 && mayFill(options) ? planOfCopies(1) : undefined;
  let passes = alone !== undefined && E.isRight(alone) ? passesOf(alone.right, replicas) : 1;
  for (;;) {
    const together = Math.ceil(replicas / passes);
    const planned = together === 1 && alone !== undefined ? alone : planOfCopies(together);
    if (E.isLeft(planned) && (planned.left.kind !== "limit" || together === 1)) return planned;
    // Where a kernel has too many buffers, those of fewer copies can be put together.
    const excess = E.isLeft(planned) ? undefined : excessOf(planned.right, adapter);
    if (E.isRight(planned) && excess?.length === 0) return E.right({ plan: planned.right, passes });
    if (together === 1) return E.left(tooLarge(excess ?? []));
    const times = Math.max(...excess?.map((e) => e.times) ?? [2]);
    passes = Math.ceil(replicas / Math.max(1, Math.floor(together / times)));
  }
}

/** @param inPart Whether slots may be stored in part. */
function planOf(program: StepProgram, options: PlanOptions, inPart = true): Plan {
  const {
    replicas,
    target,
    adapter,
    writtenOut = WRITTEN_OUT,
    oneKernel = 1,
    doubled: doubledWords = doubledFrom(target, adapter),
    progress = () => undefined,
  } = options;
  const host = splitHost(program, replicas);
  const own = new Map(program.slots.map((s) => [s.name, s]));
  const kept = keepOldVersions(host.regions, own);
  const split = { ...host, regions: kept.regions };
  const slots = new Map([...own, ...kept.slots.map((s) => [s.name, s] as const)]);
  const words = new Map(split.hostScalars.map((s) => [hostInput(s.word), s]));

  // One graph for all replicas.
  const assigned = split.regions.flatMap((r) => r.assign);
  const roots = replicate(
    assigned.map((a) => a.value),
    assigned.map((a) => slots.get(a.slot)!),
    slots,
    words,
    replicas,
  );
  const versions = new Map<string, number>();
  let next = 0;
  const stores = split.regions.map((region) =>
    region.assign.map(({ slot }): Store => {
      const version = (versions.get(slot) ?? 0) + 1;
      versions.set(slot, version);
      return { slot, version, value: roots[next++]! };
    })
  );
  const always = split.regions.map(({ period }) => period === 1);
  const shared = sharedNodes(
    stores.map((s, i) => ({ always: always[i]!, values: s.map(({ value }) => value) })),
  );
  const cut = cutLoops(
    stores.map((s, i) => ({
      always: always[i]!,
      stores: s,
      shared: shared[i]!.filter(({ op }) => op.kind === "repeat"),
    })),
    (slot) => slots.get(slot)!.role === "record",
    writtenOut,
  );
  for (const slot of cut.slots) slots.set(slot.name, slot);
  const device = (slot: string): boolean => slots.get(slot)!.role !== "record";
  const regions = preparedBlocks(cut.regions).map((blocks) =>
    storeEarly(blocks, (slot) => device(slot) && versions.get(slot) === 1)
  );
  const staged = buildStages(
    storeUnits(regions, always),
    (node) => {
      if (node.op.kind !== "input") throw new RangeError("Only inputs have a source");
      const scalar = words.get(node.op.name);
      if (scalar !== undefined) return { kind: "host", word: scalar.word };
      if (!slots.has(node.op.name)) {
        throw failure("need", node.op.name, "no such slot", "an input that is a slot of the step");
      }
      return { kind: "slot", slot: node.op.name, version: node.op.version };
    },
    device,
    (slot) => inPart && own.has(slot),
    adapter,
  );

  let values: readonly Value[] = staged.values;
  const sealed = new Set<ValueId>();
  const crossing = new Set<ValueId>();
  const home = new Map<ValueId, number>();
  staged.units.forEach((stages, i) => stages.forEach((s) => home.set(s.value, i)));
  staged.units.forEach((stages, i) =>
    stages.forEach((s) => {
      for (const v of readsOf(s)) if (home.has(v) && home.get(v) !== i) crossing.add(v);
    })
  );
  const carried = new Set(cut.slots.map(({ name }) => name));
  let doubled: ReadonlySet<string> = new Set();
  const bindingsOf = (
    touched: ReadonlySet<ValueId>,
    apart: ReadonlySet<string>,
    twice: ReadonlySet<string>,
  ): number => {
    const of = [...touched].map((v) => values[v]!);
    return leastBindings(of, staged.stores, slots, apart, twice, adapter);
  };
  const fits = (touched: ReadonlySet<ValueId>, apart: ReadonlySet<string> = carried): boolean =>
    bindingsOf(touched, apart, doubled) <= adapter.maxBindings;
  const around = loopsAround(regions);
  const active = new Set(regions.flatMap(activeSlots));
  const urgent = new Set(
    [...staged.stores].flatMap(([v, { slot }]) => active.has(slot) ? [v] : []),
  );
  const grouped = staged.units.map((stages, i) => {
    progress(i, staged.units.length + 1);
    const shared = shareSums(stages, values, replicas, adapter);
    const halves = splitSums(shared.stages, shared.values, adapter);
    values = halves.values;
    halves.sealed.forEach((v) => sealed.add(v));
    return formGroups(
      foldSums(halves.stages, staged.assemblies, crossing),
      sealed,
      fits,
      urgent,
      target === "js",
    );
  });
  const touched = grouped.flat().map((group) =>
    new Set(stagesOf(group).flatMap((s) => [s.value, ...readsOf(s)]))
  );
  const stay = new Set([...staged.inPart].map((v) => staged.stores.get(v)!.slot));
  doubled = doubledSlots(
    program.slots.filter(({ name }) => !stay.has(name)),
    split.regions,
    cut.slots,
    replicas,
    doubledWords,
    (twice) => touched.every((of) => bindingsOf(of, carried, twice) <= adapter.maxBindings),
  );
  const planned = grouped.map((groups, i) =>
    planRegion(groups, values, staged.stores, crossing, slots, around[i]!, urgent, doubled)
  );
  // What must be computed aside needs all of its elements there.
  if (planned.some(({ copied }) => !copied.isDisjointFrom(staged.inPart))) {
    return planOf(program, options, false);
  }

  progress(staged.units.length, staged.units.length + 1);
  const syntax = target === "wgsl" ? wgsl : js;
  /** Loops that are too much for one kernel, which only shows when it is written. */
  const large = new Set<number>();
  const periods = split.regions.map(({ period }) => period);
  const write = () => {
    const small = workgroupKernels(
      regions,
      periods,
      planned,
      values,
      staged.stores,
      urgent,
      fits,
      adapter,
      {
        mostTime: target === "wgsl" ? oneKernel : 0,
        except: large,
      },
    );
    const swaps = swapsOf(regions, planned, staged.stores, small.inside, doubled);
    const { touches } = small;
    const { stores } = staged;
    const seating = seatValues(
      program,
      split,
      planned,
      touches,
      values,
      stores,
      slots,
      swaps,
      replicas,
      adapter,
    );
    return {
      seating,
      ...writeCommands(regions, planned, swaps, small, stores, seating, syntax, adapter),
    };
  };
  let written = write();
  while (written.large.length > 0) {
    written.large.forEach((loop) => large.add(loop));
    written = write();
  }
  const { seating, kernels, commands, swaps } = written;
  const plan: Plan = {
    target,
    replicas,
    arena: program.arena,
    slots: program.slots,
    buffers: seating.buffers,
    kernels,
    regions: split.regions.map(({ period, offset }, i) => ({
      period,
      offset,
      commands: commands[i]!,
    })),
    places: seating.places,
    records: seating.records,
    swaps,
    hostScalars: split.hostScalars,
    hostState: split.hostState,
  };
  // On the target `js` the host itself leaves the loop.
  return target === "wgsl" ? gateLoops(plan, adapter) : plan;
}

/** The blocks with their values simplified and prepared as a whole, so that units share nodes. */
function preparedBlocks(regions: readonly (readonly Block[])[]): readonly (readonly Block[])[] {
  const roots = regions.flatMap(unitsOf).flatMap((u) => u.stores.map((s) => s.value));
  const prepared = askPositiveParts(prepare(simplify(prepare(simplify(roots)))));
  let next = 0;
  return regions.map((blocks) => withValues(blocks, () => prepared[next++]!));
}

/** The units of all regions in order, each with what it evaluates for later ones. */
function storeUnits(
  regions: readonly (readonly Block[])[],
  always: readonly boolean[],
): readonly StoreUnit[] {
  const shared = sharedNodes(regions.map((blocks, i) => ({
    always: always[i]!,
    values: unitsOf(blocks).flatMap((u) => u.stores.map((s) => s.value)),
  })));
  return regions.flatMap((blocks, region) => {
    const hoisted = hoistedNodes(blocks);
    const units = unitsOf(blocks);
    return units.map((unit, i): StoreUnit => ({
      stores: unit.stores,
      ahead: [...hoisted.get(unit) ?? [], ...i === units.length - 1 ? shared[region]! : []],
      region,
      always: always[region]!,
    }));
  });
}
