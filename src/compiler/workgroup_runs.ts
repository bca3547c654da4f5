/**
 * Kernels that follow each other and are so small that one workgroup does all of them sooner than the
 * device begins each.
 *
 * @module
 */
import { type AdapterClass, mostTurns } from "../loops/adapter.ts";
import type { ValueId } from "../loops/scalar.ts";
import type { Value } from "../loops/stage.ts";
import type { PlannedKernel } from "./region_kernels.ts";
import { deviceCost, leastLoss, MOST_PARTS, turnsOf, WORKGROUP_COSTS } from "./workgroup_costs.ts";
import { costOf } from "./write_kernel.ts";

/** In place of no limit: sums can be made of it. */
const VERY_LONG = 1e9;

/** Kernels that are parts of one, or one by itself. */
export type Run = readonly PlannedKernel[];

/** What runs are chosen by. */
export interface RunOptions {
  readonly values: readonly Value[];
  readonly adapter: AdapterClass;
  /** How many times as long as by kernels of their own they may take; with 0 there are none. */
  readonly mostTime: number;
  /** How often a step runs them, on average. */
  readonly often: number;
  /** Whether a kernel could bind what these touch. */
  readonly bindable: (run: Run) => boolean;
  /** Values that are to be known soon: a run ends with them. */
  readonly urgent: ReadonlySet<ValueId>;
}

/** The kernels of a unit in the cheapest runs. */
export function runsOf(
  kernels: readonly PlannedKernel[],
  { values, adapter, mostTime, often, bindable, urgent }: RunOptions,
): readonly Run[] {
  if (mostTime === 0) return kernels.map((kernel) => [kernel]);
  const slower = Math.min(mostTime, VERY_LONG);
  const { dispatch, barrier, compiling } = WORKGROUP_COSTS[adapter.kind];
  const turns = kernels.map(({ group }) => turnsOf(group, adapter));
  const written = new Set(kernels.flatMap(({ stored }) => stored));
  /** By itself, and as a part that reads what the run writes, or not; undefined where two runs less would not be worth it. */
  const costs = kernels.map((kernel) => {
    if (leastLoss(kernel, adapter) > 2 * dispatch * slower) return undefined;
    const partOf = (of: ReadonlySet<ValueId>): number =>
      often * (costOf(kernel, values, adapter, of) + barrier) + compiling;
    const alone = often * slower * (deviceCost(kernel, values, adapter) + dispatch);
    const near = partOf(new Set());
    if (near > alone + often * dispatch) return undefined;
    const far = kernel.touches.reads.isDisjointFrom(written) ? near : partOf(written);
    return { alone, near, far };
  });
  /** The cheapest way to run the first kernels: its cost, and where its last run begins. */
  const best: { readonly cost: number; readonly from: number }[] = [{ cost: 0, from: 0 }];
  for (let last = 0; last < kernels.length; last++) {
    let found = { cost: best[last]!.cost + (costs[last]?.alone ?? 0), from: last };
    let taken = 0;
    for (let from = last; from >= 0 && last - from < MOST_PARTS; from--) {
      const waits = from < last && kernels[from]!.stored.some((v) => urgent.has(v));
      if (costs[from] === undefined || waits) break;
      taken += turns[from]!;
      if (from === last) continue;
      const run = kernels.slice(from, last + 1), inside = new Set(run.flatMap((k) => k.stored));
      const parts = run.map(({ touches: { reads } }, i) =>
        costs[from + i]![reads.isDisjointFrom(inside) ? "near" : "far"]
      );
      // There is no barrier after the last part.
      const together = parts.reduce((sum, part) => sum + part, often * dispatch - compiling);
      const cost = best[from]!.cost + together;
      if (cost >= found.cost) continue;
      if (taken > mostTurns(adapter) || !bindable(run)) break;
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
