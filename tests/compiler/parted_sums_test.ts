/** Sums over the rows of long values, which they read through several windows. */
import { assert, assertEquals, assertLessOrEqual } from "../_assert.ts";
import { gradient } from "../../src/autodiff/vjp.ts";
import { conv2d } from "../../src/nn/layers.ts";
import { maxPool2d } from "../../src/nn/pooling.ts";
import { partedSum } from "../../src/compiler/parted_sums.ts";
import { tileAlone } from "../../src/compiler/sum_blocks.ts";
import { type Axis, indexAxis } from "../../src/loops/index.ts";
import { DEFAULT_ADAPTER } from "../../src/loops/adapter.ts";
import { scalarBinary, scalarLoad } from "../../src/loops/scalar.ts";
import type { Stage, Value } from "../../src/loops/stage.ts";
import { evaluate } from "../../src/reference/evaluate.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { type Node, sizeOf } from "../../src/tensor/node.ts";
import {
  add,
  broadcast,
  input,
  matmul,
  mul,
  permute,
  reduce,
  square,
  sum,
} from "../../src/tensor/ops.ts";
import { distance } from "./_compare.ts";
import { planOf, programOf, run, targets } from "./_run_plan.ts";

/** Σ over rows of y[row, unit] · x[row, column], and what it reads. */
function rowSum(rows: number, units: number, columns: number): [Stage, readonly Value[]] {
  const axis = (name: string, extent: number): Axis => ({ name, extent });
  const u = axis("u", units), p = axis("p", columns), b = axis("b", rows);
  const load = (v: number, of: Axis) => scalarLoad(v, [indexAxis(b), indexAxis(of)], "f32");
  const value = (id: number, shape: readonly number[]): Value => ({
    id,
    label: `${id}`,
    shape,
    dtype: "f32",
    source: { kind: "stage" },
  });
  const body = scalarBinary("mul", load(0, u), load(1, p));
  return [
    { value: 2, parallel: [u, p], reduce: [b], combine: "sum", body },
    [value(0, [rows, units]), value(1, [rows, columns]), value(2, [units, columns])],
  ];
}

/** The axes that it sums over, in parts or as they are. */
function axesOf(rows: number, units: number, columns: number, adapter = DEFAULT_ADAPTER) {
  const [stage, values] = rowSum(rows, units, columns);
  const atOnce = () => tileAlone(stage, values, adapter, Infinity).cost;
  return (partedSum(stage, values, adapter, atOnce)?.stage ?? stage).reduce.map((a) => a.extent);
}

Deno.test("partedSum() cuts rows so that a window spans each part of a long value", () => {
  assertEquals(axesOf(60, 128, 784), [3, 20]);
  // No small number divides 61 rows: the last part is shorter.
  assertEquals(axesOf(61, 128, 784), [4, 16]);
});

Deno.test("partedSum() leaves a sum as it is where windows are none, too few or not needed", () => {
  assertEquals(axesOf(60, 128, 128), [60], "a window spans all of it");
  assertEquals(axesOf(600, 128, 784), [600], "too many parts");
  assertEquals(axesOf(60, 784, 784, { ...DEFAULT_ADAPTER, maxUniforms: 6 }), [60], "two are long");
  assertEquals(axesOf(60, 128, 784, { ...DEFAULT_ADAPTER, maxUniforms: 0 }), [60]);
  assertEquals(axesOf(60, 128, 784, { ...DEFAULT_ADAPTER, kind: "gpu" }), [60]);
});

/** The gradients of a layer by its weights and by its input, whose rows windows do not divide. */
function layer() {
  const x = input("x", [61, 577]), w = input("w", [53, 577]), y = input("y", [61, 53]);
  const weights = matmul(permute(y, [1, 0]), x);
  return { inputs: [x, w, y], outputs: [weights, matmul(y, w), sum(add(x, 1), [0])] };
}

Deno.test("compilePlan() reads the rows of long values through windows, without slices", () => {
  const { kernels, buffers } = planOf(programOf(layer().outputs), "wgsl");
  const products = kernels.filter(({ label }) => !label.startsWith("out2"));
  assertEquals(products.length, 2);
  for (const { label, bindings, slices } of products) {
    assertEquals(slices, undefined, label);
    assert(bindings.every(({ access, window }) => access === "write" || window !== undefined));
    const long = bindings.filter(({ buffer }) => buffers[buffer]!.words > 16384 * 1.5);
    const windows = long.filter(({ window }) => window !== undefined);
    assertEquals(new Set(windows.map(({ buffer }) => buffer)).size, 1, label);
    assert(windows.length > 1, label);
  }
});

Deno.test("compilePlan() splits sums of many outputs where their slabs are read through windows", () => {
  const x = input("x", [60, 20, 12, 12]), w = input("w", [40, 20, 5, 5]);
  const [slope] = gradient(sum(square(conv2d(x, w))), [w]);
  for (const [limits, splits] of [[{}, true], [{ maxUniforms: 0 }, false]] as const) {
    const { kernels } = planOf(programOf([slope!]), "wgsl", 1, limits);
    const partial = kernels.find(({ label }) => label.endsWith(" partial"));
    assertEquals(partial !== undefined, splits);
    assert(partial?.bindings.every(({ access, window }) => access === "write" || window) ?? true);
    // As many slabs as windows span, for what sums them.
    const whole = kernels[kernels.indexOf(partial!) + 1];
    if (splits) assert(whole!.bindings.every(({ access, window }) => access === "write" || window));
  }
});

Deno.test("compilePlan() splits long bodies whose rows would be read in parts otherwise", () => {
  const y = input("y", [60, 40, 4, 4]), w = input("w", [40, 20, 5, 5]);
  const x = input("x", [60, 20, 12, 12]);
  const pooled = maxPool2d(conv2d(x, w), { size: 2, stride: 2 });
  const [slope] = gradient(sum(mul(pooled, y)), [x]);
  const { kernels } = planOf(programOf([slope!]), "wgsl");
  const partial = kernels.findIndex(({ label }) => label.endsWith(" partial"));
  assertEquals(partial, kernels.length - 2);
  for (const { bindings } of kernels.slice(partial)) {
    assert(bindings.every(({ access, window }) => access === "write" || window));
  }
});

/** The products of the columns of a long matrix with each other. */
function gram(rows: number, columns: number) {
  const x = input("x", [rows, columns]);
  return { inputs: [x], outputs: [matmul(permute(x, [1, 0]), x)] };
}

Deno.test("compilePlan() puts the rows of each partial sum in parts, so that there are few slabs", () => {
  for (const [rows, columns, maxUniformBytes] of [[900, 61, 8192], [1201, 61, 16_384]] as const) {
    const { outputs } = gram(rows, columns);
    const { kernels } = planOf(programOf(outputs), "wgsl", 1, { maxUniformBytes });
    assertEquals(kernels.map(({ label }) => label), ["out0 partial", "out0"]);
    for (const { bindings, slices } of kernels) {
      assert(bindings.every(({ access, window }) => access === "write" || window));
      assert(bindings.length > 3);
      // A window spans less than the thirtieth or the nineteenth part of the rows.
      assertLessOrEqual(slices?.length ?? 1, 6);
    }
  }
});

const valuesOf = (inputs: readonly Node[], names: readonly string[]) =>
  new Map(inputs.map((node, k) => {
    const wave = Array.from({ length: sizeOf(node.shape) }, (_, i) => Math.sin(i + k * i * i));
    return [`${names[k]}@0`, tensor(wave, node.shape, "f32", "f32")] as const;
  }));

Deno.test("compilePlan() on a GPU lets no thread add up what many could", () => {
  for (const size of [6000, 20011]) {
    const x = input("x", [size]);
    const { kernels } = planOf(programOf([sum(x), sum(square(x))]), "wgsl", 1, { kind: "gpu" });
    const last = kernels.find(({ label }) => label === "out0 + out1")!;
    const turns = [...last.source.matchAll(/>= (\d+)u\) \{ break; \}/g)].map(([, n]) => Number(n));
    assertEquals(turns.length, 2);
    assertLessOrEqual(Math.max(...turns), 512);
  }
});

Deno.test("compilePlan() has many threads for a long maximum", async () => {
  const x = input("x", [20011]);
  const outputs = [reduce("max", x), reduce("max", mul(x, -1))];
  for (const kind of ["cpu", "gpu"] as const) {
    const { kernels, regions } = planOf(programOf(outputs), "wgsl", 1, { kind });
    const groups = regions.flatMap(({ commands }) => commands).flatMap((c) =>
      c.kind === "dispatch" ? c.workgroups[0] : []
    );
    assertEquals(groups.filter((n) => n > 2).length, 2, `${kind}: ${groups} workgroups`);
    assertEquals(kernels.filter(({ label }) => label.endsWith("partial")).length, 2);
  }
  const values = valuesOf([x], ["x"]);
  for (const target of targets) {
    const got = await run(outputs, values, target);
    // The largest of some numbers is one of them, whoever looks.
    evaluate(outputs, values).forEach((w, i) => assertEquals(got[i]![0], w.data[0]));
  }
});

/** A matrix whose rows are longer than a window, times a vector, and its transpose times another. */
function longRows(rows: number, columns: number, copies: readonly number[] = []) {
  const g = input("g", [...copies, rows, columns]);
  const v = input("v", [...copies, columns]), y = input("y", [...copies, rows]);
  const times = (m: Node, x: Node): Node => {
    const along = copies.length;
    const axes = Array.from({ length: along + 1 }, (_, i) => i === along ? i + 1 : i);
    return sum(mul(m, broadcast(x, m.shape, axes)), [along + 1]);
  };
  const turned = permute(g, [...copies.map((_, i) => i), copies.length + 1, copies.length]);
  return { inputs: [g, v, y], outputs: [times(g, v), times(turned, y)] };
}

Deno.test("compilePlan() reads rows that are longer than windows through windows, in few slices", () => {
  for (const copies of [[], [4]]) {
    const { outputs } = longRows(60, 21_840, copies);
    const { kernels } = planOf(programOf(outputs), "wgsl");
    for (const { label, bindings, slices } of kernels) {
      assert(bindings.every(({ access, window }) => access === "write" || window), label);
      // A window spans less than a row: 80 of them are the matrix.
      assertLessOrEqual(slices?.length ?? 1, 16 * (copies[0] ?? 1), label);
    }
  }
});

if (targets.includes("wgsl")) {
  Deno.test("products with rows longer than windows are what the oracle says", async () => {
    for (const copies of [[], [3]]) {
      const { outputs, inputs } = longRows(37, 1210, copies);
      const values = valuesOf(inputs, ["g", "v", "y"]), wanted = evaluate(outputs, values);
      for (const maxUniformBytes of [4096, 65536]) {
        const got = await run(outputs, values, "wgsl", { maxUniformBytes });
        const worst = Math.max(...wanted.map((w, i) => distance(got[i]!, w.data)));
        assertLessOrEqual(worst, 2e-5, `${copies}, ${maxUniformBytes}`);
      }
    }
  });

  Deno.test("partial sums in parts are what the oracle says", async () => {
    const { outputs, inputs } = gram(1201, 61);
    const values = valuesOf(inputs, ["x"]), wanted = evaluate(outputs, values);
    const got = await run(outputs, values, "wgsl", { maxUniformBytes: 16_384 });
    assertLessOrEqual(distance(got[0]!, wanted[0]!.data), 2e-5);
  });

  Deno.test("sums over rows are what the oracle says, whatever windows span", async () => {
    const { outputs, inputs } = layer();
    const values = valuesOf(inputs, ["x", "w", "y"]);
    const wanted = evaluate(outputs, values);
    for (const maxUniformBytes of [65536, 20_480]) {
      const got = await run(outputs, values, "wgsl", { maxUniformBytes });
      const worst = Math.max(...wanted.map((w, i) => distance(got[i]!, w.data)));
      assertLessOrEqual(worst, 2e-5, `${maxUniformBytes}`);
    }
  });
}
