/**
 * Regions with loops: what a region assigns is cut into units of kernels with loops between them.
 *
 * A carried value becomes a slot of its own: the unit before the loop assigns its first value
 * (version 1, which the body reads), the last unit of the body the next one (version 2, which is what
 * comes after the loop reads). So a body is planned like every region. A loop inside a body that depends
 * on nothing carried comes before the outer one.
 *
 * @module
 */
import type { Slot } from "../lowering/program.ts";
import type { Loop, Node } from "../tensor/node.ts";
import { input } from "../tensor/ops.ts";
import { rewrite, substitute, topological } from "../tensor/walk.ts";
import type { Store } from "./build_stages.ts";
import { bodyOf, iterate, keptUnless, sizeWrittenOut, type WrittenOut } from "./written_out.ts";

/** Stores that happen together, in kernels of their own. */
export interface Unit {
  readonly kind: "unit";
  readonly stores: readonly Store[];
}

/** Blocks that happen `times` times; a unit with the first carried values stands before it. */
export interface LoopBlock {
  readonly kind: "loop";
  readonly times: number;
  /** The slots that it carries. */
  readonly carried: readonly string[];
  /** The slot that says whether it goes on, if it has a condition. */
  readonly active?: string;
  readonly body: readonly Block[];
}

/** One part of a region. */
export type Block = Unit | LoopBlock;

/** A region to be cut. */
export interface RegionStores {
  /** Whether it runs at every step. */
  readonly always: boolean;
  readonly stores: readonly Store[];
  /** Nodes that it evaluates for later regions. */
  readonly shared: readonly Node[];
}

/** The parts of all regions, and the slots that their loops carry. */
export interface Cut {
  readonly regions: readonly (readonly Block[])[];
  readonly slots: readonly Slot[];
}

/** Where loops are put: the region at level 0, then the bodies of the loops around. */
interface Scope {
  readonly blocks: Block[];
  /** The final values of the loops that have been put here. */
  readonly done: Map<string, readonly Node[]>;
}

/** Cuts regions at their loops. `early` says which slots are read by nobody until the step ends. */
export function cutLoops(
  regions: readonly RegionStores[],
  early: (slot: string) => boolean,
  most: WrittenOut,
): Cut {
  const slots: Slot[] = [];
  /** In how many loops a node has to be evaluated. */
  const levels = new Map<string, number>();
  let loops = 0;

  const carriedSlot = (name: string, { shape, dtype }: Node): Slot => {
    const slot: Slot = { name, role: "state", shape, dtype, initial: [0], perReplica: false };
    slots.push(slot);
    return slot;
  };
  const versionOf = ({ name, shape, dtype }: Slot, version: number, level: number): Node => {
    const node = input(name, shape, dtype, version);
    levels.set(node.hash, level);
    return node;
  };

  /** The nodes without loops, which are put where they belong. */
  const place = (roots: readonly Node[], scopes: readonly Scope[]): Node[] =>
    rewrite(roots, (node) => {
      const level = node.op.kind === "input"
        ? levels.get(node.hash) ?? 0
        : node.inputs.reduce((most, x) => Math.max(most, levels.get(x.hash)!), 0);
      levels.set(node.hash, level);
      if (node.op.kind !== "repeat") return node;
      const { loop, index } = node.op;
      const { done } = scopes[level]!;
      const key = [
        loop.times,
        ...[...bodyOf(loop), ...loop.formals, ...node.inputs].map((n) => n.hash),
      ].join();
      const finals = done.get(key) ?? put(loop, node.inputs, scopes.slice(0, level + 1));
      done.set(key, finals);
      return finals[index]!;
    });

  /** Puts a loop into the last of the scopes; gives its final values. */
  const put = (loop: Loop, inputs: readonly Node[], scopes: readonly Scope[]): readonly Node[] => {
    const size = sizeWrittenOut(loop);
    if (size.nodes <= most.nodes && size.sums <= most.sums) {
      return place(iterate(loop, inputs), scopes);
    }
    const level = scopes.length - 1;
    const id = loops++;
    // What an iteration leaves as it is was constant all along.
    const carried = loop.next.flatMap((x, k) => x.hash === loop.formals[k]!.hash ? [] : [k]);
    const held = new Map(
      carried.map((k) => [k, carriedSlot(`loop ${id}/${k}`, loop.next[k]!)] as const),
    );
    const formals = loop.formals.map((_, k) => {
      const slot = held.get(k);
      return slot === undefined ? inputs[k]! : versionOf(slot, 1, level + 1);
    });
    const inside: Scope = { blocks: [], done: new Map() };
    const outside = slots.length;
    const body = place(
      substitute(bodyOf(loop), new Map(loop.formals.map((f, k) => [f.hash, formals[k]!]))),
      [...scopes, inside],
    );
    const condition = body[loop.next.length];
    const nested = new Set(slots.slice(outside).map((s) => s.name));
    const active = condition === undefined
      ? undefined
      : carriedSlot(`loop ${id}/active`, condition).name;
    const next = keptUnless(
      condition,
      carried.map((k) => body[k]!),
      carried.map((k) => formals[k]!),
    );
    const name = (k: number) => held.get(k)!.name;
    const stores = (version: number, values: readonly Node[]) =>
      carried.map((k, i): Store => ({ slot: name(k), version, value: values[i]! }));
    inside.blocks.push({ kind: "unit", stores: stores(2, next) });
    if (active !== undefined) {
      // The sooner it is known that the loop has stopped, the more of an iteration need not happen.
      const at = readsSlots(condition!, nested) ? inside.blocks.length - 1 : 0;
      const unit = inside.blocks[at] as Unit;
      const store = { slot: active, version: 1, value: condition! };
      inside.blocks[at] = { ...unit, stores: [store, ...unit.stores] };
    }
    scopes[level]!.blocks.push(
      { kind: "unit", stores: stores(1, carried.map((k) => inputs[k]!)) },
      {
        kind: "loop",
        times: loop.times,
        carried: carried.map(name),
        ...active === undefined ? {} : { active },
        body: inside.blocks,
      },
    );
    return loop.next.map((_, k) => {
      const slot = held.get(k);
      return slot === undefined ? inputs[k]! : versionOf(slot, 2, level);
    });
  };

  const always = new Map<string, readonly Node[]>();
  return {
    slots,
    regions: regions.map((region) => {
      // The loops of a region that does not always run are nobody else's.
      const scope: Scope = { blocks: [], done: region.always ? always : new Map(always) };
      const values = place([...region.shared, ...region.stores.map((s) => s.value)], [scope])
        .slice(region.shared.length);
      const stores = region.stores.map((s, i): Store => ({ ...s, value: values[i]! }));
      const first = scope.blocks[0];
      if (first?.kind !== "unit") return [{ kind: "unit", stores }];
      const carried = new Set(slots.map((s) => s.name));
      const free = new Set(stores.filter((s) => early(s.slot) && !readsSlots(s.value, carried)));
      return [
        { kind: "unit", stores: [...first.stores, ...free] },
        ...scope.blocks.slice(1),
        { kind: "unit", stores: stores.filter((s) => !free.has(s)) },
      ];
    }),
  };
}

function readsSlots(value: Node, slots: ReadonlySet<string>): boolean {
  return topological([value]).some(({ op }) => op.kind === "input" && slots.has(op.name));
}

/** The slots that say whether loops go on. */
export function activeSlots(blocks: readonly Block[]): readonly string[] {
  return blocks.flatMap((b) =>
    b.kind === "unit" ? [] : [b.active ?? [], activeSlots(b.body)].flat()
  );
}

/** The units of blocks, in order. */
export function unitsOf(blocks: readonly Block[]): readonly Unit[] {
  return blocks.flatMap((block) => block.kind === "unit" ? [block] : unitsOf(block.body));
}

/** The same blocks with other values; `value` is called for each store in order. */
export function withValues(
  blocks: readonly Block[],
  value: (store: Store) => Node,
): readonly Block[] {
  return blocks.map((block): Block =>
    block.kind === "unit"
      ? { ...block, stores: block.stores.map((s) => ({ ...s, value: value(s) })) }
      : { ...block, body: withValues(block.body, value) }
  );
}

/**
 * What each unit evaluates for the loop after it: the nodes of the loop's body that depend on nothing
 * that the loop carries.
 */
export function hoistedNodes(blocks: readonly Block[]): ReadonlyMap<Unit, readonly Node[]> {
  const hoisted = new Map<Unit, readonly Node[]>();
  const visit = (inside: readonly Block[]): void =>
    inside.forEach((block, i) => {
      const before = inside[i - 1];
      if (block.kind === "unit" || before?.kind !== "unit") return;
      const inner = new Set(carriedInside(block.body));
      const own = new Set(block.carried);
      const varies = new Set<string>();
      const values = unitsOf(block.body).flatMap((u) => u.stores.map((s) => s.value));
      const fixed = topological(values).filter(({ op, inputs, hash }) => {
        const changes = op.kind === "input"
          ? inner.has(op.name) || (own.has(op.name) && op.version === 1)
          : inputs.some((x) => varies.has(x.hash));
        if (changes) varies.add(hash);
        return !changes;
      });
      hoisted.set(before, fixed);
      visit(block.body);
    });
  visit(blocks);
  return hoisted;
}

/** The slots that loops carry, in these blocks and inside of them. */
export function carriedInside(blocks: readonly Block[]): readonly string[] {
  return blocks.flatMap((b) => b.kind === "unit" ? [] : [...b.carried, ...carriedInside(b.body)]);
}
