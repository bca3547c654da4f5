import fc from "fast-check";
import { SteepestError } from "../../src/errors.ts";
import { averagePool2d, maxPool2d, type PoolingOptions } from "../../src/nn/pooling.ts";
import type { Node } from "../../src/tensor/node.ts";
import { constant, sub } from "../../src/tensor/ops.ts";
import { assertEquals, assertLess, assertThrows } from "../_assert.ts";
import { distance, noise, valuesOf } from "./_values.ts";

type Pair = readonly [number, number];
interface Case {
  readonly image: Pair;
  readonly size: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
}

/** The values inside each window, and how many positions it has. */
function windows(c: Case, x: Node): number[][] {
  const xs = valuesOf(x), [h, wide] = c.image;
  const count = (i: 0 | 1) =>
    Math.floor((c.image[i] + 2 * c.padding[i] - c.size[i]) / c.stride[i]) + 1;
  const result: number[][] = [];
  for (let plane = 0; plane < 2; plane++) {
    for (let i = 0; i < count(0); i++) {
      for (let j = 0; j < count(1); j++) {
        const values: number[] = [];
        for (let a = 0; a < c.size[0]; a++) {
          for (let b = 0; b < c.size[1]; b++) {
            const row = i * c.stride[0] - c.padding[0] + a;
            const column = j * c.stride[1] - c.padding[1] + b;
            if (row < 0 || row >= h || column < 0 || column >= wide) continue;
            values.push(xs[(plane * h + row) * wide + column]!);
          }
        }
        result.push(values);
      }
    }
  }
  return result;
}

Deno.test("pooling equals its definition when windows overlap, leave gaps or are padded", () => {
  const pair = (min: number, max: number) =>
    fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));
  const cases = fc.record({
    image: pair(4, 7),
    size: pair(2, 3),
    stride: pair(1, 3),
    padding: pair(0, 1),
  });
  fc.assert(
    fc.property(cases, (c) => {
      const { image, ...options } = c;
      // All values negative: a zero of the padding would win if it took part.
      const x = sub(noise([2, 1, ...image]), 2);
      const taps = windows(c, x);
      assertEquals(valuesOf(maxPool2d(x, options)), taps.map((v) => Math.max(...v)));
      const means = taps.map((v) => v.reduce((a, b) => a + b, 0) / (c.size[0] * c.size[1]));
      assertLess(distance(valuesOf(averagePool2d(x, options)), means), 1e-12);
    }),
    { seed: 42, numRuns: 60 },
  );
});

Deno.test("pooling is a reshape and one reduction when windows are disjoint", () => {
  const x = noise([2, 3, 4, 6]);
  const pooled = maxPool2d(x, { size: 2 });
  assertEquals(pooled.shape, [2, 3, 2, 3]);
  assertEquals([pooled.op.kind, pooled.inputs[0]?.op.kind], ["reduce", "reshape"]);
});

Deno.test("pooling leaves out what fills no window when the size does not divide", () => {
  const x = constant([1, 2, 9, 3, 4, 9, 9, 9, 9], [1, 1, 3, 3]);
  assertEquals(valuesOf(maxPool2d(x, { size: 2 })), [4]);
  assertEquals(valuesOf(averagePool2d(x, { size: 2 })), [2.5]);
});

Deno.test("pooling throws with the path when the description is wrong", () => {
  const x = noise([1, 1, 4, 4]);
  const cases: readonly [PoolingOptions, string][] = [
    [{ size: 0 }, "maxPool2d/size"],
    [{ size: 2, stride: 0.5 }, "maxPool2d/stride"],
    [{ size: 2, padding: 2 }, "maxPool2d/padding"],
    [{ size: 5 }, "maxPool2d/height"],
  ];
  for (const [options, message] of cases) {
    assertThrows(() => maxPool2d(x, options), SteepestError, message);
  }
  assertThrows(() => maxPool2d(noise([4, 4]), { size: 2 }), SteepestError, "[N, C, H, W]");
});
