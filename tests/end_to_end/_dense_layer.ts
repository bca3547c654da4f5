/**
 * The task of Norm-Adapted Gradient Descent, section 3: a dense layer with tanh learns another one of
 * equal form from 100 examples, one at a time; every replica has a teacher and examples of its own.
 */
import { tanh } from "../../src/nn/activations.ts";
import { initialValues, pytorchUniform } from "../../src/nn/initial.ts";
import { dense } from "../../src/nn/layers.ts";
import { euclideanDistance } from "../../src/nn/losses.ts";
import { objective } from "../../src/objective/objective.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { compile } from "../../src/runtime/compile.ts";
import { getOrThrow, type Program } from "../../src/runtime/program.ts";
import { uniform } from "../../src/data/hash.ts";
import { deviceBatches } from "../../src/training/batches.ts";

const inputs = 10, outputs = 4, examples = 100, epochs = 45;
const weightInitial = pytorchUniform([outputs, inputs], inputs);
const biasInitial = pytorchUniform([outputs], inputs);

const parameters = { weight: weightInitial, bias: biasInitial };

/** What is learnt. */
export type LayerParameters = typeof parameters;

const layer = objective({
  parameters,
  batch: { x: [1, inputs], y: [1, outputs] },
  lowerBound: 0,
  outputs: ({ weight, bias }, { x }) => tanh(dense(x, weight, bias)),
  likelihood: { loss: (out, { y }) => euclideanDistance(out, y!) },
});

type Numbers = ArrayLike<number>;

function forward(weight: Numbers, bias: Numbers, x: Numbers): Float64Array {
  return Float64Array.from({ length: outputs }, (_, j) => {
    let sum = bias[j]!;
    for (let i = 0; i < inputs; i++) sum += weight[j * inputs + i]! * x[i]!;
    return Math.tanh(sum);
  });
}

interface Samples {
  readonly x: Float32Array<ArrayBuffer>;
  readonly y: Float32Array<ArrayBuffer>;
}

/** The examples of one teacher, for training (part 0) or testing (part 1). */
function samples(seed: number, part: number): Samples {
  const weight = initialValues(weightInitial, seed, "teacher/weight");
  const bias = initialValues(biasInitial, seed, "teacher/bias");
  const x = Float32Array.from(
    { length: examples * inputs },
    (_, i) => uniform(seed, part, i),
  );
  const y = new Float32Array(examples * outputs);
  for (let k = 0; k < examples; k++) {
    y.set(forward(weight, bias, x.subarray(k * inputs, (k + 1) * inputs)), k * outputs);
  }
  return { x, y };
}

function distance(weight: Numbers, bias: Numbers, { x, y }: Samples): number {
  let total = 0;
  for (let k = 0; k < examples; k++) {
    const out = forward(weight, bias, x.subarray(k * inputs, (k + 1) * inputs));
    total += Math.hypot(...out.map((o, j) => o - y[k * outputs + j]!));
  }
  return total / examples;
}

function joined(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const all = new Float32Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The task of each of `runs` teachers, side by side. */
export async function denseLayerProgram(
  optimizer: Optimizer,
  runs: number,
  backend: "js" | "reference" | "webgpu",
): Promise<Program<LayerParameters>> {
  const seeds = Array.from({ length: runs }, (_, r) => r);
  const training = seeds.map((seed) => samples(seed, 0));
  const numbers = (values: Float32Array<ArrayBuffer>) =>
    ({ kind: "numbers", values, perReplica: true }) as const;
  const batches = deviceBatches({
    columns: {
      x: numbers(joined(training.map((s) => s.x))),
      y: numbers(joined(training.map((s) => s.y))),
    },
    count: examples,
    batchSize: 1,
    order: "shuffled",
  });
  return getOrThrow(
    await compile(layer, optimizer, {
      backend,
      replicas: runs,
      // The students draw from other seeds than the teachers.
      seed: seeds.map((seed) => seed + 1000),
      transform: batches.transform,
      data: Object.fromEntries(batches.data),
    })(),
  );
}

/** The mean distance on the test examples of each of `runs` runs after 4500 steps. */
export async function matchDenseLayer(
  optimizer: Optimizer,
  runs: number,
  backend: "js" | "reference" | "webgpu",
): Promise<readonly number[]> {
  using program = await denseLayerProgram(optimizer, runs, backend);
  program.step(epochs * examples);
  await program.settled();
  return await Promise.all(
    Array.from({ length: runs }, async (_, r) => {
      const { weight, bias } = await program.replica(r).parameters();
      return distance(weight.data, bias.data, samples(r, 1));
    }),
  );
}
