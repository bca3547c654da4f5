/**
 * How much of an epilogue is written out.
 *
 * @module
 */
import { indexAtoms, indexConstant } from "../loops/index.ts";
import { scalarSubstitute, scalarVisit, type ValueId } from "../loops/scalar.ts";
import type { Stage } from "../loops/stage.ts";
import { points } from "../../kernels/boxes.ts";
import { boxExtent } from "../../kernels/epilogue.ts";
import type { EpilogueStage } from "../../kernels/tile.ts";

/** Operations that the epilogue of the smallest tile writes out: about ten characters each. */
const MOST_OPERATIONS = 1600;
/** Loads that it writes out, besides those of the anchor's sum. */
const MOST_LOADS = 80;

/** What is written out. */
interface Size {
  readonly operations: number;
  readonly loads: number;
}

/** What is written out for a member, for a tile of the anchor. */
function sizeWritten(
  { stage, axes }: EpilogueStage,
  tile: readonly number[],
  inside: ReadonlySet<ValueId>,
): Size {
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

/** The same, exactly, where a thread has all of the last axis: what elements share, and tests that are decided. */
function sizeOfRow(stages: readonly Stage[], inside: ReadonlySet<ValueId>): Size {
  const seen = new Set<string>();
  let operations = 0, loads = 0;
  for (const { parallel, reduce, body } of stages) {
    const rows = [...parallel.slice(1), ...reduce];
    for (const at of points(rows.map(({ extent }) => extent))) {
      const map = new Map(rows.map(({ name }, i) => [name, indexConstant(at[i]!)]));
      scalarVisit(scalarSubstitute(body, map), (s) => {
        if (s.kind === "constant" || s.kind === "index") return;
        if (s.kind !== "load") operations++;
        else if (!inside.has(s.value)) loads++;
      }, seen);
    }
  }
  return { operations, loads };
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
  const fits = (of: readonly Size[]): boolean =>
    of.reduce((n, { operations }) => n + operations, 0) <= MOST_OPERATIONS &&
    of.reduce((n, { loads }) => n + loads, 0) <= MOST_LOADS;
  if (fits(sizes)) return false;
  const rows = anchor.combine === "none" && anchor.parallel.length > 1 && tile[0] === 1 &&
    anchor.parallel.every(({ extent }, i) => i === 0 || tile[i] === extent);
  return !rows || !fits([sizeOfRow([anchor, ...epilogue.map((m) => m.stage)], inside)]);
}
