/**
 * The objective of training a model.
 *
 * @module
 */
import { failure, issue } from "../errors.ts";
import { refuse, whole } from "../errors/options.ts";
import { show } from "../errors/words.ts";
import { modelIssues } from "../nn/model_issues.ts";
import type { Model } from "../nn/models.ts";
import type { Parameters } from "../nn/parameters.ts";
import { isTensor, show as showShape } from "../tensor/check.ts";
import { sameShape } from "../tensor/node.ts";
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

/**
 * Mean cross-entropy of a model on batches `x`: [batchSize, …inputShape], `y`: u32 [batchSize].
 *
 * The lower bound is 0, and the likelihood `categorical("y")`, so every product can be made of it.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { classification, mlp } from "@steepest/steepest";
 *
 * const digits = classification(mlp({ input: 4, hidden: [3], classes: 2 }), 8);
 * assert.deepEqual(digits.batch.x.shape, [8, 4]);
 * assert.deepEqual(digits.leaves.map(({ path }) => path), [
 *   "layer1/weight",
 *   "layer1/bias",
 *   "layer2/weight",
 *   "layer2/bias",
 * ]);
 * ```
 */
export function classification<P extends Parameters>(
  model: Model<P>,
  batchSize: number,
): Objective<P, LabelledBatch> {
  const [isCount, count] = whole(1);
  refuse([
    ...modelIssues(model),
    ...isCount(batchSize) ? [] : [issue("batchSize", show(batchSize), count)],
  ]);
  const batch: LabelledBatch = {
    x: { shape: [batchSize, ...model.inputShape], dtype: "f32" },
    y: u32([batchSize]),
  };
  return objective<P, LabelledBatch>({
    parameters: model.parameters,
    batch,
    lowerBound: 0,
    outputs: (p, { x }, mode) => {
      const outputs = model.outputs(p, x, mode), expected = [x.shape[0]!, model.classes];
      if (sameShape(outputs?.shape ?? [], expected)) return outputs;
      const found = isTensor(outputs) ? showShape(outputs.shape) : show(outputs);
      throw failure("shape", "model/outputs", found, `logits ${showShape(expected)}`);
    },
    likelihood: categorical("y"),
  });
}
