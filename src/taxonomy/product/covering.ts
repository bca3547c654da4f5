/**
 * Few combinations in which every two choices that go together do.
 *
 * @module
 */

import type { Combination } from "./axes.ts";
import type { Judged } from "./verdict.ts";

/** Every two choices of a combination. */
export function pairsOf(combination: Combination): readonly string[] {
  const choices = Object.entries(combination).map(([slot, [word]]) => `${slot}: ${word}`);
  return choices.flatMap((one, i) => choices.slice(i + 1).map((other) => `${one}, ${other}`));
}

/** Some of these combinations that have every pair of choices that any of them has: greedily the one with most new pairs. */
export function covering(judged: readonly Judged[]): readonly Judged[] {
  const rest = judged.map((one) => ({ one, pairs: pairsOf(one.combination) }));
  const open = new Set(rest.flatMap(({ pairs }) => pairs));
  const chosen: Judged[] = [];
  while (open.size > 0) {
    let most = 0, best = rest[0]!;
    for (const candidate of rest) {
      const fresh = candidate.pairs.reduce((n, pair) => n + (open.has(pair) ? 1 : 0), 0);
      if (fresh > most) [most, best] = [fresh, candidate];
    }
    best.pairs.forEach((pair) => open.delete(pair));
    chosen.push(best.one);
  }
  return chosen;
}
