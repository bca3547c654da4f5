import { SteepestError } from "../../src/errors.ts";
import * as t from "../../src/tensor/ops.ts";
import { assertEquals, assertStrictEquals, assertThrows } from "../_assert.ts";

const x = t.input("x", [3, 5]), word = t.input("w", [4], "u32");

Deno.test("constructors infer shapes by the right-aligned rule", () => {
  assertEquals(t.add(x, t.input("r", [5])).shape, [3, 5]);
  assertEquals(t.add(t.input("c", [3, 1]), t.input("r", [5])).shape, [3, 5]);
  assertEquals(t.add(t.input("s", []), t.input("b", [2, 1, 1])).shape, [2, 1, 1]);
  assertEquals(t.select(t.input("f", [], "bool"), x, 0).shape, [3, 5]);
  assertEquals(t.compare("lt", x, 1).dtype, "bool");
  assertEquals(t.reduce("argmax", x, [0]).dtype, "u32");
  assertEquals(t.slice(x, [0, 1], [3, 5], [2, 3]).shape, [2, 2]);
  assertEquals(t.pad(x, [1, 0], [0, 2], [1, 0]).shape, [6, 7]);
  assertEquals(t.gather(x, word).shape, [4, 5]);
  assertEquals(t.matmul(x, t.transpose(x)).shape, [3, 3]);
});

Deno.test("constructors return the operand where there is nothing to do", () => {
  assertStrictEquals(t.reshape(x, [3, 5]), x);
  assertStrictEquals(t.permute(x, [0, 1]), x);
  assertStrictEquals(t.slice(x, [0, 0], [3, 5]), x);
  assertStrictEquals(t.pad(x, [0, 0], [0, 0]), x);
  assertStrictEquals(t.cast(x, "f32"), x);
  assertStrictEquals(t.sum(x, []), x);
  assertStrictEquals(t.concatenate([x], 0), x);
  assertStrictEquals(t.reshape(t.reshape(x, [15]), [3, 5]), x);
});

Deno.test("constructors say what was found and what was expected", () => {
  const cases: readonly (readonly [() => unknown, string])[] = [
    [() => t.add(x, t.input("y", [4])), "[3, 5] and [4]"],
    [() => t.add(x, word), "f32 and u32"],
    [() => t.binary("rem", x, x), "found f32"],
    [() => t.exp(word), "found u32"],
    [() => t.input("x", [0]), "positive"],
    [() => t.constant([1, 2], [3]), "2 values"],
    [() => t.iota([3], 1), "axis 1"],
    [() => t.select(x, x, x), "bool condition"],
    [() => t.reduce("sum", x, [2]), "axis 2"],
    [() => t.reduce("sum", x, [1, 1]), "twice"],
    [() => t.sum(word), "found u32"],
    [() => t.reshape(x, [4]), "[3, 5] to [4]"],
    [() => t.permute(x, [0, 0]), "permutation"],
    [() => t.broadcast(x, [5, 3], [1, 0]), "ascending"],
    [() => t.broadcastTo(x, [5]), "broadcasts to"],
    [() => t.slice(x, [0, 5], [3, 5]), "non-empty"],
    [() => t.pad(x, [0], [0]), "non-negative"],
    [() => t.concatenate([], 0), "no parts"],
    [() => t.concatenate([x, t.input("y", [2, 4])], 0), "[2, 4]"],
    [() => t.contraction([3], [x], [[]], [], []), "map"],
    [() => t.contraction([3], [], [], [], []), "0 inputs"],
    [() => t.gather(x, x), "u32 indices"],
    [() => t.gather(t.input("s", []), word), "a scalar"],
    [() => t.scatterAdd(word, x, 2), "begin with"],
    [() => t.randomBits(x, word, 0, [2]), "u32"],
    [() => t.matmul(x, x), "[m, k]"],
    [() => t.repeat({ times: 1, formals: [x], next: [x] }, [word]), "formals"],
  ];
  for (const [make, message] of cases) {
    assertEquals(assertThrows(make, SteepestError, message).kind, "shape");
  }
});

Deno.test("pow() multiplies for small whole exponents", () => {
  assertEquals(t.pow(x, 3).hash, t.mul(t.mul(x, x), x).hash);
  assertEquals(t.pow(x, -1).hash, t.div(1, x).hash);
  assertEquals(t.pow(x, 0).hash, t.constant(1, [3, 5]).hash);
  assertEquals(t.pow(x, 0.5).hash, t.binary("pow", x, 0.5).hash);
});
