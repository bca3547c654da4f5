/**
 * Derived words: names for expressions in the language, of which lowering knows nothing.
 *
 * @module
 */

import { curvature } from "./curvature.ts";
import { clamped, clipped, eigenbasis, normalized } from "./length.ts";
import { constant, type Hyper } from "./schedule.ts";
import { diagonal, scalar } from "./structure.ts";
import type { Curvature } from "./types.ts";

/** u ← min(1, C/‖u‖)·u over all parameters. */
export function clipByGlobalNorm(limit: Hyper): Curvature {
  return curvature({ calculating: constant(1), structure: scalar(), length: clipped(limit) });
}

/** u ← clamp(u, ±C), element by element. */
export function clipByValue(limit: Hyper): Curvature {
  return curvature({ calculating: constant(1), structure: diagonal(), length: clamped(limit) });
}

/** u ← u/‖u‖ over all parameters; 0 stays 0. */
export function normalize(): Curvature {
  return curvature({ calculating: constant(1), structure: scalar(), length: normalized() });
}

/** u ← sign(u), with sign(0) = 0. */
export function sign(): Curvature {
  return curvature({ calculating: constant(1), structure: diagonal(), length: eigenbasis() });
}
