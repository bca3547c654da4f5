/** Networks, their gradients and Hessian-vector products: both targets against the oracle. */
import { assert } from "../_assert.ts";
import { evaluate } from "../../src/reference/evaluate.ts";
import { distance } from "./_compare.ts";
import { type Case, cnnCase, type CnnOptions, mlpCase, paperCase } from "./_models.ts";
import { run, type Target, targets } from "./_run_plan.ts";

const NETWORKS: readonly CnnOptions[] = [
  {
    batch: 3,
    image: [2, 9, 7],
    filters: 3,
    kernel: 3,
    padding: 1,
    pool: { kind: "max", size: 3, stride: 2, padding: 1 },
    classes: 5,
    drop: 0.5,
  },
  {
    batch: 7,
    image: [1, 11, 13],
    filters: 5,
    kernel: [3, 5],
    stride: [2, 1],
    pool: { kind: "average", size: 2, stride: 1 },
    classes: 3,
  },
  {
    batch: 1,
    image: [1, 8, 8],
    filters: 4,
    kernel: 5,
    pool: { kind: "max", size: 2 },
    classes: 10,
  },
  {
    batch: 7,
    image: [3, 7, 7],
    filters: 1,
    kernel: 1,
    pool: { kind: "max", size: [2, 3], stride: [3, 2] },
    classes: 2,
  },
  {
    batch: 3,
    image: [1, 10, 6],
    filters: 7,
    kernel: 2,
    stride: 2,
    padding: 1,
    pool: { kind: "average", size: 2 },
    classes: 4,
    drop: 0.25,
  },
  {
    batch: 5,
    image: [2, 12, 12],
    filters: 8,
    kernel: 3,
    stride: 3,
    pool: { kind: "max", size: 2, stride: 1 },
    classes: 7,
  },
];

async function agrees({ name, outputs, inputs }: Case, target: Target): Promise<void> {
  const wanted = evaluate(outputs, inputs);
  const got = await run(outputs, inputs, target);
  wanted.forEach((w, i) => {
    const apart = distance(got[i]!, w.data);
    assert(apart <= 1e-5, `output ${i} [${w.shape}] of ${name} is ${apart} apart`);
  });
}

for (const target of targets) {
  Deno.test(`compilePlan() on ${target} agrees with the oracle on small convolutional networks`, async () => {
    const some = target === "js" ? NETWORKS : NETWORKS.slice(0, 3);
    for (const [i, options] of some.entries()) await agrees(cnnCase(options, i), target);
  });

  Deno.test(`compilePlan() on ${target} agrees with the oracle on dense networks`, async () => {
    await agrees(mlpCase(3, [7, 5, 3], "tanh", 1), target);
    if (target === "wgsl") return;
    await agrees(mlpCase(1, [64, 63, 2], "gelu", 2), target);
    await agrees(mlpCase(65, [13, 17, 11, 10], "softplus", 3), target);
    await agrees(mlpCase(7, [5, 127, 1], "sigmoid", 4), target);
  });

  Deno.test(`compilePlan() on ${target} agrees with the oracle on the paper's network`, async () => {
    await agrees(paperCase(3, 2, 1), target);
  });
}
