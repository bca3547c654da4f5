/** Small kernels that follow each other: one workgroup does all of them. */
import { assert, assertEquals, assertGreater, assertLess } from "../_assert.ts";
import { describe } from "../../src/compiler/describe.ts";
import { addressOf } from "../../src/compiler/build_stages.ts";
import { type AdapterClass, DEFAULT_ADAPTER } from "../../src/loops/adapter.ts";
import { type Axis, indexAxis } from "../../src/loops/index.ts";
import { scalarBinary, scalarLoad } from "../../src/loops/scalar.ts";
import type { Region, StepProgram } from "../../src/lowering/program.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { mnistCnn } from "../../src/nn/models.ts";
import { classification } from "../../src/objective/classification.ts";
import { adam } from "../../src/optimizer/catalogue/adam.ts";
import type { Node } from "../../src/tensor/node.ts";
import { compare, constant, input, matmul, repeat, sum, tanh } from "../../src/tensor/ops.ts";
import { chooseTile } from "../../kernels/tile_search.ts";
import { outputSlot, planOf, programOf, right, start, targets, type Ways } from "./_run_plan.ts";

const ignore = !targets.includes("wgsl");
const ROOMY: Partial<AdapterClass> = { maxBindings: 16 };

/** Matrix products, each of which needs the one before. */
function chain(length: number, n: number): Node {
  const m = input("m", [n, n]);
  let x: Node = input("x", [n, n]);
  for (let i = 0; i < length; i++) x = tanh(matmul(m, x));
  return x;
}

const dispatchesOf = (program: StepProgram, ways: Ways = {}, adapter = ROOMY): number =>
  describe({ plan: planOf(program, "wgsl", 1, adapter, ways) })!.dispatchesPerStep;

Deno.test("compilePlan() makes small kernels that follow each other one", () => {
  const small = programOf([chain(6, 20)]), large = programOf([chain(6, 256)]);
  assertGreater(dispatchesOf(small, { oneKernel: 0 }), 4);
  assertEquals(dispatchesOf(small), 1);
  assertEquals(dispatchesOf(large), dispatchesOf(large, { oneKernel: 0 }));
  // Of a single image the last layers, the softmax and their gradients.
  const digit = classification(mnistCnn({ dropout: false }), 1) as unknown as AnyObjective;
  const step = right(lower(digit, adam()));
  assertLess(dispatchesOf(step), dispatchesOf(step, { oneKernel: 0 }) - 2);
});

Deno.test("compilePlan() leaves kernels apart that a step seldom runs, or that have no bindings", () => {
  const every = (period: number) => (assign: Region["assign"]): readonly Region[] => [
    { kind: "straight", period: 1, offset: 0, assign: [] },
    { kind: "every", period, offset: 0, assign },
  ];
  const kernels = (program: StepProgram, ways: Ways = {}, adapter = ROOMY) =>
    planOf(program, "wgsl", 1, adapter, ways).kernels.length;
  const [often, seldom] = [1, 1000].map((period) => programOf([chain(6, 20)], [], every(period)));
  assertLess(kernels(often!), kernels(often!, { oneKernel: 0 }));
  assertEquals(kernels(seldom!), kernels(seldom!, { oneKernel: 0 }));
  const few = { maxBindings: 4 };
  const program = programOf([chain(6, 20)]);
  const plan = planOf(program, "wgsl", 1, few);
  assertGreater(plan.kernels.length, 1);
  for (const { bindings } of plan.kernels) {
    assert(bindings.filter(({ window }) => window === undefined).length <= 4);
  }
});

Deno.test("compilePlan() ends a run with what says whether a loop goes on", () => {
  const [x, m] = ["x", "m"].map((name) => input(name, [128, 128]));
  const [v, n] = ["v", "n"].map((name) => input(name, [20, 20]));
  let small = v!;
  for (let i = 0; i < 5; i++) small = tanh(matmul(n!, small));
  const outputs = repeat(
    {
      times: 20,
      formals: [v!, x!, n!, m!],
      next: [small, matmul(m!, matmul(m!, x!))],
      condition: compare("lt", sum(v!), 1000),
    },
    [constant(1, [20, 20]), constant(1, [128, 128])],
    [input("a", [20, 20]), input("b", [128, 128])],
  );
  const program = programOf(outputs);
  const [loop] = describe({ plan: planOf(program, "wgsl", 1, ROOMY) })!.regions[0]!.repeats;
  const next = loop!.kernels.indexOf("loop goes on");
  assertEquals(next, 1);
  // The large products are skipped; the run is small, and goes on.
  assertEquals(loop!.skipped, 2);
  assert(loop!.kernels.slice(2).some((label) => label.includes("…")), "a run comes after it");
});

Deno.test("chooseTile() knows that a workgroup reads from storage what it has written", () => {
  const [i, j, k]: readonly Axis[] = ["i", "j", "k"].map((name) => ({ name, extent: 24 }));
  const load = (v: number, axis: Axis) => scalarLoad(v, [indexAxis(axis), indexAxis(k!)], "f32");
  const body = scalarBinary("mul", load(0, i!), load(1, j!));
  const cost = (workgroup?: readonly number[]): number =>
    chooseTile({ value: 2, parallel: [i!, j!], reduce: [k!], combine: "sum", body }, {
      constraints: [i, j].map(() => ({ multiple: 1, whole: false })),
      adapter: DEFAULT_ADAPTER,
      fixed: false,
      shapeOf: () => [24, 24],
      address: (_, at) => addressOf(at, [24, 24]),
      afterwards: { loads: [], stores: 1, last: 1 },
      spreads: [false, false],
      memory: false,
      mostArithmetic: Infinity,
      ...workgroup === undefined ? {} : { workgroup: new Set(workgroup) },
    }).cost;
  assertLess(cost([]), cost([0]));
  assertLess(cost([0]), cost([0, 1]));
  assertEquals(cost([9]), cost([]));
});

Deno.test({
  name: "compilePlan() gives the same bits in runs as kernel by kernel",
  ignore,
  fn: async () => {
    const n = 21;
    const values = new Map(["m", "x"].map((name, k) => [
      name,
      Float32Array.from({ length: n * n }, (_, i) => Math.sin(1 + i * (1.3 + k) + i * i * 0.21)),
    ]));
    const results: Float64Array[] = [];
    for (const oneKernel of [0, 1, Infinity]) {
      const plan = planOf(programOf([chain(3, n)]), "wgsl", 1, ROOMY, { oneKernel });
      assertEquals(plan.kernels.length === 1, oneKernel > 0);
      const executor = await start(plan, values);
      executor.step(2);
      results.push(await executor.read(outputSlot(0)));
      executor.dispose();
    }
    assert(results[0]!.some((v) => Math.abs(v) > 0.1));
    assertEquals(results[1], results[0]);
    assertEquals(results[2], results[0]);
  },
});
