/**
 * The IDX format of the MNIST files: two zero bytes, a type code, the rank, the extents as big-endian
 * u32, then the elements in big-endian order, row-major. The file may be gzipped.
 *
 * @module
 */

import { failure, type SteepestError } from "../errors.ts";
import { show } from "../errors/words.ts";

/** The elements of an IDX file, in the type the file declares. */
export type IdxData =
  | Uint8Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

/** A decoded IDX file. */
export interface IdxArray {
  /** The extents, outermost first. */
  readonly shape: readonly number[];
  /** The elements, row-major. */
  readonly data: IdxData;
}

interface ElementType {
  readonly bytes: number;
  readonly read: (body: Uint8Array<ArrayBuffer>) => IdxData;
}

function view(body: Uint8Array<ArrayBuffer>): DataView {
  return new DataView(body.buffer, body.byteOffset, body.byteLength);
}

/** Fills `elements` from the big-endian bytes of `body`. */
function filled<T extends IdxData>(elements: T, read: (at: number) => number): T {
  const { BYTES_PER_ELEMENT } = elements;
  for (let i = 0; i < elements.length; i++) elements[i] = read(i * BYTES_PER_ELEMENT);
  return elements;
}

const elementTypes: { readonly [code: number]: ElementType } = {
  0x08: { bytes: 1, read: (body) => body },
  0x09: { bytes: 1, read: (body) => new Int8Array(body.buffer, body.byteOffset, body.length) },
  0x0b: {
    bytes: 2,
    read: (body) => {
      const words = view(body);
      return filled(new Int16Array(body.length / 2), (at) => words.getInt16(at));
    },
  },
  0x0c: {
    bytes: 4,
    read: (body) => {
      const words = view(body);
      return filled(new Int32Array(body.length / 4), (at) => words.getInt32(at));
    },
  },
  0x0d: {
    bytes: 4,
    read: (body) => {
      const words = view(body);
      return filled(new Float32Array(body.length / 4), (at) => words.getFloat32(at));
    },
  },
  0x0e: {
    bytes: 8,
    read: (body) => {
      const words = view(body);
      return filled(new Float64Array(body.length / 8), (at) => words.getFloat64(at));
    },
  },
};

/** No data set of this library has more dimensions. */
const maximalRank = 8;

/** What one typed array can hold on every platform. */
const maximalBytes = 2 ** 31 - 1;

/** DEFLATE cannot expand a byte to more than this many (258 bytes for two bits). */
const maximalExpansion = 1032;

/** How many gzipped bytes are unpacked at a time. */
const piece = 16 * 1024;

interface Header {
  readonly shape: readonly number[];
  readonly type: ElementType;
  readonly headerBytes: number;
  readonly bodyBytes: number;
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}

/** Reads a header from the first bytes of a file; undefined while there are too few of them. */
function readHeader(start: Uint8Array, name: string): Header | undefined {
  const [first, second, code, rank] = start;
  if (first === undefined || second === undefined || code === undefined || rank === undefined) {
    return undefined;
  }
  if (first !== 0 || second !== 0) {
    const found = `${hex(first)} ${hex(second)}`;
    throw failure("data", `${name}/header/magic`, found, "two zero bytes (an IDX file)");
  }
  const type = elementTypes[code];
  if (type === undefined) {
    const codes = Object.keys(elementTypes).map((key) => hex(Number(key))).join(", ");
    throw failure("data", `${name}/header/type`, hex(code), `one of ${codes}`);
  }
  if (rank < 1 || rank > maximalRank) {
    throw failure("data", `${name}/header/rank`, String(rank), `1 to ${maximalRank}`);
  }
  const headerBytes = 4 + 4 * rank;
  if (start.length < headerBytes) return undefined;
  const extents = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const shape = Array.from({ length: rank }, (_, i) => extents.getUint32(4 + 4 * i));
  const bodyBytes = shape.reduce((product, extent) => product * extent, type.bytes);
  if (bodyBytes > maximalBytes) {
    const found = `${shape.join(" × ")} elements, ${bodyBytes} bytes`;
    throw failure("data", `${name}/header/shape`, found, `at most ${maximalBytes} bytes`);
  }
  return { shape, type, headerBytes, bodyBytes };
}

function truncatedHeader(name: string, length: number): SteepestError {
  return failure("data", `${name}/header`, `${length} bytes`, "an IDX header of 8 bytes or more");
}

function wrongLength(name: string, found: string, header: Header): SteepestError {
  const expected = `${header.bodyBytes} bytes for the declared shape ${header.shape.join(" × ")}`;
  return failure("data", `${name}/body`, found, expected);
}

function decodePlain(bytes: Uint8Array, name: string): IdxArray {
  const header = readHeader(bytes, name);
  if (header === undefined) throw truncatedHeader(name, bytes.length);
  const found = bytes.length - header.headerBytes;
  if (found !== header.bodyBytes) throw wrongLength(name, `${found} bytes`, header);
  // A copy, so that the array does not keep or share the bytes of the file.
  const body = new Uint8Array(bytes.subarray(header.headerBytes));
  return { shape: header.shape, data: header.type.read(body) };
}

async function* unzipped(bytes: Uint8Array, name: string): AsyncGenerator<Uint8Array> {
  // In small pieces: one piece comes out whole, so that a large one would be unpacked unseen.
  let at = 0;
  const packed = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(new Uint8Array(bytes.subarray(at, at + piece)));
      else controller.close();
      at += piece;
    },
  });
  const reader = packed.pipeThrough(new DecompressionStream("gzip")).getReader();
  try {
    while (true) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        const found = cause instanceof Error ? cause.message : String(cause);
        throw failure("data", `${name}/gzip`, found, "a whole and undamaged gzip stream");
      });
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

async function decodeGzip(bytes: Uint8Array, name: string): Promise<IdxArray> {
  let start: Uint8Array = new Uint8Array(0);
  let header: Header | undefined;
  let body = new Uint8Array(0);
  let received = 0;
  for await (const chunk of unzipped(bytes, name)) {
    let rest = chunk;
    if (header === undefined) {
      start = joined(start, chunk);
      header = readHeader(start, name);
      if (header === undefined) continue;
      // A file of a few bytes that promises gigabytes is refused before memory is taken for it.
      if (header.headerBytes + header.bodyBytes > bytes.length * maximalExpansion) {
        throw wrongLength(name, `${bytes.length} gzipped bytes, too few to hold it`, header);
      }
      body = new Uint8Array(header.bodyBytes);
      rest = start.subarray(header.headerBytes);
    }
    if (received + rest.length > header.bodyBytes) {
      throw wrongLength(name, `at least ${received + rest.length} bytes`, header);
    }
    body.set(rest, received);
    received += rest.length;
  }
  if (header === undefined) throw truncatedHeader(name, start.length);
  if (received !== header.bodyBytes) throw wrongLength(name, `${received} bytes`, header);
  return { shape: header.shape, data: header.type.read(body) };
}

/**
 * Decodes an IDX file, gzipped or not.
 *
 * The header is checked before memory is taken for what it declares: the magic bytes, the type code, the
 * rank, and the product of the extents against the number of bytes that are there.
 *
 * @param bytes The file.
 * @param name What errors call the file.
 * @throws SteepestError of kind "data", with the path `name/part`.
 *
 * @example
 * ```ts
 * import { decodeIdx } from "@steepest/steepest";
 *
 * const bytes = new Uint8Array([0, 0, 0x08, 1, 0, 0, 0, 3, 7, 8, 9]);
 * const { shape, data } = await decodeIdx(bytes);
 * if (shape[0] !== 3 || data[2] !== 9) throw new Error("not as expected");
 * ```
 */
export async function decodeIdx(bytes: Uint8Array, name: string = "idx"): Promise<IdxArray> {
  if (typeof name !== "string") throw failure("data", "name", show(name), "a name");
  if (!(bytes instanceof Uint8Array)) throw failure("data", name, show(bytes), "a Uint8Array");
  const gzipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return gzipped ? await decodeGzip(bytes, name) : decodePlain(bytes, name);
}
