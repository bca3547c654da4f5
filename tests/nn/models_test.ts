import { gradient } from "../../src/autodiff/vjp.ts";
import { SteepestError } from "../../src/errors.ts";
import { type Initializer, initialValues } from "../../src/nn/initial.ts";
import { softmaxCrossEntropy } from "../../src/nn/losses.ts";
import { makeMode } from "../../src/nn/mode.ts";
import { type Layer, mlp, mnistCnn } from "../../src/nn/models.ts";
import { tensor } from "../../src/reference/tensor.ts";
import type { Node } from "../../src/tensor/node.ts";
import { constant, input, mean } from "../../src/tensor/ops.ts";
import { assertAlmostEquals, assertEquals, assertThrows } from "../_assert.ts";
import { noise, SEED, STEP, valuesOf } from "./_values.ts";

Deno.test("mnistCnn() has the gradient that differences show when both dropouts are active", () => {
  const model = mnistCnn({ widths: [2, 3, 5] });
  const start = (initial: Initializer, path: string) =>
    constant([...initialValues(initial, 1, path)], initial.shape);
  const layer = (name: string, { weight, bias }: Layer) => ({
    weight: start(weight, `${name}/weight`),
    bias: start(bias, `${name}/bias`),
  });
  const { conv1, conv2, dense1, dense2 } = model.parameters;
  const bias = input("bias", [2]);
  const parameters = {
    conv1: { ...layer("conv1", conv1), bias },
    conv2: layer("conv2", conv2),
    dense1: layer("dense1", dense1),
    dense2: layer("dense2", dense2),
  };
  const logits = model.outputs(parameters, noise([2, 1, 28, 28]), makeMode(true, SEED, STEP));
  const loss = mean(softmaxCrossEntropy(logits, constant([3, 8], [2], "u32")));
  const at = (node: Node, b: readonly number[]) =>
    valuesOf(node, 5, 3, [["bias@0", tensor(b, [2])]]);
  const h = 1e-6, point = [0.1, -0.2];
  const slopes = at(gradient(loss, [bias])[0]!, point);
  slopes.forEach((slope, i) => {
    const [up, down] = [h, -h].map((d) => at(loss, point.map((v, j) => j === i ? v + d : v))[0]!);
    assertAlmostEquals(slope, (up! - down!) / (2 * h), 1e-7);
  });
  assertEquals(slopes.some((slope) => Math.abs(slope) > 1e-4), true);
});

Deno.test("mlp() has a layer for each width, and throws when a width is no positive integer", () => {
  const { parameters } = mlp({ input: [2, 3], hidden: [4], classes: 5, activation: "tanh" });
  assertEquals(Object.entries(parameters).map(([name, { weight }]) => [name, weight.shape]), [
    ["layer1", [4, 6]],
    ["layer2", [5, 4]],
  ]);
  assertThrows(
    () => mlp({ input: 4, hidden: [0], classes: 2 }),
    SteepestError,
    "positive integers",
  );
});

Deno.test("mlp() applies the activation between layers only", () => {
  const model = mlp({ input: 1, hidden: [1], classes: 1, activation: "relu" });
  const weight = constant([-1], [1, 1]), bias = constant([0], [1]);
  const layers = { layer1: { weight, bias }, layer2: { weight, bias } };
  const mode = makeMode(false, SEED, STEP);
  const outputs = valuesOf(model.outputs(layers, constant([-2, 3], [2, 1]), mode));
  assertEquals(outputs.map((v) => v + 0), [-2, 0]);
});
