/**
 * Which loads a thread can make through a uniform buffer, as the search for a tile sees them.
 *
 * @module
 */
import type { AdapterClass } from "../src/loops/adapter.ts";
import { type Axis, type Index, type IndexRange, indexRange } from "../src/loops/index.ts";

/** The words from the first that a box reads to the last. */
export interface Fetch {
  /** Of a box of one element. */
  readonly span: number;
  /** How many more they are with each further element along a parallel axis. */
  readonly slopes: readonly number[];
  /** Words of the whole value. */
  readonly words: number;
  /**
   * By how many words fewer a window spans if an axis is written out: its terms, which lie apart, have
   * windows of their own. All axes, those that are summed over being last.
   */
  readonly apart: readonly number[];
}

/** What a load at `word` reads, of a value of so many words. */
export function fetchOf(
  word: Index,
  parallel: readonly Axis[],
  reduce: readonly Axis[],
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
  const apartBy = ({ name, extent }: Axis): number => {
    if (extent >= maxUniforms) return 0;
    const term = word.terms.find(({ atom }) => atom.kind === "axis" && atom.axis.name === name);
    if (term === undefined) return 0;
    const [low, high] = indexRange(word, new Map([[name, [0, 0]]])), step = Math.abs(term.factor);
    return 2 * step >= high - low + 1 ? step * (extent - 1) : 0;
  };
  return {
    span,
    words,
    slopes: parallel.map((_, i) => spanOf(i) - span),
    apart: [...parallel.map(() => 0), ...reduce.map(apartBy)],
  };
}

/** Whether a uniform binding spans what a box reads, whose thread goes through an axis if it is `serial`. */
export function isNear(
  { span, slopes, words, apart }: Fetch,
  sizes: readonly number[],
  serial: number,
  extents: readonly number[],
  { maxUniformBytes }: AdapterClass,
): boolean {
  let all = span;
  for (let i = 0; i < slopes.length; i++) {
    all += slopes[i]! * ((i === serial ? extents[i]! : sizes[i]!) - 1);
  }
  for (let i = slopes.length; i < apart.length; i++) if (sizes[i] === extents[i]) all -= apart[i]!;
  // A binding begins at a multiple of so many words.
  return 4 * (Math.min(all, words) + 64) <= maxUniformBytes;
}

/**
 * In how many slices a kernel runs whose threads each read little of large values: what moves with one
 * axis is cut along that.
 */
export function slicesOf(
  fetches: readonly Fetch[],
  extents: readonly number[],
  { maxUniformBytes }: AdapterClass,
): number {
  const cuts = new Map<number, number>();
  for (const { slopes, words, span } of fetches) {
    const axis = slopes.findIndex((s, i) => s > 0 && extents[i]! > 1);
    if (axis < 0 || 4 * span > maxUniformBytes) continue;
    cuts.set(axis, Math.max(cuts.get(axis) ?? 1, Math.ceil(4 * words / maxUniformBytes)));
  }
  return [...cuts.values()].reduce((n, cut) => n * cut, 1);
}
