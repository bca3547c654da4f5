/**
 * Addresses: which are vectors', and how they are written.
 *
 * @module
 */
import { type Index, indexShift } from "../src/loops/index.ts";
import type { Syntax } from "./syntax.ts";

/** Whether an index times four is what the address says: its vector and lane. */
export function vectorOf(
  word: Index,
): { readonly vector: Index; readonly lane: number } | undefined {
  if (!word.terms.every((t) => t.factor % 4 === 0)) return undefined;
  const lane = ((word.constant % 4) + 4) % 4;
  const base = indexShift(word, -lane);
  const quarter: Index = {
    constant: base.constant / 4,
    terms: base.terms.map((t) => ({ factor: t.factor / 4, atom: t.atom })),
    tail: `q${base.tail}`,
    key: `${base.constant / 4}q${base.tail}`,
    low: base.low / 4,
    high: base.high / 4,
  };
  return { vector: quarter, lane };
}

/** A text and the depth of the innermost scope that it depends on. */
export interface Written {
  readonly text: string;
  readonly depth: number;
}

/** An addend, as a multiple of something that is written. */
export interface WrittenTerm extends Written {
  readonly factor: number;
  readonly key: string;
}

function sumOf(start: string, terms: readonly WrittenTerm[], syntax: Syntax): string {
  return terms.reduce((sum, { text, factor }) => {
    const size = Math.abs(factor);
    const product = size === 1 ? text : `${text} * ${syntax.integer(size)}`;
    if (sum === "") return factor < 0 ? `${syntax.integer(0)} - ${product}` : product;
    return `${sum} ${factor < 0 ? "-" : "+"} ${product}`;
  }, start);
}

/**
 * Declares what neighbouring addresses have in common: the sum of terms, or of those of each depth from
 * the outermost loop to the innermost, where additions cost something.
 */
export function declareSum(
  terms: readonly WrittenTerm[],
  syntax: Syntax,
  declare: (key: string, text: string, depth: number) => Written,
): Written {
  const sorted = terms.toSorted((a, b) => b.factor - a.factor);
  const deepest = terms.reduce((d, t) => Math.max(d, t.depth), 0);
  const depths = syntax.scalar ? [...new Set(terms.map((t) => t.depth))].sort((a, b) => a - b) : [
    deepest,
  ];
  let sum: Written = { text: "", depth: deepest }, key = "index:";
  for (const depth of depths) {
    const group = syntax.scalar ? sorted.filter((t) => t.depth === depth) : sorted;
    key = `${key}${group.map((t) => t.key).join()};`;
    const [only] = group;
    sum = sum.text === "" && group.length === 1 && only!.factor === 1
      ? { text: only!.text, depth }
      : declare(key, sumOf(sum.text, group, syntax), depth);
  }
  return sum;
}
