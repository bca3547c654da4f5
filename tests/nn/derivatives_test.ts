import { gradient } from "../../src/autodiff/vjp.ts";
import { hessianVector } from "../../src/autodiff/products.ts";
import { gelu, logSoftmax, relu, sigmoid, softmax, softplus } from "../../src/nn/activations.ts";
import { euclideanDistance } from "../../src/nn/losses.ts";
import { averagePool2d, maxPool2d } from "../../src/nn/pooling.ts";
import { tensor } from "../../src/reference/tensor.ts";
import type { Node, Shape } from "../../src/tensor/node.ts";
import { constant, input, mul, sum } from "../../src/tensor/ops.ts";
import { assertAlmostEquals, assertEquals, assertLess } from "../_assert.ts";
import { distance, noise, valuesOf } from "./_values.ts";

/** Values of a graph of the input x. */
function at(node: Node, x: readonly number[], shape: Shape): number[] {
  return valuesOf(node, 5, 3, [["x@0", tensor(x, shape)]]);
}

function slopes(
  build: (x: Node) => Node,
  points: readonly number[],
  shape: Shape = [points.length],
) {
  const x = input("x", shape);
  return at(gradient(sum(build(x)), [x])[0]!, points, shape);
}

Deno.test("activations have the derivatives of the conventions when the argument is a kink", () => {
  assertEquals(slopes(relu, [-1, 0, 2]), [0, 0, 1]);
  assertEquals(slopes(sigmoid, [0]), [0.25]);
  assertEquals(slopes(softplus, [0]), [0.5]);
  const rows = slopes((x) => euclideanDistance(x, constant(0, [2, 2])), [0, 0, 3, 4], [2, 2]);
  assertEquals(rows.slice(0, 2), [0, 0]);
  assertLess(distance(rows, [0, 0, 0.6, 0.8]), 1e-15);
});

Deno.test("sigmoid() and softplus() have finite derivatives when arguments are far from 0", () => {
  assertEquals(slopes(sigmoid, [-800, 800]).map(Math.abs), [0, 0]);
  assertEquals(slopes(softplus, [-800, 800]), [0, 1]);
});

Deno.test("smooth activations have the derivatives that differences show", () => {
  const h = 1e-5, points = [-2.5, -0.3, 0.2, 1.7];
  for (const build of [sigmoid, softplus, gelu]) {
    const x = input("x", [4]);
    const [up, down] = [h, -h].map((d) => at(build(x), points.map((p) => p + d), [4]));
    const expected = up!.map((v, i) => (v - down![i]!) / (2 * h));
    assertLess(distance(slopes(build, points), expected), 1e-8);
  }
});

Deno.test("softmax() and logSoftmax() have exact derivatives though their shift is constant", () => {
  const x = input("x", [3]), z = [0.3, -1, 2];
  const v = noise([3], 4), weights = noise([3], 5);
  const p = at(softmax(x), z, [3]), w = valuesOf(weights), direction = valuesOf(v);
  const total = w.reduce((a, b) => a + b, 0);
  const gradients = slopes((y) => mul(weights, logSoftmax(y)), z);
  assertLess(distance(gradients, w.map((wi, i) => wi - total * p[i]!)), 1e-14);
  const product = at(hessianVector(sum(mul(weights, logSoftmax(x))), [x], [v])[0]!, z, [3]);
  const inner = p.reduce((sum, pi, i) => sum + pi * direction[i]!, 0);
  const expected = p.map((pi, i) => -total * pi * (direction[i]! - inner));
  assertLess(distance(product, expected), 1e-13);
});

Deno.test("maxPool2d() sends the derivative to the first maximum when several are equal", () => {
  const image = [1, 1, 0, 2, 1, 1, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0];
  assertEquals(slopes((x) => maxPool2d(x, { size: 2 }), image, [1, 1, 4, 4]), [
    ...[1, 0, 0, 1],
    ...[0, 0, 0, 0],
    ...[1, 0, 1, 0],
    ...[0, 0, 0, 0],
  ]);
  const overlapping = slopes((x) => maxPool2d(x, { size: 2, stride: 1 }), new Array(9).fill(1), [
    1,
    1,
    3,
    3,
  ]);
  assertEquals(overlapping, [1, 1, 0, 1, 1, 0, 0, 0, 0]);
});

Deno.test("averagePool2d() adds the derivatives where windows overlap", () => {
  const found = slopes(
    (x) => averagePool2d(x, { size: 2, stride: 1 }),
    new Array(9).fill(1),
    [1, 1, 3, 3],
  );
  assertAlmostEquals(found[4]!, 1);
  assertEquals(found, [0.25, 0.5, 0.25, 0.5, 1, 0.5, 0.25, 0.5, 0.25]);
});
