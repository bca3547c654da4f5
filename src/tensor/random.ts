/**
 * Counter-based random bits: the single specification of `randomBits`.
 *
 * Only u32 multiplication, addition, exclusive or and shifts are used, so every backend gives equal
 * bits. The seed, stream and step are hashed to a 64-bit key in two words; an element is its index
 * taken through two keyed rounds of a mixer, so that streams never are permutations of one another.
 *
 * @module
 */

/**
 * A bijection of 32 bits: two odd multiplications between shifted exclusive ors
 * (`x ^= x >> 16; x *= 0x7feb352d; x ^= x >> 15; x *= 0x846ca68b; x ^= x >> 16`).
 */
export function mixBits(x: number): number {
  x ^= x >>> 16;
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** What the two words of a key begin with: the fractions of the golden ratio and of √2. */
const KEY_STARTS: readonly [number, number] = [0x9e3779b9, 0x6a09e667];

function keyWord(start: number, seed: number, stream: number, step: number): number {
  return mixBits((mixBits((mixBits(seed ^ start) + stream) | 0) + step) | 0);
}

/**
 * The key of one draw: `k = mix(mix(mix(seed ^ start) + stream) + step)` for each of
 * {@link KEY_STARTS}, in u32 arithmetic.
 */
export function randomKey(
  seed: number,
  stream: number,
  step: number,
): readonly [number, number] {
  return [keyWord(KEY_STARTS[0], seed, stream, step), keyWord(KEY_STARTS[1], seed, stream, step)];
}

/** The 32 bits at `index` of the draw with a key: `mix(mix(index ^ key0) + key1)`. */
export function randomWord(key: readonly [number, number], index: number): number {
  return mixBits((mixBits(index ^ key[0]) + key[1]) | 0);
}
