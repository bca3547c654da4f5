/**
 * The compiler: from a step program to a plan of kernels.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { vmap } from "../autodiff/vmap.ts";
import { failure, SteepestError } from "../errors.ts";
import type { Slot, StepProgram } from "../lowering/program.ts";
import type { AdapterClass } from "../loops/adapter.ts";
import { indexAxis } from "../loops/index.ts";
import type { ValueId } from "../loops/scalar.ts";
import type { Stage, Value } from "../loops/stage.ts";
import { type Node, type Shape, sizeOf } from "../tensor/node.ts";
import { broadcast, constant, input } from "../tensor/ops.ts";
import { simplify } from "../tensor/simplify.ts";
import { topological } from "../tensor/walk.ts";
import { buildStages, type Store } from "./build_stages.ts";
import { accesses, formGroups, type Group, readsOf, stagesOf } from "./fusion.ts";
import { hostInput, splitHost } from "./host.ts";
import { alignedWords, shareBuffers, type Sharer, type Touches } from "./memory.ts";
import type { BufferSpec, Command, Kernel, Plan, PlannedRegion } from "./plan.ts";
import { keepOldVersions } from "./old_versions.ts";
import { prepare } from "./prepare.ts";
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

const HOST_ROW = "host row";
const RECORDS = "records";

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

/** Words of a buffer: whole vectors of four. */
const round = (words: number): number => Math.max(4, Math.ceil(words / 4) * 4);

/** The copies of a slot that a program of several replicas has. */
function shapeIn(slot: Slot, replicas: number): Shape {
  return slot.perReplica && replicas > 1 ? [replicas, ...slot.shape] : slot.shape;
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
  const assemblies = new Set(
    values.filter((v) => v.label.startsWith("concatenate")).map((v) => v.id),
  );
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
      foldSums(cut.stages, assemblies, crossing),
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

/** The meaning of replicas: the graph of many copies, where what they share is computed once. */
function replicate(
  values: readonly Node[],
  targets: readonly Slot[],
  slots: ReadonlyMap<string, Slot>,
  words: ReadonlyMap<string, { readonly perReplica: boolean }>,
  replicas: number,
): Node[] {
  if (replicas === 1) return [...values];
  const batched = new Map<string, Node>();
  for (const node of topological(values)) {
    if (node.op.kind !== "input") continue;
    const copies = words.get(node.op.name)?.perReplica ?? slots.get(node.op.name)?.perReplica ??
      false;
    if (copies) {
      batched.set(
        node.hash,
        input(node.op.name, [replicas, ...node.shape], node.dtype, node.op.version),
      );
    }
  }
  const result = vmap(values, batched, replicas);
  return result.nodes.map((node, i) => {
    if (result.batched[i] || !targets[i]!.perReplica) return node;
    // A copied slot that gets a shared value: every copy gets it.
    return broadcastCopies(node, replicas);
  });
}

function broadcastCopies(node: Node, replicas: number): Node {
  const shape = [replicas, ...node.shape];
  if (node.op.kind === "constant" && node.op.values.length === 1) {
    return constant(node.op.values[0]!, shape, node.dtype);
  }
  return broadcast(node, shape, node.shape.map((_, i) => i + 1));
}

function assemble(
  program: StepProgram,
  { replicas, target, adapter }: PlanOptions,
  split: ReturnType<typeof splitHost>,
  regionGroups: readonly (readonly Group[])[],
  values: readonly Value[],
  storeOf: ReadonlyMap<ValueId, { readonly slot: string; readonly version: number }>,
  crossing: ReadonlySet<ValueId>,
  slots: ReadonlyMap<string, Slot>,
): Plan {
  // Records get their words in the order of the slots.
  const records = new Map<string, number>();
  let recordWords = 0;
  for (const slot of program.slots) {
    if (slot.role !== "record") continue;
    records.set(slot.name, recordWords);
    recordWords += replicas;
  }

  const planned = regionGroups.map((groups) =>
    planRegion(groups, values, storeOf, crossing, slots)
  );

  const keyOf = (v: ValueId): string => {
    const value = values[v]!;
    if (value.source.kind === "host") return HOST_ROW;
    if (value.source.kind === "slot") return `slot ${value.source.slot}`;
    const store = storeOf.get(v);
    if (store === undefined) return `value ${v}`;
    if (slots.get(store.slot)!.role === "record") return RECORDS;
    return planned.some((p) => p.copied.has(v)) ? `value ${v}` : `slot ${store.slot}`;
  };
  const hostSlots = new Set(split.hostState.map((s) => s.slot));
  const deviceSlots = [...slots.values()].filter(({ role, name }) =>
    role === "parameters" || role === "batch" || role === "data" ||
    (role === "state" && !hostSlots.has(name))
  );
  const touches = planned.flatMap((p) => p.kernels.map((k) => k.touches));
  const used = new Set(touches.flatMap((t) => [...t.reads, ...t.writes]));
  const sharers = new Map<string, Sharer>();
  for (const slot of deviceSlots) {
    // A data set is large, and written while steps run.
    if (slot.role === "data") continue;
    const words = round(sizeOf(shapeIn(slot, replicas)));
    sharers.set(`slot ${slot.name}`, { words, float: slot.dtype === "f32", slot: true });
  }
  for (const value of values) {
    const key = keyOf(value.id);
    if (!used.has(value.id) || value.source.kind !== "stage" || key !== `value ${value.id}`) {
      continue;
    }
    sharers.set(key, { words: alignedWords(value), float: value.dtype === "f32", slot: false });
  }
  const bufferKey = shareBuffers(
    touches,
    keyOf,
    sharers,
    adapter.maxBindings,
    adapter.maxBindingBytes / 4,
  );

  const buffers: BufferSpec[] = [];
  const bufferOf = new Map<string, number>();
  const place = (key: string, spec: BufferSpec): number => {
    bufferOf.set(key, buffers.length);
    buffers.push(spec);
    return buffers.length - 1;
  };
  place(HOST_ROW, { label: HOST_ROW, words: round(split.words), kind: "scalars" });
  place(RECORDS, { label: RECORDS, words: round(recordWords), kind: "records" });
  // Who lies where: one after the other in the buffers that they share.
  const ends = new Map<string, { words: number; readonly label: string }>();
  const offsets = new Map<string, number>();
  const lay = (key: string, label: string, words: number): void => {
    const end = ends.get(bufferKey(key)) ?? { words: 0, label };
    offsets.set(key, end.words);
    ends.set(bufferKey(key), { ...end, words: end.words + words });
  };
  // Slots have buffers whether or not a kernel uses them.
  for (const slot of deviceSlots) {
    lay(`slot ${slot.name}`, slot.name, round(sizeOf(shapeIn(slot, replicas))));
  }
  for (const value of values) {
    const key = keyOf(value.id);
    if (sharers.get(key)?.slot === false) lay(key, value.label, alignedWords(value));
  }
  for (const [key, { words, label }] of ends) place(key, { label, words, kind: "device" });
  const places = new Map(
    deviceSlots.filter((s) => program.slots.includes(s)).map((slot) => {
      const key = `slot ${slot.name}`;
      return [slot.name, {
        buffer: bufferOf.get(bufferKey(key))!,
        offset: offsets.get(key)!,
        shape: slot.shape,
        perReplica: slot.perReplica && replicas > 1,
        dtype: slot.dtype,
      }] as const;
    }),
  );
  const seats = new Map<ValueId, Seat>();
  for (const value of values) {
    if (!used.has(value.id)) continue;
    const key = keyOf(value.id);
    if (value.source.kind === "host") {
      seats.set(value.id, {
        buffer: bufferOf.get(HOST_ROW)!,
        offset: value.source.word,
        ring: true,
      });
    } else if (key === RECORDS) {
      const store = storeOf.get(value.id)!;
      seats.set(value.id, {
        buffer: bufferOf.get(RECORDS)!,
        offset: records.get(store.slot)!,
        ring: true,
      });
    } else if (value.source.kind === "constant") {
      const bits = value.dtype === "f32"
        ? new Uint32Array(Float32Array.from(value.source.values).buffer)
        : Uint32Array.from(value.source.values);
      const initial = new Uint32Array(round(bits.length));
      initial.set(bits);
      const buffer = place(key, {
        label: "constant",
        words: initial.length,
        kind: "device",
        initial,
      });
      seats.set(value.id, { buffer, offset: 0, ring: false });
    } else {
      const buffer = bufferOf.get(bufferKey(key))!;
      seats.set(value.id, { buffer, offset: offsets.get(key)!, ring: false });
    }
  }
  const seatOf = (v: ValueId): Seat => seats.get(v)!;
  for (const spec of buffers) {
    if (spec.words * 4 > adapter.maxBindingBytes) {
      throw failure(
        "limit",
        spec.label,
        `${spec.words * 4} bytes`,
        `at most ${adapter.maxBindingBytes} bytes in one binding`,
      );
    }
  }

  const kernels: Kernel[] = [];
  const syntax = target === "wgsl" ? wgsl : js;
  const regions = planned.map((p, i): PlannedRegion => {
    const commands: Command[] = p.kernels.map(({ group, stored, touches: t }) => {
      const written = writeKernel(t.label, group, stored, values, seatOf, syntax, adapter);
      kernels.push(written.kernel);
      return { kind: "dispatch", kernel: kernels.length - 1, workgroups: written.workgroups };
    });
    for (const v of p.copied) {
      const seat = seatOf(v);
      const to = `slot ${storeOf.get(v)!.slot}`;
      commands.push({
        kind: "copy",
        from: { buffer: seat.buffer, offset: seat.offset },
        to: { buffer: bufferOf.get(bufferKey(to))!, offset: offsets.get(to)! },
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
    buffers,
    kernels,
    regions,
    places,
    records,
    hostScalars: split.hostScalars,
    hostState: split.hostState,
  };
}

interface RegionKernels {
  readonly kernels: readonly {
    readonly group: Group;
    readonly stored: readonly ValueId[];
    readonly touches: Touches;
  }[];
  /** Stores that cannot be in place: computed aside and copied at the end of the region. */
  readonly copied: ReadonlySet<ValueId>;
}

/** Orders the kernels of a region so that what is overwritten has been read, and says what cannot be. */
function planRegion(
  groups: readonly Group[],
  values: readonly Value[],
  storeOf: ReadonlyMap<ValueId, { readonly slot: string; readonly version: number }>,
  crossing: ReadonlySet<ValueId>,
  slots: ReadonlyMap<string, Slot>,
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
    if (!inPlace) copied.add(v);
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
      return { group, stored, touches: { label, reads: outside, writes: new Set(stored) } };
    }),
  };
}

/** Whether a kernel reads old values of the slot it writes only where the same thread writes. */
function identical(group: Group, written: ValueId, old: ReadonlySet<ValueId>): boolean {
  const same = (stage: Stage): boolean => {
    if (stage === group.anchor) return true;
    const member = group.epilogue.find((e) => e.stage === stage);
    return member !== undefined && member.axes.every((a, i) => a.kind === "same" && a.anchor === i);
  };
  const writer = stagesOf(group).find((s) => s.value === written)!;
  if (group.anchor.parallel.every((a) => a.extent === 1)) return true;
  if (!same(writer)) return false;
  // A member is evaluated where it is read: what counts is where that reads the slot in the end.
  const members = new Map(group.epilogue.map((e) => [e.stage.value, e.stage]));
  return stagesOf(group).every((stage) => {
    const own = stage.parallel.map(indexAxis);
    return [...old].flatMap((o) => accesses(stage, o, members)).every((at) =>
      same(stage) && at.length === own.length && at.every((x, i) => x.key === own[i]!.key)
    );
  });
}
