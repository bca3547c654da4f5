/**
 * Few combinations in which every two choices that go together do.
 *
 * @module
 */

import type { Combination } from "./axes.ts";
import type { Judged } from "./verdict.ts";

/** The choice of one slot. */
type AnyChoice = Combination[keyof Combination];

/** What two combinations may have in common in a slot. */
type Trait = (choice: AnyChoice) => string;

/** The expression itself. */
export function choiceOf([word]: AnyChoice): string {
  return word;
}

/** Its kind; of a list of accumulators all kinds. */
export function kindOf([, value]: AnyChoice): string {
  return [value].flat().map(({ kind }) => kind).join(", ");
}

/** Every two traits of a combination. */
export function pairsOf(combination: Combination, trait: Trait): readonly string[] {
  const traits = Object.entries(combination).map(([slot, choice]) => `${slot}: ${trait(choice)}`);
  return traits.flatMap((one, i) => traits.slice(i + 1).map((other) => `${one} | ${other}`));
}

/**
 * Some of these combinations that have every pair of traits that any of them has: always the one with most new pairs,
 * of equals the first.
 */
export function covering(judged: readonly Judged[], trait: Trait = choiceOf): readonly Judged[] {
  const all = judged.map((one) => ({ one, pairs: pairsOf(one.combination, trait) }));
  const open = new Set(all.flatMap(({ pairs }) => pairs));
  const chosen: Judged[] = [];
  while (open.size > 0) {
    let most = 0, best = all[0]!;
    for (const candidate of all) {
      const fresh = candidate.pairs.reduce((n, pair) => n + (open.has(pair) ? 1 : 0), 0);
      if (fresh > most) [most, best] = [fresh, candidate];
    }
    best.pairs.forEach((pair) => open.delete(pair));
    chosen.push(best.one);
  }
  return chosen;
}
