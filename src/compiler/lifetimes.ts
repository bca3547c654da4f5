/**
 * Temporaries whose lifetimes do not overlap lie in one place.
 *
 * @module
 */
import type { ValueId } from "../loops/scalar.ts";
import type { Touches } from "./memory.ts";

/** A temporary that may lie where another one was. */
export interface Temporary {
  readonly words: number;
  readonly float: boolean;
}

/** From the first kernel that touches a value to the last one. */
interface Lifetime {
  readonly value: ValueId;
  first: number;
  last: number;
}

function lifetimesOf(
  kernels: readonly Touches[],
  temporaries: ReadonlyMap<ValueId, Temporary>,
): readonly Lifetime[] {
  const lives = new Map<ValueId, Lifetime>();
  const around = new Map<number, [first: number, last: number]>();
  const touching = new Map<ValueId, number[]>();
  kernels.forEach(({ reads, writes, loops }, k) => {
    for (const loop of loops) around.set(loop, [around.get(loop)?.[0] ?? k, k]);
    for (const value of [...reads, ...writes]) {
      if (!temporaries.has(value)) continue;
      touching.set(value, [...touching.get(value) ?? [], k]);
    }
  });
  for (const [value, at] of touching) {
    const life = { value, first: Math.min(...at), last: Math.max(...at) };
    // What is touched inside of a loop and outside lives as long as all its iterations.
    for (const [loop, [first, last]] of around) {
      const inside = at.filter((k) => kernels[k]!.loops.has(loop)).length;
      if (inside === 0 || inside === at.length) continue;
      life.first = Math.min(life.first, first);
      life.last = Math.max(life.last, last);
    }
    lives.set(value, life);
  }
  return [...lives.values()].sort((a, b) => a.first - b.first || a.value - b.value);
}

/** A place with the values that lie there one after the other. */
export interface Pool extends Temporary {
  readonly values: readonly ValueId[];
}

/**
 * Places for temporaries: each takes the smallest free place that holds it, or else the largest one,
 * which grows.
 *
 * @param kernels In the order in which they run.
 */
export function poolsOf(
  kernels: readonly Touches[],
  temporaries: ReadonlyMap<ValueId, Temporary>,
): readonly Pool[] {
  const pools: { words: number; float: boolean; values: ValueId[]; last: number }[] = [];
  for (const { value, first, last } of lifetimesOf(kernels, temporaries)) {
    const { words, float } = temporaries.get(value)!;
    const free = pools.filter((p) => p.last < first && p.float === float)
      .sort((a, b) => a.words - b.words);
    const pool = free.find((p) => p.words >= words) ?? free.at(-1);
    if (pool === undefined) pools.push({ words, float, values: [value], last });
    else {
      pool.words = Math.max(pool.words, words);
      pool.values.push(value);
      pool.last = last;
    }
  }
  return pools;
}
