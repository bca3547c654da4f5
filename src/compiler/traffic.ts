/**
 * How many words a group of stages reads and stores.
 *
 * @module
 */
import { indexAtoms } from "../loops/index.ts";
import { type Scalar, scalarIndices, scalarVisit, type ValueId } from "../loops/scalar.ts";
import type { Stage, Value } from "../loops/stage.ts";
import { sizeOf } from "../tensor/node.ts";
import { addressOf } from "./build_stages.ts";
import { type Group, stagesOf } from "./fusion.ts";

/** How often a load happens, if once for each element of the axes that it moves with. */
function timesOf(load: Scalar): number {
  const extents = new Map<string, number>();
  scalarVisit(load, (s) => {
    for (const x of scalarIndices(s)) {
      indexAtoms(x, (atom) => {
        if (atom.kind === "axis") extents.set(atom.axis.name, atom.axis.extent);
      });
    }
  });
  return extents.values().reduce((n, extent) => n * extent, 1);
}

/** What is read of a value: as many words as loads, or all from the first to the last. */
interface Reach {
  low: number;
  high: number;
  loads: number;
}

/** Words that are read of what the group does not compute, and words that are stored. */
export function wordsOf(
  group: Group,
  stored: readonly ValueId[],
  values: readonly Value[],
): number {
  const stages = stagesOf(group), inside = new Set(stages.map((s) => s.value));
  const reach = new Map<ValueId, Reach>();
  for (const { body } of stages) {
    scalarVisit(body, (s) => {
      if (s.kind !== "load" || inside.has(s.value)) return;
      const { shape } = values[s.value]!, { low, high } = addressOf(s.at, shape);
      const known = reach.get(s.value) ?? { low: Infinity, high: -1, loads: 0 };
      // Beyond the ends a test keeps what is read from being used.
      reach.set(s.value, {
        low: Math.min(known.low, Math.max(0, low)),
        high: Math.max(known.high, Math.min(high, sizeOf(shape) - 1)),
        loads: known.loads + timesOf(s),
      });
    });
  }
  const reads = reach.values().reduce(
    (n, { low, high, loads }) => n + Math.min(loads, high - low + 1),
    0,
  );
  const elements = ({ value, parallel, place }: Stage): number =>
    place === undefined
      ? sizeOf(values[value]!.shape)
      : parallel.reduce((n, { extent }) => n * extent, 1);
  return stages.reduce((n, s) => n + (stored.includes(s.value) ? elements(s) : 0), reads);
}
