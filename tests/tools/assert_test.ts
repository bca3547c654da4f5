import { adapter, type Assertions } from "../_assert.ts";

// The adapter is tested with a check of its own, as the assertions cannot vouch for themselves.
const used: Assertions = adapter;

function outcome(run: () => unknown): "holds" | "fails" {
  try {
    run();
    return "holds";
  } catch {
    return "fails";
  }
}

function expect(wanted: "holds" | "fails", run: () => unknown): void {
  const found = outcome(run);
  if (found !== wanted) throw new Error(`${run}: ${found}, it should be: ${wanted}`);
}

Deno.test("assert(), assertExists(), assertInstanceOf() and fail() fail when they should", () => {
  expect("holds", () => used.assert(1));
  expect("fails", () => used.assert(0));
  expect("holds", () => used.assertExists(0));
  expect("fails", () => used.assertExists(undefined));
  expect("fails", () => used.assertExists(null));
  expect("holds", () => used.assertInstanceOf(new RangeError(), Error));
  expect("fails", () => used.assertInstanceOf({}, Error));
  expect("fails", () => used.fail());
});

Deno.test("assertEquals() compares deeply, by type and by bits", () => {
  expect("holds", () => used.assertEquals({ a: [1, NaN] }, { a: [1, NaN] }));
  expect("holds", () => used.assertEquals(new Float32Array([1]), new Float32Array([1])));
  expect("fails", () => used.assertEquals<unknown>(new Float32Array([1]), [1]));
  expect("fails", () => used.assertEquals(0, -0));
  expect("holds", () => used.assertNotEquals([1], [2]));
  expect("fails", () => used.assertNotEquals([1], [1]));
  expect("fails", () => used.assertStrictEquals({}, {}));
  expect("holds", () => used.assertStrictEquals(NaN, NaN));
});

Deno.test("assertAlmostEquals() has a relative default and an absolute tolerance", () => {
  expect("holds", () => used.assertAlmostEquals(1e9 + 50, 1e9));
  expect("fails", () => used.assertAlmostEquals(1e9 + 150, 1e9));
  expect("fails", () => used.assertAlmostEquals(1e-12, 0));
  expect("holds", () => used.assertAlmostEquals(1.05, 1, 0.1));
  expect("fails", () => used.assertAlmostEquals(1.15, 1, 0.1));
  expect("holds", () => used.assertAlmostEquals(Infinity, Infinity));
  expect("fails", () => used.assertAlmostEquals(NaN, 1, 1));
  expect("fails", () => used.assertAlmostEquals(1, NaN, 1));
});

Deno.test("assertLess() and the other comparisons are strict where they say so", () => {
  expect("holds", () => used.assertLess(1, 2));
  expect("fails", () => used.assertLess(2, 2));
  expect("fails", () => used.assertLess(NaN, 2));
  expect("holds", () => used.assertLessOrEqual(2, 2));
  expect("fails", () => used.assertLessOrEqual(3, 2));
  expect("fails", () => used.assertGreater(2, 2));
  expect("holds", () => used.assertGreaterOrEqual(2, 2));
  expect("fails", () => used.assertGreaterOrEqual(1, 2));
});

Deno.test("assertMatch(), assertStringIncludes() and assertArrayIncludes() look inside", () => {
  expect("holds", () => used.assertMatch("abc", /b/));
  expect("fails", () => used.assertMatch("abc", /d/));
  expect("holds", () => used.assertStringIncludes("abc", "bc"));
  expect("fails", () => used.assertStringIncludes("abc", "cb"));
  expect("holds", () => used.assertArrayIncludes([{ a: 1 }, { a: 2 }], [{ a: 2 }]));
  expect("fails", () => used.assertArrayIncludes([1, 2], [2, 3]));
});

Deno.test("assertThrows() returns the error and checks its class and message", () => {
  function thrower(): never {
    throw new RangeError("too far");
  }
  const error = used.assertThrows(thrower, RangeError, "far");
  if (error.message !== "too far") throw new Error("not the error that was thrown");
  expect("fails", () => used.assertThrows(thrower, TypeError));
  expect("fails", () => used.assertThrows(thrower, RangeError, "near"));
  expect("fails", () => used.assertThrows(() => 1));
});

Deno.test("assertRejects() returns the error and rejects when nothing else did", async () => {
  const error = await used.assertRejects(() => Promise.reject(new RangeError("x")), RangeError);
  if (error.message !== "x") throw new Error("not the error of the promise");
  const kept = await used.assertRejects(() => Promise.resolve(1)).then(() => false, () => true);
  if (!kept) throw new Error("a fulfilled promise passed");
});
