/** Loops that have stopped: what is left of their iterations does not happen. */
import { assertEquals, assertGreater, assertLess } from "../_assert.ts";
import { describe } from "../../src/compiler/describe.ts";
import { gateLoops } from "../../src/compiler/gates.ts";
import type { Command, Kernel, Plan, Repeat } from "../../src/compiler/plan.ts";
import { DEFAULT_ADAPTER } from "../../src/loops/adapter.ts";
import type { Loop } from "../../src/tensor/node.ts";
import {
  add,
  compare,
  constant,
  input,
  matmul,
  mul,
  repeat,
  select,
  square,
  sum,
} from "../../src/tensor/ops.ts";
import { planOf, programOf, start, targets } from "./_run_plan.ts";

const ignore = !targets.includes("wgsl");
const always = (plan: Plan): Plan => gateLoops(plan, DEFAULT_ADAPTER, Infinity);
/** The host asks after every iteration. */
const asking = (plan: Plan): Plan => gateLoops(plan, DEFAULT_ADAPTER, Infinity, 0);

/** One thread that does `statement` with the words of the only buffer. */
function kernel(label: string, statement: string): Kernel {
  return {
    label,
    bindings: [{ buffer: 0, access: "write" }],
    source: `@group(0) @binding(0) var<storage, read_write> w: array<u32>;
      @group(0) @binding(1) var<storage, read_write> next: array<u32>;
      @compute @workgroup_size(1) fn main() { ${statement} }`,
    workgroupSize: 1,
    flops: 0,
    words: 1,
  };
}

/**
 * Words: 0 and 1 count the beginnings of iterations of two loops, 2 and 3 say whether they go on, 4 counts
 * what is skipped, 5 what writes into a buffer that may change places.
 */
function counting(commands: readonly Command[]): Plan {
  const shape = [8];
  return {
    target: "wgsl",
    replicas: 1,
    arena: { size: 0, entries: [] },
    slots: [{ name: "w", role: "state", shape, dtype: "u32", initial: 0, perReplica: false }],
    buffers: [
      { label: "w", words: 8, kind: "device" },
      ...[0, 1].map((i) => ({ label: `${i}`, words: 4, kind: "device" } as const)),
    ],
    kernels: [
      kernel("outer", "w[0] += 1; w[2] = select(0u, 1u, w[0] <= 3); w[1] = 0;"),
      kernel("inner", "w[1] += 1; w[3] = select(0u, 1u, w[1] <= 2);"),
      kernel("counted", "w[4] += 1;"),
      {
        ...kernel("changing", "w[5] += 1; next[0] = w[5];"),
        bindings: [0, 2].map((buffer) => ({ buffer, access: "write" } as const)),
      },
    ],
    regions: [{ period: 1, offset: 0, commands }],
    places: new Map([["w", { buffer: 0, offset: 0, shape, perReplica: false, dtype: "u32" }]]),
    records: new Map(),
    swaps: [],
    hostScalars: [],
    hostState: [],
  };
}

const dispatch = (k: number): Command => ({ kind: "dispatch", kernel: k, workgroups: [1, 1, 1] });

function loop(
  times: number,
  word: number,
  commands: readonly Command[],
  changing = false,
): Repeat {
  const swaps = changing ? [[1, 2] as const] : [];
  return { kind: "repeat", times, swaps, commands, active: { buffer: 0, offset: word, after: 1 } };
}

async function counted(
  commands: readonly Command[],
  gated: (plan: Plan) => Plan = always,
  steps = 1,
): Promise<number[]> {
  const executor = await start(gated(counting(commands)), new Map());
  executor.step(steps);
  const words = await executor.read("w");
  executor.dispose();
  return [0, 4, 5].map((i) => words[i]!);
}

Deno.test({
  name: "gateLoops() skips what is left of an iteration that finds out that the loop has stopped",
  ignore,
  fn: async () => {
    const commands = [dispatch(0), dispatch(2), dispatch(3)];
    assertEquals(await counted([loop(10, 2, commands)]), [10, 3, 3]);
  },
});

Deno.test({
  name: "gateLoops() lets buffers that change places become equal",
  ignore,
  fn: async () => {
    const commands = [dispatch(0), dispatch(2), dispatch(3)];
    assertEquals(await counted([loop(10, 2, commands, true)]), [10, 3, 4]);
  },
});

Deno.test({
  name: "gateLoops() skips the loops inside an iteration that is skipped",
  ignore,
  fn: async () => {
    for (const [changing, expected] of [[false, 3 * 2], [true, 3 * 3]] as const) {
      const inner = loop(5, 3, [dispatch(1), dispatch(2), dispatch(3)], changing);
      assertEquals(await counted([loop(10, 2, [dispatch(0), inner])]), [10, 6, expected]);
    }
  },
});

Deno.test({
  name: "an executor that may ask leaves a loop two iterations after the one that finds out",
  ignore,
  fn: async () => {
    const commands = [dispatch(0), dispatch(2), dispatch(3)];
    assertEquals(await counted([loop(10, 2, commands)], asking), [5, 3, 3]);
    assertEquals(await counted([loop(10, 2, commands, true)], asking), [5, 3, 4]);
    // The question after the last iteration but one would come too late.
    assertEquals(await counted([loop(5, 2, commands)], asking), [5, 3, 3]);
    assertEquals(await counted([loop(3, 2, commands)], asking), [3, 3, 3]);
    // The word of the outer loop is never 1 again: the next steps find out in their first iterations.
    assertEquals(await counted([loop(10, 2, commands)], asking, 3), [5 + 2 + 2, 3, 3]);
  },
});

Deno.test({
  name: "an executor that may ask leaves loops inside loops",
  ignore,
  fn: async () => {
    const inner = loop(9, 3, [dispatch(1), dispatch(2)]);
    assertEquals(await counted([loop(10, 2, [dispatch(0), inner])], asking), [5, 6, 0]);
  },
});

Deno.test({
  name:
    "steps, values that are written and values that are read keep their order while an executor asks",
  ignore,
  fn: async () => {
    const executor = await start(
      asking(counting([loop(10, 2, [dispatch(0), dispatch(2)])])),
      new Map(),
    );
    executor.step(1);
    executor.write("w", [0, 0, 0, 0, 100, 0, 0, 0]);
    executor.step(1);
    const second = executor.read("w");
    executor.write("w", [2, 0, 0, 0, 200, 0, 0, 0]);
    executor.step(1);
    const third = executor.read("w");
    assertEquals([await second, await third].map((w) => [w[0], w[4]]), [[5, 103], [5, 201]]);
    executor.dispose();
  },
});

Deno.test({
  name: "gateLoops() lets small kernels go on",
  ignore,
  fn: async () => {
    const plan = counting([loop(10, 2, [dispatch(0), dispatch(2), dispatch(3)])]);
    const kernels = plan.kernels.map((k) => k.label === "counted" ? { ...k, flops: 1e8 } : k);
    const gated = gateLoops({ ...plan, kernels }, DEFAULT_ADAPTER, undefined, Infinity);
    const executor = await start(gated, new Map());
    executor.step(1);
    const words = await executor.read("w");
    assertEquals([0, 4, 5].map((i) => words[i]), [10, 3, 10]);
    executor.dispose();
  },
});

/** x ← M·x until it has grown. */
function growing(n: number): Loop {
  const x = input("x", [n, n]), m = input("m", [n, n]);
  return {
    times: 30,
    formals: [x, m],
    // The sum is stored in place, the product is not.
    next: [add(mul(0.5, x), mul(0.5, matmul(m, matmul(m, x))))],
    condition: compare("lt", sum(x), 1000),
  };
}

const planOfGrowing = (n: number): Plan => {
  const start = [constant(1, [n, n])];
  return planOf(programOf(repeat(growing(n), start, [input("a", [n, n])])), "wgsl", 1, {}, {
    writtenOut: { nodes: 0, sums: 0 },
    oneKernel: 0,
  });
};

Deno.test({
  name: "a loop that the host leaves gives the bits of one that it does not leave",
  ignore,
  fn: async () => {
    const plan = planOfGrowing(32),
      m = Array.from({ length: 1024 }, (_, i) => 0.06 * Math.sin(i) ** 2);
    const results = await Promise.all([plan, always(plan), asking(plan)].map(async (gated) => {
      const executor = await start(gated, new Map([["a", Float64Array.from(m)]]));
      executor.step(2);
      const out = await executor.read("out0");
      executor.dispose();
      return [...out];
    }));
    assertEquals(results[1], results[0]);
    assertEquals(results[2], results[0]);
  },
});

Deno.test("compilePlan() lets the host ask where iterations are long", () => {
  const asksOf = (n: number) =>
    planOfGrowing(n).regions[0]!.commands.flatMap((c) => c.kind === "repeat" ? [c.asks] : []);
  assertEquals(asksOf(8), [undefined]);
  // 67 ms of work by the estimate.
  assertEquals(asksOf(512)[0]?.every, 1);
});

Deno.test("compilePlan() skips iterations where that costs little of them", () => {
  const repeatsOf = (n: number) => describe({ plan: planOfGrowing(n) })!.regions[0]!.repeats[0]!;
  assertEquals(repeatsOf(8).skipped, 0);
  const heavy = repeatsOf(256);
  // The products; what is small goes on.
  assertGreater(heavy.skipped, 1);
  // What the condition takes comes first, and always happens.
  const first = heavy.kernels.indexOf("loop goes on");
  assertGreater(heavy.kernels.length, first + heavy.skipped);
  assertLess(first, 4);
});

Deno.test("compilePlan() knows first of all whether a loop goes on", () => {
  // The scale is overwritten in place, which has to wait for the products that read it.
  const m = input("m", [256, 256]), scale = input("scale", []), goesOn = input("goesOn", []);
  const large = sum(square(matmul(m, mul(scale, m))));
  const outputs = repeat(
    {
      times: 20,
      formals: [scale, goesOn, m],
      next: [mul(0.5, scale), select(compare("gt", large, 1), constant(1), constant(0))],
      condition: compare("gt", goesOn, 0),
    },
    [constant(1), constant(1)],
    [input("a", [256, 256])],
  );
  const [loop] = describe({ plan: planOf(programOf(outputs), "wgsl") })!.regions[0]!.repeats;
  assertEquals(loop!.kernels.indexOf("loop goes on"), 1);
  assertGreater(loop!.skipped, 0);
});
