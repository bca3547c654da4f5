/**
 * Windows: stretches of buffers that a kernel reads as uniform buffers, where that is faster.
 *
 * A software adapter goes through the lanes of a storage load one by one, with tests, and gathers from a
 * uniform buffer. Uniform bindings are short, so a kernel that reads more runs in slices: each of
 * them runs a block of its threads, and sees what those read.
 *
 * @module
 */
import { type Axis, type Index, indexAtoms, type IndexRange, indexRange } from "../loops/index.ts";
import { type AdapterClass, WINDOW_WORDS } from "../loops/adapter.ts";
import type { Plan, Window } from "./plan.ts";
import { mostSlices } from "../../kernels/fetches.ts";
import type { Follower } from "../../kernels/grid.ts";
import { COSTS } from "../../kernels/tile_costs.ts";

/** Whether kernels read through windows. */
export function readsWindows(
  target: Plan["target"],
  { kind, maxUniforms }: AdapterClass,
): boolean {
  return target === "wgsl" && COSTS[kind].uniform !== undefined && maxUniforms > 0;
}

/** A part of a buffer: from one word up to another. */
export interface Region {
  readonly from: number;
  readonly to: number;
}

/** The words of a region that a kernel reads. */
export interface ReadWords extends Region {
  /** Words of the buffer. */
  readonly bufferWords: number;
  /** Indices of equal terms and ranges, with all their constants. */
  readonly indices: Map<string, {
    readonly index: Index;
    readonly constants: Set<number>;
    low: number;
    high: number;
  }>;
}

/** Remembers that a word is read. */
export function noteRead({ indices }: ReadWords, word: Index): void {
  const { constant, tail } = word;
  // Axes of one name are longer in some parts of a kernel than in others.
  const key = `${word.low - constant}:${word.high - constant}${tail}`;
  const known = indices.get(key) ??
    { index: word, constants: new Set<number>(), low: constant, high: constant };
  indices.set(key, known);
  known.constants.add(constant);
  known.low = Math.min(known.low, constant);
  known.high = Math.max(known.high, constant);
}

/** How a kernel's threads are cut into slices, and what each of them sees. */
export interface Slices {
  /** Threads of a slice along each axis of the grid. */
  readonly sizes: readonly number[];
  /** The first thread of each slice, by axes. */
  readonly blocks: readonly (readonly number[])[];
  /** By the keys of what is read. */
  readonly windows: ReadonlyMap<string, Window>;
}

const ALL: ReadonlyMap<string, IndexRange> = new Map();

/** A part of a value that has a window of its own. */
export interface Part extends Region {
  /** The first word that the first thread reads. */
  readonly first: number;
  /** Whether it has none after all, since there are too few. */
  readonly far?: boolean;
}

/** The axes of a grid at its first thread. */
function firstThread(grid: readonly Axis[]): ReadonlyMap<string, IndexRange> {
  return new Map(grid.map(({ name }) => [name, [0, 0]]));
}

/** In which of the parts of a value, by {@link partsOf}, a word lies. */
export function partOf(word: Index, parts: readonly Part[], grid: readonly Axis[]): number {
  const [low] = indexRange(word, firstThread(grid));
  return Math.max(0, parts.findLastIndex(({ first }) => first <= low));
}

/**
 * The parts of a region that are read, by where the first thread reads them: two layers in a vector of
 * parameters, or the pieces of a sum. Threads beyond an edge may read what lies behind a part.
 *
 * @param most As many parts; of more, those that are shortest together are one.
 */
export function partsOf(
  { from, to, indices }: ReadWords,
  grid: readonly Axis[],
  most: number,
): readonly Part[] {
  const pinned = firstThread(grid);
  const ranges = [...indices.values()].flatMap(({ index, constants }) => {
    const [a, b] = indexRange(index, ALL).map((x) => x - index.constant) as [number, number];
    const [x, y] = indexRange(index, pinned).map((x) => x - index.constant) as [number, number];
    return [...constants].map((c) => ({
      from: Math.min(Math.max(from, a + c), to - 1),
      to: Math.max(Math.min(to, b + c + 1), from + 1),
      first: x + c,
      last: y + c,
    }));
  });
  const joined = (a: typeof ranges[number], b: typeof ranges[number]) => ({
    from: Math.min(a.from, b.from),
    to: Math.max(a.to, b.to),
    first: a.first,
    last: Math.max(a.last, b.last),
  });
  const parts: typeof ranges = [];
  for (const range of ranges.sort((a, b) => a.first - b.first)) {
    const before = parts.at(-1);
    if (before === undefined || 2 * (range.first - before.first) > before.last - before.first) {
      parts.push(range);
    } else parts[parts.length - 1] = joined(before, range);
  }
  while (parts.length > Math.max(1, most)) {
    const spans = parts.slice(1).map((part, i) =>
      Math.max(part.last, parts[i]!.last) - parts[i]!.first
    );
    const nearest = spans.indexOf(Math.min(...spans));
    parts.splice(nearest, 2, joined(parts[nearest]!, parts[nearest + 1]!));
  }
  return parts.map(({ from, to, first }) => ({ from, to, first }));
}

/**
 * What becomes of a part that a window cannot span: of what is joined in it only the first has one.
 */
export function nearestOf(read: ReadWords, grid: readonly Axis[]): readonly Part[] {
  const inside = partsOf(read, grid, Infinity);
  return inside.map((part, i) => i === 0 && inside.length > 1 ? part : { ...part, far: true });
}

/** Whether a block of threads goes through no place of an axis. */
function isEmpty(axes: ReadonlyMap<string, IndexRange>, name: string): boolean {
  const range = axes.get(name);
  return range !== undefined && range[0] > range[1];
}

/** The words that a block of threads reads of a region; none if the first is behind the last. */
function wordsRead(
  { from, to, indices }: ReadWords,
  axes: ReadonlyMap<string, IndexRange>,
): IndexRange {
  let first = to - 1, last = from;
  for (const { index, low, high } of indices.values()) {
    let never = false;
    indexAtoms(index, (atom) => never ||= atom.kind === "axis" && isEmpty(axes, atom.axis.name));
    if (never) continue;
    const [a, b] = indexRange(index, axes);
    first = Math.min(first, a - index.constant + low);
    last = Math.max(last, b - index.constant + high);
  }
  // What lies outside is read for nothing: a test of ranges leaves it out.
  return [Math.max(first, from), Math.min(last, to - 1)];
}

const aligned = (words: number): number => Math.ceil(words / WINDOW_WORDS) * WINDOW_WORDS;

/** All blocks of these sizes. */
function blocksOf(axes: readonly Axis[], sizes: readonly number[]): readonly (readonly number[])[] {
  return axes.reduce<readonly (readonly number[])[]>(
    (blocks, { extent }, i) =>
      blocks.flatMap((block) =>
        Array.from({ length: Math.ceil(extent / sizes[i]!) }, (_, k) => [...block, k * sizes[i]!])
      ),
    [[]],
  );
}

/** The threads of a kernel. */
export interface Threads {
  /** The axes of its grid; without any there is one slice. */
  readonly axes: readonly Axis[];
  readonly followers: readonly Follower[];
}

/** A block of threads as ranges of the axes. */
function rangesOf(
  { axes, followers }: Threads,
  sizes: readonly number[],
  block: readonly number[],
): ReadonlyMap<string, IndexRange> {
  const ranges = new Map<string, IndexRange>(
    axes.map(({ name, extent }, i) => [
      name,
      [block[i]!, Math.min(extent, block[i]! + sizes[i]!) - 1],
    ]),
  );
  for (const { axis: { name, extent }, of, per, skipped } of followers) {
    const [low, high] = ranges.get(of) ?? [0, 0];
    const last = Math.min(extent, per * (high + 1) - skipped) - 1;
    ranges.set(name, [Math.max(0, per * low - skipped), last]);
  }
  return ranges;
}

/** What each block reads of a region, or undefined where some block reads more than a binding spans. */
function windowOf(
  read: ReadWords,
  threads: Threads,
  sizes: readonly number[],
  blocks: readonly (readonly number[])[],
  most: number,
): Window | undefined {
  const length = aligned(read.bufferWords);
  let words = WINDOW_WORDS;
  const starts: number[] = [];
  for (const block of blocks) {
    const [first, last] = wordsRead(read, rangesOf(threads, sizes, block));
    // Where nothing is read of what there is, the window lies anywhere in it.
    const begin = Math.max(read.from, Math.min(first, last)), start = begin - begin % WINDOW_WORDS;
    if (first <= last) words = Math.max(words, aligned(last + 1 - start));
    if (words > most) return undefined;
    starts.push(start);
  }
  const inside = starts.map((start) => Math.min(start, length - words));
  return { words, starts: inside.every((s) => s === inside[0]) ? [inside[0]!] : inside };
}

/** How many blocks of these sizes there are. */
function countOf(axes: readonly Axis[], sizes: readonly number[]): number {
  return axes.reduce((n, { extent }, i) => n * Math.ceil(extent / sizes[i]!), 1);
}

/** The largest number of 1 … most - 1 that something holds for, if it holds for 1 and for all below one for which it holds. */
function largest(most: number, holds: (n: number) => boolean): number {
  let low = 1, high = most;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** Blocks that are looked at one by one where threads do not do the same. */
const FEW_BLOCKS = 64;

/** Threads along each axis, so that a block reads no more of a region than a binding spans. */
function cutFor(
  read: ReadWords,
  threads: Threads,
  sizes: readonly number[],
  most: number,
): readonly number[] | undefined {
  const { axes, followers } = threads;
  const fits = (of: readonly number[]): boolean => {
    // The first block, the last, and one between tell of all of them where threads do the same.
    const blocks = followers.length > 1 && countOf(axes, of) <= FEW_BLOCKS
      ? blocksOf(axes, of)
      : [0, 0.5, 1].map((part) =>
        axes.map(({ extent }, i) => Math.floor(part * (Math.ceil(extent / of[i]!) - 1)) * of[i]!)
      );
    return windowOf(read, threads, of, blocks, most) !== undefined;
  };
  if (fits(sizes)) return sizes;
  let best: readonly number[] | undefined;
  /** One axis may have blocks of several threads; others, of those from `from` on, have as many as threads. */
  const search = (of: readonly number[], from: number): void => {
    for (let i = 0; i < axes.length; i++) {
      if (of[i] === 1) continue;
      const sized = (n: number): readonly number[] => of.map((m, k) => k === i ? n : m);
      if (!fits(sized(1))) {
        if (i >= from && countOf(axes, sized(1)) <= mostSlices(read.to - read.from, most)) {
          search(sized(1), i + 1);
        }
        continue;
      }
      const cut = sized(largest(of[i]!, (n) => fits(sized(n))));
      if (best === undefined || countOf(axes, cut) < countOf(axes, best)) best = cut;
    }
  };
  search(sizes, 0);
  return best;
}

/**
 * Cuts a kernel's threads into as few slices as let it read as much as possible through windows.
 *
 * @param reads What it reads, by any key.
 * @param threads Those of the kernel.
 * @param mostWords Words that a window may have.
 * @param mostWindows Windows that a kernel may have.
 * @returns What has no window in `windows` stays a storage buffer.
 */
export function slicesOf(
  reads: ReadonlyMap<string, ReadWords>,
  threads: Threads,
  mostWords: number,
  mostWindows: number,
): Slices {
  const { axes } = threads;
  let sizes: readonly number[] = axes.map((a) => a.extent);
  const chosen: string[] = [];
  const order = [...reads].sort(([, a], [, b]) => (a.to - a.from) - (b.to - b.from));
  for (const [key, read] of order) {
    if (chosen.length >= mostWindows) break;
    const cut = cutFor(read, threads, sizes, mostWords);
    if (cut === undefined || countOf(axes, cut) > mostSlices(read.to - read.from, mostWords)) {
      continue;
    }
    sizes = cut;
    chosen.push(key);
  }
  // As many slices of equal size.
  sizes = sizes.map((n, i) => {
    const { extent } = axes[i]!;
    return Math.ceil(extent / Math.ceil(extent / n));
  });
  const blocks = blocksOf(axes, sizes);
  return {
    sizes,
    blocks,
    windows: new Map(chosen.flatMap((key) => {
      const window = windowOf(reads.get(key)!, threads, sizes, blocks, mostWords);
      return window === undefined ? [] : [[key, window] as const];
    })),
  };
}
