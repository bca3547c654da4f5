import { SteepestError } from "../../src/errors.ts";
import { zeros } from "../../src/nn/initial.ts";
import { makeMode } from "../../src/nn/mode.ts";
import { mlp, mnistCnn } from "../../src/nn/models.ts";
import type { Parameters } from "../../src/nn/parameters.ts";
import { u32 } from "../../src/objective/batch.ts";
import { classification } from "../../src/objective/classification.ts";
import { categorical } from "../../src/objective/likelihood.ts";
import { instantiate, objective, valuesOf as nested } from "../../src/objective/objective.ts";
import { add, constant, matmul, mul, square, sub, sum } from "../../src/tensor/ops.ts";
import { assert, assertEquals, assertInstanceOf } from "../_assert.ts";
import { SEED, STEP, valuesOf } from "../nn/_values.ts";

function issuesOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    assertInstanceOf(error, SteepestError);
    return error.issues.map((i) => `${i.path}: ${i.found}`);
  }
  return [];
}

const mode = makeMode(true, SEED, STEP);

Deno.test("objective() keeps the order and paths of parameters when they are nested", () => {
  const o = objective({
    parameters: { b: { w: zeros([2, 3]), c: [[1, 2], [3, 4]] }, a: -3 },
    loss: ({ a, b }) => add(a, add(sum(b.w), sum(b.c))),
  });
  assertEquals(o.leaves.map((leaf) => [leaf.path, leaf.shape]), [
    ["b/w", [2, 3]],
    ["b/c", [2, 2]],
    ["a", []],
  ]);
  assertEquals(o.leaves[1]?.initial, { kind: "values", shape: [2, 2], values: [1, 2, 3, 4] });
  const values = nested(o, (path) => Float64Array.of(path.length));
  assertEquals(values.a, 1);
  assertEquals(values.b.w, { shape: [2, 3], data: Float64Array.of(3) });
});

Deno.test("instantiate() builds the loss from the given nodes", () => {
  const rosenbrock = objective({
    parameters: { x: -3, y: -4 },
    loss: ({ x, y }) => add(square(sub(1, x)), mul(100, square(sub(y, square(x))))),
  });
  const at: Readonly<Record<string, number>> = { x: 2, y: 3 };
  const { loss } = instantiate(rosenbrock, (p) => constant(at[p]!), () => constant(0), mode);
  assertEquals(valuesOf(loss), [101]);
});

Deno.test("objective() reports every problem of the parameters and batch at once", () => {
  const wrong = {
    ragged: [[1, 2], [3]],
    empty: [],
    inner: { nan: NaN, deep: [[1], [Infinity]] },
    none: {},
    "a/b": 1,
    odd: { kind: "gamma", shape: [2] },
    shape: { kind: "filled", shape: [0], value: 1 },
  };
  const found = issuesOf(() =>
    objective({
      parameters: wrong as unknown as Parameters,
      batch: { x: [0, 5], y: { shape: [4], dtype: "f32" } },
      lowerBound: NaN,
      outputs: (_, { x }) => x,
      likelihood: categorical("y"),
    })
  );
  assertEquals(found, [
    "ragged[1]: shape [1]",
    "empty: an empty array",
    "inner/nan: NaN",
    "inner/deep[1][0]: Infinity",
    "none: no parameters",
    'a/b: the name "a/b"',
    'odd: initializer "gamma"',
    "shape: shape [0]",
    "batch/x: [0, 5]",
    'batch/y: "f32"',
    "lowerBound: NaN",
  ]);
});

Deno.test("objective() refuses an unknown label and a loss that is no scalar", () => {
  const label = issuesOf(() =>
    objective({
      parameters: { w: zeros([5, 3]) },
      batch: { x: [40, 5], t: [40] },
      outputs: ({ w }, { x }) => matmul(x, w),
      likelihood: categorical("y"),
    })
  );
  assertEquals(label, ['likelihood: label "y"']);
  const vector = issuesOf(() => objective({ parameters: { w: [1, 2] }, loss: ({ w }) => w }));
  assertEquals(vector, ["loss: f32 [2]"]);
  const mismatch = issuesOf(() =>
    objective({ parameters: { a: [1, 2], b: [1, 2, 3] }, loss: ({ a, b }) => sum(add(a, b)) })
  );
  assertEquals(mismatch, ["add: [2] and [3]"]);
});

Deno.test("objective() makes the label u32 when the likelihood is categorical", () => {
  const o = objective({
    parameters: { w: zeros([5, 3]) },
    batch: { x: [40, 5], y: [40], indices: u32([7]) },
    outputs: ({ w }, { x }) => matmul(x, w),
    likelihood: categorical("y"),
  });
  assertEquals(Object.values(o.batch).map((slot) => slot.dtype), ["f32", "u32", "u32"]);
});

Deno.test("classification() of equal logits has the loss log K, whatever the batch size", () => {
  for (const batchSize of [1, 3]) {
    const o = classification(mlp({ input: [2, 2], hidden: [4], classes: 5 }), batchSize);
    const shapes = new Map(o.leaves.map((leaf) => [leaf.path, leaf.shape]));
    const { loss } = instantiate(
      o,
      (path) => constant(0, shapes.get(path)!),
      (name) => name === "y" ? constant(0, [batchSize], "u32") : constant(1, [batchSize, 2, 2]),
      mode,
    );
    assert(Math.abs(valuesOf(loss)[0]! - Math.log(5)) < 1e-14);
  }
});

Deno.test("mnistCnn() has the paper's layers, and dropout in training only", () => {
  const o = classification(mnistCnn(), 2);
  assertEquals(o.leaves.map((leaf) => leaf.shape), [
    [10, 1, 5, 5],
    [10],
    [20, 10, 5, 5],
    [20],
    [50, 320],
    [50],
    [10, 50],
    [10],
  ]);
  const lossIn = (training: boolean) =>
    instantiate(
      o,
      (path) => constant(0.1, o.leaves.find((leaf) => leaf.path === path)!.shape),
      (name) => name === "y" ? constant(0, [2], "u32") : constant(0.5, [2, 1, 28, 28]),
      makeMode(training, SEED, STEP),
    ).outputs!;
  const evaluated = valuesOf(lossIn(false));
  // conv1 = 0.1 + 25·0.1·x, conv2 = 0.1 + 250·0.1·conv1, and so on: all weights are 0.1.
  const pixel = (0.5 - 0.1307) / 0.3081;
  const second = 0.1 + 25 * (0.1 + 2.5 * pixel);
  const hidden = 0.1 + 32 * second;
  assert(evaluated.every((v) => Math.abs(v / (0.1 + 5 * hidden) - 1) < 1e-12));
  const trained = valuesOf(lossIn(true));
  assert(trained.some((v, i) => Math.abs(v / evaluated[i]! - 1) > 1e-3));
  assertEquals(valuesOf(lossIn(true)), trained);
});
