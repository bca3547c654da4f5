/**
 * Norms by block: over everything, over each parameter tensor, or over each unit.
 *
 * @module
 */
import type { NormKind, Per } from "../optimizer/blocks.ts";
import type { Node, Shape } from "../tensor/node.ts";
import { broadcast, compare, div, reshape, select, slice, sqrt, sum } from "../tensor/ops.ts";
import { flatten, type Space } from "./arena.ts";

/** Some blocks of one size, side by side: one, or the units of a tensor. */
export interface Blocks {
  /** How many elements each block has. */
  readonly elements: number;
  /** What a flat vector over the space holds of them. */
  take(flat: Node): Node;
  /** The sum over each block: a scalar, or one number a block. */
  total(x: Node): Node;
  /** A number of each block, at each of its elements or as a scalar. */
  spread(x: Node): Node;
}

/** One block of consecutive elements. */
function single(elements: number, take: (flat: Node) => Node): Blocks {
  return { elements, take, total: (x) => sum(x), spread: (x) => x };
}

/** The rows of a tensor over its first axis. */
function units([count = 1]: Shape, start: number, size: number): Blocks {
  const shape = [count, size / count];
  return {
    elements: size / count,
    take: (flat) => reshape(slice(flat, [start], [start + size]), shape),
    total: (x) => sum(x, [1]),
    spread: (x) => broadcast(x, shape, [0]),
  };
}

/** All blocks of a space, in its order. */
export function blocksOf(per: Per, space: Space): readonly Blocks[] {
  if (per === "global") return [single(space.size, (flat) => flat)];
  return space.entries.map(({ shape, offset, size }) =>
    per === "unit" && shape.length > 1
      ? units(shape, offset, size)
      : single(size, (flat) => slice(flat, [offset], [offset + size]))
  );
}

/** The flat vector that is `f` of the blocks. */
export function overBlocks(per: Per, space: Space, f: (blocks: Blocks) => Node): Node {
  return flatten(blocksOf(per, space).map(f));
}

/** √x with the derivative 0 where x ≤ 0, where it is x; NaN stays NaN. */
function root(x: Node): Node {
  const positive = compare("gt", x, 0);
  return select(positive, sqrt(select(positive, x, 1)), x);
}

/** √Σ or √mean of squares in each block, or Σ√; 0 with derivative 0 at 0, and NaN stays NaN. */
export function normOf(blocks: Blocks, squares: Node, norm: NormKind): Node {
  if (norm === "sum") return blocks.total(root(squares));
  const total = blocks.total(squares);
  const squared = norm === "rms" ? div(total, blocks.elements) : total;
  return root(squared);
}
