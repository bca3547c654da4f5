/**
 * Every named optimizer through generated WGSL, wherever this module runs: a process with another
 * driver, or a page. From the same state each compiled step has to be the oracle's.
 */
import * as E from "fp-ts/lib/Either.js";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { relu } from "../../src/nn/activations.ts";
import { initialValues, pytorchUniform } from "../../src/nn/initial.ts";
import { conv2d, dense, flatten } from "../../src/nn/layers.ts";
import { mnistCnn, type Model } from "../../src/nn/models.ts";
import { maxPool2d } from "../../src/nn/pooling.ts";
import type { Parameters } from "../../src/nn/parameters.ts";
import { classification } from "../../src/objective/classification.ts";
import { catalogue } from "../../src/optimizer/catalogue/registry.ts";
import { sizeOf } from "../../src/tensor/node.ts";
import { add, broadcast } from "../../src/tensor/ops.ts";
import { acquireDevice } from "../../src/runtime/device.ts";
import { EXPRESSIONS } from "../catalogue/_suite.ts";
import { targets } from "../compiler/_run_plan.ts";
import { type Comparison, differences } from "../compiler/_steps.ts";

/** What came of one optimizer. */
export interface Outcome extends Comparison {
  readonly name: string;
}

/** What came of all, and on which adapter. */
export interface Report {
  readonly adapter: string;
  readonly outcomes: readonly Outcome[];
}

const PARAMETERS = {
  conv: { weight: pytorchUniform([3, 1, 3, 3], 9), bias: pytorchUniform([3], 9) },
  dense: { weight: pytorchUniform([4, 12], 12), bias: pytorchUniform([4], 12) },
};

const TINY: Model<typeof PARAMETERS> = {
  name: "tiny",
  parameters: PARAMETERS,
  inputShape: [1, 6, 6],
  classes: 4,
  outputs: (p, x) => {
    const convolved = conv2d(x, p.conv.weight);
    const biased = add(convolved, broadcast(p.conv.bias, convolved.shape, [1]));
    return dense(flatten(relu(maxPool2d(biased, { size: 2 }))), p.dense.weight, p.dense.bias);
  },
};

async function compared<P extends Parameters>(
  name: string,
  model: Model<P>,
  batch: number,
  steps: number,
): Promise<Outcome> {
  const objective = classification(model, batch) as AnyObjective;
  const optimizer = EXPRESSIONS.find((one) => one.name === name)!.brisk;
  const program = lower(objective, optimizer);
  if (E.isLeft(program)) throw program.left;
  const theta = program.right.arena.entries.flatMap(({ path }) => {
    const leaf = objective.leaves.find((one) => one.path === path)!;
    return [...initialValues(leaf.initial, 3, path)];
  });
  const pixels = batch * sizeOf(model.inputShape);
  const slots = new Map<string, ArrayLike<number>>([
    ["batch/x", Float32Array.from({ length: pixels }, (_, i) => Math.sin(i * i))],
    ["batch/y", Uint32Array.from({ length: batch }, (_, i) => (7 * i) % model.classes)],
  ]);
  const result = await differences(program.right, {
    steps,
    target: "wgsl",
    thetas: [theta],
    seeds: [5],
    slots,
  });
  return { name: `${name} on ${model.name}`, ...result };
}

/** Optimizers whose kernels for the network of the first paper are compiled too: a first and a second order. */
const LARGE = ["adam", "adahessian"];

/** Runs everything; without an adapter there is nothing to run, which is an error. */
export async function catalogueSteps(): Promise<Report> {
  const device = await acquireDevice()();
  if (E.isLeft(device)) throw device.left;
  if (!targets.includes("wgsl")) throw new Error("no adapter");
  const outcomes: Outcome[] = [];
  for (const name of Object.keys(catalogue)) outcomes.push(await compared(name, TINY, 5, 2));
  for (const name of LARGE) outcomes.push(await compared(name, mnistCnn(), 2, 1));
  return { adapter: device.right.description, outcomes };
}
