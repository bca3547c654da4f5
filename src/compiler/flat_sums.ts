/**
 * Sums over ranges of flat vectors, shared out among threads.
 *
 * All sums over ranges of one domain get the same threads, so that any number of them, and whatever is
 * computed for each element besides, can be one pass; each range is whole threads. A sum is then stored
 * once for each thread, and the sum of those is evaluated with the scalars that it belongs to.
 *
 * @module
 */
import { type AdapterClass, WINDOW_WORDS } from "../loops/adapter.ts";
import {
  type Axis,
  delinearize,
  type Index,
  indexAtoms,
  indexAxis,
  indexShift,
} from "../loops/index.ts";
import {
  type Scalar,
  scalarFold,
  scalarLoad,
  scalarSubstitute,
  scalarVisit,
  type ValueId,
} from "../loops/scalar.ts";
import type { Nest, Run, Stage, Value } from "../loops/stage.ts";
import { sizeOf } from "../tensor/node.ts";
import { addressOf } from "./build_stages.ts";
import { ROW, SMALL } from "./fusion.ts";
import { readsWindows } from "./windows.ts";
import { COSTS } from "../../kernels/tile_costs.ts";

/** Elements from which a domain is worth more than one thread. */
const LEAST_ELEMENTS = 512;
/** Sums of threads that one thread adds up: on a GPU each takes as long as many that others add at once. */
const MOST_THREADS: { readonly [K in AdapterClass["kind"]]: number } = {
  cpu: 2048,
  gpu: 256,
  script: 2048,
};

/** The elements of how many teams a window should span. */
const SHARED = 4;

/** For how many threads in all copies, of how many elements at least. */
const SHARES: { readonly [K in AdapterClass["kind"]]: readonly [threads: number, least: number] } =
  {
    cpu: [128, 32],
    gpu: [16384, 16],
    script: [1, 4096],
  };

/** A scalar of each copy that is a sum, its terms numbered. */
interface ScalarSum {
  readonly stage: Stage;
  readonly axis: Axis;
  readonly body: Scalar;
}

/** A sum over the elements `start` … `stop` − 1 of a flat domain. */
interface FlatSum {
  readonly stage: Stage;
  readonly size: number;
  readonly start: number;
  readonly stop: number;
  /** The term of an element of the domain. */
  readonly term: Scalar;
}

const product = (axes: readonly Axis[]): number => axes.reduce((n, a) => n * a.extent, 1);

/** The axis that runs over a domain. */
function elementOf(size: number): Axis {
  return { name: `element${size}`, extent: size };
}

/** The axis that runs over terms. */
function termOf(extent: number): Axis {
  return { name: `term${extent}`, extent };
}

/** The axis of copies. */
function copyOf(copies: number): Axis {
  return { name: "copy", extent: copies };
}

/** A stage as a sum for each copy, if it is one. */
function scalarSum(stage: Stage, copies: number): ScalarSum | undefined {
  const terms = product(stage.reduce);
  const long = stage.parallel.filter(({ extent }) => extent > 1);
  const one = copies > 1
    ? long.length === 1 && long[0] === stage.parallel[0] && long[0]!.extent === copies
    : long.length === 0;
  if (stage.combine !== "sum" || !one || terms < 2) return undefined;
  const axis = termOf(terms);
  const at = delinearize(indexAxis(axis), stage.reduce.map((a) => a.extent));
  const axes = new Map(stage.reduce.map((a, i) => [a.name, at[i]!]));
  for (const a of long) axes.set(a.name, indexAxis(copyOf(copies)));
  return { stage, axis, body: scalarSubstitute(stage.body, axes) };
}

/** Where an address begins if it goes up by 1 with the axis, `undefined` if it does not depend on it. */
function beginning(word: Index, axis: Axis): number | "other" | undefined {
  let depends = false;
  indexAtoms(word, (atom) => depends ||= atom.kind !== "axis" || atom.axis.name === axis.name);
  if (!depends) return undefined;
  const plain = word.terms.every(({ factor, atom }) =>
    atom.kind === "axis" && (atom.axis.name !== axis.name || factor === 1)
  );
  return plain ? word.constant : "other";
}

/** A sum as one over a range of the largest vector that it reads, if it goes through all it reads in order. */
function flatSum(
  { stage, axis, body }: ScalarSum,
  values: readonly Value[],
  copies: number,
): FlatSum | undefined {
  let size = 0, start = 0, flat = true;
  scalarVisit(body, (s) => {
    if (s.kind !== "load") return;
    const { shape } = values[s.value]!;
    const word = addressOf(s.at, shape);
    const from = beginning(word, axis);
    if (from === undefined) return;
    const own = copies > 1 && word.terms.length > 1;
    const words = sizeOf(shape) / (own ? copies : 1);
    const ordered = !own || word.terms.some(({ factor }) => factor === words);
    if (from === "other" || !ordered || from < 0 || from + axis.extent > words) flat = false;
    else if (words > size) [size, start] = [words, from];
  });
  if (!flat || size < LEAST_ELEMENTS) return undefined;
  const element = indexShift(indexAxis(elementOf(size)), -start);
  const term = scalarSubstitute(body, new Map([[axis.name, element]]));
  return { stage, size, start, stop: start + axis.extent, term };
}

/** Elements of a thread, at most: so that a slice, which sees a window, has work for all lanes. */
function mostElements(adapter: AdapterClass): number {
  if (!readsWindows("wgsl", adapter)) return Infinity;
  const { lanes, width } = COSTS[adapter.kind];
  return adapter.maxUniformBytes / 4 / (lanes * width);
}

/** Threads for the ranges between the bounds. */
export function shareOut(
  size: number,
  bounds: readonly number[],
  copies: number,
  adapter: AdapterClass,
): Nest {
  const [wanted, least] = SHARES[adapter.kind];
  const quarter = bounds.every((b) => b % 4 === 0) ? 4 : 1;
  const each = Math.min(size * copies / wanted, mostElements(adapter));
  const fair = Math.max(least, Math.ceil(Math.min(each, size) / quarter) * quarter);
  const team = teamOf(bounds.length === 2 ? size : undefined, fair, adapter);
  const block = bounds.length === 2 ? fillingWindows(size, fair, team, adapter) : fair;
  let threads = 0;
  const runs = bounds.slice(1).map((stop, i): Run => {
    const start = bounds[i]!, first = threads;
    threads += team * Math.ceil((stop - start) / (team * block));
    return { start, stop, first, threads: threads - first };
  });
  return { size, copies, runs, threads, block, team };
}

/**
 * Threads of a team: all on a GPU, as many as slices can be cut between on an adapter with windows. Of several
 * ranges each has teams of its own: those are lanes that go together.
 *
 * @param size Elements of a single range.
 */
function teamOf(size: number | undefined, block: number, adapter: AdapterClass): number {
  const { lanes } = COSTS[adapter.kind];
  if (size === undefined) return readsWindows("wgsl", adapter) ? lanes : 1;
  const all = Math.ceil(size / block);
  if (adapter.kind === "gpu") return all;
  if (!readsWindows("wgsl", adapter)) return 1;
  const most = Math.min(lanes * lanes, all, adapter.maxUniformBytes / 4 / SHARED / block);
  return 2 ** Math.max(0, Math.floor(Math.log2(most)));
}

/** Elements of a thread, so that the elements of as many teams fill a window. */
function fillingWindows(size: number, block: number, team: number, adapter: AdapterClass): number {
  const most = adapter.maxUniformBytes / 4;
  if (!readsWindows("wgsl", adapter) || size <= most) return block;
  const teams = Math.floor(most / (team * block));
  // A window may begin before what it is to show.
  const filling = 4 * Math.floor((most - WINDOW_WORDS) / (4 * team * teams));
  return teams * team * block === most ? block : Math.max(block, filling);
}

/** The stages with their flat sums shared out among threads. */
export interface SharedSums {
  readonly stages: readonly Stage[];
  readonly values: readonly Value[];
}

/** The flat sums among sums, and the bounds of their ranges by domain. */
function domainsOf(
  sums: readonly FlatSum[],
): { readonly flat: ReadonlyMap<ValueId, FlatSum>; readonly bounds: Map<number, Set<number>> } {
  const covered = new Map<string, number>();
  for (const { term, start, stop } of sums) {
    covered.set(term.key, (covered.get(term.key) ?? 0) + stop - start);
  }
  const flat = new Map<ValueId, FlatSum>();
  const bounds = new Map<number, Set<number>>();
  for (const sum of sums) {
    // A pass goes through the whole domain.
    if (covered.get(sum.term.key)! < sum.size / 2) continue;
    flat.set(sum.stage.value, sum);
    const own = bounds.get(sum.size) ?? new Set([0, sum.size]);
    bounds.set(sum.size, own.add(sum.start).add(sum.stop));
  }
  return { flat, bounds };
}

/** Shares out the flat sums of stages; other short sums become loops of a scalar's. */
export function shareSums(
  stages: readonly Stage[],
  values: readonly Value[],
  copies: number,
  adapter: AdapterClass,
): SharedSums {
  const scalars = new Map(
    stages.flatMap((stage) => {
      const sum = scalarSum(stage, copies);
      return sum === undefined ? [] : [[stage.value, sum] as const];
    }),
  );
  const { flat, bounds } = domainsOf(
    [...scalars.values()].flatMap((sum) => flatSum(sum, values, copies) ?? []),
  );
  const nests = new Map(
    [...bounds].map(([size, own]) =>
      [size, shareOut(size, [...own].sort((a, b) => a - b), copies, adapter)] as const
    ),
  );
  const grown = [...values];
  const known = new Map<string, ValueId>();
  /** The value of a term's sums by threads, with its stage where it is new. */
  const byThreads = (sum: FlatSum, nest: Nest): readonly [ValueId, readonly Stage[]] => {
    const key = `${sum.size} ${sum.term.key}`;
    const before = known.get(key);
    if (before !== undefined) return [before, []];
    const id = grown.length;
    known.set(key, id);
    grown.push({
      id,
      label: `${values[sum.stage.value]!.label} by threads`,
      shape: copies > 1 ? [copies, nest.threads] : [nest.threads],
      dtype: "f32",
      source: { kind: "stage" },
    });
    const parallel = [...copies > 1 ? [copyOf(copies)] : [], elementOf(sum.size)];
    return [id, [{ value: id, parallel, reduce: [], combine: "none", body: sum.term, nest }]];
  };
  const looped = (stage: Stage, axis: Axis, body: Scalar): Stage => {
    const own = new Map([["copy", indexAxis(stage.parallel[0] ?? copyOf(1))]]);
    return {
      ...stage,
      reduce: [],
      combine: "none",
      body: scalarFold(axis, copies > 1 ? scalarSubstitute(body, own) : body),
    };
  };
  let again = false;
  const shared = stages.flatMap((stage): readonly Stage[] => {
    const scalar = scalars.get(stage.value);
    if (scalar === undefined) return [stage];
    const sum = flat.get(stage.value);
    if (sum === undefined) {
      const { axis, body } = scalar;
      // What no thread would have to itself is a loop where it is evaluated.
      const short = axis.extent > (copies > 1 ? ROW : SMALL) && axis.extent < LEAST_ELEMENTS;
      return [short ? looped(stage, axis, body) : stage];
    }
    const nest = nests.get(sum.size)!;
    const [id, made] = byThreads(sum, nest);
    const first = nest.runs.find((r) => r.start === sum.start)!.first;
    const last = nest.runs.find((r) => r.stop === sum.stop)!;
    const thread = termOf(last.first + last.threads - first);
    const at = [
      ...copies > 1 ? [indexAxis(copyOf(copies))] : [],
      indexShift(indexAxis(thread), first),
    ];
    const load = scalarLoad(id, at, "f32");
    if (thread.extent <= MOST_THREADS[adapter.kind]) return [...made, looped(stage, thread, load)];
    again = true;
    const own = new Map([["copy", indexAxis(stage.parallel[0] ?? copyOf(1))]]);
    const body = copies > 1 ? scalarSubstitute(load, own) : load;
    return [...made, { ...stage, reduce: [thread], body }];
  });
  return again ? shareSums(shared, grown, copies, adapter) : { stages: shared, values: grown };
}
