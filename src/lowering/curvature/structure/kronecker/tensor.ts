/**
 * A factor for each axis of each parameter: the Gram matrix of what is sampled.
 *
 * @module
 */
import { batched } from "../../../../linalg/batched.ts";
import type { Kronecker } from "../../../../optimizer/structure.ts";
import { type Node, type Shape, sizeOf } from "../../../../tensor/node.ts";
import { matmul, reshape, square, sum, transpose } from "../../../../tensor/ops.ts";
import { flatten, slices, type Space } from "../../../arena.ts";
import { unfolded } from "./axes.ts";
import type { Axis, Block, Factoring, FactorRule } from "./factors.ts";

/** The axes of a tensor; a number is a vector of one. */
function shapeOf(shape: Shape, { merge }: Kronecker): Shape {
  const [first = 1, ...rest] = shape;
  return merge === "trailing" && rest.length > 1 ? [first, sizeOf(rest)] : [first, ...rest];
}

/** Every tensor of a space. */
function factoringOf(structure: Kronecker, space: Space): Factoring {
  const blocks = space.entries.map(({ path, shape: own }): Block => {
    const shape = shapeOf(own, structure);
    const axes = shape.map((extent, axis): Axis => ({
      axis,
      extent,
      diagonal: extent === 1 || extent > structure.largest ||
        (shape.length === 1 && structure.vectors === "diagonal"),
    }));
    return { path, shape, axes, exponent: structure.exponent ?? 1 / shape.length };
  });
  return {
    blocks,
    split: (flat) => slices(flat, space).map((part, i) => reshape(part, blocks[i]!.shape)),
    join: flatten,
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
