/**
 * Which buffer each stored value lies in.
 *
 * Every slot and temporary starts in a buffer of its own. Where a kernel would bind more than the
 * device allows, temporaries share buffers, and slots where those are not enough.
 *
 * @module
 */
import { failure } from "../errors.ts";
import type { ValueId } from "../loops/scalar.ts";
import type { Value } from "../loops/stage.ts";
import { sizeOf } from "../tensor/node.ts";

/** What a kernel touches. */
export interface Touches {
  readonly label: string;
  readonly reads: ReadonlySet<ValueId>;
  readonly writes: ReadonlySet<ValueId>;
  /** The loops that it happens in. */
  readonly loops: ReadonlySet<number>;
  /** Terms that it adds up, or elements that it computes: what reads them slowly loses by it. */
  readonly work: number;
}

/** Values of four words alignment, so that vectors of four never straddle two values. */
export function alignedWords(value: Value): number {
  return Math.ceil(sizeOf(value.shape) / 4) * 4;
}

/** Scalars and their like share a buffer in any case: a kernel of scalars touches many of them. */
const SMALL = 16;

/** What may share a buffer with others: its words, and whether they are numbers. */
export interface Sharer {
  readonly words: number;
  readonly float: boolean;
  /** Slots share only where temporaries are not enough. */
  readonly slot: boolean;
  /**
   * Changes places with `partner` in loops. It shares with its like alone, and the partners share as well:
   * with one side of the same loops, or of others whose kernels do not see it, nor this one's theirs.
   */
  readonly swap?: {
    readonly side: "now" | "next";
    readonly loops: ReadonlySet<number>;
    readonly partner: string;
  };
}

/** The swap of two that share. */
function swapOfBoth({ swap: a }: Sharer, { swap: b }: Sharer): Pick<Sharer, "swap"> {
  if (a === undefined || b === undefined) return {};
  return { swap: { ...a, loops: a.loops.union(b.loops) } };
}

/**
 * Shares buffers until no kernel binds more than `most`. A kernel that reads one value of a buffer and
 * writes another binds it once, for reading and writing; so that is avoided as long as possible, and then done
 * where kernels have least work.
 *
 * @param keyOf Values with equal keys lie in one buffer already (a slot, or a temporary by itself).
 * @param sharers What may be moved, by key.
 * @returns The key of the buffer that a key's values lie in.
 */
export function shareBuffers(
  kernels: readonly Touches[],
  keyOf: (v: ValueId) => string,
  sharers: ReadonlyMap<string, Sharer>,
  most: number,
  mostWords: number,
): (key: string) => string {
  const group = new Map<string, string>();
  const find = (key: string): string => {
    let k = key;
    while (group.has(k)) k = group.get(k)!;
    return k;
  };
  const contents = new Map(sharers);
  const groupOf = (v: ValueId) => find(keyOf(v));
  /** The kernels that read one buffer and write another, once they are one: what they have to do. */
  const clashes = (): (a: string, b: string) => number => {
    const all = kernels.map(({ reads, writes, work }) => ({
      reads: new Set([...reads].map(groupOf)),
      writes: new Set([...writes].map(groupOf)),
      work,
    }));
    return (a, b) =>
      all.reduce((sum, { reads, writes, work }) => {
        const both = (reads.has(a) && writes.has(b)) || (reads.has(b) && writes.has(a));
        return both ? sum + Math.max(1, work) : sum;
      }, 0);
  };
  /** Whether a kernel of the loops of one that changes places touches the other, which does so in other loops. */
  const seen = (a: string, b: string): boolean => {
    const [own, other] = [contents.get(a)!.swap!, contents.get(b)!.swap!];
    const foreign = own.loops.difference(other.loops);
    const places = new Set([find(b), find(other.partner)]);
    return kernels.some(({ loops, reads, writes }) =>
      !loops.isDisjointFrom(foreign) && [...reads, ...writes].some((v) => places.has(groupOf(v)))
    );
  };
  const alike = (a: string, b: string): boolean => {
    const [x, y] = [contents.get(a)!.swap, contents.get(b)!.swap];
    if (x === undefined || y === undefined) return x === y;
    return x.side === y.side && !seen(a, b) && !seen(b, a);
  };
  const join = (a: string, b: string): void => {
    const x = contents.get(a)!, y = contents.get(b)!;
    group.set(b, a);
    contents.set(a, {
      ...x,
      ...swapOfBoth(x, y),
      words: x.words + y.words,
      float: x.float && y.float,
      slot: x.slot || y.slot,
    });
  };
  for (const float of [true, false]) {
    const small = [...sharers].filter(([, s]) =>
      s.float === float && s.words <= SMALL && s.swap === undefined
    );
    for (const [key] of small.slice(1)) join(small[0]![0], key);
  }
  /** The lower, the better: what joins values of one kind without a clash comes first, temporaries before slots. */
  const rank = (a: Sharer, b: Sharer, clash: number): readonly [kind: number, clash: number] => {
    const like = a.float === b.float;
    const kind = !like ? 3 : clash > 0 ? 2 : a.slot || b.slot ? 1 : 0;
    return [kind, clash];
  };
  for (const kernel of kernels) {
    const bound = () => [...new Set([...kernel.reads, ...kernel.writes].map(groupOf))];
    while (bound().length > most) {
      const candidates = bound().filter((key) => contents.has(key));
      const pairs = candidates.flatMap((a, i) =>
        candidates.slice(i + 1).map((b) => [a, b] as const)
      )
        .filter(([a, b]) =>
          contents.get(a)!.words + contents.get(b)!.words <= mostWords && alike(a, b)
        );
      const clash = clashes();
      let pair: readonly [string?, string?] = [], least = [Infinity, Infinity] as const;
      for (const [a, b] of pairs) {
        const own = rank(contents.get(a)!, contents.get(b)!, clash(a, b));
        if (own[0] > least[0] || (own[0] === least[0] && own[1] >= least[1])) continue;
        [pair, least] = [[a, b], own];
      }
      const [a, b] = pair;
      if (a === undefined || b === undefined) {
        throw failure(
          "limit",
          kernel.label,
          `${bound().length} storage buffers`,
          `at most ${most} in one kernel`,
        );
      }
      const partners = [contents.get(a)!, contents.get(b)!].map((x) => x.swap?.partner);
      join(a, b);
      const [p, q] = partners;
      if (p !== undefined && q !== undefined) join(find(p), find(q));
    }
  }
  return find;
}
