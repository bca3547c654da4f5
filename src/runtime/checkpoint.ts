/**
 * The bytes of a checkpoint: a magic word, a version, a header, the values, and a checksum over all
 * of it.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { z } from "zod";
import { failure, type SteepestError } from "../errors.ts";

/** The whole state of a program between two steps. */
export interface Checkpoint {
  /** What the state belongs to: a hash of the optimizer, and the shapes of the parameters. */
  readonly identity: string;
  readonly replicas: number;
  readonly precision: "f32" | "f64";
  readonly step: number;
  /** Hyperparameters that are of another kind than in the optimizer, by path. */
  readonly changed: Readonly<Record<string, unknown>>;
  /** f64 holds every f32 and u32 exactly. */
  readonly slots: ReadonlyMap<string, Float64Array>;
}

const MAGIC = "STEEPEST";
const VERSION = 1;
/** Magic, version, length of the header. */
const PREFIX = 16;
const CHECKSUM = 8;

const header = z.object({
  identity: z.string(),
  replicas: z.number().int().positive(),
  precision: z.enum(["f32", "f64"]),
  step: z.number().int().nonnegative(),
  changed: z.record(z.string(), z.unknown()).default({}),
  slots: z.array(z.tuple([z.string(), z.number().int().nonnegative()])),
});

/** Two 32-bit lanes that mix every byte, FNV-1a and a multiplicative one. */
function checksum(bytes: Uint8Array): readonly [number, number] {
  let a = 0x811c9dc5, b = 0x9dc5811c;
  for (let i = 0; i < bytes.length; i++) {
    a = Math.imul(a ^ bytes[i]!, 0x01000193);
    b = Math.imul(b ^ (bytes[i]! + (i & 0xff)), 0x85ebca6b);
    b ^= b >>> 13;
  }
  return [a >>> 0, b >>> 0];
}

/** The bytes of a checkpoint. */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array<ArrayBuffer> {
  const { slots, ...rest } = checkpoint;
  const text = new TextEncoder().encode(
    JSON.stringify({ ...rest, slots: [...slots].map(([name, data]) => [name, data.length]) }),
  );
  const count = [...slots.values()].reduce((n, data) => n + data.length, 0);
  const end = PREFIX + text.length + count * 8;
  const bytes = new Uint8Array(end + CHECKSUM);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(MAGIC));
  view.setUint32(8, VERSION, true);
  view.setUint32(12, text.length, true);
  bytes.set(text, PREFIX);
  let at = PREFIX + text.length;
  for (const data of slots.values()) {
    for (const value of data) {
      view.setFloat64(at, value, true);
      at += 8;
    }
  }
  const [a, b] = checksum(bytes.subarray(0, end));
  view.setUint32(end, a, true);
  view.setUint32(end + 4, b, true);
  return bytes;
}

function refuse(path: string, found: string, expected: string): E.Either<SteepestError, never> {
  return E.left(failure("checkpoint", `checkpoint/${path}`, found, expected));
}

/** Reads a checkpoint. Left: a `checkpoint` error if the bytes are foreign, cut short or damaged. */
export function decodeCheckpoint(bytes: Uint8Array): E.Either<SteepestError, Checkpoint> {
  if (!(bytes instanceof Uint8Array)) return refuse("bytes", typeof bytes, "a Uint8Array");
  const magic = new TextDecoder().decode(bytes.subarray(0, MAGIC.length));
  if (magic !== MAGIC) {
    return refuse("magic", `${JSON.stringify(magic)} in ${bytes.length} bytes`, `"${MAGIC}"`);
  }
  if (bytes.length < PREFIX + CHECKSUM) {
    return refuse("length", `${bytes.length} bytes`, `at least ${PREFIX + CHECKSUM}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(8, true);
  if (version !== VERSION) return refuse("version", `${version}`, `${VERSION}`);
  const end = bytes.length - CHECKSUM;
  const [a, b] = checksum(bytes.subarray(0, end));
  if (view.getUint32(end, true) !== a || view.getUint32(end + 4, true) !== b) {
    return refuse("checksum", "other bytes", "the bytes that were saved, neither cut nor changed");
  }
  const start = PREFIX + view.getUint32(12, true);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes.subarray(PREFIX, start)));
  } catch {
    return refuse("header", "no JSON", "JSON");
  }
  const parsed = header.safeParse(json);
  if (!parsed.success) return refuse("header", parsed.error.message, "a checkpoint's header");
  const { slots, ...rest } = parsed.data;
  const count = slots.reduce((n, [, length]) => n + length, 0);
  if (start + count * 8 !== end) {
    return refuse("values", `${(end - start) / 8} values`, `${count} values`);
  }
  let at = start;
  const values = slots.map(([name, length]): [string, Float64Array] => {
    const data = Float64Array.from({ length }, (_, i) => view.getFloat64(at + i * 8, true));
    at += length * 8;
    return [name, data];
  });
  return E.right({ ...rest, slots: new Map(values) });
}
