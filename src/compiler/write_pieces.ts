/**
 * The bindings of a kernel, and its statements over them.
 *
 * @module
 */
import { type AdapterClass, WINDOW_WORDS } from "../loops/adapter.ts";
import { type Axis, type Index, indexAdd, indexConstant } from "../loops/index.ts";
import type { ValueId } from "../loops/scalar.ts";
import type { Value } from "../loops/stage.ts";
import { sizeOf } from "../tensor/node.ts";
import { addressOf } from "./build_stages.ts";
import type { Binding } from "./plan.ts";
import {
  nearestOf,
  noteRead,
  type Part,
  partOf,
  partsOf,
  readsWindows,
  type ReadWords,
  type Slices,
  slicesOf,
} from "./windows.ts";
import {
  type Follower,
  ORIGIN,
  ORIGIN_DECLARATION,
  sliceBinding,
  sliceWord,
  threadLines,
  threadNames,
  threadsIn,
} from "../../kernels/grid.ts";
import type { BoundBuffer, Syntax } from "../../kernels/syntax.ts";
import type { WriterContext } from "../../kernels/writer.ts";

/** Where a value lies for the kernels. */
export interface Seat {
  readonly buffer: number;
  readonly offset: number;
  /** Words of the buffer. */
  readonly bufferWords: number;
  /** Rows of scalars and records are seen word by word. */
  readonly ring: boolean;
}

/** What threads do. */
export interface Piece {
  readonly reads: ReadonlySet<ValueId>;
  readonly stored: readonly ValueId[];
  readonly threads: number;
  readonly write: (context: WriterContext) => readonly string[];
}

/** Pieces that share their bindings. */
export interface WrittenPieces {
  readonly bindings: readonly Binding[];
  readonly buffers: readonly BoundBuffer[];
  /** What a module declares besides the buffers. */
  readonly declarations: readonly string[];
  readonly pieces: readonly {
    readonly lines: readonly string[];
    /** Of a slice, if there are slices. */
    readonly threads: number;
  }[];
  /** See {@link Kernel}. */
  readonly slices?: readonly (readonly number[])[];
}

/** As many words of a vector cost as much as all of it. */
const LANES_WORTH = 2;

/** How a kernel uses a buffer that it sees as vectors. */
interface VectorUse {
  /** Whether it accesses words by themselves. */
  apart: boolean;
  /** The words of vectors, and those vectors. */
  readonly lanes: Set<string>;
  readonly vectors: Set<string>;
}

/** A region of a buffer that is read through a window. */
interface Windowed {
  readonly bound: BoundBuffer;
  readonly buffer: number;
  readonly value: ValueId;
  readonly region: number;
  readonly read: ReadWords;
}

/** What is assumed, until writing shows what is different. */
interface Assumed {
  /** Values that are read through windows, each by the regions that have windows of their own. */
  readonly regions: Map<ValueId, readonly Part[]>;
  /** The axes of the grids by which those are told apart. */
  threads: readonly Axis[];
  /** Storage buffers that are not seen as vectors. */
  readonly words: Set<number>;
  /** Whether windows of parts have taken the place of slices. */
  apart: boolean;
}

/** Values that a kernel may read through windows: those whose buffers it does not write. */
function readableOf(
  pieces: readonly Piece[],
  values: readonly Value[],
  seatOf: (v: ValueId) => Seat,
  { target }: Syntax,
  adapter: AdapterClass,
): Assumed["regions"] {
  if (!readsWindows(target, adapter)) return new Map();
  const written = new Set(pieces.flatMap(({ stored }) => stored.map((v) => seatOf(v).buffer)));
  return new Map(pieces.flatMap(({ reads }) =>
    [...reads].flatMap((v) => {
      const { buffer, ring, offset: from } = seatOf(v);
      const whole: Part = { from, to: from + sizeOf(values[v]!.shape), first: from };
      return ring || written.has(buffer) ? [] : [[v, [whole]] as const];
    })
  ));
}

/** Writes pieces, with as many windows as there can be. */
export function writePieces(
  pieces: readonly Piece[],
  values: readonly Value[],
  seatOf: (v: ValueId) => Seat,
  syntax: Syntax,
  adapter: AdapterClass,
): WrittenPieces {
  const assumed: Assumed = {
    regions: readableOf(pieces, values, seatOf, syntax, adapter),
    threads: [],
    words: new Set(),
    apart: false,
  };
  for (;;) {
    const written = attempt(pieces, values, seatOf, syntax, adapter, assumed);
    if (written !== undefined) return written;
  }
}

/** Writes pieces, or corrects what is assumed. */
function attempt(
  pieces: readonly Piece[],
  values: readonly Value[],
  seatOf: (v: ValueId) => Seat,
  syntax: Syntax,
  adapter: AdapterClass,
  assumed: Assumed,
): WrittenPieces | undefined {
  const { regions, words, threads } = assumed;
  const stores = storesOf(pieces, values, seatOf, regions);
  const order = [...stores.keys()].sort((a, b) => a - b);
  const bound = new Map(order.map((b, position): [number, BoundBuffer] => {
    const { access, kinds, ring, bufferWords } = stores.get(b)!;
    const short = 4 * bufferWords <= adapter.maxUniformBytes;
    if (ring && access === "read" && short && readsWindows(syntax.target, adapter)) {
      // A row is at the beginning of what is bound.
      const window = { first: ORIGIN, vectors: bufferWords / 4 };
      return [b, { position, access, element: "vec4u", window }];
    }
    const f32 = kinds.size === 1 && kinds.has("f32");
    const vector = syntax.lanes !== undefined && !words.has(b) && !ring && kinds.size === 1;
    const element = vector ? (f32 ? "vec4f" : "vec4u") : f32 ? "f32" : "u32";
    return [b, { position, access, element }];
  }));
  const windowed = new Map<string, Windowed>();
  const windowOf = (v: ValueId, region: number): Windowed => {
    const key = `${v};${region}`, known = windowed.get(key);
    if (known !== undefined) return known;
    const { buffer, bufferWords } = seatOf(v), position = order.length + windowed.size;
    const made: Windowed = {
      buffer,
      value: v,
      region,
      bound: {
        position,
        access: "read",
        element: values[v]!.dtype === "f32" ? "vec4f" : "vec4u",
        window: { first: `o${position}`, vectors: 0 },
      },
      read: { ...regions.get(v)![region]!, bufferWords, indices: new Map() },
    };
    windowed.set(key, made);
    return made;
  };
  const uses = new Map<BoundBuffer, VectorUse>();
  const grids: (readonly Axis[])[] = [], followers: (readonly Follower[])[] = [];
  const contextOf = (piece: number): WriterContext => ({
    syntax,
    thread: (axes, following = []) => {
      grids[piece] = axes;
      followers[piece] = following;
      return threadNames(axes);
    },
    address: (v: ValueId, at: readonly Index[]) => {
      const { buffer, offset } = seatOf(v);
      const word = indexAdd(addressOf(at, values[v]!.shape), indexConstant(offset));
      const own = regions.get(v);
      const region = own === undefined || own.length === 1 ? 0 : partOf(word, own, threads);
      if (own === undefined || own[region]!.far === true) {
        return { buffer: bound.get(buffer)!, word };
      }
      const { bound: window, read } = windowOf(v, region);
      noteRead(read, word);
      return { buffer: window, word };
    },
    touched: (buffer, split) => {
      if (buffer.window !== undefined) return;
      const use = uses.get(buffer) ?? { apart: false, lanes: new Set(), vectors: new Set() };
      uses.set(buffer, use);
      if (split === undefined) use.apart = true;
      else {
        use.lanes.add(`${split.vector.key}.${split.lane}`);
        use.vectors.add(split.vector.key);
      }
    },
  });
  const lines = pieces.map((piece, i) => piece.write(contextOf(i)));
  const plain = [...uses].filter(([, { apart, lanes, vectors }]) =>
    apart && lanes.size <= LANES_WORTH * vectors.size
  );
  for (const [{ position }] of plain) words.add(order[position]!);
  const grid = pieces.length === 1 ? grids[0] ?? [] : [];
  const rows = [...bound.values()].filter((b) => b.window !== undefined).length;
  const most = adapter.maxUniforms - 1 - rows;
  const cut = slicesOf(
    new Map([...windowed].map(([key, { read }]) => [key, read])),
    { axes: grid, followers: pieces.length === 1 ? followers[0] ?? [] : [] },
    adapter.maxUniformBytes / 4,
    most,
  );
  const failed = [...windowed].filter(([key]) => !cut.windows.has(key))
    .sort(([, a], [, b]) => b.region - a.region);
  const share = Math.floor((most - windowed.size) / Math.max(1, failed.length)) + 1;
  if (failed.length > 0) assumed.threads = grids.flat();
  // From behind, so that the parts before keep their places.
  for (const [, { value, region, read }] of failed) {
    const own = regions.get(value)!, first = own.length === 1;
    const parts = first
      ? partsOf(read, assumed.threads, share)
      : own.flatMap((part, i) => i === region ? nearestOf(read, assumed.threads) : [part]);
    if (parts.length === 1 || parts.every(({ far }) => far === true)) regions.delete(value);
    else regions.set(value, parts);
  }
  if (plain.length + failed.length > 0) return undefined;
  if (cut.blocks.length > 1 && !assumed.apart) {
    const parts = partsInstead(windowed, regions, grid, adapter.maxUniformBytes / 4, most);
    if (parts.size > 0) {
      parts.forEach((of, v) => regions.set(v, of));
      assumed.threads = grid;
      assumed.apart = true;
      return undefined;
    }
  }
  return assembled({ pieces, grids, grid, lines, bound, windowed, stores, order, cut }, syntax);
}

/** The parts of all values that are longer than a window, where those let a kernel run in one slice. */
function partsInstead(
  windowed: ReadonlyMap<string, Windowed>,
  regions: Assumed["regions"],
  grid: readonly Axis[],
  mostWords: number,
  most: number,
): ReadonlyMap<ValueId, readonly Part[]> {
  const found = new Map<ValueId, readonly Part[]>();
  let windows = windowed.size;
  for (const { value, read } of windowed.values()) {
    if (read.to - read.from <= mostWords - WINDOW_WORDS) continue;
    // Its other parts would no longer be told apart.
    if (regions.get(value)!.length > 1) return new Map();
    const parts = partsOf(read, grid, most + 1 - windows);
    windows += parts.length - 1;
    const spanned = parts.every(({ from, to }) => to - from <= mostWords - WINDOW_WORDS);
    if (!spanned || found.has(value) || windows > most) return new Map();
    found.set(value, parts);
  }
  return found;
}

/** Storage buffers with how a kernel uses them. */
type Stores = ReadonlyMap<number, {
  access: "read" | "write";
  readonly kinds: Set<"f32" | "u32">;
  readonly ring: boolean;
  readonly bufferWords: number;
}>;

function storesOf(
  pieces: readonly Piece[],
  values: readonly Value[],
  seatOf: (v: ValueId) => Seat,
  regions: Assumed["regions"],
): Stores {
  const stores: Map<number, Stores extends ReadonlyMap<number, infer S> ? S : never> = new Map();
  const touch = (v: ValueId, access: "read" | "write"): void => {
    if (regions.get(v)?.every(({ far }) => far !== true)) return;
    const { buffer, ring, bufferWords } = seatOf(v);
    const known = stores.get(buffer) ?? { access, kinds: new Set(), ring, bufferWords };
    if (access === "write") known.access = access;
    known.kinds.add(values[v]!.dtype === "f32" ? "f32" : "u32");
    stores.set(buffer, known);
  };
  for (const { reads, stored } of pieces) {
    for (const v of reads) touch(v, "read");
    for (const v of stored) touch(v, "write");
  }
  return stores;
}

/** What an attempt has found. */
interface Attempt {
  readonly pieces: readonly Piece[];
  readonly grids: readonly (readonly Axis[] | undefined)[];
  /** The axes that slices cut. */
  readonly grid: readonly Axis[];
  readonly lines: readonly (readonly string[])[];
  readonly bound: ReadonlyMap<number, BoundBuffer>;
  readonly windowed: ReadonlyMap<string, Windowed>;
  readonly stores: Stores;
  readonly order: readonly number[];
  readonly cut: Slices;
}

function assembled(
  { pieces, grids, grid, lines, bound, windowed, stores, order, cut }: Attempt,
  syntax: Syntax,
): WrittenPieces {
  const { sizes, blocks, windows } = cut;
  /** Words of each slice: where it begins along the axes that are cut, then the first vectors of windows. */
  const columns: ((slice: number) => number)[] = [];
  const columnOf = (value: (slice: number) => number): string => sliceWord(columns.push(value) - 1);
  const firsts = new Map<number, string>();
  grid.forEach(({ extent }, i) => {
    if (sizes[i]! < extent) firsts.set(i, columnOf((slice) => blocks[slice]![i]!));
  });
  const declarations: string[] = [], begin: string[] = [];
  for (const [key, { bound: { window } }] of windowed) {
    const { starts } = windows.get(key)!, { first } = window!;
    const from = starts.length === 1
      ? `${ORIGIN} + ${starts[0]! / 4}u`
      : columnOf((slice) => starts[slice]! / 4);
    begin.push(`let ${first} = ${from};`);
  }
  const rows = [...bound.values()].some(({ window }) => window !== undefined);
  if (rows || windowed.size > 0) declarations.push(ORIGIN_DECLARATION);
  const position = order.length + windowed.size;
  if (columns.length > 0) declarations.push(sliceBinding(position, columns.length));
  const written = pieces.map(({ threads }, i) => {
    const axes = grids[i];
    if (axes === undefined || syntax.target !== "wgsl") return { lines: lines[i]!, threads };
    const of = axes === grid ? sizes : axes.map((a) => a.extent);
    const split = threadLines(axes, of, (axis) => firsts.get(axis)!);
    return { lines: [...begin, ...split, ...lines[i]!], threads: threadsIn(of) };
  });
  return {
    bindings: [
      ...order.map((buffer): Binding => {
        const { access, bufferWords } = stores.get(buffer)!;
        const row = bound.get(buffer)!.window !== undefined;
        return row
          ? { buffer, access, window: { words: bufferWords, starts: [0] } }
          : { buffer, access };
      }),
      ...[...windowed].map(([key, { buffer }]) => ({
        buffer,
        access: "read" as const,
        window: windows.get(key)!,
      })),
    ],
    buffers: [
      ...bound.values(),
      ...[...windowed].map(([key, { bound }]) => ({
        ...bound,
        window: { ...bound.window!, vectors: windows.get(key)!.words / 4 },
      })),
    ],
    declarations,
    pieces: written,
    ...columns.length === 0
      ? {}
      : { slices: blocks.map((_, slice) => columns.map((word) => word(slice))) },
  };
}
