import { mixBits, randomKey, randomWord } from "../../src/tensor/random.ts";
import { assert, assertEquals, assertLess } from "../_assert.ts";

const N = 1 << 16;

function draw(seed: number, stream: number, step: number): Uint32Array {
  const key = randomKey(seed, stream, step);
  return Uint32Array.from({ length: N }, (_, i) => randomWord(key, i));
}

const ones = (x: number): number => {
  let n = 0;
  for (; x !== 0; x &= x - 1) n++;
  return n;
};

/** How far from half the bits of a and b agree, in standard deviations. */
function agreement(a: Uint32Array, b: Uint32Array): number {
  let n = 0;
  for (let i = 0; i < a.length; i++) n += ones(a[i]! ^ b[i]!);
  return Math.abs(n - 16 * a.length) / Math.sqrt(8 * a.length);
}

/** The correlation of two draws as uniform numbers, in standard deviations. */
function correlation(a: Uint32Array, b: Uint32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! / 2 ** 32 - 0.5) * (b[i]! / 2 ** 32 - 0.5);
  return Math.abs(sum) * 12 / Math.sqrt(a.length);
}

Deno.test("randomWord() gives the words it always gave", () => {
  // The formula once more in long integers, and its values: changing them changes every saved run.
  const u32 = (x: bigint) => x & 0xffffffffn;
  const mix = (x: bigint) => {
    x = u32((x ^ (x >> 16n)) * 0x7feb352dn);
    x = u32((x ^ (x >> 15n)) * 0x846ca68bn);
    return x ^ (x >> 16n);
  };
  const word = (seed: bigint, stream: bigint, step: bigint, index: bigint) => {
    const key = [0x9e3779b9n, 0x6a09e667n].map((start) =>
      mix(u32(mix(u32(mix(seed ^ start) + stream)) + step))
    );
    return Number(mix(u32(mix(index ^ key[0]!) + key[1]!)));
  };
  const cases: readonly (readonly [number, number, number, number, number])[] = [
    [0, 0, 0, 0, 2780866822],
    [1, 2, 3, 4, 2304679072],
    [4294967295, 7, 4294967295, 65537, 3103894717],
  ];
  for (const [seed, stream, step, index, expected] of cases) {
    assertEquals(randomWord(randomKey(seed, stream, step), index), expected);
    assertEquals(word(BigInt(seed), BigInt(stream), BigInt(step), BigInt(index)), expected);
  }
});

Deno.test("mixBits() is a bijection where it is looked at, and avalanches", () => {
  const seen = new Set(Array.from({ length: N }, (_, i) => mixBits(i * 65537)));
  assertEquals(seen.size, N);
  for (let bit = 0; bit < 32; bit++) {
    let flips = 0;
    for (let i = 0; i < 2000; i++) {
      flips += ones(mixBits(i * 2654435) ^ mixBits(i * 2654435 ^ (1 << bit)));
    }
    assertLess(Math.abs(flips / 2000 - 16), 1.5, `bit ${bit}`);
  }
});

Deno.test("randomWord() has balanced bits, mean one half and variance a twelfth", () => {
  for (const [seed, stream, step] of [[0, 0, 0], [1, 0, 0], [0, 1, 0], [12345, 3, 999]]) {
    const words = draw(seed!, stream!, step!);
    let sum = 0, squares = 0;
    const bits = new Float64Array(32);
    for (const w of words) {
      const u = w / 2 ** 32;
      sum += u;
      squares += (u - 0.5) ** 2;
      for (let b = 0; b < 32; b++) bits[b]! += (w >>> b) & 1;
    }
    assertLess(Math.abs(sum / N - 0.5), 5 / Math.sqrt(12 * N));
    assertLess(Math.abs(squares / N - 1 / 12), 5 * Math.sqrt(1 / 180 / N));
    bits.forEach((n, b) => assertLess(Math.abs(n - N / 2), 5 * Math.sqrt(N) / 2, `bit ${b}`));
  }
});

Deno.test("randomWord() fills 256 boxes of pairs of neighbours evenly", () => {
  const words = draw(5, 0, 7);
  const boxes = new Float64Array(256);
  for (let i = 0; i + 1 < N; i++) boxes[(words[i]! >>> 28) * 16 + (words[i + 1]! >>> 28)]! += 1;
  const expected = (N - 1) / 256;
  const chi = boxes.reduce((s, n) => s + (n - expected) ** 2 / expected, 0);
  // 255 degrees of freedom: mean 255, deviation 22.6.
  assert(chi > 160 && chi < 370, `χ² = ${chi}`);
});

Deno.test("randomWord() does not correlate neighbouring indices, streams, steps or seeds", () => {
  const base = draw(1, 1, 1);
  const others = {
    index: Uint32Array.from(base, (_, i) => base[(i + 1) % N]!),
    stream: draw(1, 2, 1),
    step: draw(1, 1, 2),
    seed: draw(2, 1, 1),
    exchanged: draw(1, 0, 2),
    farStep: draw(1, 1, 65537),
  };
  for (const [name, other] of Object.entries(others)) {
    assertLess(agreement(base, other), 5, name);
    assertLess(correlation(base, other), 5, name);
  }
});

Deno.test("randomWord() gives no stream that is a permutation of another", () => {
  const base = new Set(draw(1, 0, 0));
  const shared = draw(1, 0, 1).filter((w) => base.has(w)).length;
  // Two sets of 2¹⁶ words out of 2³² share one on average.
  assertLess(shared, 10);
});
