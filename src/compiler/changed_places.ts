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
  /** Which ones, at each place along the other axes: u32. One beyond the end changes nothing. */
  readonly at: readonly Node[];
}

/** Words of a slot that take no longer to store at once. */
const FEW = 1024;
/** How many places there are for each one that changes, at least. */
const SPARSE = 4;

/** Where a condition can hold, if that is one place along an axis. */
function choiceIn(when: Node): Choice | undefined {
  const { op, inputs: [a, b] } = when;
  return op.kind === "binary" && op.fn === "and" ? choiceIn(a!) ?? choiceIn(b!) : choiceOf(when);
}

/** A value as choices that end with the last one. */
interface Chain {
  /** What leads from the value to the last one, both among it. */
  readonly nodes: Set<string>;
  /** Where it may differ from that. */
  readonly choices: Map<string, Choice>;
}

/** Follows a value to the last one; false if it is not made of choices alone. */
function follow(node: Node, isLast: (node: Node) => boolean, chain: Chain): boolean {
  const { nodes, choices } = chain;
  if (nodes.has(node.hash)) return true;
  nodes.add(node.hash);
  if (isLast(node)) return true;
  if (node.op.kind !== "select") return false;
  const [when, a, b] = node.inputs, place = choiceIn(when!);
  if (place === undefined) return follow(a!, isLast, chain) && follow(b!, isLast, chain);
  choices.set(`${place.axis}:${place.at.hash}`, place);
  return follow(b!, isLast, chain);
}

/** The places that a slot's next value changes, if they are few and along one axis. */
function placesOf({ slot, version, value }: Store, chain: Chain): Places | undefined {
  const isLast = ({ op }: Node): boolean =>
    op.kind === "input" && op.name === slot && op.version === version - 1;
  if (sizeOf(value.shape) < FEW || !follow(value, isLast, chain)) return undefined;
  const [first, ...others] = chain.choices.values();
  if (first === undefined || others.some(({ axis }) => axis !== first.axis)) return undefined;
  const { axis } = first, at = [first, ...others].map((choice) => choice.at);
  return SPARSE * at.length <= value.shape[axis]! ? { axis, at } : undefined;
}

/** Which nodes read each node. */
function readersIn(roots: readonly Node[]): ReadonlyMap<string, ReadonlySet<string>> {
  const readers = new Map<string, Set<string>>();
  for (const { inputs, hash } of topological(roots)) {
    for (const x of inputs) readers.set(x.hash, (readers.get(x.hash) ?? new Set()).add(hash));
  }
  return readers;
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
  const candidates = stores.filter(({ slot }) => may(slot)).flatMap((store) => {
    const chain: Chain = { nodes: new Set(), choices: new Map() };
    const places = placesOf(store, chain);
    return places === undefined ? [] : [{ store, places, nodes: chain.nodes }];
  });
  if (candidates.length === 0) return new Map();
  const readers = readersIn(stores.map(({ value }) => value));
  const alone = candidates.filter(({ store, nodes }) =>
    [...nodes].every((hash) =>
      hash === store.value.hash || readers.get(hash)?.isSubsetOf(nodes) === true
    ) && stores.every((other) => other === store || !nodes.has(other.value.hash))
  );
  return new Map(alone.map(({ store, places }) => [store.slot, places]));
}
