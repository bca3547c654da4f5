/** Slots whose next values loops read are assigned before them, unless what they were is still read. */
import { assert, assertEquals, assertLess } from "../_assert.ts";
import type { Slot, StepProgram } from "../../src/lowering/program.ts";
import { alongRows, apply } from "../../src/linalg/matrices.ts";
import { loop } from "../../src/linalg/loop.ts";
import { initialValues, type SlotValues, stepRunner } from "../../src/reference/step.ts";
import { tensor } from "../../src/reference/tensor.ts";
import type { Node } from "../../src/tensor/node.ts";
import { add, constant, input, matmul, mul, tanh, transpose } from "../../src/tensor/ops.ts";
import { planOf, programOf, start, targets } from "./_run_plan.ts";

const ROWS = 64, COLUMNS = 8, SHAPE = [ROWS, COLUMNS];

const slot = (name: string, shape: readonly number[], initial: number): Slot => ({
  name,
  role: "state",
  shape,
  dtype: "f32",
  initial,
  perReplica: true,
});

/** A history that each step adds to, and what a loop over its products makes of it and of `read`. */
function program(read: (old: Node, next: Node) => Node): StepProgram {
  const old = input("history", SHAPE), x = input("x", [ROWS]);
  const next = add(mul(0.5, old), alongRows(x, SHAPE));
  const products = matmul(transpose(next), next);
  const [v] = loop({
    times: 5,
    initial: [constant(0.25, [COLUMNS])],
    body: (v) => [tanh(mul(0.01, apply(products, v!)))],
  });
  return programOf(
    [],
    [slot("history", SHAPE, 1), slot("result", [ROWS], 0), {
      ...slot("x", [ROWS], 0),
      role: "batch",
    }],
    () => [{
      kind: "straight",
      period: 1,
      offset: 0,
      assign: [{ slot: "history", value: next }, {
        slot: "result",
        value: apply(read(old, next), v!),
      }],
    }],
  );
}

const X = Float64Array.from({ length: ROWS }, (_, i) => Math.fround(Math.sin(i)));

/** Slots after some steps of the oracle. */
function oracle(of: StepProgram, steps: number): SlotValues {
  const run = stepRunner(of, "f64");
  let values = initialValues(of, [], { precision: "f64", seed: 0 });
  for (let k = 0; k < steps; k++) {
    values = run(new Map([...values, ["x", tensor(X, [ROWS], "f32", "f64")]]), k).values;
  }
  return values;
}

const WHOLE = { writtenOut: { nodes: 0, sums: 0 }, oneKernel: 0 };
const READS = {
  "the next value": (_: Node, next: Node) => next,
  "what was": (old: Node) => old,
  "both": (old: Node, next: Node) => add(next, mul(0.1, old)),
};

Deno.test("compilePlan() stores the next value of a slot once, though a loop reads it before the step ends", () => {
  for (const target of ["js", "wgsl"] as const) {
    for (const doubled of [1, Infinity]) {
      const { kernels } = planOf(program(READS["the next value"]), target, 1, {}, {
        ...WHOLE,
        doubled,
      });
      const storing = kernels.filter(({ label }) => /history|\[64,8\]/.test(label));
      assertEquals(storing.map(({ label }) => label), ["history"]);
    }
  }
});

for (const target of targets) {
  for (const [name, read] of Object.entries(READS)) {
    Deno.test(`compilePlan() on ${target} keeps slots right where ${name} is read after a loop`, async () => {
      const of = program(read), wanted = oracle(of, 2);
      for (const doubled of [1, Infinity]) {
        const plan = planOf(of, target, 1, {}, { ...WHOLE, doubled });
        const executor = await start(plan, new Map([["x", X]]));
        executor.step(2);
        for (const which of ["history", "result"]) {
          const found = await executor.read(which), { data } = wanted.get(which)!;
          assert(data.some((x) => Math.abs(x) > 1e-2));
          found.forEach((x, i) => assertLess(Math.abs(x - data[i]!), 1e-5));
        }
        executor.dispose();
      }
    });
  }
}
