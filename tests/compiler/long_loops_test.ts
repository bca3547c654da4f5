/** Reductions that one thread cannot go through: lavapipe leaves a thread's loops after 65535 turns. */
import * as E from "fp-ts/lib/Either.js";
import { compilePlan } from "../../src/compiler/compile_plan.ts";
import { DEFAULT_ADAPTER } from "../../src/loops/adapter.ts";
import type { Tensor } from "../../src/reference/tensor.ts";
import { input, reduce, sum } from "../../src/tensor/ops.ts";
import { assert, assertEquals, assertLess, assertMatch } from "../_assert.ts";
import { planOf, programOf, run, targets } from "./_run_plan.ts";

/** More than sixteen terms in each of the turns that a thread may take. */
const N = 2_000_003;
const x = input("x", [N]);

const tensor = (shape: readonly number[], value: (i: number) => number): Tensor => ({
  shape,
  dtype: "f32",
  data: Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => value(i)),
});

for (const target of targets) {
  Deno.test(`the maximum and the sum of ${N} numbers are those of all of them, on ${target}`, async () => {
    // The largest is the last one; thirty-seconds are summed without rounding.
    const values = tensor([N], (i) => i === N - 1 ? 7 : (i % 64) / 32 - 1);
    const [most, total] = await run(
      [reduce("max", x, [0]), sum(x)],
      new Map([["x@0", values]]),
      target,
    );
    assertEquals(most![0], 7);
    const exact = Array.from(values.data, Number).reduce((a, b) => a + b, 0);
    assertLess(Math.abs(total![0]! - exact), 0.5);
  });
}

Deno.test("a maximum that one thread does not get through is a maximum of maxima", () => {
  assertEquals(planOf(programOf([reduce("max", x, [0])]), "wgsl").kernels.length, 2);
});

Deno.test("an argmax that no thread gets through is a limit error, not a wrong index", () => {
  const planned = compilePlan(programOf([reduce("argmax", x, [0])]), {
    target: "wgsl",
    replicas: 1,
    adapter: DEFAULT_ADAPTER,
  });
  assert(E.isLeft(planned));
  assertEquals(planned.left.kind, "limit");
  assertMatch(planned.left.message, /at most 60000, found a loop of \d+ turns in one thread/);
});
