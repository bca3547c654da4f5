/**
 * What every direction of differentiation requires of its arguments.
 *
 * @module
 */
import { type Issue, issue } from "../errors.ts";
import { type Node, sameShape } from "../tensor/node.ts";

/** Problems with nodes that are differentiated and the directions given for them. */
export function checkDirections(
  path: string,
  nodes: readonly Node[],
  directions: readonly Node[],
): Issue[] {
  if (nodes.length !== directions.length) {
    return [issue(path, `${directions.length} directions`, `${nodes.length}, one for each node`)];
  }
  return nodes.flatMap((node, i) => {
    const direction = directions[i]!;
    const ok = node.dtype === "f32" && direction.dtype === "f32" &&
      sameShape(node.shape, direction.shape);
    if (ok) return [];
    return [issue(
      `${path}/${i}`,
      `${direction.dtype}[${direction.shape}]`,
      node.dtype === "f32" ? `f32[${node.shape}]` : "an f32 node: others have no derivative",
    )];
  });
}
