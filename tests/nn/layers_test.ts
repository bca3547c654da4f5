import fc from "fast-check";
import { SteepestError } from "../../src/errors.ts";
import { conv2d, dense, flatten } from "../../src/nn/layers.ts";
import { assertEquals, assertLess, assertThrows } from "../_assert.ts";
import { distance, noise, valuesOf } from "./_values.ts";

interface Case {
  readonly n: number;
  readonly perGroup: number;
  readonly each: number;
  readonly groups: number;
  readonly image: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
}

/** The definition, with loops over everything. */
function naive(c: Case, x: readonly number[], w: readonly number[], bias: readonly number[]) {
  const [h, wide] = c.image, [kh, kw] = c.kernel;
  const count = (i: 0 | 1) =>
    Math.floor(
      (c.image[i] + 2 * c.padding[i] - c.dilation[i] * (c.kernel[i] - 1) - 1) / c.stride[i],
    ) + 1;
  const result: number[] = [];
  const channels = c.perGroup * c.groups;
  for (let n = 0; n < c.n; n++) {
    for (let o = 0; o < c.each * c.groups; o++) {
      const group = Math.floor(o / c.each);
      for (let i = 0; i < count(0); i++) {
        for (let j = 0; j < count(1); j++) {
          let total = bias[o]!;
          for (let k = 0; k < c.perGroup; k++) {
            for (let a = 0; a < kh; a++) {
              for (let b = 0; b < kw; b++) {
                const row = i * c.stride[0] - c.padding[0] + a * c.dilation[0];
                const column = j * c.stride[1] - c.padding[1] + b * c.dilation[1];
                if (row < 0 || row >= h || column < 0 || column >= wide) continue;
                const channel = group * c.perGroup + k;
                total += x[((n * channels + channel) * h + row) * wide + column]! *
                  w[((o * c.perGroup + k) * kh + a) * kw + b]!;
              }
            }
          }
          result.push(total);
        }
      }
    }
  }
  return result;
}

Deno.test("conv2d() equals its definition when stride, padding, dilation and groups vary", () => {
  const pair = (from: number, to: number) =>
    fc.tuple(fc.integer({ min: from, max: to }), fc.integer({ min: from, max: to }));
  const small = fc.integer({ min: 1, max: 2 });
  const cases = fc.record({
    n: small,
    perGroup: small,
    each: small,
    groups: fc.integer({ min: 1, max: 3 }),
    image: pair(5, 8),
    kernel: pair(1, 3),
    stride: pair(1, 3),
    padding: pair(0, 2),
    dilation: pair(1, 2),
  });
  fc.assert(
    fc.property(cases, (c) => {
      const x = noise([c.n, c.perGroup * c.groups, ...c.image], 1);
      const w = noise([c.each * c.groups, c.perGroup, ...c.kernel], 2);
      const bias = noise([c.each * c.groups], 3);
      const { stride, padding, dilation, groups } = c;
      const y = valuesOf(conv2d(x, w, { bias, stride, padding, dilation, groups }));
      const expected = naive(c, valuesOf(x), valuesOf(w), valuesOf(bias));
      assertLess(distance(y, expected), 1e-12);
    }),
    { seed: 42, numRuns: 60 },
  );
});

Deno.test("conv2d() throws with what it found when shapes do not fit", () => {
  const x = noise([1, 4, 5, 5]);
  const cases: readonly [() => unknown, string][] = [
    [() => conv2d(x, noise([2, 3, 3, 3])), "w [2, 3, 3, 3]"],
    [() => conv2d(x, noise([3, 2, 3, 3]), { groups: 2 }), "2 groups"],
    [() => conv2d(x, noise([2, 4, 7, 3])), "window of 7 on 5"],
    [() => conv2d(x, noise([2, 4, 3, 3]), { stride: 0 }), "conv2d/stride"],
    [() => conv2d(x, noise([2, 4, 3, 3]), { bias: noise([3]) }), "conv2d/bias"],
  ];
  for (const [run, message] of cases) assertThrows(run, SteepestError, message);
});

Deno.test("dense() computes x·wᵀ + b when weights are [out, in]", () => {
  const [x, w, b] = [noise([3, 4], 1), noise([2, 4], 2), noise([2], 3)];
  const [xs, ws, bs] = [valuesOf(x), valuesOf(w), valuesOf(b)];
  const expected = [0, 1, 2].flatMap((n) =>
    [0, 1].map((o) =>
      [0, 1, 2, 3].reduce((sum, k) => sum + xs[n * 4 + k]! * ws[o * 4 + k]!, bs[o]!)
    )
  );
  assertLess(distance(valuesOf(dense(x, w, b)), expected), 1e-14);
  assertThrows(() => dense(x, noise([4, 2])), SteepestError, "w [out, in]");
});

Deno.test("flatten() keeps the first axis when there are others", () => {
  assertEquals(flatten(noise([2, 3, 4])).shape, [2, 12]);
  assertEquals(flatten(noise([5])).shape, [5, 1]);
});
