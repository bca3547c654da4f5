import { categorical, gaussian, likelihoodOf } from "../../src/objective/likelihood.ts";
import { randomSource } from "../../src/nn/mode.ts";
import { softmax } from "../../src/nn/activations.ts";
import { SteepestError } from "../../src/errors.ts";
import type { Node } from "../../src/tensor/node.ts";
import { add, broadcast, constant, mean, mul } from "../../src/tensor/ops.ts";
import { assert, assertAlmostEquals, assertEquals, assertLess, assertThrows } from "../_assert.ts";
import { distance, noise, SEED, STEP, valuesOf } from "../nn/_values.ts";

const random = randomSource(SEED, STEP, "labels");

Deno.test("categorical() samples labels with the frequencies of the softmax", () => {
  const n = 6000, logits = [0, 1, -1, 0.5];
  const z = broadcast(constant(logits), [n, 4], [1]);
  const labels = valuesOf(categorical("y").sample!(z, random)["y"]!);
  const p = valuesOf(softmax(constant(logits, [1, 4])));
  p.forEach((expected, k) => {
    const found = labels.filter((label) => label === k).length / n;
    assertAlmostEquals(found, expected, 4.5 * Math.sqrt(expected * (1 - expected) / n));
  });
});

Deno.test("categorical() samples possible labels only when one class is certain", () => {
  const z = broadcast(constant([-1e3, 1e3, -1e3]), [500, 3], [1]);
  const labels = categorical("y").sample!(z, random)["y"]!;
  assertEquals(labels.dtype, "u32");
  assert(valuesOf(labels).every((label) => label === 1));
});

Deno.test("gaussian() samples targets around the outputs with variance 1", () => {
  const n = 4000;
  const targets = valuesOf(gaussian("t").sample!(constant(3, [n, 1]), random)["t"]!);
  const average = targets.reduce((a, b) => a + b, 0) / n;
  const variance = targets.reduce((a, b) => a + (b - average) ** 2, 0) / n;
  assertAlmostEquals(average, 3, 5 / Math.sqrt(n));
  assertAlmostEquals(variance, 1, 5 * Math.sqrt(2 / n));
});

/** The Hessian of a likelihood's loss at z times v, by second differences of the loss. */
function differences(loss: (z: Node) => Node, z: Node, v: Node): number[] {
  const h = 1e-4, size = valuesOf(z).length;
  return Array.from({ length: size }, (_, i) => {
    const unit = constant(Array.from({ length: size }, (_, j) => i === j ? h : 0), z.shape);
    const at = (a: number, b: number) =>
      valuesOf(loss(add(z, add(mul(a, unit), mul(b * h, v)))))[0]!;
    return (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * h * h);
  });
}

Deno.test("outputHessian is the second derivative of the loss for both likelihoods", () => {
  const z = noise([3, 4], 1), v = noise([3, 4], 2);
  const cases = [
    [categorical("y"), { y: constant([0, 3, 1], [3], "u32") }],
    [gaussian("y"), { y: noise([3, 4], 5) }],
  ] as const;
  for (const [likelihood, batch] of cases) {
    const product = valuesOf(likelihood.outputHessian!(z, batch, v));
    const expected = differences((o) => likelihood.loss(o, batch), z, v);
    assertLess(distance(product, expected), 1e-6);
  }
});

Deno.test("loss is the mean of the losses of the examples", () => {
  const z = noise([3, 4], 1);
  const batch = { y: constant([0, 3, 1], [3], "u32") };
  const likelihood = categorical("y");
  assertEquals(likelihood.perExample(z, batch).shape, [3]);
  const [total] = valuesOf(likelihood.loss(z, batch));
  assertAlmostEquals(total!, valuesOf(mean(likelihood.perExample(z, batch)))[0]!, 1e-15);
  const half = gaussian("t").loss(constant([3], [1, 1]), { t: constant([1], [1, 1]) });
  assertEquals(valuesOf(half), [2]);
});

Deno.test("likelihoods throw when the label or the shape of the losses is wrong", () => {
  assertThrows(() => categorical("y").loss(noise([3, 4]), { x: noise([3]) }), SteepestError, '"y"');
  const custom = likelihoodOf({ loss: (outputs) => outputs });
  assertThrows(() => custom.loss(noise([3, 4]), {}), SteepestError, "one loss an example, [3]");
  assertEquals(custom.sample, undefined);
});
