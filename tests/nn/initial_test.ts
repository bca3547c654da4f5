import { SteepestError } from "../../src/errors.ts";
import {
  filled,
  glorotUniform,
  initialValues,
  normal,
  ones,
  pytorchUniform,
  uniform,
  zeros,
} from "../../src/nn/initial.ts";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "../_assert.ts";

const N = 20_000;

function moments(values: Float64Array): readonly [number, number] {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return [mean, values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length];
}

Deno.test("initialValues() fills when the initializer is constant", () => {
  assertEquals([...initialValues(zeros([2]), 1, "a")], [0, 0]);
  assertEquals([...initialValues(ones([2, 1]), 1, "a")], [1, 1]);
  assertEquals([...initialValues(filled([1], -2.5), 1, "a")], [-2.5]);
});

Deno.test("initialValues() has the bounds and moments of the distribution", () => {
  const flat = initialValues(uniform([N], 0.2), 1, "w");
  assert(flat.every((v) => Math.abs(v) <= 0.2));
  assert(Math.max(...flat) > 0.1999 && Math.min(...flat) < -0.1999);
  const bell = initialValues(normal([N], 3), 1, "w");
  const tail = bell.filter((v) => Math.abs(v) > 6).length / N;
  assertAlmostEquals(tail, 0.0455, 0.01);
  for (const [values, variance] of [[flat, 0.04 / 3], [bell, 9]] as const) {
    const [mean, found] = moments(values);
    assertAlmostEquals(mean, 0, 5 * Math.sqrt(variance / N));
    assertAlmostEquals(found, variance, 5 * variance * Math.sqrt(2 / N));
  }
});

Deno.test("initialValues() depends on seed and path alone, and neighbours are uncorrelated", () => {
  const w = uniform([N], 1);
  const base = initialValues(w, 1, "a/weight");
  assertEquals(initialValues(w, 1, "a/weight"), base);
  const others = [
    initialValues(w, 2, "a/weight"),
    initialValues(w, 1, "b/weight"),
    Float64Array.from(base, (_, i) => base[(i + 1) % N]!),
  ];
  for (const other of others) {
    assertNotEquals(other, base);
    const correlation = base.reduce((sum, v, i) => sum + v * other[i]!, 0) / N * 3;
    assertAlmostEquals(correlation, 0, 5 / Math.sqrt(N));
  }
});

Deno.test("pytorchUniform() and glorotUniform() have the bounds of their formulas", () => {
  assertEquals(pytorchUniform([10, 1, 5, 5], 25), {
    kind: "uniform",
    shape: [10, 1, 5, 5],
    bound: 0.2,
  });
  assertEquals(glorotUniform([4, 2, 5, 5]), {
    kind: "uniform",
    shape: [4, 2, 5, 5],
    bound: Math.sqrt(6 / 150),
  });
});

Deno.test("initializers throw when a shape or number is not possible", () => {
  assertThrows(() => zeros([0]), SteepestError, "positive integers");
  assertThrows(() => normal([2], Infinity), SteepestError, "finite");
  assertThrows(() => pytorchUniform([2], 0), SteepestError, "fan-in");
  assertThrows(() => glorotUniform([2]), SteepestError, "[out, in, …]");
});
