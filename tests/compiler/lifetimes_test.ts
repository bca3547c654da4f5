/** Temporaries share places where their lifetimes allow it. */
import { assert, assertEquals, assertLess } from "../_assert.ts";
import { poolsOf } from "../../src/compiler/lifetimes.ts";
import type { Touches } from "../../src/compiler/memory.ts";
import { add, broadcastTo, input, matmul, mul, sum, tanh } from "../../src/tensor/ops.ts";
import { planOf, programOf } from "./_run_plan.ts";

const kernel = (reads: number[], writes: number[], loops: number[] = []): Touches => ({
  label: "",
  reads: new Set(reads),
  writes: new Set(writes),
  loops: new Set(loops),
  work: 1,
});
const floats = (words: readonly number[]) =>
  new Map(words.map((n, v) => [v, { words: n, float: true }] as const));

Deno.test("poolsOf() gives a place again once its value is not read any more", () => {
  const kernels = [kernel([], [0]), kernel([0], [1]), kernel([1], [2]), kernel([2], [3])];
  const pools = poolsOf(kernels, floats([8, 4, 16, 4]));
  assertEquals(pools.map(({ values, words }) => [values, words]), [[[0, 2], 16], [[1, 3], 4]]);
});

Deno.test("poolsOf() keeps what a loop reads from outside through all iterations", () => {
  const kernels = [kernel([], [0]), kernel([0], [1], [7]), kernel([1], [2], [7]), kernel([2], [3])];
  const pools = poolsOf(kernels, floats([4, 4, 4, 4]));
  const placeOf = (v: number) => pools.findIndex(({ values }) => values.includes(v));
  // 1 lives and dies in an iteration; 0 is read by the next one, and 2 is what the last one leaves.
  for (const v of [1, 2]) assert(placeOf(v) !== placeOf(0), `${v} overwrites 0`);
  assert(placeOf(2) !== placeOf(1));
});

Deno.test("poolsOf() keeps numbers and bits apart", () => {
  const kernels = [kernel([], [0]), kernel([0], []), kernel([], [1])];
  const temporaries = new Map([
    [0, { words: 4, float: true }],
    [1, { words: 4, float: false }],
  ]);
  assertEquals(poolsOf(kernels, temporaries).length, 2);
});

Deno.test("compilePlan() holds no more layers at a time than are read", () => {
  const size = 64, layers = 8;
  let x = input("x", [size, size]), all = 0;
  for (let k = 0; k < layers; k++) {
    const w = input(`w${k}`, [size, size]);
    const scale = broadcastTo(sum(mul(x, x)), [size, size]);
    x = tanh(add(matmul(x, w), mul(1e-3, scale)));
    all += size * size;
  }
  const { buffers, kernels } = planOf(programOf([x]), "wgsl");
  const written = new Set(
    kernels.flatMap(({ bindings }) =>
      bindings.filter(({ access }) => access === "write").map(({ buffer }) => buffer)
    ),
  );
  const words = [...written].reduce((n, b) => n + buffers[b]!.words, 0);
  // The result, two layers, and what sums leave.
  assertLess(words, 4 * size * size);
  assertLess(words, all / 2);
});
