/**
 * A counter-based source of random bits: a number depends on its key alone, never on what was drawn
 * before it, so that any part of a data set can be made in any order.
 *
 * @module
 */

/**
 * Mixes the bits of a u32 (a bijection on u32).
 *
 * Only u32 multiplications, shifts and exclusive ors, so that a device computes the same. The
 * constants are those of `lowbias32` (C. Wellons, "Prospecting for Hash Functions", 2018).
 */
export function mix(value: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** The random u32 of a key of u32 words; the order of the words matters. */
export function hash(...words: readonly number[]): number {
  let state = 0x9e3779b9;
  for (const word of words) state = mix((state ^ word) + 0x9e3779b9);
  return state;
}

/** The random number in [0, 1) of a key, a multiple of 2⁻²⁴ so that it is exact also in f32. */
export function uniform(...words: readonly number[]): number {
  return (hash(...words) >>> 8) / 0x1000000;
}
