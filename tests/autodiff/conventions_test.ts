import { assertEquals } from "../_assert.ts";
import {
  abs,
  add,
  constant,
  div,
  floor,
  input,
  max,
  min,
  mul,
  norm,
  pow,
  reduce,
  reshape,
  sign,
  sum,
} from "../../src/tensor/ops.ts";
import type { Node } from "../../src/tensor/node.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { gradient } from "../../src/autodiff/vjp.ts";
import { jvp } from "../../src/autodiff/jvp.ts";
import { hessianVector } from "../../src/autodiff/products.ts";
import { maxPool, relu, run, tiledMaxPool } from "./_graphs.ts";

const x = input("x", [3]), y = input("y", [3]);

/** The gradients of the sum of a graph by x and y, and the second derivative along ones. */
function at(graph: Node, xs: readonly number[], ys: readonly number[] = [0, 0, 0]): number[][] {
  const loss = sum(graph), ones = constant(1, [3]);
  const nodes = [...gradient(loss, [x, y]), ...hessianVector(loss, [x, y], [ones, ones])];
  const values = new Map([[x, tensor(xs)], [y, tensor(ys)]]);
  return run(nodes, values).map((t) => Array.from(t.data, (v) => v + 0));
}

Deno.test("gradient() of relu is 0 at the kink, and so is its second derivative", () => {
  assertEquals(at(relu(x), [-1, 0, 2]), [[0, 0, 1], [0, 0, 0], [0, 0, 0], [0, 0, 0]]);
});

Deno.test("gradient() of abs, sign and floor is 0 at the kink", () => {
  assertEquals(at(abs(x), [-2, 0, 2])[0], [-1, 0, 1]);
  assertEquals(at(mul(sign(x), x), [-2, 0, 2])[0], [-1, 0, 1]);
  assertEquals(at(floor(x), [-2, 0, 2])[0], [0, 0, 0]);
});

Deno.test("gradient() of max and min gives ties to the first operand", () => {
  assertEquals(at(max(x, y), [1, 2, 3], [3, 2, 1]).slice(0, 2), [[0, 1, 1], [1, 0, 0]]);
  assertEquals(at(min(x, y), [1, 2, 3], [3, 2, 1]).slice(0, 2), [[1, 1, 0], [0, 0, 1]]);
  assertEquals(at(max(0, x), [-1, 0, 1])[0], [0, 0, 1]);
});

Deno.test("gradient() of norm is 0 at 0", () => {
  assertEquals(at(norm(x), [0, 0, 0]), [[0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]]);
  assertEquals(at(norm(x), [8, 0, 0])[0], [1, 0, 0]);
});

Deno.test("gradient() of a reduction's maximum goes to its first place", () => {
  assertEquals(at(reduce("max", x), [2, 5, 5])[0], [0, 1, 0]);
  assertEquals(at(reduce("max", mul(0, x)), [2, 5, 5])[0], [0, 0, 0]);
});

Deno.test("gradient() of pow is 0 by an exponent whose base is not positive", () => {
  const [byBase, byExponent] = at(pow(x, y), [0, 1, 2], [0, 0, 3]);
  assertEquals(byBase, [0, 0, 12]);
  assertEquals(byExponent, [0, 0, 8 * Math.log(2)]);
  assertEquals(at(pow(x, y), [0, -2, 1], [-1, 0.5, 2])[1], [0, 0, 0]);
});

Deno.test("gradient() of integer powers is exact for any sign", () => {
  assertEquals(at(pow(x, 3), [-2, 0, 1])[0], [12, 0, 3]);
  assertEquals(at(pow(x, -1), [-2, 4, 1])[0], [-1 / 4, -1 / 16, -1]);
  assertEquals(at(div(1, add(x, 1)), [0, 1, 3])[0], [-1, -1 / 4, -1 / 16]);
});

for (const [name, pool] of [["windows", maxPool], ["tiles", tiledMaxPool]] as const) {
  Deno.test(`gradient() of max pooling over ${name} takes the first of equal values`, () => {
    const image = input("image", [1, 1, 4, 4]);
    const pooled = pool(image, 2, 2);
    const weights = reshape(constant([1, 2, 3, 4]), pooled.shape);
    const [g] = gradient(sum(mul(pooled, weights)), [image]);
    // A constant background, and one window whose third and fourth elements are the largest.
    const values = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1];
    const [result] = run([g!], new Map([[image, tensor(values, [1, 1, 4, 4])]]));
    assertEquals(Array.from(result!.data), [1, 0, 2, 0, 0, 0, 0, 0, 3, 0, 4, 0, 0, 0, 0, 0]);
  });

  Deno.test(`jvp() of max pooling over ${name} takes the tangent of the first of equal values`, () => {
    const image = input("image", [1, 1, 2, 2]);
    const tangent = constant([5, 6, 7, 8], [1, 1, 2, 2]);
    const [t] = jvp([pool(image, 2, 2)], [image], [tangent]);
    const [result] = run([t!], new Map([[image, tensor(3, [1, 1, 2, 2])]]));
    assertEquals(Array.from(result!.data), [5]);
  });
}
