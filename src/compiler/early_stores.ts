/**
 * Slots that are assigned before the loops of a region: what comes after reads the next value there, where a
 * value of its own would be stored once more and copied.
 *
 * @module
 */
import type { Node } from "../tensor/node.ts";
import { topological } from "../tensor/walk.ts";
import type { Store } from "./build_stages.ts";
import { type Block, carriedInside, type Unit, unitsOf } from "./loop_blocks.ts";
import { isLeaf, isView } from "./staged_nodes.ts";

const valuesOf = (units: readonly Unit[]): readonly Node[] =>
  units.flatMap((u) => u.stores.map((s) => s.value));

/** The inputs that are read to evaluate these nodes where the `known` ones are there. */
function inputsOf(roots: readonly Node[], known: ReadonlySet<string>): readonly Node[] {
  const seen = new Set<string>(), found: Node[] = [];
  const stack = [...roots];
  while (stack.length > 0) {
    const node = stack.pop()!;
    if (known.has(node.hash) || seen.has(node.hash)) continue;
    seen.add(node.hash);
    if (node.op.kind === "input") found.push(node);
    stack.push(...node.inputs);
  }
  return found;
}

/**
 * The same blocks, where the first unit assigns what it evaluates for the loops: the next value of a slot whose last
 * one nobody reads after that.
 *
 * @param once Whether a slot is assigned once in a step, and can be read where it lies.
 */
export function storeEarly(
  blocks: readonly Block[],
  once: (slot: string) => boolean,
): readonly Block[] {
  const first = blocks[0], last = blocks.at(-1);
  if (first === last || first?.kind !== "unit" || last?.kind !== "unit") return blocks;
  const between = unitsOf(blocks.slice(0, -1));
  const carried = new Set(carriedInside(blocks));
  const needed = new Set(topological(valuesOf(between)).map(({ hash }) => hash));
  const none: ReadonlySet<string> = new Set();
  let early = last.stores.filter(({ slot, value }) =>
    once(slot) && needed.has(value.hash) && !isView(value.op.kind) && !isLeaf(value.op.kind) &&
    inputsOf([value], none).every(({ op }) => op.kind === "input" && !carried.has(op.name))
  );
  for (;;) {
    const known = new Set(early.map(({ value }) => value.hash));
    const rest = last.stores.filter((s) => !early.includes(s)).map((s) => s.value);
    const later = [...valuesOf(between.slice(1)), ...rest];
    const read = new Set(
      inputsOf(later, known).map(({ op }) => op.kind === "input" ? `${op.name}@${op.version}` : ""),
    );
    const free = (s: Store) => !read.has(`${s.slot}@${s.version - 1}`);
    if (early.every(free)) break;
    early = early.filter(free);
  }
  return [
    { ...first, stores: [...first.stores, ...early] },
    ...blocks.slice(1, -1),
    { ...last, stores: last.stores.filter((s) => !early.includes(s)) },
  ];
}
