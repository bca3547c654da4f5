/**
 * What a batch says of its layers: what each one meets, and how the loss depends on what it puts out.
 *
 * @module
 */
import { vjp } from "../../autodiff/vjp.ts";
import type { Node } from "../../tensor/node.ts";
import { concatenate, constant, matmul, mul, reshape, transpose } from "../../tensor/ops.ts";
import type { Layer } from "./find.ts";
import { extentOf, meetsWindows, momentOfInput, rowsOfInput, rowsOfOutput } from "./product.ts";

/** One layer on one batch; its rows are the places of all examples. */
export interface LayerRows {
  readonly layer: Layer;
  /** What the weight meets, [rows, features], the last 1 where there is a bias. */
  readonly a: Node;
  /** Σ aaᵀ over the rows, [features, features]. */
  readonly products: Node;
  /** The derivative of the loss of the row's own example with respect to s, [rows, units]. */
  readonly g: Node;
}

/** a, which is of the model alone. */
function met({ product, bias }: Layer): Node {
  const rows = rowsOfInput(product);
  return bias === undefined ? rows : concatenate([rows, constant(1, [rows.shape[0]!, 1])], 1);
}

/**
 * Σ aaᵀ: of windows without putting them side by side, its last row and column being sums where there is a
 * bias; of rows that are there, their product.
 */
function productsOf({ product, bias }: Layer, a: Node): Node {
  if (!meetsWindows(product)) return matmul(transpose(a), a);
  const products = momentOfInput(product, 2);
  if (bias === undefined) return products;
  const n = products.shape[0]!, sums = momentOfInput(product, 1);
  const count = constant(extentOf(product, product.rows), [1, 1]);
  return concatenate([
    concatenate([products, reshape(sums, [n, 1])], 1),
    concatenate([reshape(sums, [1, n]), count], 1),
  ], 0);
}

/** The rows of layers in a batch of B examples whose mean loss this is. */
export function layerRows(
  loss: Node,
  batchSize: number,
  layers: readonly Layer[],
): readonly LayerRows[] {
  const cotangents = vjp([loss], [constant(1)], layers.map(({ product }) => product.node));
  return layers.map((layer, i) => {
    const a = met(layer), g = mul(batchSize, rowsOfOutput(layer.product, cotangents[i]!));
    return { layer, a, products: productsOf(layer, a), g };
  });
}
