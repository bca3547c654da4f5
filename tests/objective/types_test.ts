/**
 * What the types of objectives promise: each `@ts-expect-error` fails the type check once the error
 * it expects is gone.
 */
import { mlp } from "../../src/nn/models.ts";
import { zeros } from "../../src/nn/initial.ts";
import type { Value } from "../../src/nn/parameters.ts";
import { classification } from "../../src/objective/classification.ts";
import { categorical } from "../../src/objective/likelihood.ts";
import { instantiate, type Objective, objective, valuesOf } from "../../src/objective/objective.ts";
import { makeMode } from "../../src/nn/mode.ts";
import type { Node } from "../../src/tensor/node.ts";
import { add, input, matmul, mul, square, sub, sum } from "../../src/tensor/ops.ts";
import { assertEquals } from "../_assert.ts";

const rosenbrock = objective({
  parameters: { x: -3, y: -4 },
  loss: ({ x, y }) => add(square(sub(1, x)), mul(100, square(sub(y, square(x))))),
});

const nested = objective({
  parameters: { layer: { w: zeros([5, 3]), b: [[1, 2, 3]] }, c: 1 },
  batch: { x: [40, 5], y: [40] },
  outputs: ({ layer }, { x }) => add(matmul(x, layer.w), layer.b),
  likelihood: categorical("y"),
});

Deno.test("objective() widens literal numbers when parameters are given as numbers", () => {
  const values = valuesOf(rosenbrock, () => Float64Array.of(7));
  const x: number = values.x;
  // A literal type −3 would make this a type error.
  const moved: typeof values = { x: 5, y: 6 };
  assertEquals([x, moved.x], [7, 5]);
  // @ts-expect-error: there is no parameter z
  assertEquals(values.z, undefined);
});

Deno.test("valuesOf() types follow the nesting when parameters are nested", () => {
  const values = valuesOf(nested, () => Float32Array.of(1));
  const w: Value = values.layer.w;
  const b: Value = values.layer.b;
  const c: number = values.c;
  assertEquals([w.shape, b.shape, c], [[5, 3], [1, 3], 1]);
  // @ts-expect-error: an initializer's value is not a number
  const wrong: number = values.layer.w;
  assertEquals(typeof wrong, "object");
});

Deno.test("objective() refuses builders that ask for what is not there when type-checked", () => {
  const build = () => {
    objective({
      parameters: { x: 1 },
      // @ts-expect-error: there is no parameter y
      loss: ({ x, y }) => add(x, y),
    });
    objective({
      parameters: { x: 1 },
      batch: { data: [3] },
      // @ts-expect-error: the batch has no labels
      loss: ({ x }, { labels }) => sum(mul(x, labels)),
    });
    // @ts-expect-error: a parameter is not a string
    objective({ parameters: { x: "one" }, loss: () => input("x", []) });
    // @ts-expect-error: a likelihood needs outputs
    objective({ parameters: { x: 1 }, batch: { y: [3] }, likelihood: categorical("y") });
  };
  assertEquals(typeof build, "function");
});

Deno.test("instantiate() accepts any objective when its types are not known", () => {
  const any: readonly Objective[] = [
    rosenbrock,
    nested,
    classification(mlp({ input: 4, classes: 2 }), 3),
  ];
  const mode = makeMode(false, input("seed", [], "u32"), input("step", [], "u32"));
  const losses = any.map((o): Node =>
    instantiate(
      o,
      (path) => input(path, o.leaves.find((leaf) => leaf.path === path)!.shape),
      (name) => input(name, o.batch[name]!.shape, o.batch[name]!.dtype),
      mode,
    ).loss
  );
  assertEquals(losses.map((loss) => loss.shape), [[], [], []]);
});
