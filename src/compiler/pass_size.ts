/**
 * How many copies run at once where one fills the device: as many as caches hold.
 *
 * @module
 */
import type { AdapterClass } from "../loops/adapter.ts";
import type { Plan } from "./plan.ts";

/** Words of the copies of a pass, at most: what caches next to cores hold. */
const CACHED = 524_288;

/** The part of all copies that may be run for nothing, so that all passes are of equal size. */
const WASTE = 0.1;

/** Whether a copy may fill the device by itself, so that others gain nothing from running beside it. */
export function mayFill(
  { target, adapter }: { readonly target: Plan["target"]; readonly adapter: AdapterClass },
): boolean {
  return target === "wgsl" && adapter.kind === "cpu";
}

/** Words that a copy has for itself: not what all copies read. */
function ownWords({ slots, places, buffers }: Plan): number {
  const common = new Set(slots.flatMap(({ name, perReplica }) => {
    const place = places.get(name);
    return perReplica || place === undefined ? [] : [place.buffer];
  }));
  return buffers.reduce((sum, { words }, i) => common.has(i) ? sum : sum + words, 0);
}

/**
 * In how many passes of equal size copies run, so that those of one pass do not drive each other out of the
 * caches between kernels; one, where that would run too many for nothing.
 *
 * @param alone The plan of one copy.
 */
export function passesOf(alone: Plan, replicas: number): number {
  const fewest = Math.ceil(replicas / Math.max(1, Math.floor(CACHED / ownWords(alone))));
  const wasteOf = (passes: number): number => passes * Math.ceil(replicas / passes) - replicas;
  let best = fewest;
  for (let passes = fewest; passes <= Math.min(replicas, 2 * fewest); passes++) {
    if (wasteOf(passes) < wasteOf(best)) best = passes;
  }
  return wasteOf(best) > WASTE * replicas ? 1 : best;
}
