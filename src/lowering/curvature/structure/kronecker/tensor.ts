/**
 * A factor for each axis of each parameter: the Gram matrix of what is sampled.
 *
 * @module
 */
import { batched } from "../../../../linalg/batched.ts";
import type { Kronecker } from "../../../../optimizer/kronecker.ts";
import { joinPath } from "../../../../optimizer/walk.ts";
import { type Node, type Shape, sizeOf } from "../../../../tensor/node.ts";
import {
  concatenate,
  matmul,
  reshape,
  slice,
  square,
  sum,
  transpose,
} from "../../../../tensor/ops.ts";
import { flatten, type Range, slices, type Space } from "../../../arena.ts";
import { unfolded } from "./axes.ts";
import type { Axis, Block, Factoring, FactorRule } from "./factors.ts";

/** The axes of a tensor; a number is a vector of one. */
function shapeOf(shape: Shape, { merge }: Kronecker): Shape {
  const [first = 1, ...rest] = shape;
  return merge === "trailing" && rest.length > 1 ? [first, sizeOf(rest)] : [first, ...rest];
}

/** Where the blocks of an axis begin and end. */
function cuts(extent: number, { largest, longer }: Kronecker): readonly Range[] {
  if (longer === "diagonal") return [{ start: 0, stop: extent }];
  return Array.from({ length: Math.ceil(extent / largest) }, (_, i) => ({
    start: i * largest,
    stop: Math.min(extent, (i + 1) * largest),
  }));
}

/** A tensor in blocks, in row-major order. */
interface Grid {
  readonly shape: Shape;
  /** For each axis. */
  readonly cuts: readonly (readonly Range[])[];
}

/** The ranges of each block of a grid. */
function cellsOf({ cuts }: Grid): readonly (readonly Range[])[] {
  return cuts.reduce<readonly (readonly Range[])[]>(
    (cells, ranges) => cells.flatMap((cell) => ranges.map((range) => [...cell, range])),
    [[]],
  );
}

/** The tensor with these blocks, taken from the front of the list. */
function assembled(blocks: Node[], cuts: Grid["cuts"], axis = 0): Node {
  const ranges = cuts[axis];
  if (ranges === undefined) return blocks.shift()!;
  return concatenate(ranges.map(() => assembled(blocks, cuts, axis + 1)), axis);
}

/** A block of a parameter. */
function blockOf(path: string, cell: readonly Range[], structure: Kronecker): Block {
  const shape = cell.map(({ start, stop }) => stop - start);
  const axes = shape.map((extent, axis): Axis => ({
    axis,
    extent,
    diagonal: extent === 1 || extent > structure.largest ||
      (shape.length === 1 && structure.vectors === "diagonal"),
  }));
  return { path, shape, axes, exponent: structure.exponent ?? 1 / shape.length };
}

/** Every tensor of a space. */
function factoringOf(structure: Kronecker, space: Space): Factoring {
  const grids = space.entries.map(({ shape: own }): Grid => {
    const shape = shapeOf(own, structure);
    return { shape, cuts: shape.map((extent) => cuts(extent, structure)) };
  });
  const cells = grids.map(cellsOf);
  return {
    blocks: space.entries.flatMap(({ path }, i) =>
      cells[i]!.map((cell, k) =>
        blockOf(cells[i]!.length === 1 ? path : joinPath(path, "block", k), cell, structure)
      )
    ),
    split: (flat) =>
      slices(flat, space).flatMap((part, i) => {
        const tensor = reshape(part, grids[i]!.shape);
        return cells[i]!.map((cell) =>
          slice(tensor, cell.map(({ start }) => start), cell.map(({ stop }) => stop))
        );
      }),
    join: (tensors) => {
      const rest = [...tensors];
      return flatten(grids.map(({ cuts }) => assembled(rest, cuts)));
    },
  };
}

/** L of an axis, or its diagonal, of k tensors one after the other. */
function gram(samples: Node, { axis, diagonal }: Axis): Node {
  const matrix = unfolded(samples, axis + 1);
  return diagonal ? sum(square(matrix), [1]) : matmul(matrix, transpose(matrix));
}

/** Lᵢ = Σ G₍ᵢ₎G₍ᵢ₎ᵀ. */
export const tensorFactors: FactorRule = {
  factoring: (structure, { space }) => factoringOf(structure, space),
  ofSample: (structure, { rows }, { space }) => {
    if (rows === undefined) return undefined;
    const { blocks, split } = factoringOf(structure, space);
    return batched((row) => split(row!), [rows()])
      .map((samples, i) => blocks[i]!.axes.map((axis) => gram(samples, axis)));
  },
};
