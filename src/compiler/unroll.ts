/**
 * Loops of the graph, written out: iteration after iteration as ordinary nodes.
 *
 * Equal bodies share what does not depend on carried values, since equal nodes are one node; a loop
 * with a condition keeps its values by `select` once the condition was false.
 *
 * @module
 */
import { failure } from "../errors.ts";
import type { Loop, Node } from "../tensor/node.ts";
import { binary, broadcastTo, select } from "../tensor/ops.ts";
import { rewrite, substitute, topological } from "../tensor/walk.ts";

/** Nodes that a written-out loop may have. */
const MOST_NODES = 20_000;

/** Replaces every `repeat` by its iterations. */
export function unrollLoops(roots: readonly Node[]): Node[] {
  const done = new Map<string, readonly Node[]>();
  return rewrite(roots, (node) => {
    if (node.op.kind !== "repeat") return node;
    const { loop, index } = node.op;
    const key = [...loop.next, ...loop.formals, ...node.inputs].map((n) => n.hash).join() +
      loop.times;
    let finals = done.get(key);
    if (finals === undefined) {
      finals = iterate(loop, node.inputs);
      done.set(key, finals);
    }
    return finals[index]!;
  });
}

function iterate(loop: Loop, inputs: readonly Node[]): readonly Node[] {
  const roots = loop.condition === undefined ? loop.next : [...loop.next, loop.condition];
  const size = topological(roots).length * loop.times;
  if (size > MOST_NODES) {
    throw failure(
      "limit",
      "repeat",
      `${loop.times} iterations of ${topological(roots).length} nodes`,
      `at most ${MOST_NODES} nodes in all; the reference backend has no limit`,
    );
  }
  const carried = loop.next.length;
  let values = inputs.slice(0, carried);
  let active: Node | undefined;
  for (let i = 0; i < loop.times; i++) {
    const actual = [...values, ...inputs.slice(carried)];
    const body = unrollLoops(
      substitute(roots, new Map(loop.formals.map((f, k) => [f.hash, actual[k]!]))),
    );
    const condition = body[carried];
    if (condition === undefined) {
      values = body.slice(0, carried);
      continue;
    }
    active = active === undefined ? condition : binary("and", active, condition);
    const goesOn = active;
    values = values.map((v, k) => select(broadcastTo(goesOn, v.shape), body[k]!, v));
  }
  return values;
}
