/**
 * Integer index expressions: an affine sum of atoms, where an atom is an axis of a loop nest or a
 * quotient or remainder of another expression. The constructors simplify with the known extents of
 * the axes, so that a chain of reshapes, slices and permutes becomes one affine address.
 *
 * @module
 */

/** A variable of a loop nest; `extent` bounds its values to 0 … extent − 1. */
export interface Axis {
  readonly name: string;
  readonly extent: number;
}

/** Something that an affine sum may contain. */
export type Atom =
  | { readonly kind: "axis"; readonly axis: Axis; readonly key: string }
  | { readonly kind: "div"; readonly of: Index; readonly by: number; readonly key: string }
  | { readonly kind: "mod"; readonly of: Index; readonly by: number; readonly key: string }
  /** A value computed at run time (an index that was loaded), identified by `key`. */
  | {
    readonly kind: "dynamic";
    readonly extent: number;
    readonly scalar: unknown;
    readonly key: string;
  };

/** One addend. */
interface Term {
  readonly factor: number;
  readonly atom: Atom;
}

/** constant + Σ factor · atom. */
export interface Index {
  readonly constant: number;
  readonly terms: readonly Term[];
  readonly key: string;
  /** The key without the constant. */
  readonly tail: string;
  /** Smallest and largest possible value. */
  readonly low: number;
  readonly high: number;
}

function atomRange(atom: Atom): readonly [number, number] {
  switch (atom.kind) {
    case "axis":
      return [0, atom.axis.extent - 1];
    case "dynamic":
      return [0, atom.extent - 1];
    case "div":
      return [Math.floor(atom.of.low / atom.by), Math.floor(atom.of.high / atom.by)];
    case "mod":
      return [0, atom.by - 1];
  }
}

function make(constant: number, terms: readonly Term[]): Index {
  let low = constant, high = constant;
  for (const { factor, atom } of terms) {
    const [a, b] = atomRange(atom);
    low += Math.min(factor * a, factor * b);
    high += Math.max(factor * a, factor * b);
  }
  let tail = "";
  for (const { factor, atom } of terms) tail += `+${factor}*${atom.key}`;
  return { constant, terms, tail, key: constant + tail, low, high };
}

/** A constant index. */
export function indexConstant(value: number): Index {
  return make(value, []);
}

/** The index that is an axis. */
export function indexAxis(axis: Axis): Index {
  if (axis.extent === 1) return indexConstant(0);
  return make(0, [{ factor: 1, atom: { kind: "axis", axis, key: axis.name } }]);
}

/** The index that is a run-time value below `extent`. */
export function indexDynamic(scalar: unknown, key: string, extent: number): Index {
  return make(0, [{ factor: 1, atom: { kind: "dynamic", scalar, extent, key: `dyn(${key})` } }]);
}

/** Σ factors · indices + constant. */
export function indexSum(
  parts: readonly { readonly factor: number; readonly index: Index }[],
  constant = 0,
): Index {
  const sums = new Map<string, { factor: number; atom: Atom }>();
  let total = constant;
  for (const { factor, index } of parts) {
    if (factor === 0) continue;
    total += factor * index.constant;
    for (const term of index.terms) {
      const known = sums.get(term.atom.key);
      if (known === undefined) {
        sums.set(term.atom.key, { factor: factor * term.factor, atom: term.atom });
      } else known.factor += factor * term.factor;
    }
  }
  const terms = [...sums.values()].filter((t) => t.factor !== 0);
  const joined = recombine(terms);
  if (joined !== undefined) {
    return indexSum([{ factor: 1, index: make(total, joined.rest) }, joined.part]);
  }
  terms.sort((a, b) => a.atom.key < b.atom.key ? -1 : a.atom.key > b.atom.key ? 1 : 0);
  return make(total, terms);
}

/** n·(x div n) + (x mod n) = x: puts apart what belongs together back together. */
function recombine(terms: readonly Term[]):
  | {
    readonly rest: readonly Term[];
    readonly part: { readonly factor: number; readonly index: Index };
  }
  | undefined {
  for (const low of terms) {
    if (low.atom.kind !== "mod") continue;
    const { of, by } = low.atom;
    const quotient = indexDiv(of, by);
    const only = quotient.terms[0];
    if (
      quotient.terms.length !== 1 || quotient.constant !== 0 || only === undefined ||
      only.factor !== 1
    ) continue;
    const high = terms.find((t) => t.atom.key === only.atom.key && t.factor === low.factor * by);
    if (high === undefined) continue;
    return {
      rest: terms.filter((t) => t !== low && t !== high),
      part: { factor: low.factor, index: of },
    };
  }
  return undefined;
}

/** a + b. */
export function indexAdd(a: Index, b: Index): Index {
  if (b.terms.length === 0) return indexShift(a, b.constant);
  return indexSum([{ factor: 1, index: a }, { factor: 1, index: b }]);
}

/** a + constant. */
export function indexShift(a: Index, by: number): Index {
  if (by === 0) return a;
  const constant = a.constant + by;
  return { ...a, constant, key: constant + a.tail, low: a.low + by, high: a.high + by };
}

/** factor · a. */
export function indexScale(a: Index, factor: number): Index {
  return factor === 1 ? a : indexSum([{ factor, index: a }]);
}

/** Splits `x` into n·quotient + rest, where every factor of the rest is no multiple of n. */
function split(x: Index, n: number): { readonly quotient: Index; readonly rest: Index } {
  const whole = x.terms.filter((t) => t.factor % n === 0);
  const part = x.terms.filter((t) => t.factor % n !== 0);
  const low = ((x.constant % n) + n) % n;
  return {
    quotient: make(
      (x.constant - low) / n,
      whole.map((t) => ({ factor: t.factor / n, atom: t.atom })),
    ),
    rest: make(low, part),
  };
}

function greatestCommonDivisor(a: number, b: number): number {
  let x = Math.abs(a), y = Math.abs(b);
  while (y > 0) [x, y] = [y, x % y];
  return x;
}

/** ⌊x / g⌋ where every factor is a multiple of g. */
export function indexShrunk(x: Index, g: number): Index {
  const terms = x.terms.map((t) => ({ factor: t.factor / g, atom: t.atom }));
  return make(Math.floor(x.constant / g), terms);
}

/** What n and every factor are multiples of. */
export function commonFactor(x: Index, n: number): number {
  return x.terms.reduce((g, t) => greatestCommonDivisor(g, t.factor), n);
}

/** ⌊x / n⌋. */
export function indexDiv(x: Index, n: number): Index {
  if (n === 1) return x;
  const { quotient, rest } = split(x, n);
  const inner = ((): Index => {
    if (rest.low >= 0 && rest.high < n) return indexConstant(0);
    if (rest.low >= 0 && Math.floor(rest.low / n) === Math.floor(rest.high / n)) {
      return indexConstant(Math.floor(rest.low / n));
    }
    const only = rest.terms.length === 1 && rest.constant === 0 ? rest.terms[0]! : undefined;
    if (only !== undefined && only.factor === 1) {
      const atom = only.atom;
      if (atom.kind === "div") return indexDiv(atom.of, atom.by * n);
      if (atom.kind === "mod" && atom.by % n === 0) {
        return indexMod(indexDiv(atom.of, n), atom.by / n);
      }
    }
    const common = commonFactor(rest, n);
    if (common > 1) return indexDiv(indexShrunk(rest, common), n / common);
    return make(0, [{
      factor: 1,
      atom: { kind: "div", of: rest, by: n, key: `(${rest.key})/${n}` },
    }]);
  })();
  return indexAdd(quotient, inner);
}

/** x − n·⌊x / n⌋. */
export function indexMod(x: Index, n: number): Index {
  if (n === 1) return indexConstant(0);
  const { rest } = split(x, n);
  if (rest.low >= 0 && rest.high < n) return rest;
  const only = rest.terms.length === 1 && rest.constant === 0 ? rest.terms[0]! : undefined;
  if (only !== undefined && only.factor === 1) {
    const atom = only.atom;
    if (atom.kind === "mod" && atom.by % n === 0) return indexMod(atom.of, n);
  }
  const common = commonFactor(rest, n);
  if (common > 1) {
    const inner = indexMod(indexShrunk(rest, common), n / common);
    return indexShift(indexScale(inner, common), rest.constant % common);
  }
  return make(0, [{
    factor: 1,
    atom: { kind: "mod", of: rest, by: n, key: `(${rest.key})%${n}` },
  }]);
}

/** Row-major coordinates of a flat index. */
export function delinearize(flat: Index, shape: readonly number[]): Index[] {
  const coordinates: Index[] = [];
  let rest = flat;
  for (let i = shape.length - 1; i >= 0; i--) {
    const d = shape[i]!;
    coordinates[i] = i === 0 ? rest : indexMod(rest, d);
    rest = indexDiv(rest, d);
  }
  return coordinates;
}

/** Row-major flat index of coordinates. */
export function linearize(coordinates: readonly Index[], shape: readonly number[]): Index {
  let stride = 1;
  const parts: { factor: number; index: Index }[] = [];
  for (let i = shape.length - 1; i >= 0; i--) {
    parts.push({ factor: stride, index: coordinates[i]! });
    stride *= shape[i]!;
  }
  return indexSum(parts);
}

/** Replaces atoms: `replace` gives the index for an axis or dynamic atom, or undefined to keep it. */
export function indexSubstitute(x: Index, replace: (atom: Atom) => Index | undefined): Index {
  const parts = x.terms.map(({ factor, atom }) => {
    const direct = replace(atom);
    if (direct !== undefined) return { factor, index: direct };
    if (atom.kind === "div") {
      return { factor, index: indexDiv(indexSubstitute(atom.of, replace), atom.by) };
    }
    if (atom.kind === "mod") {
      return { factor, index: indexMod(indexSubstitute(atom.of, replace), atom.by) };
    }
    return { factor, index: make(0, [{ factor: 1, atom }]) };
  });
  return indexSum(parts, x.constant);
}

/** Something that holds where an index is used: 0 ≤ index < extent. */
export interface Fact {
  readonly index: Index;
  readonly extent: number;
}

/** ⌊of / by⌋ or the remainder where facts hold; what follows from them for a quotient is added to them. */
function partWhere(kind: "div" | "mod", of: Index, by: number, facts: Fact[]): Index {
  for (const { index, extent } of facts) {
    const rest = indexSum([{ factor: 1, index: of }, { factor: -1, index }]);
    if (rest.constant % by !== 0 || rest.terms.some((t) => t.factor % by !== 0)) continue;
    if (extent <= by) return kind === "div" ? indexDiv(rest, by) : index;
    if (kind === "mod" || rest.terms.length > 0 || rest.constant !== 0) continue;
    const quotient = indexDiv(of, by);
    facts.push({ index: quotient, extent: Math.ceil(extent / by) });
    return quotient;
  }
  return kind === "div" ? indexDiv(of, by) : indexMod(of, by);
}

/** The index as it may be written where facts hold: quotients and remainders of what lies within are gone. */
export function indexWhere(x: Index, facts: readonly Fact[]): Index {
  const known = [...facts];
  const rebuilt = (y: Index): Index =>
    indexSum(
      y.terms.map(({ factor, atom }) => ({
        factor,
        index: atom.kind === "div" || atom.kind === "mod"
          ? partWhere(atom.kind, rebuilt(atom.of), atom.by, known)
          : make(0, [{ factor: 1, atom }]),
      })),
      y.constant,
    );
  return x.terms.some(({ atom }) => atom.kind === "div" || atom.kind === "mod") ? rebuilt(x) : x;
}

/** The value of an index when every atom has a known value. */
export function indexEvaluate(x: Index, value: (atom: Atom) => number): number {
  let total = x.constant;
  for (const { factor, atom } of x.terms) {
    const v = atom.kind === "div"
      ? Math.floor(indexEvaluate(atom.of, value) / atom.by)
      : atom.kind === "mod"
      ? ((indexEvaluate(atom.of, value) % atom.by) + atom.by) % atom.by
      : value(atom);
    total += factor * v;
  }
  return total;
}

/** A least and a largest value. */
export type IndexRange = readonly [number, number];

/** The least and the largest value of an index, by what is known of some of its axes. */
export function indexRange(
  { terms, constant }: Index,
  axes: ReadonlyMap<string, IndexRange>,
): IndexRange {
  let low = constant, high = constant;
  for (const { factor, atom } of terms) {
    let a = 0, b = 0;
    if (atom.kind === "axis") [a, b] = axes.get(atom.axis.name) ?? atomRange(atom);
    else if (atom.kind === "dynamic") [a, b] = atomRange(atom);
    else {
      const [x, y] = indexRange(atom.of, axes), by = atom.by;
      const first = Math.floor(x / by), last = Math.floor(y / by);
      if (atom.kind === "div") [a, b] = [first, last];
      else [a, b] = first === last ? [x - first * by, y - first * by] : [0, by - 1];
    }
    low += Math.min(factor * a, factor * b);
    high += Math.max(factor * a, factor * b);
  }
  return [low, high];
}

/** Visits every axis and dynamic atom of an index. */
export function indexAtoms(x: Index, visit: (atom: Atom) => void): void {
  for (const { atom } of x.terms) {
    if (atom.kind === "div" || atom.kind === "mod") indexAtoms(atom.of, visit);
    else visit(atom);
  }
}
