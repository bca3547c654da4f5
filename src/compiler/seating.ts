/**
 * Where everything lies: slots, records, constants and temporaries in their buffers.
 *
 * @module
 */
import type { Slot, StepProgram } from "../lowering/program.ts";
import type { AdapterClass } from "../loops/adapter.ts";
import type { ValueId } from "../loops/scalar.ts";
import type { Value } from "../loops/stage.ts";
import { sizeOf } from "../tensor/node.ts";
import type { HostSplit } from "./host.ts";
import { poolsOf } from "./lifetimes.ts";
import { alignedWords, shareBuffers, type Sharer, type Touches } from "./memory.ts";
import type { BufferSpec, Place, Plan } from "./plan.ts";
import type { RegionKernels } from "./region_kernels.ts";
import { shapeIn } from "./replicate.ts";
import type { Seat } from "./write_pieces.ts";

/** Key of the buffer with the host's scalars. */
export const HOST_ROW = "host row";
/** Key of the buffer with the records. */
export const RECORDS = "records";

/** The loop around all others, whose iterations are the steps. */
export const STEP_LOOP = -1;

/** A slot whose next values are computed aside: the two change places after each iteration. */
export interface Swap {
  /** The loop that carries it, or {@link STEP_LOOP}. */
  readonly loop: number;
  readonly slot: string;
  readonly value: ValueId;
}

/** The buffers of a plan, and who lies where in them. */
export interface Seating {
  readonly buffers: readonly BufferSpec[];
  readonly places: Plan["places"];
  readonly records: ReadonlyMap<string, number>;
  readonly seatOf: (v: ValueId) => Seat;
  readonly placeOfSlot: (slot: string) => Place;
}

/** Words of a buffer: whole vectors of four. */
const round = (words: number): number => Math.max(4, Math.ceil(words / 4) * 4);

/** Gives every slot, record, constant and stored value its place. */
export function seatValues(
  program: StepProgram,
  split: HostSplit,
  planned: readonly RegionKernels[],
  touches: readonly Touches[],
  values: readonly Value[],
  storeOf: ReadonlyMap<ValueId, { readonly slot: string; readonly version: number }>,
  slots: ReadonlyMap<string, Slot>,
  swaps: readonly Swap[],
  replicas: number,
  adapter: AdapterClass,
): Seating {
  // Records get their words in the order of the slots.
  const records = new Map<string, number>();
  let recordWords = 0;
  for (const slot of program.slots) {
    if (slot.role !== "record") continue;
    records.set(slot.name, recordWords);
    recordWords += replicas;
  }

  const used = new Set(touches.flatMap((t) => [...t.reads, ...t.writes]));
  const pools = poolsOf(
    touches,
    new Map(
      values.flatMap((value) =>
        value.source.kind === "stage" && !storeOf.has(value.id)
          ? [[value.id, { words: alignedWords(value), float: value.dtype === "f32" }] as const]
          : []
      ),
    ),
  );
  const poolOf = new Map(pools.flatMap((pool) => pool.values.map((v) => [v, pool] as const)));
  /** Until a step ends, the next values of a slot are those aside. */
  const asideOf = new Map(
    swaps.flatMap(({ loop, slot, value }) => loop === STEP_LOOP ? [[slot, value] as const] : []),
  );
  const keyOf = (v: ValueId): string => {
    const value = values[v]!;
    if (value.source.kind === "host") return HOST_ROW;
    if (value.source.kind === "slot") {
      const { slot, version } = value.source;
      const aside = version > 0 ? asideOf.get(slot) : undefined;
      return aside === undefined ? `slot ${slot}` : `value ${aside}`;
    }
    const store = storeOf.get(v);
    if (store === undefined) return `value ${poolOf.get(v)?.values[0] ?? v}`;
    if (slots.get(store.slot)!.role === "record") return RECORDS;
    return planned.some((p) => p.copied.has(v)) ? `value ${v}` : `slot ${store.slot}`;
  };
  const hostSlots = new Set(split.hostState.map((s) => s.slot));
  const deviceSlots = [...slots.values()].filter(({ role, name }) =>
    role === "parameters" || role === "batch" || role === "data" ||
    (role === "state" && !hostSlots.has(name))
  );
  const wordsOf = (value: Value): number => poolOf.get(value.id)?.words ?? alignedWords(value);
  const sharers = new Map<string, Sharer>();
  const swapped = new Map<string, NonNullable<Sharer["swap"]>>();
  for (const { loop, slot, value } of swaps) {
    const [now, next] = [`slot ${slot}`, `value ${value}`];
    const loops = new Set([loop]);
    swapped.set(now, { side: "now", loops, partner: next });
    swapped.set(next, { side: "next", loops, partner: now });
  }
  const swapOf = (key: string) => {
    const swap = swapped.get(key);
    return swap === undefined ? {} : { swap };
  };
  for (const slot of deviceSlots) {
    // A data set is large, and written while steps run.
    if (slot.role === "data") continue;
    const words = round(sizeOf(shapeIn(slot, replicas)));
    const key = `slot ${slot.name}`;
    sharers.set(key, { words, float: slot.dtype === "f32", slot: true, ...swapOf(key) });
  }
  for (const value of values) {
    const key = keyOf(value.id);
    if (!used.has(value.id) || value.source.kind !== "stage" || key !== `value ${value.id}`) {
      continue;
    }
    sharers.set(key, {
      words: wordsOf(value),
      float: value.dtype === "f32",
      slot: false,
      ...swapOf(key),
    });
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
    const key = `slot ${slot.name}`, words = round(sizeOf(shapeIn(slot, replicas)));
    lay(key, slot.name, words);
    // What it changes places with lies at the same offset of the other buffer.
    const swap = swapped.get(key);
    if (swap !== undefined) lay(swap.partner, `${slot.name} next`, words);
  }
  for (const value of values) {
    const key = keyOf(value.id);
    if (sharers.get(key)?.slot === false && !swapped.has(key) && !offsets.has(key)) {
      lay(key, value.label, wordsOf(value));
    }
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
  const seat = (v: ValueId, buffer: number, offset: number, ring = false): void => {
    seats.set(v, { buffer, offset, bufferWords: buffers[buffer]!.words, ring });
  };
  for (const value of values) {
    if (!used.has(value.id)) continue;
    const key = keyOf(value.id);
    if (value.source.kind === "host") {
      seat(value.id, bufferOf.get(HOST_ROW)!, value.source.word, true);
    } else if (key === RECORDS) {
      const store = storeOf.get(value.id)!;
      seat(value.id, bufferOf.get(RECORDS)!, records.get(store.slot)!, true);
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
      seat(value.id, buffer, 0);
    } else {
      seat(value.id, bufferOf.get(bufferKey(key))!, offsets.get(key)!);
    }
  }

  const placeOfSlot = (slot: string): Place => {
    const key = `slot ${slot}`;
    return { buffer: bufferOf.get(bufferKey(key))!, offset: offsets.get(key)! };
  };
  return { buffers, places, records, seatOf: (v) => seats.get(v)!, placeOfSlot };
}
