/**
 * Terms that are added to the sums of a box, where a test spares what it rules out.
 *
 * @module
 */
import { type Scalar, scalarIsPlace } from "../src/loops/scalar.ts";
import type { Writer } from "./writer.ts";

/** A term, and the variable that it is added to. */
export interface Addend {
  readonly name: string;
  readonly term: Scalar;
}

/** The factors of a term, and the test without which it is 0. */
interface Guarded {
  readonly name: string;
  readonly factors: readonly Scalar[];
  readonly when: Scalar | undefined;
}

function isZero(s: Scalar): boolean {
  return s.kind === "constant" && s.value === 0;
}

function factorsOf(term: Scalar): readonly Scalar[] {
  return term.kind === "binary" && term.fn === "mul" ? [term.a, term.b] : [term];
}

/** Takes the test of a place, 0 ≤ index < extent, out of one factor. */
function guarded({ name, term }: Addend): Guarded {
  const factors = factorsOf(term);
  const at = factors.findIndex((f) => f.kind === "select" && isZero(f.b) && scalarIsPlace(f.when));
  const found = factors[at];
  if (found?.kind !== "select") return { name, factors, when: undefined };
  const rest = factors.filter((_, i) => i !== at);
  return {
    name,
    factors: rest.length > 0 ? [found.a, ...rest] : factorsOf(found.a),
    when: found.when,
  };
}

/**
 * Adds terms up. Those with the same test share one branch: neither loads nor products are made for
 * places that are not there.
 */
export function addUp(addends: readonly Addend[], writer: Writer): void {
  const write = ({ name, factors }: Guarded): void =>
    writer.add(name, factors.map((f) => writer.scalar(f)).join(" * "));
  const groups = new Map<string, Guarded[]>();
  for (const addend of addends.map(guarded)) {
    if (addend.factors.some(isZero)) continue;
    const key = addend.when?.key ?? "";
    groups.set(key, [...groups.get(key) ?? [], addend]);
  }
  for (const group of groups.values()) {
    const when = group[0]!.when;
    if (when === undefined) group.forEach(write);
    else writer.where(when, () => group.forEach(write));
  }
}
