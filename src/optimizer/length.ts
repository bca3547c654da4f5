/**
 * The fourth slot of the unified view: how long the step is, as a function of λ and û alone.
 *
 * λ is the curvature after damping, û the coordinates of `direction(u)`. A length has unit ε and knows
 * no learning rate: the `scale` after it is ε, or α for the clipped forms, whose limit is C = ε/α.
 *
 * @module
 */

import { slot } from "./build.ts";
import type { Hyper } from "./schedule.ts";

/** û/λ. */
export interface NoLength {
  /** The tag of this length. */
  readonly kind: "none";
}

/** ‖d‖_H = 1: (û/λ)/√(Σû²/λ). */
export interface Normalized {
  /** The tag of this length. */
  readonly kind: "normalized";
}

/** ‖d_i‖_H = |û_i|: û/√λ. */
export interface GradientNorm {
  /** The tag of this length. */
  readonly kind: "gradientNorm";
}

/** û/λ^p. */
export interface Power {
  /** The tag of this length. */
  readonly kind: "power";
  /** p > 0; ½ and 1 become {@link GradientNorm} and {@link NoLength}. */
  readonly exponent: number;
}

/** ‖d_i‖_H = 1: sign(û)/√λ, with sign(0) = 0. */
export interface Eigenbasis {
  /** The tag of this length. */
  readonly kind: "eigenbasis";
}

/** clamp(û/λ, ±C). */
export interface Clamped {
  /** The tag of this length. */
  readonly kind: "clamped";
  /** C > 0, the longest that an element of û/λ may be, in units of θ before the rate. */
  readonly limit: Hyper;
}

/** min(1, C/√(Σû²/λ))·û/λ. */
export interface Clipped {
  /** The tag of this length. */
  readonly kind: "clipped";
  /** C > 0, the largest ‖d‖_H before the rate: ε/α of the paper. */
  readonly limit: Hyper;
}

/** min(1, C√λ)·û/λ. */
export interface GradientNormClipped {
  /** The tag of this length. */
  readonly kind: "gradientNormClipped";
  /** C > 0, the largest ‖d_i‖_H/|û_i| before the rate: ε/α of the paper. */
  readonly limit: Hyper;
}

/** min(1, C√λ/|û|)·û/λ. */
export interface EigenbasisClipped {
  /** The tag of this length. */
  readonly kind: "eigenbasisClipped";
  /** C > 0, the largest ‖d_i‖_H before the rate: ε/α of the paper. */
  readonly limit: Hyper;
}

/** How long the step is. */
export type Length =
  | NoLength
  | Normalized
  | GradientNorm
  | Power
  | Eigenbasis
  | Clamped
  | Clipped
  | GradientNormClipped
  | EigenbasisClipped;

/** The kinds of {@link Length}. */
export type LengthKind = Length["kind"];

/** No limit: û/λ. */
export function none(): NoLength {
  return slot("length", { kind: "none" });
}

/** ‖d‖_H = ε. */
export function normalized(): Normalized {
  return slot("length", { kind: "normalized" });
}

/** ‖d_i‖_H = ε|û_i|: the power ½. */
export function gradientNorm(): GradientNorm {
  return slot("length", { kind: "gradientNorm" });
}

/** û/λ^p, any p > 0. */
export function power(exponent: number): Power {
  return slot("length", { kind: "power", exponent });
}

/** ‖d_i‖_H = ε: sign(û)/√λ. */
export function eigenbasis(): Eigenbasis {
  return slot("length", { kind: "eigenbasis" });
}

/** Element-wise |d_i| ≤ C before the rate. */
export function clamped(limit: Hyper): Clamped {
  return slot("length", { kind: "clamped", limit });
}

/** ‖d‖_H ≤ C before the rate. */
export function clipped(limit: Hyper): Clipped {
  return slot("length", { kind: "clipped", limit });
}

/** ‖d_i‖_H ≤ C|û_i| before the rate. */
export function gradientNormClipped(limit: Hyper): GradientNormClipped {
  return slot("length", { kind: "gradientNormClipped", limit });
}

/** ‖d_i‖_H ≤ C before the rate. */
export function eigenbasisClipped(limit: Hyper): EigenbasisClipped {
  return slot("length", { kind: "eigenbasisClipped", limit });
}
