/**
 * Walking and rewriting graphs, with explicit stacks so that depth is never a limit.
 *
 * @module
 */
import { makeNode, type Node } from "./node.ts";

/** All nodes the roots depend on, inputs first, each structurally distinct node once. */
export function topological(roots: readonly Node[]): Node[] {
  const order: Node[] = [];
  const seen = new Set<string>();
  const stack: { readonly node: Node; next: number }[] = [];
  const enter = (node: Node) => {
    if (seen.has(node.hash)) return;
    seen.add(node.hash);
    stack.push({ node, next: 0 });
  };
  for (const root of roots) {
    enter(root);
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const child = top.node.inputs[top.next++];
      if (child !== undefined) enter(child);
      else {
        order.push(top.node);
        stack.pop();
      }
    }
  }
  return order;
}

/** The node with other inputs of equal shapes and types. */
export function withInputs(node: Node, inputs: readonly Node[]): Node {
  return inputs.every((x, i) => x === node.inputs[i])
    ? node
    : makeNode(node.op, inputs, node.shape, node.dtype);
}

/** Rebuilds the roots bottom up; `rule` sees each node with its inputs already rebuilt. */
export function rewrite(
  roots: readonly Node[],
  rule: (node: Node, original: Node) => Node,
): Node[] {
  const done = new Map<string, Node>();
  for (const node of topological(roots)) {
    const inputs = node.inputs.map((x) => done.get(x.hash)!);
    done.set(node.hash, rule(withInputs(node, inputs), node));
  }
  return roots.map((r) => done.get(r.hash)!);
}

/** Replaces nodes (usually inputs) by others of equal shape and type. */
export function substitute(
  roots: readonly Node[],
  replacements: ReadonlyMap<string, Node>,
): Node[] {
  return rewrite(roots, (node, original) => replacements.get(original.hash) ?? node);
}
