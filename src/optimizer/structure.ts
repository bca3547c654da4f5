/**
 * The second slot of the unified view: a basis and what is kept of the curvature in it.
 *
 * @module
 */

import { slot } from "./build.ts";

/** λI over everything the stage sees: the mean of the samples. */
export interface Scalar {
  /** The tag of this structure. */
  readonly kind: "scalar";
}

/** One λ a coordinate. */
export interface Diagonal {
  /** The tag of this structure. */
  readonly kind: "diagonal";
  /** `"kernel"`: the mean over the trailing axes of a tensor of rank 3 or more (a convolution's window). */
  readonly average: "none" | "kernel";
}

/** What is kept of the curvature. */
export type Structure = Scalar | Diagonal;

/** The kinds of {@link Structure}. */
export type StructureKind = Structure["kind"];

/**
 * λI: one λ for everything the stage sees, the mean of the samples.
 *
 * Source: unified-view-of-optimizers, Table 1, "λI".
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { clipByGlobalNorm, scalar } from "@steepest/steepest";
 *
 * assert.deepEqual(clipByGlobalNorm(1).structure, scalar());
 * ```
 */
export function scalar(): Scalar {
  return slot("structure", { kind: "scalar" });
}

/**
 * One λ a coordinate.
 *
 * Source: unified-view-of-optimizers, "Diagonal Natural Gradient Descent".
 *
 * @param options `average: "kernel"` shares λ over a convolution's window: the mean over the trailing axes of a
 * tensor of rank 3 or more. Default `"none"`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { diagonal } from "@steepest/steepest";
 *
 * assert.deepEqual(diagonal(), { kind: "diagonal", average: "none" });
 * ```
 */
export function diagonal(options: { readonly average?: "none" | "kernel" } = {}): Diagonal {
  return slot("structure", { kind: "diagonal", ...options });
}
