/** Slots that change places with their next values after each step. */
import { assertEquals } from "../_assert.ts";
import { describe } from "../../src/compiler/describe.ts";
import type { Plan } from "../../src/compiler/plan.ts";
import type { AdapterClass } from "../../src/loops/adapter.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { PARAMETERS, type Slot } from "../../src/lowering/program.ts";
import { zeros } from "../../src/nn/initial.ts";
import { objective } from "../../src/objective/objective.ts";
import { adam } from "../../src/optimizer/catalogue/adam.ts";
import { passesExecutor } from "../../src/runtime/passes_executor.ts";
import type { Executor } from "../../src/runtime/executor.ts";
import type { Loop, Node } from "../../src/tensor/node.ts";
import { add, input, mul, repeat, square, sum } from "../../src/tensor/ops.ts";
import { planOf, programOf, right, start, targets } from "./_run_plan.ts";

const SIZE = 8192;
const bowl = (size: number): AnyObjective =>
  objective({
    parameters: { theta: zeros([size]) },
    loss: ({ theta }) => mul(0.5, sum(square(theta))),
  }) as AnyObjective;

const stepOf = (size: number) => right(lower(bowl(size), adam()));

/** The slots whose buffers change places. */
function changing({ swaps, places }: Plan): readonly string[] {
  const first = new Set(swaps.map(([buffer]) => buffer));
  return [...places].flatMap(([slot, { buffer }]) => first.has(buffer) ? [slot] : []).sort();
}

Deno.test("compilePlan() computes large parameters and state aside, so that they are read through windows", () => {
  const plan = planOf(stepOf(SIZE), "wgsl");
  const slots = new Set(plan.swaps.map(([now]) => now)), next = plan.swaps.map(([, to]) => to);
  for (const { bindings } of plan.kernels) {
    for (const { buffer, access, window } of bindings) {
      if (slots.has(buffer)) assertEquals([access, window === undefined], ["read", false]);
    }
  }
  assertEquals(slots.isDisjointFrom(new Set(next)), true);
  assertEquals(
    plan.swaps.map((pair) => new Set(pair.map((b) => plan.buffers[b]!.words)).size),
    [1, 1, 1],
  );
  assertEquals(changing(plan), [
    "state/0/curvature/direction/ema/mean",
    "state/0/curvature/iterative/0/mean",
    PARAMETERS,
  ]);
  assertEquals(describe({ plan })!.swapped, plan.swaps.map(([now]) => plan.buffers[now]!.label));
});

Deno.test("compilePlan() overwrites in place what is small, and where windows gain nothing", () => {
  const none = (size: number, target: Plan["target"], adapter: Partial<AdapterClass> = {}) =>
    assertEquals(planOf(stepOf(size), target, 1, adapter).swaps, []);
  none(SIZE - 1, "wgsl");
  none(SIZE, "js");
  none(SIZE, "wgsl", { kind: "gpu" });
  none(SIZE, "wgsl", { maxUniforms: 0 });
});

Deno.test("compilePlan() computes no more aside than a kernel can bind", () => {
  const counts = [8, 7, 6, 5, 4].map((maxBindings) => {
    const { swaps, kernels } = planOf(stepOf(SIZE), "wgsl", 1, { maxBindings });
    for (const { bindings } of kernels) {
      const storage = bindings.filter(({ window }) => window === undefined).length;
      assertEquals(storage <= maxBindings, true);
    }
    return swaps.length;
  });
  assertEquals(counts, [3, 1, 0, 0, 0]);
});

const state = (name: string): Slot => ({
  name,
  role: "state",
  shape: [4],
  dtype: "f32",
  initial: 1,
  perReplica: true,
});
/** A vector that twenty iterations halve, each by what the one before has left. */
const halved = (size: number) => {
  const carried = input("carried", [size]);
  const loop: Loop = { times: 20, formals: [carried], next: [add(mul(carried, 0.5), 1)] };
  const theta: Slot = { ...state("theta"), shape: [size] };
  return programOf(repeat(loop, [input("theta", [size])]), [theta]);
};
const asRegion = { writtenOut: { nodes: 0, sums: 0 } };

Deno.test("compilePlan() computes aside what a loop carries if it is large, so that it is read through windows", () => {
  const of = (size: number) => {
    const { regions, kernels } = planOf(halved(size), "wgsl", 1, {}, { ...asRegion, oneKernel: 0 });
    const loop = regions.flatMap((r) => r.commands).find((c) => c.kind === "repeat")!;
    const reads = loop.commands.flatMap((c) =>
      c.kind === "dispatch" ? kernels[c.kernel]!.bindings : []
    );
    return {
      pairs: loop.swaps.length,
      windows: reads.filter((b) => b.window !== undefined).length,
    };
  };
  assertEquals(of(SIZE), { pairs: 1, windows: 1 });
  assertEquals(of(SIZE - 1), { pairs: 0, windows: 0 });
});

const of = (name: string, version = 0): Node => input(name, [4], "f32", version);

/** A state that each step adds to, with a region before and one behind it at every second step. */
const counted = () =>
  programOf([], [state("s"), state("before"), state("behind"), state("old")], () => [
    { kind: "every", period: 2, offset: 1, assign: [{ slot: "before", value: mul(of("s"), 10) }] },
    { kind: "straight", period: 1, offset: 0, assign: [{ slot: "s", value: add(of("s"), 1) }] },
    {
      kind: "every",
      period: 2,
      offset: 0,
      assign: [
        { slot: "behind", value: add(of("behind"), mul(of("s", 1), 100)) },
        { slot: "old", value: of("s") },
      ],
    },
  ]);

for (const target of targets) {
  const plan = (doubled = 1, replicas = 1) => planOf(counted(), target, replicas, {}, { doubled });
  const begin = (values = new Map()) => start(plan(), values);
  const read = async (executor: Executor) => {
    const values = await Promise.all(["s", "before", "behind", "old"].map((s) => executor.read(s)));
    for (const x of values) assertEquals(new Set(x).size, 1);
    return values.map(([x]) => x);
  };

  Deno.test(`compilePlan() on ${target} lets regions of every period see a slot before and after it changes`, async () => {
    assertEquals(plan().swaps.length, 1);
    const executor = await begin();
    const seen = [await read(executor)];
    for (const steps of [1, 1, 1, 2, 3]) {
      executor.step(steps);
      seen.push(await read(executor));
    }
    assertEquals(seen, [
      [1, 1, 1, 1],
      [2, 1, 201, 1],
      [3, 20, 201, 1],
      [4, 20, 601, 3],
      [6, 40, 1201, 5],
      [9, 80, 2001, 7],
    ]);
    executor.dispose();
  });

  Deno.test(`executors of ${target} write where a slot lies at the time, and after seek()`, async () => {
    const executor = await begin();
    executor.step(1);
    executor.write("s", [7, 7, 7, 7]);
    executor.step(2);
    executor.write("s", [20, 20, 20, 20]);
    assertEquals((await executor.read("s"))[0], 20);
    executor.seek(6);
    executor.step(1);
    assertEquals(await read(executor), [21, 70, 3201, 20]);
    executor.step(1);
    assertEquals(await read(executor), [22, 210, 3201, 20]);
    executor.dispose();
  });

  Deno.test(`executors of ${target} that take turns each have their own next values`, async () => {
    const common = new Map();
    const one = plan();
    const executor = await passesExecutor(
      one,
      2,
      new Map([["s", [1, 1, 1, 1, 5, 5, 5, 5]]]),
      (own) => start(one, own, common),
    );
    for (const [steps, first] of [[1, 2], [2, 4]] as const) {
      executor.step(steps);
      assertEquals([...await executor.read("s")], [
        ...Array(4).fill(first),
        ...Array(4).fill(first + 4),
      ]);
    }
    executor.dispose();
  });
}
