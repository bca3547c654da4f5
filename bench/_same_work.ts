/** The work of the peers, compiled. */
import type { Assignment, StepProgram } from "../src/lowering/program.ts";
import { mnistCnn } from "../src/nn/models.ts";
import type { Parameters } from "../src/nn/parameters.ts";
import { zeros } from "../src/nn/initial.ts";
import { classification } from "../src/objective/classification.ts";
import { objective } from "../src/objective/objective.ts";
import { adam } from "../src/optimizer/catalogue/adam.ts";
import type { Optimizer } from "../src/optimizer/types.ts";
import { compile } from "../src/runtime/compile.ts";
import type { DeviceHandle } from "../src/runtime/device.ts";
import { getOrThrow, type Program } from "../src/runtime/program.ts";
import { constant, mul, sum } from "../src/tensor/ops.ts";
import { ADAM, BATCH, batch, flat, parameters } from "./peers/_work.ts";

/** Adam as the peers have it. */
export const ADAM_RULE: Optimizer = adam({
  learningRate: ADAM.rate,
  beta1: ADAM.beta1,
  beta2: ADAM.beta2,
  eps: ADAM.epsilon,
});

/**
 * A step of the CNN without dropout on one batch that lies on the device: nothing is gathered, as in
 * what it is compared with.
 */
export async function cnnStep(
  optimizer: Optimizer,
  device?: DeviceHandle,
): Promise<Program<Parameters>> {
  const { images, labels } = batch();
  const compiled = await compile(
    classification(mnistCnn({ dropout: false, normalise: null }), BATCH),
    optimizer,
    {
      backend: "webgpu",
      parameters: Object.fromEntries(parameters().map(({ path, values }) => [path, values])),
      data: { x: images, y: labels },
      ...(device === undefined ? {} : { device }),
    },
  )();
  return getOrThrow(compiled) as unknown as Program<Parameters>;
}

/** The update of a program alone: its loss is recorded as 0, and so never computed. */
function withoutLoss(program: StepProgram): StepProgram {
  const silent = (one: Assignment) =>
    one.slot === "record/loss" ? { ...one, value: constant(0) } : one;
  const regions = program.regions.map((region) => ({
    ...region,
    assign: region.assign.map(silent),
  }));
  return { ...program, regions };
}

/** Updates of a vector from a gradient that is given: nothing else is computed. */
export async function adamUpdate(size: number): Promise<Program<Parameters>> {
  const { theta, gradient } = flat(size);
  const linear = objective({
    parameters: { theta: zeros([size]) },
    batch: { gradient: [size] },
    loss: ({ theta }, { gradient }) => sum(mul(theta, gradient)),
  });
  const compiled = await compile(linear, ADAM_RULE, {
    backend: "webgpu",
    parameters: { theta },
    data: { gradient },
    transform: withoutLoss,
  })();
  return getOrThrow(compiled) as unknown as Program<Parameters>;
}
