/**
 * Which loads a thread can make through a uniform buffer, as the search for a tile sees them.
 *
 * @module
 */
import { type AdapterClass, WINDOW_WORDS } from "../src/loops/adapter.ts";
import { type Axis, type Index, type IndexRange, indexRange } from "../src/loops/index.ts";
import type { ValueId } from "../src/loops/scalar.ts";
import type { Stage } from "../src/loops/stage.ts";

/** Words by which windows begin before what is read, or end after it, at most. */
const BEGIN = 2 * WINDOW_WORDS;

/** Slices that a kernel may have in any case; more only where each sees half a window of what is cut. */
const FREE_SLICES = 64;

/** Slices that reading so many words through windows may take. */
export function mostSlices(words: number, mostWords: number): number {
  return Math.max(FREE_SLICES, Math.ceil(2 * words / mostWords));
}

/** The words from the first that a box reads to the last. */
export interface Fetch {
  /** Of a box of one element. */
  readonly span: number;
  /** How many more they are with each further element along a parallel axis. */
  readonly slopes: readonly number[];
  /** Words of the whole value. */
  readonly words: number;
  /** The words from the first that any thread reads to the last. */
  readonly reach: number;
  /**
   * By how many words fewer a window spans if an axis is written out: its terms, which lie apart, have
   * windows of their own. All axes, those that are summed over being last.
   */
  readonly apart: readonly number[];
  /** How many those are. */
  readonly windows: number;
  readonly value: ValueId;
}

/** What one element along an axis reads, and how far apart two of them are. */
interface Row {
  readonly words: number;
  readonly step: number;
}

/** The rows along an axis, in each of the copies that other axes of the grid go through. */
function rowOf(word: Index, name: string, parallel: readonly Axis[]): Row | undefined {
  const own = word.terms.find(({ atom }) => atom.kind === "axis" && atom.axis.name === name);
  if (own?.atom.kind !== "axis") return undefined;
  const step = Math.abs(own.factor), all = step * own.atom.axis.extent;
  const pinned = word.terms.flatMap(({ factor, atom }) => {
    if (atom.kind !== "axis") return [];
    const copies = Math.abs(factor) >= all && parallel.some((a) => a.name === atom.axis.name);
    return copies || atom.axis.name === name ? [[atom.axis.name, [0, 0]] as const] : [];
  });
  const [low, high] = indexRange(word, new Map(pinned));
  return { words: high - low + 1, step };
}

/**
 * How many elements along an axis a window of so many words spans, if what they read lies apart: windows
 * whose ends overlap by much would be one.
 */
export function elementsIn(
  words: number,
  word: Index,
  axis: string,
  parallel: readonly Axis[],
): number | undefined {
  const found = rowOf(word, axis, parallel);
  if (found === undefined) return undefined;
  const { words: row, step } = found;
  const count = Math.floor((words - row) / step) + 1;
  return row <= words && count * step >= row - step ? count : undefined;
}

/** What a load at `word` reads, of a value of so many words. */
export function fetchOf(
  value: ValueId,
  word: Index,
  { parallel, reduce }: Pick<Stage, "parallel" | "reduce">,
  words: number,
  { maxUniforms }: AdapterClass,
): Fetch {
  const spanOf = (further: number): number => {
    const ranges = parallel.map((
      a,
      i,
    ): [string, IndexRange] => [a.name, [0, i === further ? 1 : 0]]);
    const [low, high] = indexRange(word, new Map(ranges));
    return high - low + 1;
  };
  const span = spanOf(-1);
  const apartBy = ({ name, extent }: Stage["reduce"][number]): number => {
    if (extent >= maxUniforms) return 0;
    const row = rowOf(word, name, parallel);
    return row !== undefined && 2 * row.step >= row.words ? row.step * (extent - 1) : 0;
  };
  const apart = reduce.map(apartBy);
  return {
    span,
    words,
    reach: word.high - word.low + 1,
    slopes: parallel.map((_, i) => spanOf(i) - span),
    value,
    apart: [...parallel.map(() => 0), ...apart],
    windows: apart.reduce((n, less, i) => less > 0 ? n * reduce[i]!.extent : n, 1),
  };
}

/** Whether a uniform binding spans what a box reads, whose thread goes through an axis if it is `serial`, or has elements far apart along one. */
export function isNear(
  { span, slopes, words, apart }: Fetch,
  sizes: readonly number[],
  serial: number,
  spread: number,
  extents: readonly number[],
  { maxUniformBytes }: AdapterClass,
): boolean {
  let all = span;
  for (let i = 0; i < slopes.length; i++) {
    if (i === spread) continue;
    all += slopes[i]! * ((i === serial ? extents[i]! : sizes[i]!) - 1);
  }
  for (let i = slopes.length; i < apart.length; i++) if (sizes[i] === extents[i]) all -= apart[i]!;
  return 4 * (Math.min(all, words) + WINDOW_WORDS) <= maxUniformBytes;
}

/** Whether a uniform binding spans what all threads read. */
export function isNearAtOnce({ reach, words }: Fetch, { maxUniformBytes }: AdapterClass): boolean {
  return 4 * (Math.min(reach, words) + WINDOW_WORDS) <= maxUniformBytes;
}

/** Whether a window spans fewer words than so many. */
function isLong(words: number, { maxUniformBytes }: AdapterClass): boolean {
  return 4 * (words + BEGIN) > maxUniformBytes;
}

/** The elements of a thread along each axis. */
export interface Box {
  readonly sizes: readonly number[];
  /** The axis that the thread goes through, or -1. */
  readonly serial: number;
  /** The axis along which its elements lie far apart, or -1. */
  readonly spread: number;
}

/**
 * In how many blocks slices cut each parallel axis so that a window spans what a load reads in one of them;
 * undefined where none does, or only in more slices than are worth it.
 */
function cutsOf(
  { slopes, words, span, apart }: Fetch,
  extents: readonly number[],
  adapter: AdapterClass,
  { sizes, serial, spread }: Box,
): ReadonlyMap<number, number> | undefined {
  const mostWords = adapter.maxUniformBytes / 4, most = mostWords - BEGIN;
  const cuts = new Map<number, number>();
  if (!isLong(words, adapter)) return cuts;
  // What lies apart gets windows of its own only where one does not span it.
  let all = span <= most ? span : apart.reduce((n, less) => n - less, span);
  const moving = slopes.flatMap((slope, i) => {
    const size = i === serial ? extents[i]! : sizes[i]!;
    const threads = Math.ceil(extents[i]! / size), step = i === spread ? slope : slope * size;
    if (i !== spread) all += slope * (size - 1);
    return step > 0 && threads > 1 ? [{ i, threads, step }] : [];
  }).sort((a, b) => b.step - a.step);
  for (const { threads, step } of moving) all += step * (threads - 1);
  let slices = 1;
  for (const { i, threads, step } of moving) {
    if (all <= most) break;
    all -= step * (threads - 1);
    const together = all > most ? 1 : Math.floor((most - all) / step) + 1;
    cuts.set(i, Math.ceil(threads / together));
    slices *= cuts.get(i)!;
  }
  return all > most || slices > mostSlices(words, mostWords) ? undefined : cuts;
}

/** In how many slices a kernel runs, and which loads it may make through windows. */
export interface SlicesExpected {
  readonly slices: number;
  readonly near: readonly boolean[];
}

/** What slices there are of a kernel whose threads each compute a box, or one element. */
export function slicesExpected(
  fetches: readonly Fetch[],
  extents: readonly number[],
  adapter: AdapterClass,
  box: Box = { sizes: extents.map(() => 1), serial: -1, spread: -1 },
): SlicesExpected {
  const all = new Map<number, number>();
  const windows = new Map(fetches.map(({ value }) => [value, 1]));
  const near = fetches.map((fetch) => {
    const cuts = cutsOf(fetch, extents, adapter, box);
    const apart = isLong(Math.min(fetch.span, fetch.words), adapter) ? fetch.windows : 1;
    const others = windows.values().reduce((n, of) => n + of, -windows.get(fetch.value)!);
    // Slices have a binding of their own.
    if (cuts === undefined || (apart > 1 && others + apart >= adapter.maxUniforms)) return false;
    windows.set(fetch.value, Math.max(apart, windows.get(fetch.value)!));
    cuts.forEach((blocks, axis) => all.set(axis, Math.max(all.get(axis) ?? 1, blocks)));
    return true;
  });
  return { slices: [...all.values()].reduce((n, cut) => n * cut, 1), near };
}

/** What slices there are if threads have so many elements far apart along an axis; undefined where they cannot. */
function slicesSpread(
  fetches: readonly Fetch[],
  extents: readonly number[],
  others: number,
  adapter: AdapterClass,
  axis: number,
  elements: number,
): SlicesExpected | undefined {
  const distance = Math.ceil(extents[axis]! / elements);
  const all = new Set<ValueId>(), long = new Set<ValueId>();
  for (const fetch of fetches) {
    all.add(fetch.value);
    if (!isLong(fetch.words, adapter) || fetch.slopes[axis] === 0) continue;
    // Windows whose ends overlap by much would be one.
    if (2 * distance * fetch.slopes[axis]! < fetch.span) return undefined;
    long.add(fetch.value);
  }
  // Slices have a binding of their own.
  const windows = adapter.maxUniforms - 1 - others - all.size + long.size;
  if (long.size === 0 || elements * long.size > windows) return undefined;
  const sizes = extents.map((_, i) => i === axis ? elements : 1);
  return slicesExpected(fetches, extents, adapter, { sizes, serial: -1, spread: axis });
}

/**
 * How many elements a thread may have far apart along an axis, where that saves more than one slice: each of
 * them then has windows of its own. By the slices that are left.
 *
 * @param sizes How many elements there may be.
 * @param others What else the kernel reads.
 */
export function spreadsOf(
  axis: number,
  sizes: readonly number[],
  fetches: readonly Fetch[],
  extents: readonly number[],
  others: number,
  adapter: AdapterClass,
): readonly (SlicesExpected & { readonly elements: readonly number[] })[] {
  const { slices } = slicesExpected(fetches, extents, adapter);
  const found = sizes.flatMap((elements) => {
    const of = slicesSpread(fetches, extents, others, adapter, axis, elements);
    return of !== undefined && of.slices + 1 < slices ? [{ elements, of }] : [];
  });
  return [...Map.groupBy(found, ({ of }) => of.slices).values()].map((alike) => ({
    ...alike[0]!.of,
    elements: alike.map(({ elements }) => elements),
  }));
}
