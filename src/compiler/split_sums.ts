/**
 * Sums and maxima with too few outputs to fill the device, or with more terms than one thread can go
 * through, become partial ones and one of those; short sums that only an assembly of pieces reads are
 * evaluated where they are read.
 *
 * @module
 */
import { type AdapterClass, mostTurns } from "../loops/adapter.ts";
import { type Axis, indexAxis } from "../loops/index.ts";
import {
  type Scalar,
  scalarFold,
  scalarLoad,
  scalarSubstitute,
  type ValueId,
} from "../loops/scalar.ts";
import type { Stage, Value } from "../loops/stage.ts";
import { readsOf } from "./fusion.ts";
import { COSTS } from "../../kernels/tile_costs.ts";
import { type PartedSum, partedSum } from "./parted_sums.ts";
import { inBlocks, tileAlone } from "./sum_blocks.ts";

/** Outputs up to which a sum may be split: more where windows may span the slabs, and not the whole. */
const MOST_OUTPUTS = 16_384;
const MOST_IN_WINDOWS = 524_288;
/** Partial sums that one may be split into. */
const MOST_PARTIAL = 4_194_304;
/** Terms from which it is worth it. */
const LEAST_TERMS = 32;
/** Terms of a sum that is evaluated where it is read, and terms in all its elements. */
const FOLD_TERMS = 64;
const FOLD_TOTAL = 40_000;
/** What a kernel of its own takes on a software adapter, in nanoseconds. */
const KERNEL = 40_000;

/** Stages with their sums split; `sealed` are the partial sums, which take no epilogue. */
export interface SplitStages {
  readonly stages: readonly Stage[];
  readonly values: readonly Value[];
  readonly sealed: ReadonlySet<ValueId>;
}

const product = (axes: readonly Axis[]): number => axes.reduce((n, a) => n * a.extent, 1);

/** Splits what is worth splitting on this adapter. */
export function splitSums(
  stages: readonly Stage[],
  values: readonly Value[],
  adapter: AdapterClass,
): SplitStages {
  const grown = [...values];
  const sealed = new Set<ValueId>();
  const result = stages.flatMap((stage): Stage[] => {
    let known: number | undefined;
    /** What the sum costs at once: a search, which not every stage needs. */
    const atOnce = (): number => known ??= tileAlone(stage, grown, adapter, Infinity).cost;
    const parted = partedSum(stage, grown, adapter, atOnce);
    const halves = split(stage, grown, adapter, atOnce, parted?.cost ?? Infinity);
    if (halves === undefined) return [parted?.stage ?? stage];
    const whole = grown[stage.value]!;
    grown.push({
      id: grown.length,
      label: `${whole.label} partial`,
      shape: halves.partial.parallel.map((a) => a.extent),
      dtype: whole.dtype,
      source: { kind: "stage" },
    });
    sealed.add(halves.partial.value);
    return [halves.partial, halves.whole];
  });
  return { stages: result, values: grown, sealed };
}

/** Whether a sum of so many terms is evaluated where it is read. */
function folds(outputs: number, terms: number): boolean {
  return terms <= FOLD_TERMS && terms * outputs <= FOLD_TOTAL;
}

/** Partial sums, and the sum of those. */
interface Halves {
  readonly partial: Stage;
  readonly whole: Stage;
}

/** A sum as it is, or with its terms in parts that have windows of their own, whichever costs less. */
function cheapest(
  stage: Stage,
  values: readonly Value[],
  adapter: AdapterClass,
  most: number,
): PartedSum {
  const { cost } = tileAlone(stage, values, adapter, most);
  return partedSum(stage, values, adapter, () => Math.min(cost, most)) ?? { stage, cost };
}

/** A sum as partial sums and their sum, if that costs less than it does at once: `most` with its terms in parts. */
function split(
  stage: Stage,
  values: readonly Value[],
  adapter: AdapterClass,
  atOnce: () => number,
  most: number,
): Halves | undefined {
  if (stage.combine !== "sum" && stage.combine !== "max") return undefined;
  const terms = product(stage.reduce), turns = mostTurns(adapter);
  const windows = COSTS[adapter.kind].uniform !== undefined && adapter.maxUniforms > 0;
  const mostOutputs = windows ? MOST_IN_WINDOWS : MOST_OUTPUTS;
  const worthIt = product(stage.parallel) <= mostOutputs && terms >= LEAST_TERMS;
  if (!worthIt && terms <= turns) return undefined;
  const outputs = product(stage.parallel);
  /** What the sum of so many partial sums takes, which may have a window for each slab. */
  const secondOf = ({ partial, whole }: Halves, slabs: number, most: number): number => {
    if (!windows || slabs >= adapter.maxUniforms - 1) {
      return 10_000 + outputs * slabs * (adapter.kind === "cpu" ? 4 : 0.5);
    }
    const read: Value = {
      id: partial.value,
      label: "",
      shape: partial.parallel.map((a) => a.extent),
      dtype: "f32",
      source: { kind: "stage" },
    };
    return (folds(outputs, slabs) ? 10_000 : KERNEL) +
      tileAlone(whole, [...values, read], adapter, most).running;
  };
  let best: Halves | undefined;
  const whole = atOnce(), must = whole === Infinity && terms > turns;
  if (!worthIt && !must) return undefined;
  let least = Math.min(whole * 0.85, most);
  const axisIndex = stage.reduce.reduce((b, a, i) => a.extent > stage.reduce[b]!.extent ? i : b, 0);
  const usual = usualCounts(outputs, windows, adapter);
  const outer = stage.reduce.findIndex((a) => a.extent >= 8);
  for (const at of new Set([outer < 0 ? axisIndex : outer, axisIndex])) {
    const axis = stage.reduce[at]!;
    const fewest = must ? Math.ceil(terms / turns) : 1;
    for (const slabs of slabCounts(axis.extent, [fewest, ...usual])) {
      if (!must && outputs * slabs > MOST_PARTIAL) continue;
      const halves = cut(stage, at, slabs, values.length);
      const second = secondOf(halves, slabs, least);
      if (second >= least) continue;
      const first = cheapest(halves.partial, values, adapter, least - second);
      if (second + first.cost < least) {
        least = second + first.cost;
        best = { ...halves, partial: first.stage };
      }
    }
  }
  return best;
}

/** Into how many partial sums one is split; what is not folded reads each slab through a window of its own. */
function usualCounts(outputs: number, windows: boolean, { kind }: AdapterClass): readonly number[] {
  if (kind !== "cpu") return [16, 64, 256, 1024];
  return windows && !folds(outputs, 4) ? [2, 4, 6, 10, 60, 256] : [4, 6, 12, 60, 256];
}

function slabCounts(extent: number, wanted: readonly number[]): number[] {
  return [
    ...new Set(wanted.map((w) => {
      // A count that divides the axis needs no guard.
      for (let d = 0; d < w / 3; d++) {
        if (w + d <= extent && extent % (w + d) === 0) return w + d;
        if (w - d > 1 && extent % (w - d) === 0) return w - d;
      }
      return Math.min(w, extent);
    })),
  ].filter((s) => s > 1);
}

/** Σ (or max) over an axis as that over `slabs` of those over its blocks. */
function cut(
  stage: Stage,
  at: number,
  slabs: number,
  id: ValueId,
): Halves {
  const { block, inner, body } = inBlocks(stage, at, slabs);
  const partial: Stage = {
    value: id,
    parallel: [block, ...stage.parallel],
    reduce: stage.reduce.map((a, i) => i === at ? inner : a).filter((a) => a.extent > 1),
    combine: stage.combine,
    body,
  };
  const terms: Axis = { name: `${stage.reduce[at]!.name}p`, extent: slabs };
  const whole: Stage = {
    value: stage.value,
    parallel: stage.parallel,
    reduce: [terms],
    combine: stage.combine,
    body: scalarLoad(id, [indexAxis(terms), ...stage.parallel.map(indexAxis)], "f32"),
  };
  return { partial, whole };
}

/** Moves short sums into the one stage that reads them, if that is an assembly of pieces. */
export function foldSums(
  stages: readonly Stage[],
  assemblies: ReadonlySet<ValueId>,
  kept: ReadonlySet<ValueId>,
): Stage[] {
  const readers = new Map<ValueId, Stage[]>();
  for (const s of stages) for (const v of readsOf(s)) readers.set(v, [...readers.get(v) ?? [], s]);
  const folded = new Map<ValueId, Stage>();
  for (const s of stages) {
    const only = readers.get(s.value);
    const short = s.combine === "sum" && folds(product(s.parallel), product(s.reduce));
    if (short && only?.length === 1 && assemblies.has(only[0]!.value) && !kept.has(s.value)) {
      folded.set(s.value, s);
    }
  }
  const inline = (stage: Stage): Stage => ({
    ...stage,
    body: scalarSubstitute(stage.body, new Map(), (value, at, dtype): Scalar => {
      const inner = folded.get(value);
      if (inner === undefined) return scalarLoad(value, at, dtype);
      const map = new Map(inner.parallel.map((a, i) => [a.name, at[i]!]));
      const term = scalarSubstitute(inner.body, map);
      return [...inner.reduce].reverse().reduce((body, axis) => scalarFold(axis, body), term);
    }),
  });
  return stages.filter((s) => !folded.has(s.value)).map((s) =>
    assemblies.has(s.value) ? inline(s) : s
  );
}
