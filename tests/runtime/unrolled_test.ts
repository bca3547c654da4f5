import fc from "fast-check";
import { evaluate } from "../../src/reference/evaluate.ts";
import { type Precision, tensor } from "../../src/reference/tensor.ts";
import { unroll } from "../../src/runtime/unrolled.ts";
import type { Node } from "../../src/tensor/node.ts";
import {
  add,
  compare,
  concatenate,
  constant,
  div,
  exp,
  input,
  matmul,
  mul,
  norm,
  pad,
  reduce,
  reshape,
  select,
  slice,
  sqrt,
  square,
  sub,
  sum,
  tanh,
  transpose,
} from "../../src/tensor/ops.ts";
import { assertEquals, assertStrictEquals } from "../_assert.ts";

const x = input("x", [2, 3]);
const y = input("y", [3]);

const graphs: Readonly<Record<string, Node>> = {
  arithmetic: sub(mul(x, y), div(add(x, 0.1), add(square(y), 1))),
  functions: tanh(exp(sqrt(square(x)))),
  choice: select(compare("gt", x, y), x, constant(-0, [2, 3])),
  movement: concatenate([
    pad(slice(x, [0, 1], [2, 3]), [1, 0], [0, 1], [0, 0]),
    transpose(reshape(x, [2, 3])).shape[0] === 3 ? reshape(transpose(x), [2, 3]) : x,
  ], 0),
  reductions: add(sum(x, [0]), reduce("max", x, [0])),
  products: matmul(x, transpose(x)),
  norm: norm(y),
};

for (const [name, graph] of Object.entries(graphs)) {
  for (const precision of ["f32", "f64"] as const) {
    Deno.test(`unroll() has the bits of the oracle for ${name} in ${precision}`, () => {
      const numbers = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), {
        minLength: 9,
        maxLength: 9,
      });
      const run = unroll([graph], ["x@0", "y@0"], precision)!;
      fc.assert(
        fc.property(numbers, (values) => {
          const a = tensor(values.slice(0, 6), [2, 3], "f32", precision);
          const b = tensor(values.slice(6), [3], "f32", precision);
          const [expected] = evaluate([graph], new Map([["x@0", a], ["y@0", b]]), { precision });
          const out = tensor(0, graph.shape, "f32", precision).data;
          run([a.data, b.data], [out]);
          assertEquals(out, expected!.data);
        }),
        { seed: 7, numRuns: 50 },
      );
    });
  }
}

Deno.test("unroll() gives way when a graph is large or has unknown inputs", () => {
  const precision: Precision = "f32";
  assertStrictEquals(unroll([square(input("x", [10_000]))], ["x@0"], precision), undefined);
  assertStrictEquals(unroll([square(x)], ["z@0"], precision), undefined);
});
