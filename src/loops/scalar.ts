/**
 * Scalar expressions: what one point of a loop nest computes. Expressions are hash-consed by `key`.
 *
 * @module
 */
import type { BinaryFn, CompareFn, DType, UnaryFn } from "../tensor/node.ts";
import { hashText } from "../tensor/node.ts";
import {
  type Axis,
  commonFactor,
  type Fact,
  type Index,
  indexAtoms,
  indexDynamic,
  indexShift,
  indexShrunk,
  indexSubstitute,
  indexWhere,
} from "./index.ts";

export type { BinaryFn, CompareFn, DType, UnaryFn } from "../tensor/node.ts";

/** Identifies a stored (or register-held) tensor of the loop program. */
export type ValueId = number;

/** An expression over loads, indices and constants. */
export type Scalar =
  & { readonly key: string; readonly dtype: DType }
  & (
    | { readonly kind: "constant"; readonly value: number }
    /** A variable of the kernel, such as an accumulator. */
    | { readonly kind: "local"; readonly name: string }
    /** Element of a value at logical coordinates. */
    | { readonly kind: "load"; readonly value: ValueId; readonly at: readonly Index[] }
    /** An index as u32. */
    | { readonly kind: "index"; readonly index: Index }
    /** 0 ≤ index < extent. */
    | { readonly kind: "inside"; readonly index: Index; readonly extent: number }
    | { readonly kind: "unary"; readonly fn: UnaryFn; readonly a: Scalar }
    | { readonly kind: "binary"; readonly fn: BinaryFn; readonly a: Scalar; readonly b: Scalar }
    | { readonly kind: "compare"; readonly fn: CompareFn; readonly a: Scalar; readonly b: Scalar }
    | { readonly kind: "select"; readonly when: Scalar; readonly a: Scalar; readonly b: Scalar }
    | { readonly kind: "cast"; readonly a: Scalar }
    /** Σ of `a` over an axis of its own: a small sum that is evaluated where it is read. */
    | { readonly kind: "fold"; readonly axis: Axis; readonly a: Scalar }
    | {
      readonly kind: "random";
      readonly seed: Scalar;
      readonly step: Scalar;
      readonly stream: number;
      readonly index: Index;
    }
  );

/** A constant. */
export function scalarConstant(value: number, dtype: DType): Scalar {
  return { kind: "constant", value, dtype, key: `${Object.is(value, -0) ? "-0" : value}:${dtype}` };
}

/** A variable of the kernel. */
export function scalarLocal(name: string, dtype: DType): Scalar {
  return { kind: "local", name, dtype, key: `$${name}` };
}

/** An element of a value. */
export function scalarLoad(value: ValueId, at: readonly Index[], dtype: DType): Scalar {
  return {
    kind: "load",
    value,
    at,
    dtype,
    key: hashText(`v${value}[${at.map((i) => i.key).join()}]`),
  };
}

/** An index as a number. */
export function scalarIndex(index: Index): Scalar {
  if (index.terms.length === 0) return scalarConstant(index.constant, "u32");
  return { kind: "index", index, dtype: "u32", key: `i(${index.key})` };
}

/** Whether 0 ≤ index < extent; a constant where the ranges decide. */
export function scalarInside(index: Index, extent: number): Scalar {
  if (index.low >= 0 && index.high < extent) return scalarConstant(1, "bool");
  if (index.high < 0 || index.low >= extent) return scalarConstant(0, "bool");
  const common = commonFactor(index, extent);
  if (common > 1) return scalarInside(indexShrunk(index, common), extent / common);
  return { kind: "inside", index, extent, dtype: "bool", key: `in(${index.key},${extent})` };
}

/** An elementwise function of one argument. */
export function scalarUnary(fn: UnaryFn, a: Scalar, dtype: DType): Scalar {
  return { kind: "unary", fn, a, dtype, key: hashText(`${fn}(${a.key})`) };
}

/** An elementwise function of two arguments. */
export function scalarBinary(fn: BinaryFn, a: Scalar, b: Scalar): Scalar {
  if (fn === "and" && a.dtype === "bool") {
    if (a.kind === "constant") return a.value !== 0 ? b : a;
    if (b.kind === "constant") return b.value !== 0 ? a : b;
    if (a.key === b.key) return a;
  }
  return { kind: "binary", fn, a, b, dtype: a.dtype, key: hashText(`${fn}(${a.key},${b.key})`) };
}

/** A comparison. */
export function scalarCompare(fn: CompareFn, a: Scalar, b: Scalar): Scalar {
  return { kind: "compare", fn, a, b, dtype: "bool", key: hashText(`${fn}(${a.key},${b.key})`) };
}

/** `a` where `when` holds, else `b`. */
export function scalarSelect(when: Scalar, a: Scalar, b: Scalar): Scalar {
  if (when.kind === "constant") return when.value !== 0 ? a : b;
  if (a.key === b.key) return a;
  return {
    kind: "select",
    when,
    a,
    b,
    dtype: a.dtype,
    key: hashText(`sel(${when.key},${a.key},${b.key})`),
  };
}

/** Whether an expression is a test of where a point lies, and of nothing else. */
export function scalarIsPlace(s: Scalar): boolean {
  return s.kind === "inside" ||
    (s.kind === "binary" && s.fn === "and" && scalarIsPlace(s.a) && scalarIsPlace(s.b));
}

/** A conversion of element type. */
export function scalarCast(a: Scalar, dtype: DType): Scalar {
  return a.dtype === dtype ? a : { kind: "cast", a, dtype, key: hashText(`${dtype}(${a.key})`) };
}

/** Σ of `a` over `axis`. */
export function scalarFold(axis: Axis, a: Scalar): Scalar {
  if (axis.extent === 1) return a;
  return {
    kind: "fold",
    axis,
    a,
    dtype: a.dtype,
    key: hashText(`fold(${axis.name}:${axis.extent},${a.key})`),
  };
}

/** Counter-based random bits. */
export function scalarRandom(seed: Scalar, step: Scalar, stream: number, index: Index): Scalar {
  return {
    kind: "random",
    seed,
    step,
    stream,
    index,
    dtype: "u32",
    key: hashText(`rnd(${seed.key},${step.key},${stream},${index.key})`),
  };
}

/** The direct operands of an expression. */
export function scalarOperands(s: Scalar): readonly Scalar[] {
  switch (s.kind) {
    case "constant":
    case "local":
    case "load":
    case "index":
    case "inside":
      return [];
    case "unary":
    case "cast":
    case "fold":
      return [s.a];
    case "binary":
    case "compare":
      return [s.a, s.b];
    case "select":
      return [s.when, s.a, s.b];
    case "random":
      return [s.seed, s.step];
  }
}

/** The indices that stand directly in an expression. */
export function scalarIndices(s: Scalar): readonly Index[] {
  switch (s.kind) {
    case "load":
      return s.at;
    case "index":
    case "inside":
    case "random":
      return [s.index];
    default:
      return [];
  }
}

const folds = new WeakMap<Scalar, boolean>();

/** Whether writing an expression writes loops. */
export function scalarHasFold(s: Scalar): boolean {
  let known = folds.get(s);
  if (known === undefined) {
    known = s.kind === "fold" || scalarOperands(s).some(scalarHasFold);
    folds.set(s, known);
  }
  return known;
}

/** Visits each distinct subexpression once, operands first; run-time indices are visited too. */
export function scalarVisit(
  root: Scalar,
  visit: (s: Scalar) => void,
  seen: Set<string> = new Set(),
): void {
  if (seen.has(root.key)) return;
  seen.add(root.key);
  for (const operand of scalarOperands(root)) scalarVisit(operand, visit, seen);
  for (const index of scalarIndices(root)) {
    for (const { atom } of index.terms) visitDynamic(atom, visit, seen);
  }
  visit(root);
}

function visitDynamic(
  atom: Index["terms"][number]["atom"],
  visit: (s: Scalar) => void,
  seen: Set<string>,
): void {
  if (atom.kind === "dynamic") scalarVisit(atom.scalar as Scalar, visit, seen);
  else if (atom.kind !== "axis") {
    for (const t of atom.of.terms) {
      visitDynamic(t.atom, visit, seen);
    }
  }
}

/** What takes the place of a load; by default the same load at the new coordinates. */
type LoadRule = (value: ValueId, at: readonly Index[], dtype: DType) => Scalar;

/** Rebuilds an expression with other indices for some axes and, through `load`, other loads. */
export function scalarSubstitute(
  root: Scalar,
  axes: ReadonlyMap<string, Index>,
  load: LoadRule = scalarLoad,
): Scalar {
  return substitution(axes, load).scalar(root);
}

/** Replaces axes in an index, also in the expressions of its run-time parts. */
export function replaceAxes(
  x: Index,
  axes: ReadonlyMap<string, Index>,
  load: LoadRule = scalarLoad,
): Index {
  return substitution(axes, load).index(x);
}

/**
 * An expression at points near each other: with `origin` for its axes, and so much more along some of them.
 * An index that is affine in the axes is replaced once, and only shifted for each point.
 */
export function scalarNear(
  root: Scalar,
  origin: ReadonlyMap<string, Index>,
): (offsets: ReadonlyMap<string, number>) => Scalar {
  const at = new Map<Index, Index>();
  const axes = new Map<string, readonly string[]>();
  const axesOf = (s: Scalar): readonly string[] => {
    const known = axes.get(s.key);
    if (known !== undefined) return known;
    const names = new Set(scalarOperands(s).flatMap(axesOf));
    for (const x of scalarIndices(s)) {
      indexAtoms(x, (atom) => {
        if (atom.kind === "axis") names.add(atom.axis.name);
        if (atom.kind === "dynamic") axesOf(atom.scalar as Scalar).forEach((n) => names.add(n));
      });
    }
    const found = [...names].filter((name) => origin.has(name));
    axes.set(s.key, found);
    return found;
  };
  const places = new Map<string, Place>();
  return (offsets) => {
    let shifted: ReadonlyMap<string, Index> | undefined;
    const index = (x: Index): Index => {
      let by = 0;
      for (const { factor, atom } of x.terms) {
        if (atom.kind !== "axis") {
          shifted ??= new Map(
            [...origin].map(([name, i]) => [name, indexShift(i, offsets.get(name) ?? 0)]),
          );
          return replaceAxes(x, shifted);
        }
        by += factor * (offsets.get(atom.axis.name) ?? 0);
      }
      let start = at.get(x);
      if (start === undefined) at.set(x, start = replaceAxes(x, origin));
      return indexShift(start, by);
    };
    // Neighbours share what does not move between them.
    const placeOf = (s: Scalar): Place => {
      let place = placeIn(places, s.key);
      for (const name of axesOf(s)) place = placeIn(place.next, offsets.get(name) ?? 0);
      return place;
    };
    return rebuilding(index, scalarLoad, placeOf)(root);
  };
}

/** What an expression became at a place, and the places from there on. */
interface Place {
  scalar?: Scalar;
  readonly next: Map<number, Place>;
}

function placeIn<K>(places: Map<K, Place>, key: K): Place {
  let place = places.get(key);
  if (place === undefined) places.set(key, place = { next: new Map() });
  return place;
}

/** The expression with something else for each of its folds, from the innermost on. */
export function scalarWithFolds(root: Scalar, fold: (axis: Axis, a: Scalar) => Scalar): Scalar {
  return scalarHasFold(root) ? rebuilding((x) => x, scalarLoad, onePlace(), fold)(root) : root;
}

/** The expression as it may be written where facts hold. */
export function scalarWhere(root: Scalar, facts: readonly Fact[]): Scalar {
  return rebuilding((x) => indexWhere(x, facts), scalarLoad)(root);
}

function substitution(
  axes: ReadonlyMap<string, Index>,
  load: LoadRule,
): { readonly scalar: (s: Scalar) => Scalar; readonly index: (x: Index) => Index } {
  const index = (x: Index): Index =>
    indexSubstitute(x, (atom) => {
      if (atom.kind === "axis") return axes.get(atom.axis.name);
      if (atom.kind !== "dynamic") return undefined;
      const scalar = go(atom.scalar as Scalar);
      return indexDynamic(scalar, scalar.key, atom.extent);
    });
  const go = rebuilding(index, load);
  return { scalar: go, index };
}

/** Each expression becomes the same everywhere. */
function onePlace(): (s: Scalar) => { scalar?: Scalar } {
  const places = new Map<string, { scalar?: Scalar }>();
  return ({ key }) => {
    let place = places.get(key);
    if (place === undefined) places.set(key, place = {});
    return place;
  };
}

/** Builds an expression again, with other indices and loads. */
function rebuilding(
  index: (x: Index) => Index,
  load: LoadRule,
  placeOf: (s: Scalar) => { scalar?: Scalar } = onePlace(),
  fold: (axis: Axis, a: Scalar) => Scalar = scalarFold,
): (s: Scalar) => Scalar {
  const go = (s: Scalar): Scalar => {
    const place = placeOf(s);
    return place.scalar ??= step(s);
  };
  const step = (s: Scalar): Scalar => {
    switch (s.kind) {
      case "constant":
      case "local":
        return s;
      case "load":
        return load(s.value, s.at.map(index), s.dtype);
      case "index":
        return scalarIndex(index(s.index));
      case "inside":
        return scalarInside(index(s.index), s.extent);
      case "unary":
        return scalarUnary(s.fn, go(s.a), s.dtype);
      case "cast":
        return scalarCast(go(s.a), s.dtype);
      case "fold":
        return fold(s.axis, go(s.a));
      case "binary":
        return scalarBinary(s.fn, go(s.a), go(s.b));
      case "compare":
        return scalarCompare(s.fn, go(s.a), go(s.b));
      case "select": {
        const when = go(s.when);
        if (when.kind === "constant") return go(when.value !== 0 ? s.a : s.b);
        return scalarSelect(when, go(s.a), go(s.b));
      }
      case "random":
        return scalarRandom(go(s.seed), go(s.step), s.stream, index(s.index));
    }
  };
  return go;
}
