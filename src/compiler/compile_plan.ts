/**
 * The compiler: from a step program to a plan of kernels.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { failure, SteepestError } from "../errors.ts";
import type { Slot, StepProgram } from "../lowering/program.ts";
import type { AdapterClass } from "../loops/adapter.ts";
import type { ValueId } from "../loops/scalar.ts";
import type { Value } from "../loops/stage.ts";
import { sizeOf } from "../tensor/node.ts";
import { simplify } from "../tensor/simplify.ts";
import { buildStages, type Store } from "./build_stages.ts";
import { formGroups, type Group, readsOf } from "./fusion.ts";
import { hostInput, type HostSplit, splitHost } from "./host.ts";
import { keepOldVersions } from "./old_versions.ts";
import type { Command, Kernel, Place, Plan, PlannedRegion } from "./plan.ts";
import { prepare } from "./prepare.ts";
import { planRegion } from "./region_kernels.ts";
import { replicate } from "./replicate.ts";
import { HOST_ROW, RECORDS, seatValues } from "./seating.ts";
import { foldSums, splitSums } from "./split_sums.ts";
import { unrollLoops } from "./unroll.ts";
import { type Seat, writeKernel } from "./write_kernel.ts";
import { js } from "../../kernels/syntax_js.ts";
import { wgsl } from "../../kernels/syntax_wgsl.ts";

/** What a plan is made for. */
export interface PlanOptions {
  readonly replicas: number;
  readonly target: "wgsl" | "js";
  readonly adapter: AdapterClass;
}

/** Plans a step program. Problems come back as the typed error that names what is at fault. */
export function compilePlan(
  program: StepProgram,
  options: PlanOptions,
): E.Either<SteepestError, Plan> {
  return E.tryCatch(() => planOf(program, options), (error) => {
    if (error instanceof SteepestError) return error;
    throw error;
  });
}

function planOf(program: StepProgram, { replicas, target, adapter }: PlanOptions): Plan {
  const host = splitHost(program, replicas);
  const own = new Map(program.slots.map((s) => [s.name, s]));
  const kept = keepOldVersions(host.regions, own);
  const split = { ...host, regions: kept.regions };
  const slots = new Map([...own, ...kept.slots.map((s) => [s.name, s] as const)]);
  const words = new Map(split.hostScalars.map((s) => [hostInput(s.word), s]));

  // One graph for all replicas, simplified and prepared as a whole so that regions share nodes.
  const assigned = split.regions.flatMap((r) => r.assign);
  const roots = replicate(
    assigned.map((a) => a.value),
    assigned.map((a) => slots.get(a.slot)!),
    slots,
    words,
    replicas,
  );
  const prepared = prepare(simplify(prepare(simplify(unrollLoops(roots)))));
  const versions = new Map<string, number>();
  let next = 0;
  const stores = split.regions.map((region) =>
    region.assign.map(({ slot }): Store => {
      const version = (versions.get(slot) ?? 0) + 1;
      versions.set(slot, version);
      return { slot, version, value: prepared[next++]! };
    })
  );
  const always = split.regions.map(({ period }) => period === 1);
  const staged = buildStages(stores, always, (node) => {
    if (node.op.kind !== "input") throw new RangeError("Only inputs have a source");
    const scalar = words.get(node.op.name);
    if (scalar !== undefined) return { kind: "host", word: scalar.word };
    if (!slots.has(node.op.name)) {
      throw failure("need", node.op.name, "no such slot", "an input that is a slot of the step");
    }
    return { kind: "slot", slot: node.op.name, version: node.op.version };
  });

  let values: readonly Value[] = staged.values;
  const sealed = new Set<ValueId>();
  const crossing = new Set<ValueId>();
  const home = new Map<ValueId, number>();
  staged.regions.forEach((r, i) => r.stages.forEach((s) => home.set(s.value, i)));
  staged.regions.forEach((r, i) =>
    r.stages.forEach((s) => {
      for (const v of readsOf(s)) if (home.has(v) && home.get(v) !== i) crossing.add(v);
    })
  );
  const fixedBuffer = (v: ValueId): string | undefined => {
    const { source } = values[v]!;
    if (source.kind === "slot") return source.slot;
    if (source.kind === "host") return HOST_ROW;
    if (source.kind === "constant") return `constant ${v}`;
    const store = staged.stores.get(v);
    return store === undefined
      ? undefined
      : slots.get(store.slot)!.role === "record"
      ? RECORDS
      : store.slot;
  };
  const regionGroups = staged.regions.map((region) => {
    const cut = splitSums(region.stages, values, adapter);
    values = cut.values;
    cut.sealed.forEach((v) => sealed.add(v));
    return formGroups(
      foldSums(cut.stages, staged.assemblies, crossing),
      values,
      sealed,
      fixedBuffer,
      adapter.maxBindings,
    );
  });

  return assemble(
    program,
    { replicas, target, adapter },
    split,
    regionGroups,
    values,
    staged.stores,
    crossing,
    slots,
  );
}

function assemble(
  program: StepProgram,
  { replicas, target, adapter }: PlanOptions,
  split: HostSplit,
  regionGroups: readonly (readonly Group[])[],
  values: readonly Value[],
  storeOf: ReadonlyMap<ValueId, { readonly slot: string; readonly version: number }>,
  crossing: ReadonlySet<ValueId>,
  slots: ReadonlyMap<string, Slot>,
): Plan {
  const planned = regionGroups.map((groups) =>
    planRegion(groups, values, storeOf, crossing, slots)
  );

  const seating = seatValues(program, split, planned, values, storeOf, slots, replicas, adapter);
  const kernels: Kernel[] = [];
  const syntax = target === "wgsl" ? wgsl : js;
  const regions = planned.map((p, i): PlannedRegion => {
    const commands: Command[] = p.kernels.map(({ group, stored, touches: t }) => {
      const written = writeKernel(t.label, group, stored, values, seating.seatOf, syntax, adapter);
      kernels.push(written.kernel);
      return { kind: "dispatch", kernel: kernels.length - 1, workgroups: written.workgroups };
    });
    for (const v of p.copied) {
      commands.push({
        kind: "copy",
        from: placeOf(seating.seatOf(v)),
        to: seating.placeOfSlot(storeOf.get(v)!.slot),
        words: sizeOf(values[v]!.shape),
      });
    }
    const region = split.regions[i]!;
    return { period: region.period, offset: region.offset, commands };
  });
  return {
    target,
    replicas,
    arena: program.arena,
    slots: program.slots,
    buffers: seating.buffers,
    kernels,
    regions,
    places: seating.places,
    records: seating.records,
    hostScalars: split.hostScalars,
    hostState: split.hostState,
  };
}

function placeOf({ buffer, offset }: Seat): Place {
  return { buffer, offset };
}
