/**
 * Sums over the rows of a long value, whose terms are far apart: the rows are read as several parts, each of
 * which a window spans.
 *
 * @module
 */
import { type AdapterClass, WINDOW_WORDS } from "../loops/adapter.ts";
import { scalarVisit, type ValueId } from "../loops/scalar.ts";
import type { Stage, Value } from "../loops/stage.ts";
import { elementsIn } from "../../kernels/fetches.ts";
import { addressOf } from "./build_stages.ts";
import { readsOf } from "./fusion.ts";
import { inBlocks, tileAlone } from "./sum_blocks.ts";
import { readsWindows } from "./windows.ts";

/** An axis of a sum, and into how many parts it is cut. */
interface Parts {
  readonly at: number;
  readonly count: number;
}

/** A sum with an axis in parts, and what it costs. */
export interface PartedSum {
  readonly stage: Stage;
  readonly cost: number;
}

/**
 * A sum with an axis in parts, if that lets it read long values through windows and costs less.
 *
 * @param atOnce What it costs without.
 */
export function partedSum(
  stage: Stage,
  values: readonly Value[],
  adapter: AdapterClass,
  atOnce: () => number,
): PartedSum | undefined {
  if (stage.combine !== "sum" || stage.nest !== undefined) return undefined;
  if (!readsWindows("wgsl", adapter)) return undefined;
  const parts = partsOf(stage, values, adapter);
  if (parts === undefined) return undefined;
  const parted = cut(stage, parts);
  const whole = atOnce();
  const { cost } = tileAlone(parted, values, adapter, whole);
  return cost < whole ? { stage: parted, cost } : undefined;
}

function cut(stage: Stage, { at, count }: Parts): Stage {
  const { block, inner, body } = inBlocks(stage, at, count);
  const axes = [block, inner].filter(({ extent }) => extent > 1);
  return { ...stage, reduce: stage.reduce.flatMap((axis, i) => i === at ? axes : [axis]), body };
}

/** How the longest values whose rows are summed over are cut, if there are windows enough. */
function partsOf(
  stage: Stage,
  values: readonly Value[],
  { maxUniforms, maxUniformBytes }: AdapterClass,
): Parts | undefined {
  const most = maxUniformBytes / 4 - 2 * WINDOW_WORDS;
  const fewest = new Map<number, number>(), long = new Map<number, Set<ValueId>>();
  scalarVisit(stage.body, (s) => {
    if (s.kind !== "load") return;
    const { shape } = values[s.value]!, word = addressOf(s.at, shape);
    if (shape.reduce((n, d) => n * d, 1) <= most) return;
    stage.reduce.forEach(({ name, extent }, at) => {
      const rows = elementsIn(most, word, name, stage.parallel);
      if (rows === undefined || rows >= extent) return;
      fewest.set(at, Math.max(fewest.get(at) ?? 0, Math.ceil(extent / rows)));
      long.set(at, (long.get(at) ?? new Set()).add(s.value));
    });
  });
  const reads = readsOf(stage).size;
  for (const [at, needed] of fewest) {
    const count = countOf(stage.reduce[at]!.extent, needed), cut = long.get(at)!.size;
    // Slices have a binding of their own.
    if (count * cut + reads - cut < maxUniforms) return { at, count };
  }
  return undefined;
}

/** A number of parts that divides an axis, if it is not much larger than what is needed. */
function countOf(extent: number, fewest: number): number {
  for (let count = fewest; 2 * count <= 3 * fewest; count++) if (extent % count === 0) return count;
  return fewest;
}
