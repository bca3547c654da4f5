/**
 * Which buffer each stored value lies in.
 *
 * Every slot and temporary starts in a buffer of its own. Where a kernel would bind more than the
 * device allows, temporaries share buffers, as long as no kernel then reads one and writes the other.
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
}

/** A buffer in the making: who lies in it, one after the other. */
export interface Pool {
  readonly members: readonly { readonly value: ValueId; readonly offset: number }[];
  readonly words: number;
}

/** Values of four words alignment, so that vectors of four never straddle two values. */
export function alignedWords(value: Value): number {
  return Math.ceil(sizeOf(value.shape) / 4) * 4;
}

/**
 * Shares temporaries among buffers until no kernel binds more than `most`.
 *
 * @param keyOf Values with equal keys lie in one buffer already (a slot, or a temporary by itself).
 */
export function shareBuffers(
  kernels: readonly Touches[],
  values: readonly Value[],
  keyOf: (v: ValueId) => string,
  movable: (v: ValueId) => boolean,
  most: number,
): ReadonlyMap<ValueId, string> {
  const group = new Map<string, string>();
  const find = (key: string): string => {
    let k = key;
    while (group.has(k)) k = group.get(k)!;
    return k;
  };
  const groupOf = (v: ValueId) => find(keyOf(v));
  const conflict = (a: string, b: string): boolean =>
    kernels.some((k) => {
      const reads = new Set([...k.reads].map(groupOf)),
        writes = new Set([...k.writes].map(groupOf));
      return (reads.has(a) && writes.has(b)) || (reads.has(b) && writes.has(a));
    });
  for (const kernel of kernels) {
    const bound = () => [...new Set([...kernel.reads, ...kernel.writes].map(groupOf))];
    while (bound().length > most) {
      const candidates = [
        ...new Set([...kernel.reads, ...kernel.writes].filter(movable).map(groupOf)),
      ];
      const typeOf = new Map(
        [...kernel.reads, ...kernel.writes].map((v) => [groupOf(v), values[v]!.dtype === "f32"]),
      );
      let merged = false;
      for (let i = 0; i < candidates.length && !merged; i++) {
        for (let j = i + 1; j < candidates.length && !merged; j++) {
          const a = candidates[i]!, b = candidates[j]!;
          if (typeOf.get(a) !== typeOf.get(b) || conflict(a, b)) continue;
          group.set(b, a);
          merged = true;
        }
      }
      if (!merged) {
        throw failure(
          "limit",
          kernel.label,
          `${bound().length} storage buffers`,
          `at most ${most} in one kernel`,
        );
      }
    }
  }
  return new Map(values.map((v) => [v.id, groupOf(v.id)]));
}
