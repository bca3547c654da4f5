import { mnist } from "../../src/data/mnist.ts";
import { mnistCnn } from "../../src/nn/models.ts";
import { adam } from "../../src/optimizer/catalogue/adam.ts";
import { train } from "../../src/training/train.ts";
import { assert, assertEquals } from "../_assert.ts";

const directory = new URL("../../../shared/data/mnist", import.meta.url);

async function reasonToSkip(): Promise<string | undefined> {
  const found = await Deno.stat(directory).then((s) => s.isDirectory, () => false);
  if (!found) return `no MNIST in ${directory.pathname}`;
  const adapter = await navigator.gpu?.requestAdapter() ?? null;
  return adapter === null ? "no WebGPU adapter" : undefined;
}

const skip = await reasonToSkip();
if (skip !== undefined) console.log(`the CNN on MNIST is not tested: ${skip}`);

Deno.test({
  name: "train() teaches the CNN of the first paper real digits on WebGPU in 100 steps",
  ignore: skip !== undefined,
  fn: async () => {
    const { train: all, test, ...data } = await mnist({ directory: directory.pathname });
    const part = (split: typeof all, count: number) => ({
      count,
      images: split.images.slice(0, count * 784),
      labels: split.labels.slice(0, count),
    });
    const result = await train({
      model: mnistCnn(),
      data: { ...data, train: part(all, 3000), test: part(test, 1000) },
      optimizer: adam({ learningRate: 0.001 }),
      epochs: 2,
      batchSize: 60,
      seed: 1,
      backend: "webgpu",
    });
    assertEquals([result.backend, result.steps], ["webgpu", 100]);
    // Far above guessing, and below what an epoch of the whole data set gives.
    assert(result.metrics.testAccuracy > 0.7, `accuracy ${result.metrics.testAccuracy}`);
  },
});
