/**
 * How much of an epilogue is written out.
 *
 * @module
 */
import { indexAtoms } from "../loops/index.ts";
import { scalarVisit, type ValueId } from "../loops/scalar.ts";
import type { Stage } from "../loops/stage.ts";
import { boxExtent } from "../../kernels/epilogue.ts";
import type { EpilogueStage } from "../../kernels/tile.ts";

/** Operations that the epilogue of the smallest tile writes out: about ten characters each. */
const MOST_OPERATIONS = 1600;
/** Loads that it writes out, besides those of the anchor's sum. */
const MOST_LOADS = 80;
/** What is written out for a member, for a tile of the anchor. */
function sizeWritten(
  { stage, axes }: EpilogueStage,
  tile: readonly number[],
  inside: ReadonlySet<ValueId>,
): { readonly operations: number; readonly loads: number } {
  const extents = new Map(
    axes.map((r, i) => {
      const { name, extent } = stage.parallel[i]!;
      return [name, boxExtent(r, extent, tile)];
    }),
  );
  for (const { name, extent } of stage.reduce) extents.set(name, extent);
  let operations = 0, loads = 0;
  scalarVisit(stage.body, (s) => {
    if (s.kind !== "constant") operations++;
    if (s.kind !== "load" || inside.has(s.value)) return;
    const moves = new Set<string>();
    for (const x of s.at) indexAtoms(x, (a) => a.kind === "axis" && moves.add(a.axis.name));
    loads += [...moves].reduce((n, name) => n * (extents.get(name) ?? 1), 1);
  });
  return { operations: operations * [...extents.values()].reduce((n, d) => n * d, 1), loads };
}

/** Whether a kernel would be large even with the smallest tile of its anchor. */
export function isTooLarge(
  anchor: Stage,
  epilogue: readonly EpilogueStage[],
  tile: readonly number[],
): boolean {
  const inside = new Set([anchor.value, ...epilogue.map((m) => m.stage.value)]);
  const own: EpilogueStage = {
    stage: anchor,
    axes: anchor.parallel.map((_, i) => ({ kind: "same", anchor: i })),
  };
  const sizes = [...anchor.combine === "none" ? [own] : [], ...epilogue].map((m) =>
    sizeWritten(m, tile, inside)
  );
  return sizes.reduce((n, { operations }) => n + operations, 0) > MOST_OPERATIONS ||
    sizes.reduce((n, { loads }) => n + loads, 0) > MOST_LOADS;
}
