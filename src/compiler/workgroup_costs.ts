/**
 * What parts of a kernel of one workgroup cost, and what they do as kernels of their own.
 *
 * @module
 */
import type { AdapterClass } from "../loops/adapter.ts";
import { scalarVisit } from "../loops/scalar.ts";
import type { Value } from "../loops/stage.ts";
import { type Group, nestOf, stagesOf } from "./fusion.ts";
import { costOf, type Part, workgroupLanes } from "./write_kernel.ts";
import { COSTS } from "../../kernels/tile_costs.ts";

/** In nanoseconds. */
interface Costs {
  /** Until a kernel begins. */
  readonly dispatch: number;
  /** Between two parts of a workgroup. */
  readonly barrier: number;
  /** What compiling a barrier takes, of each step of a run of some thousands. */
  readonly compiling: number;
}

/** For each class of adapters. */
export const WORKGROUP_COSTS: { readonly [K in AdapterClass["kind"]]: Costs } = {
  cpu: { dispatch: 38_000, barrier: 50, compiling: 15_000 },
  gpu: { dispatch: 5000, barrier: 200, compiling: 200 },
  script: { dispatch: 0, barrier: 0, compiling: 0 },
};

/** Parts of one kernel, all of which are compiled together. */
export const MOST_PARTS = 24;

/** What a part takes as a kernel of the device that has begun, in nanoseconds. */
export function deviceCost(part: Part, values: readonly Value[], adapter: AdapterClass): number {
  const { width, workgroupWidth } = COSTS[adapter.kind];
  return costOf(part, values, adapter) * workgroupWidth / width;
}

/** What a part takes longer in a workgroup than as a kernel that has begun, at least. */
export function leastLoss({ group }: Part, { kind }: AdapterClass): number {
  const { parallel, reduce } = group.anchor;
  const { width, workgroupWidth, lanes, arithmetic } = COSTS[kind];
  const terms = product(parallel) * product(reduce);
  return (1 - workgroupWidth / width) * terms * arithmetic(1) / lanes;
}

const product = (axes: readonly { readonly extent: number }[]): number =>
  axes.reduce((n, a) => n * a.extent, 1);

/** Turns of a lane that goes through so many elements with the others. */
export function turnsAround(elements: number, adapter: AdapterClass): number {
  return Math.ceil(elements / workgroupLanes(adapter));
}

/** At least as many turns as the loops of a lane take in a part. */
export function turnsOf(group: Group, adapter: AdapterClass): number {
  const { parallel, reduce } = group.anchor, nest = nestOf(group);
  let inside = 2 * product(reduce) * (nest?.block ?? 1);
  for (const stage of stagesOf(group)) {
    scalarVisit(stage.body, (s) => inside *= s.kind === "fold" ? 2 * s.axis.extent : 1);
  }
  const threads = nest === undefined ? product(parallel) : nest.threads * nest.copies;
  return turnsAround(threads, adapter) * (1 + inside);
}
