/**
 * Slots of which a step changes a few places alone, such as the oldest of a history: only those are stored, into
 * what is there.
 *
 * @module
 */
import { type Choice, choiceOf } from "../tensor/chosen.ts";
import { type Node, sizeOf } from "../tensor/node.ts";
import { topological } from "../tensor/walk.ts";
import type { Store } from "./build_stages.ts";

/** Places along an axis that may change. */
export interface Places {
  readonly axis: number;
  /** Which ones, at each place along the other axes: u32, and anywhere if beyond the end. */
  readonly at: readonly Node[];
}

/** Words of a slot that take no longer to store at once. */
const FEW = 1024;
/** How many places there are for each one that changes, at least. */
const SPARSE = 4;

/** Where a condition can hold, if that is one place along an axis. */
function placeOf(when: Node): Choice | undefined {
  const { op, inputs: [a, b] } = when;
  return op.kind === "binary" && op.fn === "and" ? placeOf(a!) ?? placeOf(b!) : choiceOf(when);
}

/** Where a choice between values may differ from `last`; `chain` is told of what leads there. */
function changesOf(
  node: Node,
  last: (node: Node) => boolean,
  chain: (node: Node) => void,
): readonly Choice[] | undefined {
  chain(node);
  if (last(node)) return [];
  if (node.op.kind !== "select") return undefined;
  const [when, a, b] = node.inputs as [Node, Node, Node];
  const otherwise = changesOf(b, last, chain), place = placeOf(when);
  if (otherwise === undefined) return undefined;
  if (place !== undefined) return [...otherwise, place];
  const where = changesOf(a, last, chain);
  return where === undefined ? undefined : [...where, ...otherwise];
}

function placesIn(next: Node, choices: readonly Choice[]): Places | undefined {
  const axis = choices[0]?.axis;
  if (axis === undefined || choices.some((c) => c.axis !== axis)) return undefined;
  const at = [...new Map(choices.map((c) => [c.at.hash, c.at])).values()];
  return SPARSE * at.length <= next.shape[axis]! ? { axis, at } : undefined;
}

/**
 * The slots that keep most of what they hold, with where they do not. What they held is read for that alone: nobody
 * needs it once some of it has changed.
 *
 * @param stores All that is stored in a step.
 * @param may Whether a slot may be stored so.
 */
export function changedPlaces(
  stores: readonly Store[],
  may: (slot: string) => boolean,
): ReadonlyMap<string, Places> {
  const readers = new Map<string, Set<string>>();
  for (const node of topological(stores.map(({ value }) => value))) {
    for (const { hash } of node.inputs) {
      readers.set(hash, (readers.get(hash) ?? new Set()).add(node.hash));
    }
  }
  const found = new Map<string, Places>();
  for (const { slot, version, value } of stores) {
    if (!may(slot) || sizeOf(value.shape) < FEW) continue;
    const isLast = ({ op }: Node) =>
      op.kind === "input" && op.name === slot && op.version === version - 1;
    const chain = new Set<string>();
    const choices = changesOf(value, isLast, ({ hash }) => chain.add(hash));
    const places = choices === undefined ? undefined : placesIn(value, choices);
    if (places === undefined) continue;
    const alone = [...chain].every((hash) =>
      hash === value.hash || (readers.get(hash) ?? new Set()).isSubsetOf(chain)
    );
    if (alone && stores.every((s) => s.slot === slot || !chain.has(s.value.hash))) {
      found.set(slot, places);
    }
  }
  return found;
}
