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
 * binding reaches, or in two where the next values of some lie aside.
 *
 * @param carried The slots that loops carry.
 * @param doubled The slots whose next values lie aside.
 */
export function leastBindings(
  touched: readonly Value[],
  storeOf: ReadonlyMap<ValueId, { readonly slot: string; readonly version: number }>,
  slots: ReadonlyMap<string, Slot>,
  carried: ReadonlySet<string>,
  doubled: ReadonlySet<string>,
  { maxBindingBytes }: AdapterClass,
): number {
  const alone = new Set<string>();
  const shared = new Map<string, number>(), now = new Map(shared), next = new Map(shared);
  for (const { id, source, shape } of touched) {
    if (source.kind === "host") alone.add("host");
    else if (source.kind === "constant") alone.add(`constant ${id}`);
    else {
      const slot = source.kind === "slot" ? source : storeOf.get(id);
      if (slot === undefined) continue;
      const { slot: name, version } = slot;
      const role = slots.get(name)!.role;
      if (role === "record") alone.add("records");
      else if (role === "data") alone.add(name);
      else if (!carried.has(name)) {
        (!doubled.has(name) ? shared : version === 0 ? now : next).set(name, sizeOf(shape));
      } else alone.add(doubled.has(name) && version > 1 ? `${name} next` : name);
    }
  }
  const together = [shared, now, next].reduce((count, sharing) => {
    const bytes = [...sharing.values()].reduce((sum, words) => sum + 4 * words, 0);
    return count + Math.min(sharing.size, 2 * Math.ceil(bytes / maxBindingBytes));
  }, 0);
  return alone.size + together + TEMPORARIES;
}
