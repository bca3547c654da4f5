/**
 * The sums of a tile: variables that terms are added to, neighbours together where there are vectors.
 *
 * @module
 */
import type { Scalar } from "../src/loops/scalar.ts";
import { addUp } from "./addends.ts";
import type { Product } from "./lanes.ts";
import type { Writer, WriterContext } from "./writer.ts";

/** Sums that are written together. */
export interface Sums {
  /** The variable. */
  readonly name: string;
  /** What each of them is called. */
  readonly lanes: readonly string[];
}

/** As many sums as there are lanes, beginning with 0. */
export function beginSums(size: number, writer: Writer, { syntax }: WriterContext): Sums {
  if (syntax.lanes !== undefined && size > 1) return writer.sums(size, syntax.lanes);
  const name = writer.variable("f32", syntax.constant(0, "f32"), "s");
  return { name, lanes: [name] };
}

/** Some of the sums. */
export function narrowed(sums: Sums, size: number): Sums {
  if (size === sums.lanes.length) return sums;
  return { name: sums.lanes[0]!, lanes: sums.lanes.slice(0, size) };
}

const isZero = (s: Scalar): boolean => s.kind === "constant" && s.value === 0;

/** The factors of a term; none if it is nothing: a product with a literal zero, which lies outside. */
function factorsOf(term: Scalar): Product | "zero" | undefined {
  if (isZero(term)) return "zero";
  if (term.kind !== "binary" || term.fn !== "mul") return undefined;
  return isZero(term.a) || isZero(term.b) ? "zero" : term;
}

/** Adds a term to each sum. */
export function addTerms(
  { name, lanes }: Sums,
  terms: readonly Scalar[],
  writer: Writer,
  { syntax }: WriterContext,
): void {
  if (syntax.scalar) return addUp(terms.map((term, i) => ({ name: lanes[i]!, term })), writer);
  const factors = terms.map(factorsOf);
  const there = factors.filter((f) => f !== "zero");
  if (there.length === 0) return;
  const products = factors.every((f) => f !== undefined);
  // Every lane of a vector takes time: where half of them are nothing, the others are written one by one.
  if (writer.lanes !== undefined && 2 * there.length > lanes.length && lanes.length > 1) {
    if (products) writer.lanes.addProducts(name, factors.map((f) => f === "zero" ? undefined : f));
    else writer.lanes.add(name, terms);
    return;
  }
  factors.forEach((factor, i) => {
    if (factor === "zero") return;
    const text = factor === undefined
      ? writer.scalar(terms[i]!)
      : syntax.binary("mul", writer.scalar(factor.a), writer.scalar(factor.b), "f32");
    writer.add(lanes[i]!, text);
  });
}
