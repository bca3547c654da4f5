/**
 * Replicas: one graph for all copies.
 *
 * @module
 */
import { vmap } from "../autodiff/vmap.ts";
import type { Slot } from "../lowering/program.ts";
import type { Node, Shape } from "../tensor/node.ts";
import { broadcast, constant, input } from "../tensor/ops.ts";
import { topological } from "../tensor/walk.ts";

/** The copies of a slot that a program of several replicas has. */
export function shapeIn(slot: Slot, replicas: number): Shape {
  return slot.perReplica && replicas > 1 ? [replicas, ...slot.shape] : slot.shape;
}

/** The meaning of replicas: the graph of many copies, where what they share is computed once. */
export function replicate(
  values: readonly Node[],
  targets: readonly Slot[],
  slots: ReadonlyMap<string, Slot>,
  words: ReadonlyMap<string, { readonly perReplica: boolean }>,
  replicas: number,
): Node[] {
  if (replicas === 1) return [...values];
  const batched = new Map<string, Node>();
  for (const node of topological(values)) {
    if (node.op.kind !== "input") continue;
    const copies = words.get(node.op.name)?.perReplica ?? slots.get(node.op.name)?.perReplica ??
      false;
    if (copies) {
      batched.set(
        node.hash,
        input(node.op.name, [replicas, ...node.shape], node.dtype, node.op.version),
      );
    }
  }
  const result = vmap(values, batched, replicas);
  return result.nodes.map((node, i) => {
    if (result.batched[i] || !targets[i]!.perReplica) return node;
    // A copied slot that gets a shared value: every copy gets it.
    return broadcastCopies(node, replicas);
  });
}

function broadcastCopies(node: Node, replicas: number): Node {
  const shape = [replicas, ...node.shape];
  if (node.op.kind === "constant" && node.op.values.length === 1) {
    return constant(node.op.values[0]!, shape, node.dtype);
  }
  return broadcast(node, shape, node.shape.map((_, i) => i + 1));
}
