/**
 * Losses and metrics of a batch: each gives one number an example, except {@link accuracy}.
 *
 * @module
 */
import { failure } from "../errors.ts";
import { checkTensors } from "../tensor/check.ts";
import { type Node, sameShape } from "../tensor/node.ts";
import {
  broadcast,
  cast,
  compare,
  iota,
  mean,
  neg,
  reduce,
  select,
  sqrt,
  square,
  sub,
  sum,
} from "../tensor/ops.ts";
import { logSoftmax } from "./activations.ts";

const show = (x: Node): string => `${x.dtype} [${x.shape.join(", ")}]`;

function checkLabels(op: string, logits: Node, labels: Node): void {
  checkTensors(op, logits, labels);
  const fits = logits.shape.length === 2 && labels.dtype === "u32" &&
    sameShape(labels.shape, logits.shape.slice(0, 1));
  if (!fits) {
    throw failure(
      "shape",
      op,
      `outputs ${show(logits)}, labels ${show(labels)}`,
      "outputs f32 [N, K], labels u32 [N]",
    );
  }
}

/**
 * −log softmax(logits)[label] of each example. A label of K or more matches no class and gives 0, so
 * labels are to be checked where data is read.
 *
 * @param logits [N, K]
 * @param labels u32 [N], below K
 * @returns [N]
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { constant, minimize, objective, sgd, softmaxCrossEntropy, sum } from "@steepest/steepest";
 *
 * const labels = constant([1], [1], "u32");
 * const f = objective({
 *   parameters: { z: [[0, 0]] },
 *   loss: ({ z }) => sum(softmaxCrossEntropy(z, labels)),
 * });
 * const run = await minimize(f, sgd(), { steps: 0, backend: "reference", precision: "f64" });
 * assert.ok(Math.abs(run.losses[0]! - Math.log(2)) < 1e-12);
 * ```
 */
export function softmaxCrossEntropy(logits: Node, labels: Node): Node {
  checkLabels("softmaxCrossEntropy", logits, labels);
  const chosen = compare("eq", iota(logits.shape, 1), broadcast(labels, logits.shape, [0]));
  return neg(sum(select(chosen, logSoftmax(logits), 0), [1]));
}

function differences(op: string, outputs: Node, targets: Node): Node {
  checkTensors(op, outputs, targets);
  if (!sameShape(outputs.shape, targets.shape) || outputs.shape.length === 0) {
    throw failure(
      "shape",
      op,
      `outputs ${show(outputs)}, targets ${show(targets)}`,
      "equal shapes [N, …]",
    );
  }
  return sub(outputs, targets);
}

const perExample = (x: Node): readonly number[] => x.shape.map((_, i) => i).slice(1);

/**
 * Σ (output − target)² of each example: [N, …] → [N].
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, objective, sgd, squaredError, sum } from "@steepest/steepest";
 *
 * const f = objective({ parameters: { z: [[1, 2]] }, loss: ({ z }) => sum(squaredError(z, z)) });
 * const run = await minimize(f, sgd(), { steps: 0, backend: "reference", precision: "f64" });
 * assert.equal(run.losses[0], 0);
 * ```
 */
export function squaredError(outputs: Node, targets: Node): Node {
  const d = differences("squaredError", outputs, targets);
  return sum(square(d), perExample(d));
}

/** ‖output − target‖₂ of each example, [N, …] → [N]; derivative 0 where it is 0. */
export function euclideanDistance(outputs: Node, targets: Node): Node {
  const squared = squaredError(outputs, targets);
  const positive = compare("gt", squared, 0);
  return select(positive, sqrt(select(positive, squared, 1)), 0);
}

/** The fraction of rows of `logits` [N, K] whose first maximum is at the label (u32 [N]). */
export function accuracy(logits: Node, labels: Node): Node {
  checkLabels("accuracy", logits, labels);
  return mean(cast(compare("eq", reduce("argmax", logits, [1]), labels), "f32"));
}
