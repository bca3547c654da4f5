/**
 * Batches without the host: the data set lies on the device as `data` slots, and the batch slots of
 * a step program are replaced by graphs that gather from them. With B examples a batch and n in the
 * data set, step s takes the places (s mod E)·B … of epoch ⌊s/E⌋. In the training order E is ⌊n/B⌋,
 * the places are shuffled by the seed and the epoch, and the last n mod B of an epoch are left out.
 * In the sequential order E is ⌈n/B⌉, and the last batch is filled up with the last example.
 *
 * @module
 */
import { failure } from "../errors.ts";
import { SEED, type Slot, STEP, type StepProgram } from "../lowering/program.ts";
import { type Node, sameShape, type Shape, sizeOf } from "../tensor/node.ts";
import {
  add,
  binary,
  broadcastTo,
  cast,
  constant,
  div,
  gather,
  input,
  iota,
  mul,
  reshape,
  slice,
} from "../tensor/ops.ts";
import { substitute } from "../tensor/walk.ts";
import { shuffledIndices } from "./graph_shuffle.ts";

/** The values of one batch slot for every example of a data set. */
export type Column =
  /** One byte a value; 0 … 255 become 0 … 1 where the batch slot is f32. */
  | { readonly kind: "bytes"; readonly values: Uint8Array }
  /** One f32 a value, row-major; with `perReplica` one data set for each replica, one after another. */
  | {
    readonly kind: "numbers";
    readonly values: Float32Array<ArrayBuffer>;
    readonly perReplica?: boolean;
  };

/** The order in which batches are taken. */
export type Order = "shuffled" | "sequential";

/** What {@link deviceBatches} needs to know. */
interface BatchOptions {
  /** By name of the tensor in the batch. */
  readonly columns: Readonly<Record<string, Column>>;
  /** Number of examples. */
  readonly count: number;
  /** Examples in a batch. */
  readonly batchSize: number;
  readonly order: Order;
}

/** A data set on the device. */
export interface DeviceBatches {
  /** Replaces the batch slots of a program. */
  readonly transform: (program: StepProgram) => StepProgram;
  /** What to write into the data slots, once. */
  readonly data: ReadonlyMap<string, Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>>;
  /** Batches in an epoch. */
  readonly stepsPerEpoch: number;
}

const BATCH = "batch/";

/** What the batch slot `batch/NAME` is called in the objective. */
function batchName(slot: Slot): string {
  return slot.name.startsWith(BATCH) ? slot.name.slice(BATCH.length) : slot.name;
}

/** The name of the data slot behind a tensor of the batch. */
function dataSlot(name: string): string {
  return `data/${name}`;
}

/** Bytes of `count` rows, four in a word, each row beginning with a new word. */
function packRows(bytes: Uint8Array, count: number): Uint32Array<ArrayBuffer> {
  const width = bytes.length / count;
  const words = Math.ceil(width / 4);
  const packed = new Uint32Array(count * words);
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < width; i++) {
      const word = row * words + (i >> 2);
      packed[word] = packed[word]! | (bytes[row * width + i]! << (8 * (i & 3)));
    }
  }
  return packed;
}

/** Batches in an epoch. */
export function stepsPerEpoch(count: number, batchSize: number, order: Order): number {
  return order === "shuffled" ? Math.floor(count / batchSize) : Math.ceil(count / batchSize);
}

/** The examples of the current batch, u32 [batchSize]; in the sequential order some may be ≥ count. */
export function batchIndices(count: number, batchSize: number, order: Order): Node {
  const perEpoch = constant(stepsPerEpoch(count, batchSize, order), [], "u32");
  const step = input(STEP, [], "u32");
  const first = mul(binary("rem", step, perEpoch), constant(batchSize, [], "u32"));
  const place = add(iota([batchSize], 0), first);
  if (order === "sequential") return place;
  return shuffledIndices(place, count, input(SEED, [], "u32"), div(step, perEpoch));
}

/** The bytes of gathered words: [B, words] → [B, width]. */
function unpackRows(words: Node, width: number): Node {
  const [rows, perRow] = words.shape as readonly [number, number];
  const shape = [rows, perRow, 4];
  const shifts = mul(iota(shape, 2), constant(8, [], "u32"));
  const repeated = broadcastTo(reshape(words, [rows, perRow, 1]), shape);
  const bytes = binary(
    "and",
    binary("shiftRight", repeated, shifts),
    constant(255, [], "u32"),
  );
  return slice(reshape(bytes, [rows, perRow * 4]), [0, 0], [rows, width]);
}

function tableShape(column: Column, slot: Slot, count: number): Shape {
  const width = sizeOf(slot.shape.slice(1));
  return column.kind === "bytes" ? [count, Math.ceil(width / 4)] : [count, width];
}

function checkColumn(name: string, slot: Slot, column: Column, options: BatchOptions): void {
  const { batchSize, count } = options;
  if (slot.shape[0] !== batchSize) {
    const found = `[${slot.shape.join(", ")}]`;
    throw failure("shape", `batch/${name}`, found, `a first extent of ${batchSize}`);
  }
  const one = count * sizeOf(slot.shape.slice(1));
  const whole = column.kind === "numbers" && column.perReplica === true
    ? column.values.length > 0 && column.values.length % one === 0
    : column.values.length === one;
  if (!whole) {
    const expected = `${one} for ${count} examples of [${slot.shape.slice(1).join(", ")}]`;
    throw failure("data", `batch/${name}`, `${column.values.length} values`, expected);
  }
}

/** The current batch of one slot. */
function batchOf(slot: Slot, column: Column, indices: Node, count: number): Node {
  const name = dataSlot(batchName(slot));
  const shape = tableShape(column, slot, count);
  if (column.kind === "numbers") {
    return reshape(gather(input(name, shape), indices), slot.shape);
  }
  const width = sizeOf(slot.shape.slice(1));
  const bytes = unpackRows(gather(input(name, shape, "u32"), indices), width);
  const values = slot.dtype === "f32" ? mul(cast(bytes, "f32"), 1 / 255) : bytes;
  return reshape(values, slot.shape);
}

function withClock(slots: readonly Slot[]): readonly Slot[] {
  const clock = (name: string, perReplica: boolean): Slot => ({
    name,
    role: "clock",
    shape: [],
    dtype: "u32",
    perReplica,
  });
  const missing = [clock(STEP, false), clock(SEED, true)].filter((c) =>
    !slots.some((s) => s.name === c.name)
  );
  return [...slots, ...missing];
}

/**
 * Puts a data set on the device.
 *
 * @throws {SteepestError} `shape` or `data` where a column does not fit its batch slot, `data` where
 * the data set has fewer examples than a batch.
 */
export function deviceBatches(options: BatchOptions): DeviceBatches {
  const { columns, count, batchSize, order } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > count) {
    throw failure("data", "batchSize", String(batchSize), `an integer from 1 to ${count}`);
  }
  const indices = batchIndices(count, batchSize, order);
  const data = new Map(
    Object.entries(columns).map(([name, column]) => [
      dataSlot(name),
      column.kind === "bytes" ? packRows(column.values, count) : column.values,
    ]),
  );
  const transform = (program: StepProgram): StepProgram => {
    const replacements = new Map<string, Node>();
    const slots = program.slots.map((slot): Slot => {
      if (slot.role !== "batch") return slot;
      const name = batchName(slot);
      const column = columns[name];
      if (column === undefined) {
        const found = Object.keys(columns).join(", ") || "no columns";
        throw failure("data", `batch/${name}`, found, `a column "${name}"`);
      }
      checkColumn(name, slot, column, options);
      const value = batchOf(slot, column, indices, count);
      if (!sameShape(value.shape, slot.shape) || value.dtype !== slot.dtype) {
        throw failure("data", `batch/${name}`, column.kind, `values for ${slot.dtype}`);
      }
      replacements.set(input(slot.name, slot.shape, slot.dtype).hash, value);
      return {
        name: dataSlot(name),
        role: "data",
        shape: tableShape(column, slot, count),
        dtype: column.kind === "bytes" ? "u32" : "f32",
        perReplica: column.kind === "numbers" && column.perReplica === true,
      };
    });
    const roots = program.regions.flatMap((r) => r.assign.map((a) => a.value));
    const values = substitute(roots, replacements)[Symbol.iterator]();
    const regions = program.regions.map((region) => ({
      ...region,
      assign: region.assign.map((a) => ({ ...a, value: values.next().value ?? a.value })),
    }));
    return { ...program, slots: withClock(slots), regions };
  };
  return { transform, data, stepsPerEpoch: stepsPerEpoch(count, batchSize, order) };
}
