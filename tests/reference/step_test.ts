import type { Region, Slot, StepProgram } from "../../src/lowering/program.ts";
import { hostSlots, initialValues, runStep, stepRunner } from "../../src/reference/step.ts";
import { add, cast, input, mul, sub, sum } from "../../src/tensor/ops.ts";
import { assert, assertEquals, assertThrows } from "../_assert.ts";

const slot = (
  name: string,
  role: Slot["role"],
  shape: number[],
  initial?: Slot["initial"],
): Slot => ({
  name,
  role,
  shape,
  dtype: name === "step" ? "u32" : "f32",
  perReplica: true,
  ...(initial === undefined ? {} : { initial }),
});

const theta = input("theta", [2]);
const beta = input("hyper/beta", []);
const weight = input("state/weight", []);
const held = input("state/held", [2]);
const total = input("state/total", []);

const every: Region = {
  kind: "every",
  period: 2,
  offset: 0,
  assign: [{ slot: "state/held", value: mul(2, theta) }],
};

const program: StepProgram = {
  arena: { size: 2, entries: [{ path: "x", shape: [2], offset: 0, size: 2 }] },
  slots: [
    slot("theta", "parameters", [2]),
    slot("step", "clock", []),
    slot("hyper/beta", "hyper", [], 0.999),
    slot("state/weight", "state", [], 0),
    slot("state/held", "state", [2], add(theta, 1)),
    slot("state/total", "state", [], 0),
    slot("record/clock", "record", []),
  ],
  regions: [
    { kind: "straight", period: 1, offset: 0, assign: [] },
    every,
    {
      kind: "straight",
      period: 1,
      offset: 0,
      assign: [
        { slot: "state/weight", value: add(mul(beta, weight), sub(1, beta)) },
        { slot: "state/total", value: add(total, sum(held)) },
        { slot: "record/clock", value: cast(input("step", [], "u32"), "f32") },
        { slot: "theta", value: sub(theta, input("state/held", [2], "f32", 1)) },
      ],
    },
  ],
};

Deno.test("stepRunner() gives the next version of a slot whether or not its region fires", () => {
  const run = stepRunner(program);
  const start = initialValues(program, [1, 2]);
  assertEquals([...start.get("state/held")!.data], [2, 3]);
  const first = run(start, 0);
  assertEquals([...first.values.get("state/held")!.data], [2, 4]);
  assertEquals([...first.values.get("theta")!.data], [-1, -2]);
  // Version 0 in the last region is the value that the step began with.
  assertEquals(first.values.get("state/total")!.data[0], 5);
  const second = run(first.values, 1);
  assertEquals([...second.values.get("state/held")!.data], [2, 4]);
  assertEquals([...second.values.get("theta")!.data], [-3, -6]);
  assertEquals(second.records.get("record/clock"), 1);
});

Deno.test("hostSlots() are hyperparameters, clocks and the scalars made of them", () => {
  assertEquals([...hostSlots(program)].sort(), ["hyper/beta", "state/weight", "step"]);
});

Deno.test("runStep() computes host scalars in double precision when tensors are single", () => {
  const start = initialValues(program, [1, 2], { precision: "f32" });
  const { values } = runStep(program, start, 0, "f32");
  assertEquals(values.get("state/weight")!.data[0], 1 - 0.999);
  assert(values.get("theta")!.data instanceof Float32Array);
});

Deno.test("initialValues() refuses a θ of another size", () => {
  assertThrows(() => initialValues(program, [1, 2, 3]), Error, "3 values");
});
