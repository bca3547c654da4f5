import {
  gelu,
  logSoftmax,
  relu,
  sigmoid,
  softmax,
  softplus,
  tanh,
} from "../../src/nn/activations.ts";
import {
  accuracy,
  euclideanDistance,
  softmaxCrossEntropy,
  squaredError,
} from "../../src/nn/losses.ts";
import { SteepestError } from "../../src/errors.ts";
import { constant } from "../../src/tensor/ops.ts";
import { assertAlmostEquals, assertEquals, assertLess, assertThrows } from "../_assert.ts";
import { distance, noise, valuesOf } from "./_values.ts";

Deno.test("activations equal their formulas when arguments are ordinary", () => {
  const points = [-3, -0.5, 0, 0.25, 2];
  const x = constant(points);
  assertEquals(valuesOf(relu(x)), [0, 0, 0, 0.25, 2]);
  const cases = [
    [tanh, Math.tanh],
    [sigmoid, (v: number) => 1 / (1 + Math.exp(-v))],
    [softplus, (v: number) => Math.log(1 + Math.exp(v))],
  ] as const;
  for (const [build, formula] of cases) {
    assertLess(distance(valuesOf(build(x)), points.map(formula)), 1e-14);
  }
  // Φ(2) and Φ(−0.5), from tables of the normal distribution.
  const g = valuesOf(gelu(x));
  assertAlmostEquals(g[4]!, 2 * 0.9772498680518208, 1e-7);
  assertAlmostEquals(g[1]!, -0.5 * 0.3085375387259869, 1e-7);
});

Deno.test("sigmoid() and softplus() stay accurate when arguments are far from 0", () => {
  const x = constant([-800, -40, 40, 800]);
  assertEquals(valuesOf(sigmoid(x)), [0, Math.exp(-40) / (1 + Math.exp(-40)), 1, 1]);
  const [lowest, low, , highest] = valuesOf(softplus(x));
  assertEquals([lowest, low, highest], [0, Math.log1p(Math.exp(-40)), 800]);
});

Deno.test("softmax() sums to 1 and does not overflow when logits are large", () => {
  const x = constant([1000, 1001, -1000, 0, Math.LN2, Math.log(3)], [2, 3]);
  const p = valuesOf(softmax(x));
  assertAlmostEquals(p[1]!, 1 / (1 + Math.exp(-1)), 1e-14);
  assertLess(distance(p.slice(3), [1 / 6, 2 / 6, 3 / 6]), 1e-14);
  assertLess(
    distance(valuesOf(logSoftmax(x)).slice(0, 3), [
      -1.3132616875182228,
      -0.3132616875182228,
      -2001.3132616875182,
    ]),
    1e-9,
  );
  const columns = valuesOf(softmax(x, 0));
  assertLess(distance(columns.slice(0, 3).map((v, i) => v + columns[i + 3]!), [1, 1, 1]), 1e-14);
  assertThrows(() => softmax(x, 2), SteepestError, "axis 2");
});

Deno.test("softmaxCrossEntropy() equals the direct formula when logits are moderate or large", () => {
  const logits = noise([4, 5], 3);
  const labels = [0, 4, 2, 2];
  const z = valuesOf(logits);
  const expected = labels.map((label, n) => {
    const row = z.slice(n * 5, n * 5 + 5);
    return Math.log(row.reduce((sum, v) => sum + Math.exp(v), 0)) - row[label]!;
  });
  const loss = softmaxCrossEntropy(logits, constant(labels, [4], "u32"));
  assertLess(distance(valuesOf(loss), expected), 1e-13);
  const large = constant([1e4, 0, -1e4, 5e3], [2, 2]);
  const extreme = valuesOf(softmaxCrossEntropy(large, constant([1, 1], [2], "u32")));
  assertEquals(distance(extreme, [1e4, 0]), 0);
});

Deno.test("softmaxCrossEntropy() throws when labels are not u32 or not one an example", () => {
  const logits = noise([4, 5]);
  assertThrows(() => softmaxCrossEntropy(logits, noise([4])), SteepestError, "labels f32 [4]");
  const three = constant(0, [3], "u32");
  assertThrows(() => softmaxCrossEntropy(logits, three), SteepestError, "labels u32 [3]");
});

Deno.test("squaredError() and euclideanDistance() give one number an example", () => {
  const o = constant([3, 4, 1, 1], [2, 2]), t = constant([0, 0, 1, 1], [2, 2]);
  assertEquals(valuesOf(squaredError(o, t)), [25, 0]);
  assertEquals(valuesOf(euclideanDistance(o, t)), [5, 0]);
  assertThrows(() => squaredError(o, constant([1, 2])), SteepestError, "equal shapes");
});

Deno.test("accuracy() counts the first maximum when several are equal", () => {
  const logits = constant([1, 1, 0, 0, 2, 1, 0, 0, 0], [3, 3]);
  assertAlmostEquals(valuesOf(accuracy(logits, constant([0, 1, 2], [3], "u32")))[0]!, 2 / 3, 1e-15);
  assertAlmostEquals(valuesOf(accuracy(logits, constant([1, 1, 0], [3], "u32")))[0]!, 2 / 3, 1e-15);
});
