/**
 * What a batch says of its layers: what each one meets, and how the loss depends on what it puts out.
 *
 * @module
 */
import { vjp } from "../../autodiff/vjp.ts";
import type { Node } from "../../tensor/node.ts";
import { concatenate, constant, mul } from "../../tensor/ops.ts";
import type { Layer } from "./find.ts";
import { rowsOfInput, rowsOfOutput } from "./product.ts";

/** One layer on one batch; its rows are the places of all examples. */
export interface LayerRows {
  readonly layer: Layer;
  /** What the weight meets, [rows, features], the last 1 where there is a bias. */
  readonly a: Node;
  /** The derivative of the loss of the row's own example with respect to s, [rows, units]. */
  readonly g: Node;
}

/** a, which is of the model alone. */
function met({ product, bias }: Layer): Node {
  const rows = rowsOfInput(product);
  return bias === undefined ? rows : concatenate([rows, constant(1, [rows.shape[0]!, 1])], 1);
}

/** The rows of layers in a batch of B examples whose mean loss this is. */
export function layerRows(
  loss: Node,
  batchSize: number,
  layers: readonly Layer[],
): readonly LayerRows[] {
  const cotangents = vjp([loss], [constant(1)], layers.map(({ product }) => product.node));
  return layers.map((layer, i) => ({
    layer,
    a: met(layer),
    g: mul(batchSize, rowsOfOutput(layer.product, cotangents[i]!)),
  }));
}
