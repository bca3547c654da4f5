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

/**
 * u ← min(1, C/‖u‖)·u, the norm over all parameters (Pascanu, Mikolov and Bengio 2013, Algorithm 1).
 *
 * @param limit C > 0, in units of u.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { clipByGlobalNorm, minimize, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const run = await minimize(bowl, clipByGlobalNorm(1), { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2) < 1e-5);
 * ```
 */
export function clipByGlobalNorm(limit: Hyper): Curvature {
  return curvature({ calculating: constant(1), structure: scalar(), length: clipped(limit) });
}

/**
 * u ← clamp(u, ±C), element by element.
 *
 * @param limit C > 0, in units of u.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { clipByValue, minimize, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const run = await minimize(bowl, clipByValue(0.5), { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.5) < 1e-5);
 * ```
 */
export function clipByValue(limit: Hyper): Curvature {
  return curvature({ calculating: constant(1), structure: diagonal(), length: clamped(limit) });
}

/**
 * u ← u/‖u‖, the norm over all parameters; 0 stays 0.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, normalize, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const run = await minimize(bowl, normalize(), { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2) < 1e-5);
 * ```
 */
export function normalize(): Curvature {
  return curvature({ calculating: constant(1), structure: scalar(), length: normalized() });
}

/** u ← sign(u), with sign(0) = 0. */
export function sign(): Curvature {
  return curvature({ calculating: constant(1), structure: diagonal(), length: eigenbasis() });
}
