/**
 * Functions of matrices on stacks of matrices.
 *
 * @module
 */
import { failure } from "../errors.ts";
import { vmap } from "../autodiff/vmap.ts";
import { lead } from "../autodiff/vmap_rules.ts";
import type { Node } from "../tensor/node.ts";
import { input } from "../tensor/ops.ts";

/**
 * A function of nodes at each place of a common leading axis of `stacks`: `batched((a) =>
 * [matrixPower(a, -1 / 4, { drop: 1e-6 }).matrix], [blocks])` for blocks of shape [count, n, n]. One loop
 * runs for all; a copy that is done keeps its values.
 *
 * @throws SteepestError of kind `shape` where the leading extents differ.
 */
export function batched(
  f: (...single: readonly Node[]) => readonly Node[],
  stacks: readonly Node[],
): Node[] {
  const size = stacks[0]?.shape[0];
  if (size === undefined || stacks.some((x) => x.shape[0] !== size)) {
    const found = stacks.map((x) => `[${x.shape}]`).join(", ");
    throw failure("shape", "batched", found === "" ? "nothing" : found, "a common leading extent");
  }
  const singles = stacks.map((x, i) =>
    input(`single ${i} of ${x.hash}`, x.shape.slice(1), x.dtype)
  );
  const { nodes, batched } = vmap(
    f(...singles),
    new Map(singles.map((s, i) => [s.hash, stacks[i]!])),
    size,
  );
  return nodes.map((node, i) => lead({ node, batched: batched[i]! }, size));
}
