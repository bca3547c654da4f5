/**
 * How many buffers a kernel has to bind when slots and temporaries share as many as they can.
 *
 * @module
 */
import type { Slot } from "../lowering/program.ts";
import type { AdapterClass } from "../loops/adapter.ts";
import type { ValueId } from "../loops/scalar.ts";
import type { Value } from "../loops/stage.ts";
import { sizeOf } from "../tensor/node.ts";

/** Buffers that the temporaries of a kernel may need beside those of slots. */
const TEMPORARIES = 2;

/**
 * The fewest bindings of a kernel that touches these values: rows of the host and of records, constants,
 * data and what loops carry lie in buffers of their own; all other slots may lie in one, as far as a
 * binding reaches.
 *
 * @param carried The slots that loops carry.
 */
export function leastBindings(
  touched: readonly Value[],
  storeOf: ReadonlyMap<ValueId, { readonly slot: string }>,
  slots: ReadonlyMap<string, Slot>,
  carried: ReadonlySet<string>,
  { maxBindingBytes }: AdapterClass,
): number {
  const alone = new Set<string>();
  const sharing = new Map<string, number>();
  for (const { id, source, shape } of touched) {
    if (source.kind === "host") alone.add("host");
    else if (source.kind === "constant") alone.add(`constant ${id}`);
    else {
      const name = source.kind === "slot" ? source.slot : storeOf.get(id)?.slot;
      if (name === undefined) continue;
      const role = slots.get(name)!.role;
      if (role === "record") alone.add("records");
      else if (role === "data" || carried.has(name)) alone.add(name);
      else sharing.set(name, sizeOf(shape));
    }
  }
  const bytes = [...sharing.values()].reduce((sum, words) => sum + 4 * words, 0);
  const together = Math.min(sharing.size, 2 * Math.ceil(bytes / maxBindingBytes));
  return alone.size + together + TEMPORARIES;
}
