/** Loops over small values: one kernel goes through all their iterations. */
import { assert, assertEquals, assertGreater, assertLess } from "../_assert.ts";
import { describe } from "../../src/compiler/describe.ts";
import { symmetricEigen } from "../../src/linalg/symmetric_eigen.ts";
import { evaluate } from "../../src/reference/evaluate.ts";
import { tensor } from "../../src/reference/tensor.ts";
import type { Loop, Node } from "../../src/tensor/node.ts";
import {
  add,
  compare,
  constant,
  input,
  mul,
  permute,
  repeat,
  reshape,
  slice,
} from "../../src/tensor/ops.ts";
import { distance } from "./_compare.ts";
import { outputSlot, planOf, programOf, run, start, targets } from "./_run_plan.ts";

const AS_IT_IS = { writtenOut: { nodes: 0, sums: 0 } };
const ignore = !targets.includes("wgsl");

function eigenvalues(n: number): Node {
  const b = input("b", [n, n]);
  return symmetricEigen(add(b, permute(b, [1, 0]))).values;
}

Deno.test("compilePlan() goes through the rounds of a small eigenproblem in one kernel", () => {
  const [small, large] = [16, 160].map((n) =>
    describe({ plan: planOf(programOf([eigenvalues(n)]), "wgsl") })!
  );
  assertLess(small!.dispatchesPerStep, 12);
  assertEquals(small!.regions[0]!.repeats, []);
  // Many elements are done sooner by the whole device.
  assertGreater(large!.dispatchesPerStep, 1000);
});

Deno.test("compilePlan() leaves loops alone whose kernel would be too large", () => {
  const repeatsOf = (rows: number) => {
    const x = input("x", [8]), m = input("m", [rows, 8]);
    // Every row of the matrix is read at a place of its own.
    const next = Array.from({ length: rows }, (_, k) => k).reduce(
      (y, k) => add(mul(y, reshape(slice(m, [k, 0], [k + 1, 8]), [8])), 1),
      x as Node,
    );
    const outputs = repeat({ times: 10, formals: [x, m], next: [next] }, [constant(0, [8])], [
      input("a", [rows, 8]),
    ]);
    const options = { ...AS_IT_IS, oneKernel: Infinity };
    return describe({ plan: planOf(programOf(outputs), "wgsl", 1, {}, options) })!.regions[0]!
      .repeats.map(({ times }) => times);
  };
  assertEquals(repeatsOf(20), []);
  assertEquals(repeatsOf(200), [10]);
});

/** x ← x + 1 everywhere, until it is `limit`: sums tell how many iterations there were. */
function counting(times: number, size: number): readonly Node[] {
  const x = input("x", [size]), i = input("i", [], "u32"), limit = input("limit", [], "u32");
  const loop: Loop = {
    times,
    formals: [x, i, limit],
    next: [add(x, 1), add(i, constant(1, [], "u32"))],
    condition: compare("lt", i, limit),
  };
  return repeat(loop, [constant(0, [size]), constant(0, [], "u32")], [input("l", [], "u32")]);
}

Deno.test({
  name:
    "compilePlan() leaves what a loop in a kernel carries in its place, also where steps carry as much aside",
  ignore,
  fn: async () => {
    const n = input("n", [40]), c = input("c", [40]), k = input("k", [40]);
    const values = (name: string) =>
      [`${name}@0`, tensor(Array.from({ length: 40 }, (_, i) => Math.sin(i)), [40])] as const;
    for (const times of [2, 3]) {
      const loop: Loop = { times, formals: [c, k], next: [add(mul(0.5, c), k)] };
      const outputs = repeat(loop, [n], [mul(n, n)]);
      const options = { ...AS_IT_IS, oneKernel: Infinity, doubled: 1 };
      const inputs = new Map([values("n")]);
      assertEquals(planOf(programOf(outputs), "wgsl", 1, {}, options).swaps, []);
      const [found] = await run(outputs, inputs, "wgsl", {}, options);
      assertLess(distance(found!, evaluate(outputs, inputs)[0]!.data), 1e-6);
    }
  },
});

Deno.test({
  name: "compilePlan() dispatches a long loop in parts, since drivers leave loops of 65536 turns",
  ignore,
  fn: async () => {
    // 200 000 iterations, and 600 over so many elements that each of them takes 128 turns.
    for (const [times, size] of [[200_000, 4], [600, 8192]] as const) {
      const outputs = counting(times, size);
      const plan = planOf(programOf(outputs), "wgsl", 1, {}, { ...AS_IT_IS, oneKernel: Infinity });
      const parts = describe({ plan })!.regions[0]!.repeats.map((r) => r.times);
      assertEquals(parts.length, 1);
      assert(parts[0]! > 1 && times % parts[0]! === 0, `${parts[0]} parts`);
      for (const limit of [times - 1, times + 5]) {
        const executor = await start(plan, new Map([["l", [limit]]]));
        executor.step(1);
        const x = await executor.read(outputSlot(0));
        executor.dispose();
        assertEquals([x[0], x[size - 1]], [Math.min(limit, times), Math.min(limit, times)]);
      }
    }
  },
});

Deno.test({
  name: "compilePlan() gives eigenvalues in one kernel with the bits of many kernels",
  ignore,
  fn: async () => {
    const outputs = [eigenvalues(9)];
    const b = Float32Array.from({ length: 81 }, (_, i) => Math.sin(1 + i * 1.7 + i * i * 0.13));
    const results: Float64Array[] = [];
    for (const oneKernel of [0, Infinity]) {
      const plan = planOf(programOf(outputs), "wgsl", 1, {}, { ...AS_IT_IS, oneKernel });
      const executor = await start(plan, new Map([["b", b]]));
      executor.step(2);
      results.push(await executor.read(outputSlot(0)));
      executor.dispose();
    }
    assertEquals(results[0], results[1]);
    const wanted = evaluate(outputs, new Map([["b@0", tensor([...b], [9, 9])]]))[0]!;
    const sorted = (x: ArrayLike<number>) => Array.from(x).sort((p, q) => p - q);
    assertLess(distance(sorted(results[0]!), sorted(wanted.data)), 1e-5);
  },
});
