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
 * writes another binds it once, for reading and writing; so that is avoided as long as possible.
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
  const conflict = (a: string, b: string): boolean =>
    kernels.some((k) => {
      const reads = new Set([...k.reads].map(groupOf)),
        writes = new Set([...k.writes].map(groupOf));
      return (reads.has(a) && writes.has(b)) || (reads.has(b) && writes.has(a));
    });
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
  const rules: readonly ((a: Sharer, b: Sharer, clash: () => boolean) => boolean)[] = [
    (a, b, clash) => !a.slot && !b.slot && a.float === b.float && !clash(),
    (a, b, clash) => a.float === b.float && !clash(),
    (a, b) => a.float === b.float,
    () => true,
  ];
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
      const pair = rules.flatMap((rule) =>
        pairs.find(([a, b]) => rule(contents.get(a)!, contents.get(b)!, () => conflict(a, b))) ?? []
      );
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
