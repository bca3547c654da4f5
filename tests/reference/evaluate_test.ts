import { SteepestError } from "../../src/errors.ts";
import { evaluate } from "../../src/reference/evaluate.ts";
import { tensor } from "../../src/reference/tensor.ts";
import * as t from "../../src/tensor/ops.ts";
import { assert, assertEquals, assertLess, assertThrows } from "../_assert.ts";
import { randomGraph } from "../tensor/_random_graphs.ts";

const scalar = (value: number) => tensor(value, []);

Deno.test("evaluate() tells which input has no value, and which does not fit", () => {
  const x = t.input("x", [2], "f32", 3);
  const missing = assertThrows(() => evaluate([x], new Map()), SteepestError, "x@3");
  assertEquals(missing.kind, "need");
  const inputs = new Map([["x@3", tensor([1, 2, 3])]]);
  const wrong = assertThrows(() => evaluate([x], inputs), SteepestError, "f32[3]");
  assertEquals(wrong.kind, "shape");
});

Deno.test("evaluate() keeps versions of an input apart and returns outputs in order", () => {
  const a = t.input("x", [], "f32", 0), b = t.input("x", [], "f32", 1);
  const inputs = new Map([["x@0", scalar(2)], ["x@1", scalar(5)]]);
  const outputs = evaluate([t.sub(b, a), a, t.sub(b, a)], inputs);
  assertEquals(outputs.map((o) => o.data[0]), [3, 2, 3]);
});

Deno.test("evaluate() does not change or share the values it was given", () => {
  const x = t.input("x", [2]), given = tensor([1, 2]);
  const [same] = evaluate([x], new Map([["x@0", given]]));
  same!.data[0] = 9;
  assertEquals(Array.from(given.data), [1, 2]);
});

Deno.test("evaluate() repeats a body: carried values, constants, fewer than all iterations", () => {
  const n = t.input("n", [], "u32"), x = t.input("v", []), rate = t.input("k", []);
  const next = [t.add(n, 1), t.mul(x, rate)];
  const loop = { times: 5, formals: [n, x, rate], next };
  const initial = [t.constant(0, [], "u32"), t.input("x", [])], constants = [t.input("r", [])];
  const inputs = new Map([["x@0", scalar(3)], ["r@0", scalar(2)]]);
  const values = (loops: readonly Parameters<typeof t.repeat>[0][]) =>
    loops.map((l) => evaluate(t.repeat(l, initial, constants), inputs).map((v) => v.data[0]));
  assertEquals(
    values([
      loop,
      { ...loop, times: 0 },
      { ...loop, condition: t.compare("lt", x, 20) },
      { ...loop, condition: t.compare("lt", x, 1) },
    ]),
    [[5, 96], [0, 3], [3, 24], [0, 3]],
  );
});

Deno.test("evaluate() repeats a loop inside a loop, and one loop on two arguments", () => {
  const a = t.input("a", []);
  const inner = { times: 2, formals: [a], next: [t.mul(a, 2)] };
  const outer = { times: 3, formals: [a], next: [t.add(t.repeat(inner, [a])[0]!, 1)] };
  const x = t.input("x", []), y = t.input("y", []);
  const outputs = [...t.repeat(outer, [x]), ...t.repeat(inner, [x]), ...t.repeat(inner, [y])];
  const inputs = new Map([["x@0", scalar(1)], ["y@0", scalar(10)]]);
  assertEquals(evaluate(outputs, inputs).map((v) => v.data[0]), [85, 4, 40]);
});

Deno.test("evaluate() walks graphs of any depth", () => {
  let x = t.input("x", []);
  for (let i = 0; i < 20_000; i++) x = t.add(x, 1);
  assertEquals(evaluate([x], new Map([["x@0", scalar(0)]]))[0]!.data[0], 20_000);
});

Deno.test("evaluate() agrees with itself in both precisions on random graphs", () => {
  for (let seed = 0; seed < 60; seed++) {
    const { outputs, inputs } = randomGraph(seed);
    const double = evaluate(outputs, inputs);
    const single = evaluate(outputs, inputs, { precision: "f32" });
    double.forEach((a, i) => {
      const b = single[i]!;
      assertEquals(b.shape, a.shape);
      if (a.dtype !== "f32") return assertEquals(b.data, a.data);
      assert(b.data instanceof Float32Array);
      const size = Array.from(a.data).reduce((m, v) => Math.max(m, Math.abs(v)), 0);
      const worst = Array.from(a.data).reduce(
        (m, v, k) => Math.max(m, Math.abs(v - b.data[k]!)),
        0,
      );
      assertLess(worst, 2e-5 * size + 1e-30, `seed ${seed}, output ${i}`);
    });
  }
});
