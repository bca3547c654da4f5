/**
 * Loads and range tests as the search for a tile sees them: how many words a box takes, and which
 * tests are decided while it is written.
 *
 * @module
 */
import { type Index, indexAtoms, indexEvaluate } from "../src/loops/index.ts";

/** An affine form that coordinates are made of. */
interface Form {
  readonly terms: readonly { readonly axis: string; readonly factor: number }[];
  /** How many values it can have where the element exists. */
  readonly extent: number;
  /** How many of them are one element. */
  readonly by: number;
}

/**
 * The affine forms that an element's coordinates are made of. A quotient and a remainder of one form
 * move together, so they count once.
 */
function formsOf(at: readonly Index[], shape: readonly number[]): readonly Form[] {
  const forms = new Map<string, Form>();
  const collect = (x: Index, extent: number, by: number): void => {
    const terms: { axis: string; factor: number }[] = [];
    for (const { factor, atom } of x.terms) {
      if (atom.kind === "axis") terms.push({ axis: atom.axis.name, factor: Math.abs(factor) });
      else if (atom.kind === "div") {
        collect(atom.of, x.terms.length === 1 ? extent * atom.by : Infinity, by * atom.by);
      } else if (atom.kind === "mod") collect(atom.of, Infinity, 1);
    }
    if (terms.length === 0) return;
    const key = terms.map((t) => `${t.axis}*${t.factor}`).join();
    const bound = x.terms.length === terms.length ? extent : Infinity;
    const known = forms.get(key) ?? { extent: Infinity, by };
    forms.delete(key);
    forms.set(key, {
      terms,
      extent: Math.min(bound, known.extent),
      by: Math.min(by, known.by),
    });
  };
  at.forEach((x, d) => collect(x, shape[d]!, 1));
  return [...forms.values()];
}

/** Constant strides of an address, if it has them. */
function stridesOf(word: Index): ReadonlyMap<string, number> | undefined {
  const strides = new Map<string, number>();
  for (const { factor, atom } of word.terms) {
    if (atom.kind !== "axis") return undefined;
    strides.set(atom.axis.name, factor);
  }
  return strides;
}

/** A range test: its axes, and which share of their points it lets through. */
export interface Guard {
  readonly axes: readonly string[];
  readonly share: number;
  /** What is tested repeats after as many elements of an axis; Infinity if it does not. */
  readonly period: number;
}

/** Points up to which the share is counted. */
const MOST_POINTS = 4096;

/** What a range test is to a tile. */
export function guardOf(index: Index, extent: number): Guard {
  const extents = new Map<string, number>();
  indexAtoms(index, (a) => a.kind === "axis" && extents.set(a.axis.name, a.axis.extent));
  const axes = [...extents.keys()];
  const total = [...extents.values()].reduce((n, d) => n * d, 1);
  const [only] = index.terms;
  const period = index.terms.length === 1 && only!.atom.kind === "mod" ? only!.atom.by : Infinity;
  if (total > MOST_POINTS) return { axes, share: 1, period };
  let inside = 0;
  for (let k = 0; k < total; k++) {
    const at = new Map<string, number>();
    let rest = k;
    for (const [name, d] of extents) {
      at.set(name, rest % d);
      rest = Math.floor(rest / d);
    }
    const value = indexEvaluate(index, (a) => a.kind === "axis" ? at.get(a.axis.name)! : 0);
    if (value >= 0 && value < extent) inside++;
  }
  return { axes, share: inside / total, period };
}

/** A load of the body as the search sees it. */
export interface SeenLoad {
  /** The forms with the numbers of their axes, large factors first; the last one is the innermost. */
  readonly forms: readonly {
    readonly terms: readonly { readonly axis: number; readonly factor: number }[];
    readonly extent: number;
    readonly by: number;
  }[];
  /** Axes with their distances in memory, small ones first; absent where there are none. */
  readonly starts: readonly { readonly axis: number; readonly factor: number }[] | undefined;
  /** Whether it moves with an axis. */
  readonly moves: readonly boolean[];
}

/** A load at coordinates of a value of some shape, which is at `word`. */
export function seenLoad(
  at: readonly Index[],
  shape: readonly number[],
  word: Index,
  names: readonly string[],
): SeenLoad {
  const forms = formsOf(at, shape), strides = stridesOf(word);
  const numbered = (terms: readonly { readonly axis: string; readonly factor: number }[]) =>
    terms.flatMap(({ axis: name, factor }) => {
      const axis = names.indexOf(name);
      return axis < 0 ? [] : [{ axis, factor }];
    });
  const seen = forms.map((form) => ({
    ...form,
    terms: numbered(form.terms).sort((a, b) => b.factor - a.factor),
  }));
  return {
    forms: seen,
    starts: strides === undefined
      ? seen.at(-1)?.terms
      : numbered([...strides].map(([axis, factor]) => ({ axis, factor })))
        .sort((a, b) => Math.abs(a.factor) - Math.abs(b.factor)),
    moves: names.map((_, i) => seen.some(({ terms }) => terms.some((t) => t.axis === i))),
  };
}
