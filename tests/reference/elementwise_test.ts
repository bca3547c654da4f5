import { evaluate } from "../../src/reference/evaluate.ts";
import { tensor } from "../../src/reference/tensor.ts";
import type { BinaryFn, CompareFn, DType, UnaryFn } from "../../src/tensor/node.ts";
import * as t from "../../src/tensor/ops.ts";
import { assert, assertAlmostEquals, assertEquals } from "../_assert.ts";

const INF = Infinity;

function unary(fn: UnaryFn, values: readonly number[], dtype: DType = "f32"): number[] {
  const x = t.input("x", [values.length], dtype);
  const inputs = new Map([["x@0", tensor(values, [values.length], dtype)]]);
  return Array.from(evaluate([t.unary(fn, x)], inputs)[0]!.data);
}

function binary(
  fn: BinaryFn | CompareFn,
  a: readonly number[],
  b: readonly number[],
  dtype: DType = "f32",
): number[] {
  const x = t.input("a", [a.length], dtype), y = t.input("b", [b.length], dtype);
  const inputs = new Map([
    ["a@0", tensor(a, [a.length], dtype)],
    ["b@0", tensor(b, [b.length], dtype)],
  ]);
  const isCompare = ["eq", "ne", "lt", "le", "gt", "ge"].includes(fn);
  const node = isCompare ? t.compare(fn as CompareFn, x, y) : t.binary(fn as BinaryFn, x, y);
  return Array.from(evaluate([node], inputs)[0]!.data);
}

/** Arguments and values of each function, at ordinary points and at the edges. */
const UNARY: { readonly [F in UnaryFn]: readonly (readonly [number, number])[] } = {
  neg: [[2, -2], [-INF, INF], [NaN, NaN]],
  abs: [[-2, 2], [0, 0], [-INF, INF], [NaN, NaN]],
  sign: [[-3, -1], [0, 0], [0.25, 1], [-INF, -1], [NaN, 0]],
  exp: [[0, 1], [1, Math.E], [-INF, 0], [710, INF], [NaN, NaN]],
  expm1: [[0, 0], [1e-12, 1.0000000000005e-12], [1, Math.E - 1], [-INF, -1]],
  log: [[1, 0], [Math.E, 1], [0, -INF], [-1, NaN]],
  log1p: [[0, 0], [1e-12, 9.999999999995e-13], [1, Math.LN2], [-1, -INF], [-2, NaN]],
  sqrt: [[4, 2], [0, 0], [-1, NaN], [INF, INF]],
  sin: [[0, 0], [Math.PI / 6, 0.5], [INF, NaN]],
  cos: [[0, 1], [Math.PI / 3, 0.5], [INF, NaN]],
  tanh: [[0, 0], [0.5, 0.46211715726000975], [100, 1], [-INF, -1], [NaN, NaN]],
  // Values of tables of the error function, to sixteen digits.
  erf: [
    [0, 0],
    [1e-10, 1.1283791670955126e-10],
    [0.1, 0.1124629160182849],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [-1.5, -0.9661051464753107],
    [2, 0.9953222650189527],
    [3, 0.9999779095030014],
    [5, 0.9999999999984626],
    [7, 1],
    [-INF, -1],
    [NaN, NaN],
  ],
  floor: [[1.5, 1], [-1.5, -2], [3, 3], [INF, INF], [NaN, NaN]],
  stop: [[1.5, 1.5], [NaN, NaN]],
  not: [[0, 1], [1, 0]],
  isFinite: [[1, 1], [INF, 0], [-INF, 0], [NaN, 0]],
};

for (const [fn, points] of Object.entries(UNARY)) {
  Deno.test(`evaluate() computes ${fn} at ordinary points and at the edges`, () => {
    const dtype = fn === "not" ? "bool" : "f32";
    const found = unary(fn as UnaryFn, points.map(([x]) => x), dtype);
    points.forEach(([x, y], i) =>
      assertAlmostEquals(found[i]!, y, Math.abs(y) * 4e-16 + (y === 0.5 ? 2e-16 : 0), `${fn}(${x})`)
    );
  });
}

Deno.test("evaluate() computes erf with the derivative 2/√π·e^(−x²) through the change of method", () => {
  const h = 1e-5;
  for (const x of [0.3, 1.2, 1.99999, 2, 2.00001, 2.7, 4]) {
    const [low, high] = unary("erf", [x - h, x + h]);
    const slope = 2 / Math.sqrt(Math.PI) * Math.exp(-x * x);
    assertAlmostEquals((high! - low!) / (2 * h), slope, 1e-9);
  }
});

Deno.test("evaluate() computes f32 arithmetic and takes the first of equals", () => {
  assertEquals(binary("add", [1, INF, INF], [2, 1, -INF]), [3, INF, NaN]);
  assertEquals(binary("sub", [1, 5], [2, 5]), [-1, 0]);
  assertEquals(binary("mul", [3, 0], [-2, INF]), [-6, NaN]);
  assertEquals(binary("div", [1, 0, -1], [4, 0, 0]), [0.25, NaN, -INF]);
  assertEquals(binary("pow", [2, 4, 0, -2], [3, 0.5, 0, 0.5]), [8, 2, 1, NaN]);
  assertEquals(binary("max", [1, 3, 0], [2, -3, -0]), [2, 3, 0]);
  assertEquals(binary("min", [1, 3, 0], [2, -3, -0]), [1, -3, 0]);
  // A comparison with NaN is false, so the first argument stays.
  assertEquals(binary("max", [NaN, 1], [1, NaN]), [NaN, 1]);
  assertEquals(binary("min", [NaN, 1], [1, NaN]), [NaN, 1]);
});

Deno.test("evaluate() wraps u32 and follows WGSL for zero divisors and long shifts", () => {
  const top = 4294967295;
  const u32 = (fn: BinaryFn, a: readonly number[], b: readonly number[]) => binary(fn, a, b, "u32");
  assertEquals(u32("add", [top, 2], [1, 3]), [0, 5]);
  assertEquals(u32("sub", [0, 7], [1, 3]), [top, 4]);
  assertEquals(u32("mul", [65537, 3], [65537, top]), [131073, top - 2]);
  assertEquals(u32("div", [7, 7, top], [2, 0, top]), [3, 7, 1]);
  assertEquals(u32("rem", [7, 7, top], [4, 0, 10]), [3, 0, 5]);
  assertEquals(u32("shiftLeft", [1, 1, 3], [31, 32, 31]), [2147483648, 1, 2147483648]);
  assertEquals(u32("shiftRight", [top, top], [31, 33]), [1, 2147483647]);
  assertEquals(u32("and", [top, 6], [2147483648, 3]), [2147483648, 2]);
  assertEquals(u32("or", [2147483648, 4], [1, 3]), [2147483649, 7]);
  assertEquals(u32("xor", [top, 5], [1, 5]), [top - 1, 0]);
  assertEquals(u32("max", [1, top], [2, 0]), [2, top]);
  assertEquals(u32("min", [1, top], [2, 0]), [1, 0]);
});

Deno.test("evaluate() combines booleans", () => {
  const a = [0, 0, 1, 1], b = [0, 1, 0, 1];
  assertEquals(binary("and", a, b, "bool"), [0, 0, 0, 1]);
  assertEquals(binary("or", a, b, "bool"), [0, 1, 1, 1]);
  assertEquals(binary("xor", a, b, "bool"), [0, 1, 1, 0]);
});

Deno.test("evaluate() compares, with NaN unequal to all", () => {
  const a = [1, 2, 2, NaN, NaN], b = [2, 2, 1, 1, NaN];
  assertEquals(binary("eq", a, b), [0, 1, 0, 0, 0]);
  assertEquals(binary("ne", a, b), [1, 0, 1, 1, 1]);
  assertEquals(binary("lt", a, b), [1, 0, 0, 0, 0]);
  assertEquals(binary("le", a, b), [1, 1, 0, 0, 0]);
  assertEquals(binary("gt", a, b), [0, 0, 1, 0, 0]);
  assertEquals(binary("ge", a, b), [0, 1, 1, 0, 0]);
  assertEquals(binary("lt", [1, 4294967295], [4294967295, 1], "u32"), [1, 0]);
});

Deno.test("evaluate() selects without touching the other value: relu of NaN is 0", () => {
  const x = t.input("x", [5]);
  const relu = t.select(t.compare("gt", x, 0), x, 0);
  const inputs = new Map([["x@0", tensor([-1, 0, 2, NaN, INF])]]);
  assertEquals(Array.from(evaluate([relu], inputs)[0]!.data), [0, 0, 2, 0, INF]);
});

Deno.test("evaluate() converts between types, saturating to u32", () => {
  const cast = (values: readonly number[], from: DType, to: DType): number[] => {
    const x = t.input("x", [values.length], from);
    const inputs = new Map([["x@0", tensor(values, [values.length], from)]]);
    return Array.from(evaluate([t.cast(x, to)], inputs)[0]!.data);
  };
  assertEquals(
    cast([1.9, -1.9, 0.99, 1e20, NaN, -INF, INF], "f32", "u32"),
    [1, 0, 0, 4294967295, 0, 0, 4294967295],
  );
  assertEquals(cast([0, -0, 0.1, NaN], "f32", "bool"), [0, 0, 1, 1]);
  assertEquals(cast([0, 7], "u32", "bool"), [0, 1]);
  assertEquals(cast([0, 1], "bool", "f32"), [0, 1]);
  assertEquals(cast([0, 1], "bool", "u32"), [0, 1]);
  assertEquals(cast([16777217], "u32", "f32"), [16777217]);
});

Deno.test("evaluate() rounds every operation to single precision when asked", () => {
  const x = t.input("x", []), inputs = new Map([["x@0", tensor(16777216)]]);
  const node = t.sub(t.add(x, 1), x);
  assertEquals(evaluate([node], inputs)[0]!.data[0], 1);
  assertEquals(evaluate([node], inputs, { precision: "f32" })[0]!.data[0], 0);
  const [tenth] = evaluate([t.constant(0.1)], new Map(), { precision: "f32" });
  assertEquals(tenth!.data, Float32Array.of(0.1));
  const word = t.cast(t.constant(16777217, [], "u32"), "f32");
  assertEquals(evaluate([word], new Map(), { precision: "f32" })[0]!.data[0], 16777216);
  assert(evaluate([word], new Map())[0]!.data instanceof Float64Array);
});
