/**
 * Likelihoods: what the outputs of a model say about the labels. They give the loss, labels sampled
 * from the model (Fisher) and the Hessian with respect to the outputs (Gauss–Newton).
 *
 * @module
 */
import { failure } from "../errors.ts";
import {
  FUNCTION,
  isRecord,
  optionIssues,
  refuse,
  required,
  type Rules,
} from "../errors/options.ts";
import { show } from "../errors/words.ts";
import { checkTensors } from "../tensor/check.ts";
import { softmax } from "../nn/activations.ts";
import { softmaxCrossEntropy, squaredError } from "../nn/losses.ts";
import type { RandomSource } from "../nn/mode.ts";
import { type DType, type Node, sizeOf } from "../tensor/node.ts";
import {
  add,
  broadcast,
  cast,
  compare,
  div,
  iota,
  matmul,
  mean,
  min,
  mul,
  stopGradient,
  sub,
  sum,
} from "../tensor/ops.ts";

/** The tensors of a batch by name. */
export type BatchTensors = Readonly<Record<string, Node>>;

/** What an optimizer may ask of a model's outputs [N, …]. */
export interface Likelihood {
  /** Such as `categorical`. */
  readonly name: string;
  /** The label's name in the batch and its element type, where the likelihood says. */
  readonly label?: { readonly name: string; readonly dtype: DType };
  /** The number of classes that outputs tell apart, where labels are classes. */
  readonly classes?: (outputs: Node) => number;
  /** The loss of each example, [N]. */
  perExample(outputs: Node, batch: BatchTensors): Node;
  /** The mean of {@link Likelihood.perExample}: a scalar. */
  loss(outputs: Node, batch: BatchTensors): Node;
  /** Labels drawn from the model, by name; constants for differentiation. Absent: cannot be sampled. */
  readonly sample?: (outputs: Node, random: RandomSource) => BatchTensors;
  /** ∂²loss/∂outputs² · v, with v of the shape of the outputs. Absent: not known. */
  readonly outputHessian?: (outputs: Node, batch: BatchTensors, v: Node) => Node;
}

/** A likelihood in one's own words. */
export interface CustomLikelihood {
  /** −log likelihood of each example, [N]. */
  readonly loss: (outputs: Node, batch: BatchTensors) => Node;
  /** Labels drawn from the model; needed by optimizers that sample labels. */
  readonly sample?: (outputs: Node, random: RandomSource) => BatchTensors;
  /** The Hessian of the *mean* loss with respect to the outputs, times v; needed by Gauss–Newton. */
  readonly hessian?: (outputs: Node, batch: BatchTensors, v: Node) => Node;
}

function checkName(likelihood: string, name: string): void {
  if (typeof name === "string" && name !== "") return;
  throw failure("description", likelihood, show(name), "the name of a tensor of the batch");
}

function labelOf(batch: BatchTensors, name: string): Node {
  const label = batch[name];
  if (label === undefined) {
    const known = Object.keys(batch).join(", ");
    throw failure("description", "likelihood", `label "${name}"`, `one of the batch's: ${known}`);
  }
  return label;
}

/** Labels k with probability p[n, k], by the inverse of the cumulative distribution. */
function sampleRows(p: Node, random: RandomSource): Node {
  const [n, k] = [p.shape[0]!, p.shape[1]!];
  const upTo = cast(compare("le", iota([k, k], 0), iota([k, k], 1)), "f32");
  const level = broadcast(random.uniform([n]), p.shape, [0]);
  const passed = sum(cast(compare("le", matmul(p, upTo), level), "f32"), [1]);
  // Rounding may leave the last cumulative probability below the level.
  return min(cast(passed, "u32"), k - 1);
}

/**
 * Outputs are logits [N, K] of the classes u32 [N] in the batch under `label`.
 * Loss: mean of −log softmax(z)[y]. Hessian: (diag p − p·pᵀ) / N for each row.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { categorical, matmul, objective, zeros } from "@steepest/steepest";
 *
 * const regression = objective({
 *   parameters: { w: zeros([5, 3]) },
 *   batch: { x: [40, 5], y: [40] },
 *   outputs: ({ w }, { x }) => matmul(x, w),
 *   likelihood: categorical("y"),
 * });
 * assert.equal(regression.batch.y.dtype, "u32");
 * ```
 */
export function categorical(label: string): Likelihood {
  checkName("categorical", label);
  const perExample = (outputs: Node, batch: BatchTensors) =>
    softmaxCrossEntropy(outputs, labelOf(batch, label));
  return {
    name: "categorical",
    label: { name: label, dtype: "u32" },
    classes: (outputs) => outputs.shape[1]!,
    perExample,
    loss: (outputs, batch) => mean(perExample(outputs, batch)),
    sample: (outputs, random) => ({
      [label]: sampleRows(softmax(stopGradient(outputs)), random),
    }),
    outputHessian: (outputs, _batch, v) => {
      const p = softmax(outputs);
      const weighted = mul(p, v);
      const total = broadcast(sum(weighted, [1]), p.shape, [0]);
      return div(sub(weighted, mul(p, total)), p.shape[0]!);
    },
  };
}

/**
 * Outputs [N, …] are means of normal distributions with variance 1 for the targets of equal shape in
 * the batch under `target`. Loss: mean of ½·Σ (output − target)². Hessian: 1/N.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { gaussian, matmul, minimize, objective, sgd, zeros } from "@steepest/steepest";
 *
 * const regression = objective({
 *   parameters: { w: zeros([1, 1]) },
 *   batch: { x: [2, 1], y: [2, 1] },
 *   outputs: ({ w }, { x }) => matmul(x, w),
 *   likelihood: gaussian("y"),
 * });
 * const data = { x: [1, 1], y: [2, 4] };
 * const run = await minimize(regression, sgd(), { steps: 0, data, backend: "reference" });
 * assert.equal(run.losses[0], (2 ** 2 + 4 ** 2) / 2 / 2);
 * ```
 */
export function gaussian(target: string): Likelihood {
  checkName("gaussian", target);
  const perExample = (outputs: Node, batch: BatchTensors) =>
    mul(0.5, squaredError(outputs, labelOf(batch, target)));
  return {
    name: "gaussian",
    label: { name: target, dtype: "f32" },
    perExample,
    loss: (outputs, batch) => mean(perExample(outputs, batch)),
    sample: (outputs, random) => ({
      [target]: add(stopGradient(outputs), random.normal(outputs.shape)),
    }),
    outputHessian: (outputs, _batch, v) => div(v, outputs.shape[0]!),
  };
}

const CUSTOM: Rules<CustomLikelihood> = {
  loss: required(FUNCTION),
  sample: FUNCTION,
  hessian: FUNCTION,
};

/** A likelihood as the compiler reads it. */
export function likelihoodOf(given: Likelihood | CustomLikelihood): Likelihood {
  if (!isRecord(given as unknown)) {
    throw failure(
      "description",
      "likelihood",
      show(given),
      "a likelihood, or an object with `loss`",
    );
  }
  if ("perExample" in given) return given;
  refuse(optionIssues("likelihood", given, CUSTOM));
  const { loss: perExample, sample, hessian } = given;
  return {
    name: "custom",
    perExample,
    loss: (outputs, batch) => {
      const losses = perExample(outputs, batch);
      checkTensors("likelihood/loss", losses);
      if (losses.shape.length !== 1 || losses.shape[0] !== outputs.shape[0]) {
        throw failure(
          "shape",
          "likelihood/loss",
          `[${losses.shape.join(", ")}]`,
          `one loss an example, [${outputs.shape[0] ?? sizeOf(outputs.shape)}]`,
        );
      }
      return mean(losses);
    },
    ...(sample === undefined ? {} : { sample }),
    ...(hessian === undefined ? {} : { outputHessian: hessian }),
  };
}
