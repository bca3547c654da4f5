/** Sums that a thread begins again in each turn of a loop. */
import { relu } from "../../src/nn/activations.ts";
import { maxPool2d } from "../../src/nn/pooling.ts";
import { conv2d } from "../../src/nn/layers.ts";
import type { Tensor } from "../../src/reference/tensor.ts";
import { input } from "../../src/tensor/ops.ts";
import { assert, assertLess } from "../_assert.ts";
import { distance } from "./_compare.ts";
import { planOf, programOf, run, targets } from "./_run_plan.ts";

// As large as it takes for a thread to go through the channels of the output.
const SHAPES = { x: [60, 1, 28, 28], w: [10, 1, 5, 5] } as const;
const x = input("x", SHAPES.x), w = input("w", SHAPES.w);
const pooled = relu(maxPool2d(conv2d(x, w), { size: 2 }));

const tensor = (shape: readonly number[], factor: number): Tensor => ({
  shape,
  dtype: "f32",
  data: Float64Array.from(
    { length: shape.reduce((a, b) => a * b, 1) },
    (_, i) => Math.sin(factor * i),
  ),
});

Deno.test("a kernel writes the zero that its sums begin with, in the loop where it begins them", () => {
  const { kernels } = planOf(programOf([pooled]), "wgsl");
  assert(kernels.some(({ source }) => /loop \{\s*var \w+ = vec4f\(\);/.test(source)));
  for (const { source } of kernels) assert(!/\bvar \w+: [\w<>]+;/.test(source));
});

Deno.test({
  name: "sums begin at 0 in each turn of a loop, on every target",
  ignore: targets.length < 2,
  fn: async () => {
    const inputs = new Map([["x@0", tensor(SHAPES.x, 0.7)], ["w@0", tensor(SHAPES.w, 0.3)]]);
    const [js] = await run([pooled], inputs, "js");
    const [wgsl] = await run([pooled], inputs, "wgsl");
    assertLess(distance(wgsl!, js!), 1e-5);
  },
});
