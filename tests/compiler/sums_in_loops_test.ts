/** Sums that a thread begins again in each turn of a loop. */
import { relu } from "../../src/nn/activations.ts";
import { maxPool2d } from "../../src/nn/pooling.ts";
import { conv2d } from "../../src/nn/layers.ts";
import type { Tensor } from "../../src/reference/tensor.ts";
import type { Node } from "../../src/tensor/node.ts";
import { input, matmul, square, sum } from "../../src/tensor/ops.ts";
import { assert, assertEquals, assertLess } from "../_assert.ts";
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

Deno.test("compilePlan() on js gives a sum the same bits, whatever shares its kernel", async () => {
  const a = input("a", [9, 6]), b = input("b", [6, 11]), x = input("x", [9, 11]);
  const rows = (m: Node) => sum(square(m), [1]);
  const given = new Map([["a@0", tensor([9, 6], 7)], ["b@0", tensor([6, 11], 5)]]);
  const [product, together] = await run([matmul(a, b), rows(matmul(a, b))], given, "js");
  const known: Tensor = { shape: [9, 11], dtype: "f32", data: Float64Array.from(product!) };
  const [apart] = await run([rows(x)], new Map([["x@0", known]]), "js");
  assertEquals([...together!], [...apart!]);
});
