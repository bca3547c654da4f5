import type { StepProgram } from "../../src/lowering/program.ts";
import { referenceExecutor } from "../../src/runtime/reference_executor.ts";
import { freezeWhenReached, lossOf } from "../../src/training/freeze.ts";
import { SteepestError } from "../../src/errors.ts";
import { add, input, mul, sub } from "../../src/tensor/ops.ts";
import { assertEquals, assertThrows } from "../_assert.ts";

const theta = input("theta", []);
const scalar = { shape: [], dtype: "f32", perReplica: true } as const;

/** θ halves at each step; a count goes up twice, the second time at every other step. */
const program: StepProgram = {
  arena: { size: 1, entries: [] },
  slots: [
    { ...scalar, name: "theta", role: "parameters", initial: 8 },
    { ...scalar, name: "count", role: "state", initial: 0 },
    { ...scalar, name: "step", role: "clock", dtype: "u32", perReplica: false },
    { ...scalar, name: "record/loss", role: "record" },
  ],
  regions: [
    {
      kind: "straight",
      period: 1,
      offset: 0,
      assign: [
        { slot: "record/loss", value: theta },
        { slot: "count", value: add(input("count", []), 1) },
      ],
    },
    {
      kind: "every",
      period: 2,
      offset: 0,
      assign: [{ slot: "count", value: add(input("count", [], "f32", 1), 10) }],
    },
    {
      kind: "straight",
      period: 1,
      offset: 0,
      assign: [{ slot: "theta", value: sub(theta, mul(theta, 0.5)) }],
    },
  ],
};

async function after(frozen: StepProgram, steps: number): Promise<Record<string, number>> {
  const executor = referenceExecutor(frozen, 1, "f64");
  executor.step(steps);
  const [x, count] = [await executor.read("theta"), await executor.read("count")];
  const losses = (await executor.records(0, steps)).get("record/loss")!;
  return { theta: x[0]!, count: count[0]!, last: losses[steps - 1]! };
}

Deno.test("freezeWhenReached() stops parameters and state, not the records, at the goal", async () => {
  assertEquals(await after(program, 9), { theta: 8 / 512, count: 59, last: 8 / 256 });
  const frozen = freezeWhenReached(program, 2, 100);
  assertEquals(await after(frozen, 2), { theta: 2, count: 12, last: 4 });
  assertEquals(await after(frozen, 9), { theta: 2, count: 12, last: 2 });
});

Deno.test("freezeWhenReached() stops after maxSteps", async () => {
  const frozen = freezeWhenReached(program, 0, 3);
  assertEquals(await after(frozen, 9), { theta: 1, count: 23, last: 1 });
});

Deno.test("lossOf() refuses a program without a loss", () => {
  assertThrows(() => lossOf({ ...program, regions: [] }), SteepestError, "record/loss");
});
