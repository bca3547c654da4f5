/**
 * Tiles whose workgroups share what they load.
 *
 * @module
 */
import type { Stage } from "../src/loops/stage.ts";
import { sharedAxes } from "./shared_tile.ts";
import { COSTS } from "./tile_costs.ts";
import type { ChosenTile, TileOptions } from "./tile_search.ts";

/** The cheapest tile of a stage with workgroup memory, if the class and the stage allow one. */
export function sharedTile(
  stage: Stage,
  { constraints, adapter, memory }: TileOptions,
): ChosenTile | undefined {
  const costs = COSTS[adapter.kind], axes = sharedAxes(stage);
  if (!memory || costs.shared === undefined || axes === undefined) return undefined;
  const { load, barrier, least, tiles } = costs.shared;
  const { rows, columns } = axes, terms = stage.reduce[0]!.extent;
  const extentOf = (i: number): number => stage.parallel[i]!.extent;
  if (extentOf(rows) * extentOf(columns) * terms < least) return undefined;
  const found = tiles.flatMap(({ threads, sizes: [m, n], depth }): ChosenTile[] => {
    const parallel = stage.parallel.map((_, i) => i === rows ? m : i === columns ? n : 1);
    const allowed = constraints.every(({ multiple, whole }, i) =>
      parallel[i]! % multiple === 0 && (!whole || parallel[i] === extentOf(i))
    );
    if (!allowed) return [];
    const count = stage.parallel.reduce((all, { extent }, i) => {
      const across = i === rows ? threads[0] : i === columns ? threads[1] : 1;
      return all * across * Math.ceil(extent / (across * parallel[i]!));
    }, 1);
    const filled = depth * (threads[0] * m + threads[1] * n) / (threads[0] * threads[1]);
    const block = filled * (costs.load + load) + 2 * barrier +
      depth * ((m + n) * load + m * n * costs.arithmetic(m * n));
    const perThread = costs.thread + Math.ceil(terms / depth) * block + m * n * costs.store;
    const groups = Math.ceil(count / costs.lanes);
    // Workgroups of one wave and the next overlap.
    const running = perThread * Math.max(groups, costs.width);
    return [{
      tile: { parallel, reduce: [terms], shared: { rows, columns, threads, depth } },
      cost: running,
      running,
      threads: count,
    }];
  });
  return found.toSorted((a, b) => a.cost - b.cost)[0];
}
