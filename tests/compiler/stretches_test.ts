/** Stretches of flat passes: vectors that are put together of pieces. */
import fc from "fast-check";
import { assert, assertEquals, assertGreater, assertLessOrEqual } from "../_assert.ts";
import { partedFolds, stretchesOf } from "../../src/compiler/stretches.ts";
import { shareOut } from "../../src/compiler/flat_sums.ts";
import { runOf } from "../../kernels/flat.ts";
import { type AdapterClass, DEFAULT_ADAPTER } from "../../src/loops/adapter.ts";
import { type Axis, indexAxis, indexShift } from "../../src/loops/index.ts";
import {
  type Scalar,
  scalarFold,
  scalarInside,
  scalarLoad,
  scalarSelect,
  scalarVisit,
} from "../../src/loops/scalar.ts";
import type { Stage, Value } from "../../src/loops/stage.ts";
import { evaluate } from "../../src/reference/evaluate.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { tanh as tanhLayer } from "../../src/nn/activations.ts";
import { zeros } from "../../src/nn/initial.ts";
import { dense } from "../../src/nn/layers.ts";
import { objective } from "../../src/objective/objective.ts";
import { adam } from "../../src/optimizer/catalogue/adam.ts";
import { type Node, sizeOf } from "../../src/tensor/node.ts";
import {
  add,
  concatenate,
  input,
  matmul,
  mean,
  mul,
  permute,
  reshape,
  slice,
  square,
  sub,
  sum,
} from "../../src/tensor/ops.ts";
import { distance } from "./_compare.ts";
import { planOf, programOf, right, run, targets } from "./_run_plan.ts";
import { differences } from "./_steps.ts";

const valueOf = (id: number, shape: readonly number[]): Value => ({
  id,
  label: `v${id}`,
  shape,
  dtype: "f32",
  source: { kind: "stage" },
});

/** A vector put together of values of these lengths, every other one a sum of six slabs. */
function assembly(lengths: readonly number[]) {
  const size = lengths.reduce((n, x) => n + x, 0);
  const axis: Axis = { name: "e", extent: size }, slab: Axis = { name: "k", extent: 6 };
  const values = [valueOf(0, [size])];
  let start = size, body: Scalar | undefined;
  for (const [i, length] of [...lengths.entries()].reverse()) {
    start -= length;
    const at = indexShift(indexAxis(axis), -start), id = values.length, sums = i % 2 === 1;
    values.push(valueOf(id, sums ? [6, length] : [length]));
    const here = sums
      ? scalarFold(slab, scalarLoad(id, [indexAxis(slab), at], "f32"))
      : scalarLoad(id, [at], "f32");
    body = body === undefined ? here : scalarSelect(scalarInside(at, length), here, body);
  }
  const stage: Stage = { value: 0, parallel: [axis], reduce: [], combine: "none", body: body! };
  return { size, stage, values };
}

const parts = fc.array(
  fc.oneof(
    fc.integer({ min: 1, max: 40 }),
    fc.integer({ min: 1, max: 900 }).map((n) => 4 * n),
    fc.integer({ min: 500, max: 3000 }),
  ),
  { minLength: 2, maxLength: 9 },
);

Deno.test("stretchesOf() puts each element into one stretch, and cuts no vector", () => {
  let vectors = 0, several = 0;
  fc.assert(
    fc.property(parts, fc.integer({ min: 1, max: 12 }), fc.nat(2), (lengths, most, runs) => {
      const { size, stage, values } = assembly(lengths);
      // Some ranges end where pieces do, some do not.
      const ends = [0, lengths[0]!, size - 1, size].slice(0, runs + 1);
      const bounds = [...new Set([...ends, size])];
      const nest = shareOut(size, bounds, 1, DEFAULT_ADAPTER);
      const found = stretchesOf(nest, [stage], [0], values, DEFAULT_ADAPTER, most);
      assertLessOrEqual(found.length, Math.max(most, nest.runs.length));
      assert(bounds.slice(1).every((bound) => found.some(({ to }) => to === bound)));
      several += found.length > 1 ? 1 : 0;
      let end = 0;
      for (const { from, to, width } of found) {
        assertEquals(from, end);
        assertGreater(to, from);
        end = to;
        if (width === 1) continue;
        vectors++;
        // Teams begin at multiples of four from where their run does.
        assert([from, to, runOf(nest, { from }).start].every((n) => n % 4 === 0));
      }
      assertEquals(end, size);
    }),
    { numRuns: 60, seed: 5 },
  );
  assertGreater(vectors, 30);
  assertGreater(several, 20);
});

Deno.test("partedFolds() lets windows span the rows of a fold", () => {
  const adapter: AdapterClass = { ...DEFAULT_ADAPTER, maxUniformBytes: 4 * 1024 };
  const foldsOf = (words: number): number => {
    const k: Axis = { name: "k", extent: 6 }, e: Axis = { name: "e", extent: words };
    const fold = scalarFold(k, scalarLoad(0, [indexAxis(k), indexAxis(e)], "f32"));
    let folds = 0;
    scalarVisit(partedFolds(fold, [valueOf(0, [6, words])], adapter), (s) => {
      if (s.kind === "fold") folds++;
    });
    return folds;
  };
  assertEquals([100, 200, 300].map(foldsOf), [1, 2, 3]);
});

const wave = (n: number, by: number) =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(by * i + 1));

/** An update by pieces: a slice, slabs that are added, a product, a column sum, constants. */
function update(
  unit: number,
): { readonly inputs: readonly Node[]; readonly outputs: readonly Node[] } {
  const a = input("a", [unit * 40 + 6]), slabs = input("slabs", [6, unit * 37]);
  const x = input("x", [9, unit]), y = input("y", [9, 24]);
  const pieces = [
    sum(slabs, [0]),
    slice(a, [3], [unit * 40 + 3]),
    reshape(matmul(permute(y, [1, 0]), x), [24 * unit]),
    sum(y, [0]),
    sum(x, [0]),
  ];
  const gradient = concatenate(pieces, 0), size = sizeOf(gradient.shape);
  const theta = input("theta", [size]), before = input("before", [size]);
  const next = add(mul(0.9, before), mul(0.1, gradient));
  return {
    inputs: [a, slabs, x, y, theta, before],
    outputs: [next, sub(theta, mul(0.01, next)), sum(square(gradient))],
  };
}

Deno.test("compilePlan() makes an update by pieces a kernel with a loop for each", () => {
  const { kernels } = planOf(programOf(update(32).outputs), "wgsl");
  const loops = kernels.filter(({ source }) => (source.match(/loop \{ if \(/g) ?? []).length > 2);
  assert(loops.length > 0);
  for (const { source } of loops) assert(source.length < 20_000);
});

if (targets.includes("wgsl")) {
  Deno.test("updates by pieces are what the oracle says, with windows and without", async () => {
    for (const unit of [32, 50, 331]) {
      const { inputs, outputs } = update(unit);
      const values = new Map(inputs.map((node, k) => {
        if (node.op.kind !== "input") throw new RangeError("inputs only");
        const data = wave(sizeOf(node.shape), 0.1 + k);
        return [`${node.op.name}@0`, tensor(data, node.shape, "f32", "f32")] as const;
      }));
      const wanted = evaluate(outputs, values, { precision: "f64" });
      for (const limits of [{}, { maxUniformBytes: 2048 }, { maxUniforms: 0 }]) {
        const got = await run(outputs, values, "wgsl", limits);
        outputs.forEach((_, i) => {
          const what = `${unit} ${JSON.stringify(limits)} ${i}`;
          assertLessOrEqual(distance(got[i]!, wanted[i]!.data), 2e-5, what);
        });
      }
    }
  });

  Deno.test("copies of an update by pieces take the oracle's steps", async () => {
    const network = objective({
      parameters: { w: zeros([32, 61]), b: zeros([32]), v: zeros([5, 32]), c: zeros([5]) },
      batch: { x: [8, 61], y: [8, 5] },
      loss: ({ w, b, v, c }, { x, y }) =>
        mean(square(sub(dense(tanhLayer(dense(x, w, b)), v, c), y))),
    }) as unknown as AnyObjective;
    const program = right(lower(network, adam(), { telemetry: ["gradientNorm"] }));
    const { wrong } = await differences(program, {
      steps: 2,
      target: "wgsl",
      thetas: [0.13, 1.13].map((by) => wave(32 * 61 + 32 + 5 * 32 + 5, by).map((v) => v / 4)),
      slots: new Map([["batch/x", wave(8 * 61, 0.31)], ["batch/y", wave(40, 0.77)]]),
    });
    assertEquals(wrong, []);
  });
}
