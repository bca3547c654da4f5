/**
 * One loop for many small matrices.
 *
 * @module
 */
import { batched } from "../../../../linalg/batched.ts";
import type { Node } from "../../../../tensor/node.ts";
import { concatenate, reshape, slice } from "../../../../tensor/ops.ts";

/** Things, in lists by their key. */
function grouped<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item), group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

/** One of the things along a leading axis. */
function take(stack: Node, i: number): Node {
  const shape = stack.shape.slice(1);
  const from = shape.map(() => 0);
  return reshape(slice(stack, [i, ...from], [i + 1, ...shape]), shape);
}

/**
 * What `f` makes of the matrix of each item. Matrices of one order and `key` are stacked: an iteration is as many
 * dispatches for all of them as for one.
 */
export function together<T extends { readonly matrix: Node }>(
  items: readonly T[],
  keyOf: (item: T) => string,
  f: (matrix: Node, item: T) => readonly Node[],
): ReadonlyMap<T, readonly Node[]> {
  const results = new Map<T, readonly Node[]>();
  for (const group of grouped(items, (it) => `${it.matrix.shape[0]} ${keyOf(it)}`)) {
    const [first] = group;
    if (group.length === 1) results.set(first!, f(first!.matrix, first!));
    else {
      const stack = concatenate(
        group.map(({ matrix }) => reshape(matrix, [1, ...matrix.shape])),
        0,
      );
      const stacked = batched((matrix) => f(matrix!, first!), [stack]);
      group.forEach((item, i) => results.set(item, stacked.map((node) => take(node, i))));
    }
  }
  return results;
}
