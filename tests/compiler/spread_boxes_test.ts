/** Threads whose elements lie far apart, so that windows span what all of them read for each. */
import { assert, assertEquals, assertLessOrEqual } from "../_assert.ts";
import { addressOf } from "../../src/compiler/build_stages.ts";
import { type AdapterClass, DEFAULT_ADAPTER } from "../../src/loops/adapter.ts";
import { type Axis, indexAxis } from "../../src/loops/index.ts";
import { scalarBinary, scalarLoad } from "../../src/loops/scalar.ts";
import { relu } from "../../src/nn/activations.ts";
import { conv2d, dense } from "../../src/nn/layers.ts";
import { evaluate } from "../../src/reference/evaluate.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { type Node, sizeOf } from "../../src/tensor/node.ts";
import { input, reduce } from "../../src/tensor/ops.ts";
import { chooseTile } from "../../kernels/tile_search.ts";
import { distance } from "./_compare.ts";
import { planOf, programOf, run, targets } from "./_run_plan.ts";

/** The tile of x[rows, terms] · w[units, terms]. */
function tileOf(
  [rows, units, terms]: readonly [number, number, number],
  limits: Partial<AdapterClass> = {},
  may = true,
) {
  const axis = (name: string, extent: number): Axis => ({ name, extent });
  const b = axis("b", rows), u = axis("u", units), r = axis("r", terms);
  const load = (v: number, of: Axis) => scalarLoad(v, [indexAxis(of), indexAxis(r)], "f32");
  const body = scalarBinary("mul", load(0, b), load(1, u));
  const shapes = [[rows, terms], [units, terms]];
  return chooseTile({ value: 2, parallel: [b, u], reduce: [r], combine: "sum", body }, {
    constraints: [b, u].map(() => ({ multiple: 1, whole: false })),
    adapter: { ...DEFAULT_ADAPTER, ...limits },
    fixed: false,
    shapeOf: (v) => shapes[v]!,
    address: (v, at) => addressOf(at, shapes[v]!),
    afterwards: { loads: [], stores: 1, last: 1 },
    spreads: [may, false],
    memory: true,
    mostArithmetic: Infinity,
  }).tile;
}

Deno.test("chooseTile() puts elements far apart where windows then span what is read for each", () => {
  const { spread, parallel } = tileOf([60, 128, 784]);
  assertEquals(spread, 0);
  // 20 rows are what a window spans, and nine windows are left for them.
  assert(parallel[0]! >= 3 && parallel[0]! <= 10, `${parallel}`);
  // With 60 threads along them 600 rows still make fewer slices.
  const more = tileOf([600, 128, 784]);
  assertEquals(more.spread, 0);
  assert(more.parallel[0]! >= 2 && more.parallel[0]! <= 10, `${more.parallel}`);
});

Deno.test("chooseTile() leaves elements neighbours where that saves nothing or cannot be", () => {
  assertEquals(tileOf([60, 128, 784], {}, false).spread, undefined);
  assertEquals(tileOf([60, 128, 100]).spread, undefined, "each is in one window");
  assertEquals(tileOf([60, 128, 784], { maxUniforms: 3 }).spread, undefined, "too few windows");
  assertEquals(tileOf([60, 128, 784], { maxUniforms: 0 }).spread, undefined);
  assertEquals(tileOf([60, 128, 784], { kind: "gpu" }).spread, undefined);
});

/** A layer with what follows it, a maximum and a convolution, whose first axis windows do not divide. */
function layers() {
  const x = input("x", [61, 577]), w = input("w", [53, 577]), bias = input("bias", [53]);
  const images = input("images", [61, 3, 17, 19]), filters = input("filters", [7, 3, 3, 3]);
  const hidden = relu(dense(x, w, bias));
  return {
    inputs: [x, w, bias, images, filters],
    outputs: [hidden, relu(conv2d(images, filters)), reduce("max", x, [1])],
  };
}

Deno.test("compilePlan() reads rows through windows where threads have several, in fewer slices", () => {
  const { kernels, buffers } = planOf(programOf(layers().outputs), "wgsl");
  const product = kernels.find(({ label, bindings }) =>
    label.startsWith("out0") && bindings.some(({ buffer }) => buffers[buffer]!.label === "w")
  )!;
  const bindingsOf = (name: string) =>
    product.bindings.filter(({ buffer }) => buffers[buffer]!.label === name);
  const both = [bindingsOf("x"), bindingsOf("w")];
  assert(both.flat().every(({ window }) => window !== undefined));
  // The one has a window for each element, whose rows are not cut; those of the other are.
  const several = both.filter((of) => of.length > 1);
  assertEquals(several.length, 1);
  assert(several.flat().every(({ window }) => window!.starts.length === 1));
});

const valuesOf = (inputs: readonly Node[]) =>
  new Map(inputs.map((node, k) => {
    if (node.op.kind !== "input") throw new RangeError("inputs only");
    const wave = Array.from({ length: sizeOf(node.shape) }, (_, i) => Math.sin(i + k * i * i));
    return [`${node.op.name}@0`, tensor(wave, node.shape, "f32", "f32")] as const;
  }));

if (targets.includes("wgsl")) {
  Deno.test("what threads with rows far apart compute is what the oracle says", async () => {
    const { outputs, inputs } = layers();
    const values = valuesOf(inputs), wanted = evaluate(outputs, values);
    for (const maxUniformBytes of [65536, 32_768]) {
      const got = await run(outputs, values, "wgsl", { maxUniformBytes });
      wanted.forEach((w, i) =>
        assertLessOrEqual(distance(got[i]!, w.data), 2e-5, `${i} of ${maxUniformBytes}`)
      );
    }
  });
}
