/**
 * Kernels that follow each other and are so small that one workgroup does all of them sooner than the
 * device begins each.
 *
 * @module
 */
import { type AdapterClass, mostTurns } from "../loops/adapter.ts";
import type { ValueId } from "../loops/scalar.ts";
import type { PlannedKernel } from "./region_kernels.ts";
import { MOST_PARTS, type PartCosts, turnsOf, WORKGROUP_COSTS } from "./workgroup_costs.ts";

/** As good as any time, and a number that sums can be made of. */
const VERY_LONG = 1e9;

/** Kernels that are parts of one, or one by itself. */
export type Run = readonly PlannedKernel[];

/** What runs are chosen by. */
export interface RunOptions {
  readonly adapter: AdapterClass;
  /** How many times as long as by kernels of their own they may take; with 0 there are none. */
  readonly mostTime: number;
  /** How often a step runs them, on average. */
  readonly often: number;
  readonly costsOf: (kernel: PlannedKernel) => PartCosts;
  /** What a kernel loses as a part, at least; sooner known than its costs. */
  readonly leastLoss: (kernel: PlannedKernel) => number;
  /** Whether a kernel could bind what these touch. */
  readonly bindable: (run: Run) => boolean;
  /** Values that are to be known soon: a run ends with them. */
  readonly urgent: ReadonlySet<ValueId>;
}

/** The kernels of a unit in the cheapest runs. */
export function runsOf(
  kernels: readonly PlannedKernel[],
  { adapter, mostTime, often, costsOf, leastLoss, bindable, urgent }: RunOptions,
): readonly Run[] {
  if (mostTime === 0) return kernels.map((kernel) => [kernel]);
  const slower = Math.min(mostTime, VERY_LONG);
  const { dispatch, barrier, compiling } = WORKGROUP_COSTS[adapter.kind];
  const turns = kernels.map(({ group }) => turnsOf(group, adapter));
  /** By itself, and as one more part; undefined where two runs less would not be worth it. */
  const costs = kernels.map((kernel) => {
    if (leastLoss(kernel) > 2 * dispatch * slower) return undefined;
    const { workgroup, device } = costsOf(kernel);
    const alone = often * slower * (device + dispatch);
    const part = often * (workgroup + barrier) + compiling;
    return part > alone + often * dispatch ? undefined : { alone, part };
  });
  /** The cheapest way to run the first kernels: its cost, and where its last run begins. */
  const best: { readonly cost: number; readonly from: number }[] = [{ cost: 0, from: 0 }];
  for (let last = 0; last < kernels.length; last++) {
    let found = { cost: best[last]!.cost + (costs[last]?.alone ?? 0), from: last };
    let together = often * dispatch, taken = 0;
    for (let from = last; from >= 0 && last - from < MOST_PARTS; from--) {
      const own = costs[from];
      const waits = from < last && kernels[from]!.stored.some((v) => urgent.has(v));
      if (own === undefined || waits) break;
      together += own.part;
      taken += turns[from]!;
      const cost = best[from]!.cost + together;
      if (from === last || cost >= found.cost) continue;
      if (taken > mostTurns(adapter) || !bindable(kernels.slice(from, last + 1))) break;
      found = { cost, from };
    }
    best.push(found);
  }
  const runs: Run[] = [];
  for (let end = kernels.length; end > 0; end = best[end]!.from) {
    runs.unshift(kernels.slice(best[end]!.from, end));
  }
  return runs;
}

/** What a run is called. */
export function labelOfRun(run: Run): string {
  const labels = run.map(({ touches }) => touches.label);
  return labels.length <= 2 ? labels.join(", ") : `${labels[0]}, …, ${labels.at(-1)}`;
}
