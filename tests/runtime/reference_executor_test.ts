import type { Slot, StepProgram } from "../../src/lowering/program.ts";
import { flattenedSteps } from "../../src/runtime/flatten_step.ts";
import { referenceExecutor } from "../../src/runtime/reference_executor.ts";
import { add, cast, gather, input, mul } from "../../src/tensor/ops.ts";
import { assertEquals, assertStrictEquals } from "../_assert.ts";

const slot = (name: string, role: Slot["role"], rest: Partial<Slot> = {}): Slot => ({
  name,
  role,
  shape: [],
  dtype: "f32",
  initial: 0,
  perReplica: true,
  ...rest,
});

/** `count` gains 1 at each step and 10 at every third; `seen` is what the last region sees of it. */
const program: StepProgram = {
  arena: { size: 1, entries: [] },
  slots: [
    slot("theta", "parameters"),
    slot("count", "state"),
    slot("seen", "state"),
    slot("step", "clock", { dtype: "u32", perReplica: false }),
    slot("seed", "clock", { dtype: "u32" }),
    slot("table", "data", { shape: [4], initial: [0.5, 1.5, 2.5, 3.5], perReplica: false }),
    slot("record/loss", "record"),
  ],
  regions: [
    {
      kind: "straight",
      period: 1,
      offset: 0,
      assign: [{ slot: "count", value: add(input("count", []), 1) }],
    },
    {
      kind: "every",
      period: 3,
      offset: 2,
      assign: [{ slot: "count", value: add(input("count", [], "f32", 1), 10) }],
    },
    {
      kind: "straight",
      period: 1,
      offset: 0,
      assign: [
        { slot: "seen", value: mul(2, input("count", [], "f32", 2)) },
        { slot: "theta", value: gather(input("table", [4]), input("step", [], "u32")) },
        { slot: "record/loss", value: cast(input("seed", [], "u32"), "f32") },
      ],
    },
  ],
};

Deno.test("referenceExecutor() runs regions at their periods, versions and replicas apart", async () => {
  const executor = referenceExecutor(program, 2, "f64", new Map([["seed", [7, 9]]]));
  for (const [steps, count] of [[1, 1], [1, 2], [1, 13], [1, 14]] as const) {
    executor.step(steps);
    assertEquals(await executor.read("count"), Float64Array.of(count, count));
    assertEquals(await executor.read("seen"), Float64Array.of(2 * count, 2 * count));
  }
  assertEquals(await executor.read("theta"), Float64Array.of(3.5, 3.5));
  assertEquals((await executor.records(2, 4)).get("record/loss"), Float64Array.of(7, 9, 7, 9));
  executor.write("table", [5, 6, 7, 8]);
  executor.seek(1);
  executor.step(1);
  assertEquals(await executor.read("theta"), Float64Array.of(6, 6));
});

Deno.test("flattenedSteps() shares the graph of steps at which the same regions fire", () => {
  const at = flattenedSteps(program);
  assertStrictEquals(at(0), at(1));
  assertStrictEquals(at(2), at(5));
  assertEquals(at(0) === at(2), false);
});
