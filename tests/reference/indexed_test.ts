import fc from "fast-check";
import { evaluate } from "../../src/reference/evaluate.ts";
import { type Tensor, tensor } from "../../src/reference/tensor.ts";
import type { Node } from "../../src/tensor/node.ts";
import * as t from "../../src/tensor/ops.ts";
import { randomKey, randomWord } from "../../src/tensor/random.ts";
import { assertEquals } from "../_assert.ts";

function run(node: Node, values: Readonly<Record<string, Tensor>> = {}): number[] {
  const inputs = new Map(Object.entries(values).map(([k, v]) => [`${k}@0`, v]));
  const [result] = evaluate([node], inputs);
  assertEquals(result!.shape, node.shape);
  return Array.from(result!.data);
}

const NAN = NaN;

Deno.test("evaluate() sums, takes maxima and their first places over any axes", () => {
  const x = t.input("x", [2, 3, 2]);
  const values = { x: tensor([1, 9, 5, 2, 5, 9, -1, -1, -7, -1, -2, -3], [2, 3, 2]) };
  assertEquals(run(t.sum(x), values), [16]);
  assertEquals(run(t.sum(x, [1]), values), [11, 20, -10, -5]);
  assertEquals(run(t.sum(x, [0, 2]), values), [8, -1, 9]);
  assertEquals(run(t.reduce("max", x, [1]), values), [5, 9, -1, -1]);
  assertEquals(run(t.reduce("max", x, [0, 1, 2]), values), [9]);
  assertEquals(run(t.reduce("argmax", x, [1]), values), [1, 0, 0, 0]);
  // Two axes are flattened in row-major order; the first of equal maxima wins.
  assertEquals(run(t.reduce("argmax", x, [1, 2]), values), [1, 0]);
  assertEquals(run(t.reduce("argmax", x, [0, 2]), values), [1, 0, 1]);
  assertEquals(run(t.reduce("argmax", x, []), values), new Array(12).fill(0));
});

Deno.test("evaluate() takes the first maximum by comparison: ties, infinities and NaN", () => {
  const cases: readonly (readonly [readonly number[], number, number])[] = [
    [[0, 0, 0, 0], 0, 0],
    [[-Infinity, -Infinity], -Infinity, 0],
    [[1, Infinity, Infinity], Infinity, 1],
    // A comparison with NaN is false: it stays where it is first and is passed over elsewhere.
    [[1, NAN, 3, 2], 3, 2],
    [[NAN, 1, 3], NAN, 0],
  ];
  for (const [values, max, place] of cases) {
    const x = t.input("x", [values.length]), inputs = { x: tensor(values) };
    assertEquals(run(t.reduce("max", x), inputs), [max]);
    assertEquals(run(t.reduce("argmax", x), inputs), [place]);
  }
});

Deno.test("evaluate() sums in row-major order, rounding each partial sum when asked", () => {
  const values = Float32Array.from({ length: 1000 }, (_, i) => Math.cos(i) * 10 ** (i % 7));
  let single = 0;
  for (const v of values) single = Math.fround(single + v);
  const x = t.input("x", [1000]);
  const inputs = new Map([["x@0", tensor(values)]]);
  assertEquals(evaluate([t.sum(x)], inputs, { precision: "f32" })[0]!.data[0], single);
});

Deno.test("evaluate() gathers rows and takes the last one for an index beyond", () => {
  const table = t.input("t", [3, 2]), indices = t.input("i", [2, 2], "u32");
  const values = {
    t: tensor([1, 2, 3, 4, 5, 6], [3, 2]),
    i: tensor([2, 0, 3, 4294967295], [2, 2], "u32"),
  };
  assertEquals(run(t.gather(table, indices), values), [5, 6, 1, 2, 5, 6, 5, 6]);
  const flat = t.input("t", [3]), one = t.input("i", [], "u32");
  const single = { t: tensor([7, 8, 9]), i: tensor(1, [], "u32") };
  assertEquals(run(t.gather(flat, one), single), [8]);
});

Deno.test("evaluate() adds updates to rows and drops those beyond", () => {
  const indices = t.input("i", [4], "u32"), updates = t.input("u", [4, 2]);
  const values = {
    i: tensor([1, 3, 1, 0], [4], "u32"),
    u: tensor([1, 2, 30, 40, 5, 6, 7, 8], [4, 2]),
  };
  assertEquals(run(t.scatterAdd(indices, updates, 3), values), [7, 8, 6, 8, 0, 0]);
});

Deno.test("scatterAdd is the adjoint of gather for indices inside the table", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }).chain((rows) =>
        fc.tuple(
          fc.array(fc.integer({ min: -9, max: 9 }), { minLength: rows, maxLength: rows }),
          fc.array(fc.tuple(fc.nat(rows - 1), fc.integer({ min: -9, max: 9 })), { minLength: 1 }),
        )
      ),
      ([table, pairs]) => {
        const n = pairs.length, rows = table.length;
        const values = {
          t: tensor(table),
          i: tensor(pairs.map(([i]) => i), [n], "u32"),
          u: tensor(pairs.map(([, u]) => u)),
        };
        const x = t.input("t", [rows]), i = t.input("i", [n], "u32"), u = t.input("u", [n]);
        assertEquals(
          run(t.dot(t.gather(x, i), u), values),
          run(t.dot(x, t.scatterAdd(i, u, rows)), values),
        );
      },
    ),
    { seed: 4 },
  );
});

Deno.test("evaluate() draws bits from seed, stream, step and index alone", () => {
  const seed = t.input("seed", [], "u32"), step = t.input("step", [], "u32");
  const values = { seed: tensor(7, [], "u32"), step: tensor(3, [], "u32") };
  const key = randomKey(7, 5, 3);
  const expected = Array.from({ length: 6 }, (_, i) => randomWord(key, i));
  assertEquals(run(t.randomBits(seed, step, 5, [2, 3]), values), expected);
  assertEquals(run(t.randomBits(seed, step, 5, [6]), values), expected);
});

Deno.test("evaluate() gives each of several seeds the bits it would draw alone", () => {
  const seeds = t.input("seed", [2], "u32"), step = t.input("step", [], "u32");
  const values = { seed: tensor([7, 9], [2], "u32"), step: tensor(3, [], "u32") };
  const alone = [7, 9].flatMap((s) => {
    const key = randomKey(s, 0, 3);
    return [0, 1, 2, 3].map((i) => randomWord(key, i));
  });
  assertEquals(run(t.randomBits(seeds, step, 0, [4]), values), alone);
});
