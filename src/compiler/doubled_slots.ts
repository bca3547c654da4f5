/**
 * Slots whose next values are computed aside, whereupon the two buffers change places: a buffer that a
 * kernel writes it cannot read through a window.
 *
 * @module
 */
import type { AdapterClass } from "../loops/adapter.ts";
import type { Region, Slot } from "../lowering/program.ts";
import { sizeOf } from "../tensor/node.ts";
import type { Plan } from "./plan.ts";
import { shapeIn } from "./replicate.ts";
import { readsWindows } from "./windows.ts";

/** Words from which the slices of a window take less than what it saves. */
const DOUBLED_FROM = 8192;

/** From how many words slots are computed aside unless it is said: where there are no windows, none is. */
export function doubledFrom(target: Plan["target"], adapter: AdapterClass): number {
  return readsWindows(target, adapter) ? DOUBLED_FROM : Infinity;
}

/**
 * Parameters and state that each step assigns once, and what iterations carry.
 *
 * @param carried What loops carry.
 * @param from Words that they have at least.
 * @param fit Whether the kernels can bind these slots twice.
 */
export function doubledSlots(
  slots: readonly Slot[],
  regions: readonly Region[],
  carried: readonly Slot[],
  replicas: number,
  from: number,
  fit: (doubled: ReadonlySet<string>) => boolean,
): ReadonlySet<string> {
  const periods = new Map<string, number[]>();
  for (const { period, assign } of regions) {
    for (const { slot } of assign) periods.set(slot, [...periods.get(slot) ?? [], period]);
  }
  const assignedOnce = slots.filter(({ name, role }) => {
    const [period, ...more] = periods.get(name) ?? [];
    return (role === "parameters" || role === "state") && period === 1 && more.length === 0;
  });
  return [...assignedOnce, ...carried].reduce<ReadonlySet<string>>((doubled, slot) => {
    if (sizeOf(shapeIn(slot, replicas)) < from) return doubled;
    const larger = new Set([...doubled, slot.name]);
    return fit(larger) ? larger : doubled;
  }, new Set());
}
