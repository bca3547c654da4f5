/**
 * Maps on the spectrum, applied in order before the length; ε has five real places and each has a name.
 *
 * @module
 */

import { slot } from "./build.ts";
import type { Hyper } from "./schedule.ts";

/** λ ← |λ|. */
export interface Abs {
  /** The tag of this damping. */
  readonly kind: "abs";
}

/** λ ← max(λ, ε). */
export interface Floor {
  /** The tag of this damping. */
  readonly kind: "floor";
  /** ε ≥ 0, in units of λ. */
  readonly eps: Hyper;
}

/** λ ← λ + ε. */
export interface AddToSpectrum {
  /** The tag of this damping. */
  readonly kind: "add";
  /** ε ≥ 0, in units of λ. */
  readonly eps: Hyper;
}

/** λ^p ← λ^p + ε, after the power p that the length takes. */
export interface AddToRoot {
  /** The tag of this damping. */
  readonly kind: "addToRoot";
  /** ε ≥ 0, in units of λ^p: of the gradient where p = ½ and λ is its square. */
  readonly eps: Hyper;
}

/** x ← x + ε on each sample, before it is accumulated. */
export interface ToSample {
  /** The tag of this damping. */
  readonly kind: "toSample";
  /** ε ≥ 0, in units of the sample. */
  readonly eps: Hyper;
}

/** Lᵢ ← Lᵢ + cᵢ on each factor of a product, with ⊗ᵢ cᵢ worth γ. */
export interface FactoredDamping {
  /** The tag of this damping. */
  readonly kind: "factored";
  /** γ ≥ 0, in units of λ. */
  readonly gamma: Hyper;
}

/** One map on the spectrum. */
export type Damping = Abs | Floor | AddToSpectrum | AddToRoot | ToSample | FactoredDamping;

/** The kinds of {@link Damping}. */
export type DampingKind = Damping["kind"];

/** λ ← |λ|: repels from saddles. */
export function abs(): Abs {
  return slot("damping", { kind: "abs" });
}

/** λ ← max(λ, ε). */
export function floor(eps: Hyper): Floor {
  return slot("damping", { kind: "floor", eps });
}

/** λ ← λ + ε. */
export function add(eps: Hyper): AddToSpectrum {
  return slot("damping", { kind: "add", eps });
}

/**
 * λ^p ← λ^p + ε, after the power that the length takes: where Adam's ε stands.
 *
 * @param eps ε ≥ 0, in units of λ^p.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { addToRoot } from "@steepest/steepest";
 *
 * assert.deepEqual(addToRoot(1e-8), { kind: "addToRoot", eps: 1e-8 });
 * ```
 */
export function addToRoot(eps: Hyper): AddToRoot {
  return slot("damping", { kind: "addToRoot", eps });
}

/**
 * x ← x + ε on each sample before it is accumulated: where AdaBelief's ε stands.
 *
 * @param eps ε ≥ 0, in units of the sample.
 * @throws {SteepestError} of kind `description`: a value out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { toSample } from "@steepest/steepest";
 *
 * assert.deepEqual(toSample(1e-16), { kind: "toSample", eps: 1e-16 });
 * ```
 */
export function toSample(eps: Hyper): ToSample {
  return slot("damping", { kind: "toSample", eps });
}

/**
 * A ← A + π√γ, G ← G + √γ/π on the factors of every layer or tensor, with π² the mean eigenvalue of A over that of G: near to
 * A ⊗ G + γ, and a product again, so that no eigenvalues are needed.
 *
 * For any number k of factors and any exponent e: Lᵢ ← Lᵢ + c·mᵢ, mᵢ the mean eigenvalue of Lᵢ and c one number with
 * Πᵢ(c·mᵢ)^e = γ. Where a factor is 0, every cmᵢ is γ^{1/ke}. What is added follows the statistics of the step at which factors
 * are computed, `every.factor`. Only `kronecker` has factors.
 *
 * Source: Martens and Grosse 2015, section 6.3, where γ is the square root of this one.
 *
 * @param gamma γ ≥ 0, in units of λ.
 * @throws {SteepestError} of kind `description`: a value out of range.
 */
export function factored(gamma: Hyper): FactoredDamping {
  return slot("damping", { kind: "factored", gamma });
}
