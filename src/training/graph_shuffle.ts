/**
 * The shuffle of `data/shuffle.ts` as a graph: the same order, computed where the batch is gathered.
 *
 * @module
 */
import { shuffleRounds } from "../data/shuffle.ts";
import {
  add,
  binary,
  broadcastTo,
  compare,
  constant,
  iota,
  max,
  mul,
  reshape,
  select,
  slice,
  sub,
} from "../tensor/ops.ts";
import type { Node } from "../tensor/node.ts";

/** Sets the keys of shuffles apart from all other uses of a seed; equal to the host's. */
const domain = 0x73687566;
const golden = 0x9e3779b9;

const u32 = (value: number): Node => constant(value >>> 0, [], "u32");
const xor = (a: Node, b: Node): Node => binary("xor", a, b);
const right = (x: Node, bits: number): Node => binary("shiftRight", x, u32(bits));
const and = (x: Node, mask: number): Node => binary("and", x, u32(mask));

/** The bijection on u32 of `data/hash.ts`. */
function mix(x: Node): Node {
  const a = mul(xor(x, right(x, 16)), u32(0x7feb352d));
  const b = mul(xor(a, right(a, 15)), u32(0x846ca68b));
  return xor(b, right(b, 16));
}

/** One more word in the hash of `data/hash.ts`. */
function absorb(state: Node, word: Node): Node {
  return mix(add(xor(state, word), u32(golden)));
}

/** ⌊bits · n / 2³²⌋ from 16-bit halves, as u32 products wrap. */
function scaled(bits: Node, n: number): Node {
  const low = n & 0xffff, high = n >>> 16;
  const bitsLow = and(bits, 0xffff), bitsHigh = right(bits, 16);
  const middle = add(mul(bitsHigh, u32(low)), right(mul(bitsLow, u32(low)), 16));
  if (high === 0) return right(middle, 16);
  const carried = add(mul(bitsLow, u32(high)), and(middle, 0xffff));
  return add(add(mul(bitsHigh, u32(high)), right(middle, 16)), right(carried, 16));
}

/**
 * The examples at the places `index` (u32, any shape) of an epoch's order of `n` examples, equal to
 * `shuffled(index, n, roundKeys(seed, epoch, n))`.
 *
 * @param seed A u32 scalar.
 * @param epoch A u32 scalar.
 */
export function shuffledIndices(index: Node, n: number, seed: Node, epoch: Node): Node {
  const state = absorb(absorb(absorb(u32(golden), u32(domain)), seed), epoch);
  const words = iota([2 * shuffleRounds], 0);
  // The keys are one small vector, so that the host has no scalars to compute for them.
  const bits = absorb(broadcastTo(state, [2 * shuffleRounds]), words);
  const key = (i: number): Node => reshape(slice(bits, [i], [i + 1]), []);
  let x = index;
  for (let round = 0; round < shuffleRounds; round++) {
    const shift = scaled(key(2 * round), n);
    const salt = key(2 * round + 1);
    const difference = sub(shift, x);
    const partner = select(compare("ge", shift, x), difference, add(difference, u32(n)));
    const odd = compare("eq", and(mix(xor(max(x, partner), salt)), 1), u32(1));
    x = select(odd, partner, x);
  }
  return x;
}
