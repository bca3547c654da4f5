/**
 * By which power of the spectrum each length divides.
 *
 * @module
 */

import type { Length, LengthKind } from "./length.ts";
import type { OfKind } from "./types.ts";

/** The power p of the spectrum that each length divides by. */
const POWERS: { readonly [K in LengthKind]: (length: OfKind<Length, K>) => number } = {
  none: () => 1,
  gradientNorm: () => 0.5,
  power: ({ exponent }) => exponent,
  eigenbasis: () => 0.5,
  normalized: () => 1,
  clamped: () => 1,
  clipped: () => 1,
  gradientNormClipped: () => 0.5,
  eigenbasisClipped: () => 0.5,
};

/** The power p of the spectrum that the length divides by. */
export function powerOfLength(length: Length): number {
  return (POWERS[length.kind] as (it: Length) => number)(length);
}
