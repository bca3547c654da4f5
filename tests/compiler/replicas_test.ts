/** Copies of a program: each is its solo run, with scalars and random numbers of its own. */
import type { Plan } from "../../src/compiler/plan.ts";
import { planPasses } from "../../src/compiler/compile_plan.ts";
import { DEFAULT_ADAPTER } from "../../src/loops/adapter.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { SEED, type StepProgram } from "../../src/lowering/program.ts";
import { zeros } from "../../src/nn/initial.ts";
import { dense } from "../../src/nn/layers.ts";
import { mnistCnn } from "../../src/nn/models.ts";
import { classification } from "../../src/objective/classification.ts";
import { objective } from "../../src/objective/objective.ts";
import { adam } from "../../src/optimizer/catalogue/adam.ts";
import { nasgd } from "../../src/optimizer/catalogue/nasgd.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import { compile } from "../../src/runtime/compile.ts";
import { add, input, mul, square, sub, sum, tanh } from "../../src/tensor/ops.ts";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
  assertLessOrEqual,
} from "../_assert.ts";
import { regionProgram, SIZE } from "./_regions.ts";
import { outputSlot, planOf, programOf, right, start, targets } from "./_run_plan.ts";

const STEPS = 5, N = SIZE * SIZE;
const theta = (r: number) => Array.from({ length: N }, (_, i) => Math.sin(i + 0.3 * r));
const SEEDS = [3, 1, 4, 1, 5, 9, 2];
const RATES = [0.1, 0.2, 0.3, 0.1, 0.05, 0.4, 0.15];
/** An even count, and one that fills no vector. */
const COUNTS = [3, 7];

for (const target of targets) {
  Deno.test(`compilePlan() on ${target} gives every copy the bits of its solo run`, async () => {
    let different = 0;
    for (const seed of target === "js" ? [2, 3, 4, 6, 8, 9, 12, 14, 15] : [2, 6]) {
      const program = regionProgram(seed);
      const read = async (replicas: readonly number[]): Promise<Float64Array[]> => {
        const executor = await start(
          planOf(program, target, replicas.length),
          new Map([
            ["theta", replicas.flatMap(theta)],
            [SEED, replicas.map((r) => SEEDS[r]!)],
            ["rate", replicas.map((r) => RATES[r]!)],
          ]),
        );
        try {
          executor.step(STEPS);
          await executor.settled();
          return await Promise.all(["theta", "a", "b", "c"].map((slot) => executor.read(slot)));
        } finally {
          executor.dispose();
        }
      };
      const alone = await Promise.all(SEEDS.map((_, r) => read([r])));
      for (const count of COUNTS) {
        const copies = Array.from({ length: count }, (_, r) => r);
        const together = await read(copies);
        for (const r of copies) {
          const mine = together.map((slot) => slot.slice(r * N, (r + 1) * N));
          assertEquals(mine, alone[r], `copy ${r} of ${count} of program ${seed}`);
        }
        if (together[0]!.slice(0, N).some((x, i) => x !== together[0]![N + i])) different++;
      }
    }
    assertGreater(different, 1, "copies with seeds and rates of their own");
  });
}

/** A long sum, of which a plan may make partial ones: how many depends on how many copies there are. */
const LENGTH = 3000;
const theta3000 = input("theta", [LENGTH]);
const norm: StepProgram = programOf(
  [sum(square(theta3000)), mul(theta3000, sum(theta3000))],
  [{ name: "theta", role: "parameters", shape: [LENGTH], dtype: "f32", perReplica: true }],
);

for (const target of targets) {
  Deno.test(`compilePlan() on ${target} gives copies the sums of solo runs, to the bit where they have as many parts`, async () => {
    const start3000 = (r: number) =>
      Array.from({ length: LENGTH }, (_, i) => Math.cos(i * (r + 1)));
    const partsOf = (plan: Plan) =>
      plan.buffers.filter(({ label }) => /(partial|by threads)$/.test(label))
        .map(({ words }) => Math.round(words / plan.replicas));
    const read = async (copies: readonly number[]) => {
      const plan = planOf(norm, target, copies.length);
      const executor = await start(plan, new Map([["theta", copies.flatMap(start3000)]]));
      executor.step(1);
      const values = await Promise.all([0, 1].map((i) => executor.read(outputSlot(i))));
      executor.dispose();
      return { values, parts: partsOf(plan) };
    };
    for (const count of [3, 7]) {
      const copies = Array.from({ length: count }, (_, r) => r);
      const together = await read(copies);
      for (const r of [0, count - 1]) {
        const alone = await read([r]);
        const same = together.parts.join() === alone.parts.join();
        alone.values.forEach((values, i) => {
          const mine = together.values[i]!.slice(r * values.length, (r + 1) * values.length);
          if (same) assertEquals(mine, values, `copy ${r} of ${count}`);
          else mine.forEach((x, k) => assertAlmostEquals(x, values[k]!, 1e-5 * Math.abs(x) + 1e-6));
        });
      }
    }
  });
}

const rosenbrock = objective({
  parameters: { x: -3, y: -4 },
  loss: ({ x, y }) => add(square(sub(1, x)), mul(100, square(sub(y, square(x))))),
});

Deno.test("compilePlan() puts copies of few elements side by side into the lanes", () => {
  for (const optimizer of [nasgd({ alpha: 1.6 }), adam()]) {
    const program = right(lower(rosenbrock as AnyObjective, optimizer));
    const lanesOf = (replicas: number, kind: "cpu" | "gpu"): number[] => {
      const plan = planOf(program, "wgsl", replicas, { kind }, { oneKernel: 0 });
      return plan.regions.flatMap(({ commands }) =>
        commands.flatMap((command) => {
          if (command.kind !== "dispatch") return [];
          const [x, y, z] = command.workgroups;
          return [x * y * z * plan.kernels[command.kernel]!.workgroupSize];
        })
      );
    };
    for (const kind of ["cpu", "gpu"] as const) {
      const many = lanesOf(2000, kind);
      // Neither a workgroup for each copy nor a thread for each element: a lane has a copy.
      assert(many.every((lanes) => lanes >= 2000 && lanes < 2064), `${many}`);
      assertEquals(many.length, lanesOf(1, kind).length, "dispatches are those of one copy");
    }
  }
});

for (const target of targets) {
  Deno.test(`compilePlan() on ${target} gives each of many small copies the bits of its solo run`, async () => {
    const rates = Array.from({ length: 600 }, (_, r) => 1e-3 * (1 + r % 7));
    const xs = rates.map((_, r) => Math.sin(r));
    const run = async (copies: readonly number[]) => {
      const compiled = await compile(rosenbrock, adam(), {
        backend: target === "js" ? "js" : "webgpu",
        replicas: copies.length,
        parameters: { x: copies.map((r) => xs[r]!) },
      })();
      using program = right(compiled);
      right(program.set({ "1/scale/by": copies.map((r) => rates[r]!) }));
      program.step(15);
      return await Promise.all(copies.map(async (_, r) => {
        if (copies.length > 1 && ![0, 299, 599].includes(r)) return [];
        const view = program.replica(r);
        return [await view.parameters(), await view.losses()];
      }));
    };
    const together = await run(rates.map((_, r) => r));
    for (const r of [0, 299, 599]) assertEquals(together[r], (await run([r]))[0], `copy ${r}`);
  });
}

Deno.test("planPasses() runs four hundred copies of the CNN in two passes on a GPU", () => {
  const program = right(lower(classification(mnistCnn(), 60) as AnyObjective, sgd()));
  const adapter = { ...DEFAULT_ADAPTER, kind: "gpu" } as const;
  const options = { target: "wgsl", replicas: 400, adapter } as const;
  const { plan, passes } = right(planPasses(program, options));
  assertEquals([plan.replicas, passes], [200, 2]);
  const largest = Math.max(...plan.buffers.map(({ words }) => 4 * words));
  assertLess(largest, DEFAULT_ADAPTER.maxBindingBytes);
  // As few passes as it takes.
  assertGreater(2 * largest, DEFAULT_ADAPTER.maxBindingBytes);
});

/** A layer of 44 numbers, from one example. */
const layer = objective({
  parameters: { weight: zeros([4, 10]), bias: zeros([4]) },
  batch: { x: [1, 10], y: [1, 4] },
  loss: ({ weight, bias }, { x, y }) => sum(square(sub(tanh(dense(x, weight, bias)), y))),
}) as unknown as AnyObjective;

Deno.test("compilePlan() gives a thread all of a copy of a small layer: its norm and its update", () => {
  const program = right(lower(layer, nasgd({ alpha: 0.5 })));
  const plan = planOf(program, "wgsl", 50, { maxBindings: 16 }, { oneKernel: 0 });
  assertLessOrEqual(plan.kernels.length, 3);
  assert(plan.kernels.every(({ source }) => source.length < 20_000));
});

for (const target of targets) {
  Deno.test(`compilePlan() on ${target} gives copies of a small layer what each has alone`, async () => {
    const numbers = (n: number, k: number) => Array.from({ length: n }, (_, i) => Math.sin(k + i));
    const program = right(lower(layer, nasgd({ alpha: 0.5 })));
    const after = async (copies: readonly number[]): Promise<Float64Array> => {
      const executor = await start(
        planOf(program, target, copies.length),
        new Map([
          ["theta", copies.flatMap((r) => numbers(44, 0.3 * r))],
          ["batch/x", numbers(10, 1)],
          ["batch/y", numbers(4, 2)],
        ]),
      );
      executor.step(STEPS);
      const theta = await executor.read("theta");
      executor.dispose();
      return theta;
    };
    const copies = [0, 1, 2, 3, 4], together = await after(copies);
    for (const r of copies) {
      const alone = await after([r]);
      alone.forEach((x, i) => assertAlmostEquals(together[44 * r + i]!, x, 1e-6));
    }
    assert(together.some((x, i) => Math.abs(x - numbers(44, 0)[i % 44]!) > 0.01));
  });
}
