import fc from "fast-check";
import { mix } from "../../src/data/hash.ts";
import { roundKeys, shuffled } from "../../src/data/shuffle.ts";
import { SteepestError } from "../../src/errors.ts";
import { assert, assertEquals, assertLess, assertThrows } from "../_assert.ts";

function order(seed: number, epoch: number, n: number): readonly number[] {
  const keys = roundKeys(seed, epoch, n);
  return Array.from({ length: n }, (_, i) => shuffled(i, n, keys));
}

function isPermutation(places: readonly number[]): boolean {
  const seen = new Uint8Array(places.length);
  for (const place of places) seen[place] = 1;
  return seen.every((value) => value === 1);
}

Deno.test("shuffled() is a permutation of [0, n)", () => {
  for (const n of [1, 2, 3, 63, 64, 65, 997, 60_000]) {
    assert(isPermutation(order(1, 0, n)), `n = ${n}`);
  }
});

Deno.test("shuffled() is a permutation for random seeds, epochs and sizes", () => {
  const word = fc.integer({ min: 0, max: 0xffffffff });
  fc.assert(
    fc.property(word, word, fc.integer({ min: 1, max: 300 }), (seed, epoch, n) => {
      return isPermutation(order(seed, epoch, n));
    }),
    { seed: 7, numRuns: 200 },
  );
});

Deno.test("shuffled() stays in range when n is close to 2^32", () => {
  const n = 0xffffffff;
  const keys = roundKeys(3, 1, n);
  for (const index of [0, 1, 2 ** 31, n - 1]) {
    const place = shuffled(index, n, keys);
    assert(Number.isInteger(place) && place >= 0 && place < n, `${index} → ${place}`);
  }
});

Deno.test("shuffled() depends on the seed and on the epoch, and on nothing else", () => {
  const first = order(1, 0, 1000);
  assertEquals(first, order(1, 0, 1000));
  for (const other of [order(1, 1, 1000), order(2, 0, 1000)]) {
    const fixed = first.filter((place, i) => place === other[i]).length;
    assertLess(fixed, 10);
  }
});

Deno.test("shuffled() gives every place to every example equally often", () => {
  // χ² with 19 × 19 degrees of freedom: the mean is 361, the standard deviation 27.
  const n = 20;
  const trials = 4000;
  const counts = new Uint32Array(n * n);
  for (let epoch = 0; epoch < trials; epoch++) {
    order(5, epoch, n).forEach((place, i) => counts[i * n + place]!++);
  }
  const expected = trials / n;
  const chi = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  assert(chi > 230 && chi < 500, `χ² = ${chi}`);
});

Deno.test("shuffled() parts neighbours as independent draws would", () => {
  const n = 60_000;
  const places = order(1, 0, n);
  // |difference| of neighbours, in ten bins whose chances follow from two uniform draws.
  const counts = new Uint32Array(10);
  for (let i = 0; i + 1 < n; i += 2) {
    counts[Math.floor(Math.abs(places[i]! - places[i + 1]!) * 10 / n)]!++;
  }
  const chi = counts.reduce((sum, count, bin) => {
    const expected = n / 2 * ((1 - bin / 10) ** 2 - (1 - (bin + 1) / 10) ** 2);
    return sum + (count - expected) ** 2 / expected;
  }, 0);
  assertLess(chi, 30); // nine degrees of freedom
});

Deno.test("roundKeys() has a shift below n and a salt for each round", () => {
  const keys = roundKeys(1, 2, 10, 24);
  assertEquals(keys.length, 48);
  for (let i = 0; i < keys.length; i += 2) assertLess(keys[i]!, 10);
});

Deno.test("roundKeys() has other shifts and other salts for another seed and another epoch", () => {
  const keys = roundKeys(1, 2, 60_000);
  for (const other of [roundKeys(2, 2, 60_000), roundKeys(1, 3, 60_000)]) {
    assertEquals(keys.filter((key, i) => key === other[i]).length, 0);
  }
});

Deno.test("roundKeys() refuses sizes that nothing can be shuffled in", () => {
  for (const n of [0, -1, 1.5, NaN, 2 ** 32]) {
    const error = assertThrows(() => roundKeys(1, 0, n), SteepestError, "shuffle/n");
    assertEquals(error.kind, "data");
  }
});

Deno.test("mix() is the function that devices compute", () => {
  // Worked out with exact integers: h = x ^ x >> 16, h = h · 0x7feb352d mod 2³², and so on.
  function exact(value: bigint): number {
    const word = 0xffffffffn;
    let x = value;
    x = ((x ^ (x >> 16n)) * 0x7feb352dn) & word;
    x = ((x ^ (x >> 15n)) * 0x846ca68bn) & word;
    return Number(x ^ (x >> 16n));
  }
  for (const value of [0, 1, 2, 60_000, 0x7fffffff, 0x80000000, 0xffffffff]) {
    assertEquals(mix(value), exact(BigInt(value)));
  }
});
