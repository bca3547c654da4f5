/**
 * Which loads a thread can make through a uniform buffer, as the search for a tile sees them.
 *
 * @module
 */
import type { AdapterClass } from "../src/loops/adapter.ts";
import { type Axis, type Index, type IndexRange, indexRange } from "../src/loops/index.ts";
import type { ValueId } from "../src/loops/scalar.ts";
import type { Stage } from "../src/loops/stage.ts";

/** Words by which windows begin before what is read, or end after it, at most. */
const BEGIN = 128;

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
  /** How many elements along a parallel axis a window spans, if they lie apart; see {@link elementsIn}. */
  readonly rows: readonly (number | undefined)[];
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
  { maxUniforms, maxUniformBytes }: AdapterClass,
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
  return {
    span,
    words,
    reach: word.high - word.low + 1,
    slopes: parallel.map((_, i) => spanOf(i) - span),
    value,
    rows: parallel.map(({ name }) => elementsIn(maxUniformBytes / 4 - BEGIN, word, name, parallel)),
    apart: [...parallel.map(() => 0), ...reduce.map(apartBy)],
  };
}

/** Whether a uniform binding spans what a box reads, whose thread goes through an axis if it is `serial`, or has elements far apart along one. */
export function isNear(
  { span, slopes, words, apart, rows }: Fetch,
  sizes: readonly number[],
  serial: number,
  spread: number,
  extents: readonly number[],
  { maxUniformBytes }: AdapterClass,
): boolean {
  let all = span;
  for (let i = 0; i < slopes.length; i++) {
    if (i === spread && rows[i] !== undefined) continue;
    all += slopes[i]! * ((i === serial ? extents[i]! : sizes[i]!) - 1);
  }
  for (let i = slopes.length; i < apart.length; i++) if (sizes[i] === extents[i]) all -= apart[i]!;
  // A binding begins at a multiple of so many words.
  return 4 * (Math.min(all, words) + 64) <= maxUniformBytes;
}

/** Whether a uniform binding spans what all threads read. */
export function isNearAtOnce({ reach, words }: Fetch, { maxUniformBytes }: AdapterClass): boolean {
  return 4 * (Math.min(reach, words) + 64) <= maxUniformBytes;
}

/** The parallel axis that slices cut because of a load, and in how many blocks. */
function cutOf(
  { slopes, words, span }: Fetch,
  extents: readonly number[],
  { maxUniformBytes }: AdapterClass,
): readonly [axis: number, blocks: number] {
  const axis = 4 * span > maxUniformBytes
    ? -1
    : slopes.findIndex((s, i) => s > 0 && extents[i]! > 1);
  return [axis, Math.ceil(4 * words / maxUniformBytes)];
}

/**
 * In how many slices a kernel runs whose threads each read little of large values: what moves with one
 * axis is cut along that, unless threads have elements far apart along it.
 */
export function slicesExpected(
  fetches: readonly Fetch[],
  extents: readonly number[],
  adapter: AdapterClass,
  spread: number,
): number {
  const cuts = new Map<number, number>();
  for (const fetch of fetches) {
    const [axis, blocks] = cutOf(fetch, extents, adapter);
    if (axis >= 0 && axis !== spread) cuts.set(axis, Math.max(cuts.get(axis) ?? 1, blocks));
  }
  return [...cuts.values()].reduce((n, cut) => n * cut, 1);
}

/**
 * How many elements a thread has along an axis at least and at most, if they lie so far apart that windows
 * span what all threads read for each of them; undefined where that would save one slice at most.
 *
 * @param others What else the kernel reads.
 */
export function spreadOf(
  axis: number,
  fetches: readonly Fetch[],
  extents: readonly number[],
  others: number,
  adapter: AdapterClass,
): readonly [number, number] | undefined {
  let least = 1;
  const all = new Set<ValueId>(), long = new Set<ValueId>();
  for (const fetch of fetches) {
    all.add(fetch.value);
    const [at, blocks] = cutOf(fetch, extents, adapter), rows = fetch.rows[axis];
    if (at !== axis || blocks === 1) continue;
    if (rows === undefined) return undefined;
    least = Math.max(least, Math.ceil(extents[axis]! / rows));
    long.add(fetch.value);
  }
  // Slices have a binding of their own.
  const windows = adapter.maxUniforms - 1 - others - all.size + long.size;
  const most = Math.floor(windows / Math.max(1, long.size));
  return least <= 2 ? undefined : [least, most];
}
