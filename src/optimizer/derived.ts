/**
 * Derived words: names for expressions in the language, of which lowering knows nothing.
 *
 * @module
 */

import type { BlockNorm } from "./blocks.ts";
import { zero } from "./combinators.ts";
import { curvature } from "./curvature.ts";
import { clamped, clipped, eigenbasis, normalized } from "./length.ts";
import { constant, type Hyper } from "./schedule.ts";
import { trustRatio } from "./parameter_norms.ts";
import { diagonal, scalar } from "./structure.ts";
import type { Predicate } from "./predicate.ts";
import type { Curvature, Partition, TrustRatio } from "./types.ts";
import { masked } from "./wrappers.ts";

function clipBy(limit: Hyper, blocks: Partial<BlockNorm>): Curvature {
  return curvature({
    calculating: constant(1),
    structure: scalar(),
    length: clipped(limit, blocks),
  });
}

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
  return clipBy(limit, {});
}

/**
 * u ← min(1, C/RMS(u))·u in each parameter tensor, RMS(u) = √mean u².
 *
 * Source: Shazeer and Stern 2018, section 6, with d = C.
 *
 * @param limit C > 0, in units of u.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { clipByBlockRms, minimize, objective, square, sum } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: [3, 3] }, loss: ({ x }) => sum(square(x)) });
 * const run = await minimize(bowl, clipByBlockRms(1), { steps: 1, backend: "reference" });
 * assert.deepEqual([...run.parameters.x.data], [2, 2]);
 * ```
 */
export function clipByBlockRms(limit: Hyper): Curvature {
  return clipBy(limit, { per: "tensor", norm: "rms" });
}

/**
 * u ← min(1, C/‖u‖)·u in each unit: an index of axis 0 of a tensor of rank 2 or more, else the whole tensor.
 *
 * @param limit C > 0, in units of u.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { clipByUnitNorm, minimize, objective, square, sum } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: [[3], [0.25]] }, loss: ({ x }) => sum(square(x)) });
 * const run = await minimize(bowl, clipByUnitNorm(1), { steps: 1, backend: "reference" });
 * assert.deepEqual([...run.parameters.x.data], [2, -0.25]);
 * ```
 */
export function clipByUnitNorm(limit: Hyper): Curvature {
  return clipBy(limit, { per: "unit" });
}

/**
 * u ← min(1, C·max(‖θ‖, 1e-3)/‖u‖)·u in each unit: no unit of u longer than C times the weights that it changes.
 *
 * Source: Brock, De, Smith and Simonyan 2021, equation (3). Units are indices of axis 0, because weights are
 * [out, in] and [out, in, height, width]; optax has them last, and takes a matrix with one column for a vector.
 * What is counted as bounded are the units that it leaves as they are.
 *
 * @param limit C > 0, without unit; default 0.01.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { adaptiveGradientClip, minimize, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const run = await minimize(bowl, adaptiveGradientClip(0.1), { steps: 1, backend: "reference" });
 * assert(Math.abs(run.parameters.x - 2.7) < 1e-5);
 * ```
 */
export function adaptiveGradientClip(limit: Hyper = 0.01): TrustRatio {
  return trustRatio({ per: "unit", coefficient: limit, floor: 1e-3, max: 1 });
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

/**
 * u ← 0 on the parameters that match, whatever is decayed or averaged before it: they stay where they are.
 *
 * It stands after everything that moves parameters, and before `lookahead`, `average` and `scheduleFree`. Matching
 * nothing is an error when the program is built.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { add, chain, frozen, minimize, objective, path, sgd, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { a: 1, b: 1 }, loss: ({ a, b }) => add(square(a), square(b)) });
 * const optimizer = chain(sgd({ learningRate: 0.25 }), frozen(path("a")));
 * const run = await minimize(bowl, optimizer, { steps: 1, backend: "reference" });
 * assert.deepEqual([run.parameters.a, run.parameters.b], [1, 0.5]);
 * ```
 */
export function frozen(where: Predicate): Partition {
  return masked(zero(), where);
}
