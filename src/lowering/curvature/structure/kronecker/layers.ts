/**
 * Two factors for each layer: of what it meets, and of the derivatives by what it puts out.
 *
 * @module
 */
import { joinPath } from "../../../../optimizer/walk.ts";
import type { Kronecker } from "../../../../optimizer/kronecker.ts";
import type { Node } from "../../../../tensor/node.ts";
import { div, matmul, square, sum, transpose } from "../../../../tensor/ops.ts";
import { flatten } from "../../../arena.ts";
import type { Found, Layer } from "../../../layers/find.ts";
import { report, type Scope } from "../../../scope.ts";
import type { Axis, Block, Factoring, FactorRule } from "./factors.ts";

const NONE: Found = { layers: [], unfit: [] };

/** The layers of what a stage sees. */
function layersOf({ problem, space }: Scope): readonly Layer[] {
  return (problem.layers?.(space) ?? NONE).layers;
}

/** G along the rows of a layer's matrix, A along its columns. */
function blockOf({ path, units, features }: Layer, { exponent = 1, largest }: Kronecker): Block {
  const shape = [units, features];
  const axes = shape.map((extent, axis): Axis => ({
    axis,
    extent,
    diagonal: extent === 1 || extent > largest,
  }));
  return { path, shape, axes, exponent };
}

function factoringOf(structure: Kronecker, scope: Scope): Factoring {
  const layers = layersOf(scope);
  return {
    blocks: layers.map((layer) => blockOf(layer, structure)),
    split: (flat) => layers.map(({ take }) => take(flat)),
    join: (matrices) => {
      const parts = new Map(layers.flatMap(({ give }, i) => give(matrices[i]!)));
      return flatten(scope.space.entries.map(({ path }) => parts.get(path)!));
    },
  };
}

/** Σ xxᵀ/by over rows, or its diagonal. */
function gram(rows: Node, products: Node, { diagonal }: Axis, by: number): Node {
  return div(diagonal ? sum(square(rows), [0]) : products, by);
}

/** Whether every parameter is in a layer; those that are not are reported. */
function allFit(scope: Scope): boolean {
  const { unfit } = scope.problem.layers?.(scope.space) ?? NONE;
  for (const { path, found } of unfit) {
    report(
      { ...scope, path: joinPath(scope.path, "structure") },
      "need",
      `${path}, which ${found}`,
      "weights in one product with what depends on the examples, and biases of those: the others in another part of a partition",
    );
  }
  return unfit.length === 0;
}

/** A = Σ aaᵀ/B and G = Σ ggᵀ/BT. */
export const layerFactors: FactorRule = {
  factoring: factoringOf,
  ofSample: (structure, { layers }, scope) => {
    if (layers === undefined || !allFit(scope)) return undefined;
    const { batchSize } = scope.problem;
    return layers(layersOf(scope)).map(({ layer, a, g, products }) => {
      const [unit, feature] = blockOf(layer, structure).axes;
      return [
        gram(g, matmul(transpose(g), g), unit!, batchSize! * layer.positions),
        gram(a, products, feature!, batchSize!),
      ];
    });
  },
};
