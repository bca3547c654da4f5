/**
 * The objective of training a model.
 *
 * @module
 */
import type { Model } from "../nn/models.ts";
import type { Parameters } from "../nn/parameters.ts";
import { categorical } from "./likelihood.ts";
import { type Objective, objective } from "./objective.ts";
import { type TensorSlot, u32 } from "./batch.ts";

/** The batch of {@link classification}. */
export interface LabelledBatch {
  /** No other tensors; said so that the batch is a specification. */
  readonly [name: string]: TensorSlot;
  /** Inputs [N, …]. */
  readonly x: TensorSlot;
  /** Classes, u32 [N]. */
  readonly y: TensorSlot;
}

/** Mean cross-entropy of a model on batches `x`: [batchSize, …inputShape], `y`: u32 [batchSize]. */
export function classification<P extends Parameters>(
  model: Model<P>,
  batchSize: number,
): Objective<P, LabelledBatch> {
  const batch: LabelledBatch = {
    x: { shape: [batchSize, ...model.inputShape], dtype: "f32" },
    y: u32([batchSize]),
  };
  return objective<P, LabelledBatch>({
    parameters: model.parameters,
    batch,
    lowerBound: 0,
    outputs: (p, { x }, mode) => model.outputs(p, x, mode),
    likelihood: categorical("y"),
  });
}
