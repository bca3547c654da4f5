import * as t from "../../src/tensor/ops.ts";
import { print } from "../../src/tensor/print.ts";
import { assertEquals } from "../_assert.ts";

Deno.test("print() writes one line a node, inputs first", () => {
  const x = t.input("x", [60, 10]);
  assertEquals(
    print([t.sum(t.add(x, 1), [1])]),
    [
      "%0 = input f32[60, 10] x@0",
      "%1 = constant f32[60, 10] 1",
      "%2 = add f32[60, 10] %0 %1",
      "%3 = sum f32[60] %2 axes [1]",
      "return %3",
    ].join("\n"),
  );
});

Deno.test("print() writes maps, long constants and the bodies of loops", () => {
  const a = t.constant([1, 2, 3, 4, 5, 6], [2, 3]);
  const c = t.input("c", [2, 2]);
  const next = t.add(c, t.matmul(a, t.transpose(a)));
  assertEquals(
    print(t.repeat({ times: 3, formals: [c], next: [next] }, [t.constant(0, [2, 2])])),
    [
      "%0 = constant f32[2, 2] 0",
      "%1 = repeat f32[2, 2] %0 value 0 of 3 times {",
      "    %0 = input f32[2, 2] c@0",
      "    %1 = constant f32[2, 3] 1 2 3 … (6)",
      "    %2 = permute f32[3, 2] %1 order [1, 0]",
      "    %3 = contraction f32[2, 2] %1 %2 domain [2, 2, 3] maps [d0, d2] [d2, d1] to [d0, d1]",
      "    %4 = add f32[2, 2] %0 %3",
      "    return %4",
      "  }",
      "return %1",
    ].join("\n"),
  );
});

Deno.test("print() writes fixed coordinates, factors and offsets of a map", () => {
  const x = t.input("x", [2, 9]);
  const map = [{ constant: 0, factors: [0] }, { constant: -1, factors: [2] }];
  const out = [{ constant: 0, factors: [1] }];
  assertEquals(
    print([t.contraction([5], [x], [map], out, [5])]),
    [
      "%0 = input f32[2, 9] x@0",
      "%1 = contraction f32[5] %0 domain [5] maps [0, 2*d0 + -1] to [d0]",
      "return %1",
    ].join("\n"),
  );
});
