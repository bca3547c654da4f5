/**
 * Stretches: which elements of a flat pass have a text of their own.
 *
 * A driver that executes both sides of a branch makes every element pay for all pieces of a vector that is
 * put together of pieces. Within a stretch it is known which piece an element lies in.
 *
 * @module
 */
import { type AdapterClass, WINDOW_WORDS } from "../loops/adapter.ts";
import { type Index, indexAtoms, indexAxis, indexRange, indexShift } from "../loops/index.ts";
import {
  type Scalar,
  scalarBinary,
  scalarFold,
  scalarIndices,
  scalarOperands,
  scalarSubstitute,
  scalarVisit,
  scalarWithFolds,
  type ValueId,
} from "../loops/scalar.ts";
import type { Nest, Stage, Value } from "../loops/stage.ts";
import { addressOf } from "./build_stages.ts";
import { longAxes } from "./fusion.ts";
import { readsWindows } from "./windows.ts";
import { vectorOf } from "../../kernels/addresses.ts";
import {
  copiesOf,
  elementsOf,
  evaluator,
  placeOf,
  runOf,
  type Stretch,
} from "../../kernels/flat.ts";
import { COSTS, type Costs } from "../../kernels/tile_costs.ts";

/** Cuts that are weighed one by one; of more, some are left out before. */
const MOST_CUTS = 48;
/** Turns of a loop, and a quotient or a remainder of lanes, in nanoseconds. */
const TURN = 3;
const QUOTIENT = 2;
/** Parts that a sum is put into, at most. */
const MOST_PARTS = 8;

/** Where tests of an element's place change: the bounds of pieces. */
export function cutsOf(stages: readonly Stage[], size: number): readonly number[] {
  const cuts = new Set<number>();
  for (const stage of stages) {
    const element = stage.parallel[longAxes(stage).at(-1) ?? -1]?.name;
    scalarVisit(stage.body, (s) => {
      if (s.kind !== "inside" || s.index.terms.length !== 1) return;
      const { factor, atom } = s.index.terms[0]!, { constant } = s.index;
      if (factor !== 1 || atom.kind !== "axis" || atom.axis.name !== element) return;
      for (const cut of [-constant, s.extent - constant]) {
        if (cut > 0 && cut < size) cuts.add(cut);
      }
    });
  }
  return [...cuts].sort((a, b) => a - b);
}

/** What evaluating elements takes, in nanoseconds of one core. */
interface Work {
  /** Of all lanes of a group, with all turns of loops, and with one. */
  readonly all: number;
  readonly once: number;
  /** Loads. */
  readonly places: number;
}

const NOTHING: Work = { all: 0, once: 0, places: 0 };

/** What evaluating expressions takes, that share what they have in common. */
function workOf(
  roots: readonly Scalar[],
  width: number,
  values: readonly Value[],
  { load, vectorLoad, arithmetic }: Pick<Costs, "load" | "vectorLoad" | "arithmetic">,
): Work {
  const seen = new Set<string>();
  const quotients = (x: Index): number =>
    x.terms.reduce((n, { atom }) => {
      if (atom.kind !== "div" && atom.kind !== "mod" || seen.has(atom.key)) return n;
      seen.add(atom.key);
      return n + 1 + quotients(atom.of);
    }, 0);
  const own = (s: Scalar): number => {
    const indices = width * QUOTIENT * scalarIndices(s).reduce((n, x) => n + quotients(x), 0);
    if (s.kind !== "load") return indices + width * arithmetic(1);
    return indices + (isVector(s) ? vectorLoad : width * load);
  };
  const isVector = (s: Extract<Scalar, { kind: "load" }>): boolean =>
    width === 4 && vectorOf(addressOf(s.at, values[s.value]!.shape)) !== undefined;
  const moves = (s: Scalar): boolean => {
    let any = s.kind !== "load";
    for (const x of scalarIndices(s)) indexAtoms(x, () => any = true);
    return any;
  };
  const visit = (s: Scalar): Work => {
    if (s.kind === "constant" || s.kind === "local" || seen.has(s.key)) return NOTHING;
    seen.add(s.key);
    const parts = scalarOperands(s).map(visit);
    const sum = (of: keyof Work): number => parts.reduce((n, part) => n + part[of], 0);
    if (s.kind === "fold") {
      const turn = TURN + width * arithmetic(1);
      return {
        all: s.axis.extent * (sum("all") + turn),
        once: sum("once") + turn,
        places: sum("places"),
      };
    }
    // What is the same for all elements stands outside.
    const each = moves(s) ? own(s) : 0;
    const places = sum("places") + (s.kind !== "load" ? 0 : isVector(s) ? 1 : width);
    return { all: sum("all") + each, once: sum("once") + each, places };
  };
  return roots.map(visit).reduce((a, b) => ({
    all: a.all + b.all,
    once: a.once + b.once,
    places: a.places + b.places,
  }), NOTHING);
}

/** The tests of an element's place that are left. */
function testsOf(roots: readonly Scalar[]): string {
  const tests: string[] = [], seen = new Set<string>();
  for (const root of roots) {
    scalarVisit(root, ({ kind, key }) => kind === "inside" && tests.push(key), seen);
  }
  return tests.join();
}

/** A stretch with what it takes. */
interface Weighed extends Stretch {
  readonly cost: number;
}

/**
 * The stretches of a flat pass: those between cuts, and neighbours together where that is cheaper.
 *
 * @param most How many there may be.
 */
export function stretchesOf(
  nest: Nest,
  stages: readonly Stage[],
  stored: readonly ValueId[],
  values: readonly Value[],
  adapter: AdapterClass,
  most: number,
): readonly Stretch[] {
  const costs = COSTS[adapter.kind];
  const { size, threads, copies, runs } = nest, cuts = cutsOf(stages, size);
  const near = readsWindows("wgsl", adapter) ? { ...costs, ...costs.uniform } : costs;
  const evaluate = evaluator(stages), copy = copiesOf(nest);
  const wanted = stages.filter(({ nest, value }) => nest !== undefined || stored.includes(value));
  const stores = stages.filter(({ nest, value }) => nest === undefined && stored.includes(value));
  const rootsOf = (stretch: Stretch, lane: number): readonly Scalar[] => {
    const at = indexShift(elementsOf(stretch)[1], lane);
    return wanted.map((stage) => evaluate(stage, placeOf(stage, copy, at)));
  };
  const weigh = (from: number, to: number): Weighed => {
    const even = [from, to, runOf(nest, { from }).start, nest.block].every((n) => n % 4 === 0);
    // Four neighbours are to be on the same side of each test.
    const four = even ? [0, 3].map((lane) => rootsOf({ from, to, width: 4 }, lane)) : [];
    const [a, b] = four.map(testsOf), width = even && a === b ? 4 : 1;
    const roots = width === 4 ? four[0]! : rootsOf({ from, to, width }, 0);
    const { all, once, places } = workOf(roots, width, values, near);
    const store = stores.length * (width === 4 ? costs.vectorStore : costs.store);
    const groups = threads * copies / costs.lanes;
    const turns = (to - from) * copies / width / costs.lanes;
    // Groups of lanes without an element there go through it all the same.
    const running = turns * (all + store + TURN) + groups * (once + store + TURN);
    return { from, to, width, cost: running + costs.site * (places + stores.length) };
  };
  const ends = new Set(runs.map(({ stop }) => stop));
  // Four neighbours on both sides of a cut are a stretch of their own.
  const inner = cuts.filter((cut) => !ends.has(cut))
    .flatMap((cut) => [4 * Math.floor(cut / 4), 4 * Math.ceil(cut / 4)]);
  const bounds = [...new Set([...inner, ...ends])].filter((bound) => bound > 0 && bound < size)
    .sort((a, b) => a - b);
  while (bounds.length > Math.max(MOST_CUTS, runs.length)) {
    const lengths = bounds.map((bound, i) =>
      ends.has(bound) ? Infinity : (bounds[i + 1] ?? size) - (bounds[i - 1] ?? 0)
    );
    bounds.splice(lengths.indexOf(Math.min(...lengths)), 1);
  }
  const found = [0, ...bounds].map((from, i) => weigh(from, bounds[i] ?? size));
  const known = new Map<string, Weighed>();
  const joined = (i: number): Weighed => {
    const { from } = found[i]!, { to } = found[i + 1]!, key = `${from} ${to}`;
    const both = known.get(key) ?? weigh(from, to);
    known.set(key, both);
    return both;
  };
  while (found.length > 1) {
    const more = found.slice(1).map((next, i) =>
      ends.has(next.from) ? Infinity : joined(i).cost - found[i]!.cost - next.cost
    );
    const least = Math.min(...more), at = more.indexOf(least);
    if (least === Infinity || (least > 0 && found.length <= most)) break;
    found.splice(at, 2, joined(at));
  }
  return found;
}

/**
 * An expression whose folds read rows that lie apart, each through as many windows as span them: a fold
 * becomes several, one behind the other.
 */
export function partedFolds(
  s: Scalar,
  values: readonly Value[],
  adapter: AdapterClass,
): Scalar {
  if (!readsWindows("wgsl", adapter)) return s;
  const most = adapter.maxUniformBytes / 4 - 2 * WINDOW_WORDS;
  return scalarWithFolds(s, (axis, a) => {
    let parts = 1;
    scalarVisit(a, (x) => {
      if (x.kind !== "load") return;
      const word = addressOf(x.at, values[x.value]!.shape);
      const rangeOf = (last: number) => indexRange(word, new Map([[axis.name, [0, last]]]));
      const [low, high] = rangeOf(0), step = rangeOf(1)[1] - high;
      if (2 * step <= high - low) return;
      // What is longer is seen in slices; all stretches are to be alike.
      const row = Math.min(Math.max(high - low + 1, step), most / 2);
      parts = Math.max(parts, Math.ceil(axis.extent / (Math.floor((most - row) / step) + 1)));
    });
    if (parts === 1 || parts > MOST_PARTS) return scalarFold(axis, a);
    const each = Math.ceil(axis.extent / parts), sums: Scalar[] = [];
    for (let from = 0; from < axis.extent; from += each) {
      const part = { name: `${axis.name}_${from}`, extent: Math.min(each, axis.extent - from) };
      const at = indexShift(indexAxis(part), from);
      sums.push(scalarFold(part, scalarSubstitute(a, new Map([[axis.name, at]]))));
    }
    return sums.reduce((sum, part) => scalarBinary("add", sum, part));
  });
}
