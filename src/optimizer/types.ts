/**
 * The optimizer language as data: every kind of transform, slot, schedule and predicate.
 *
 * A value of these types is deep-frozen plain JSON. Build it with the constructors of this room, which
 * validate, fill in defaults and bring it to the canonical form; lowering and the taxonomy read it.
 *
 * @module
 */

import type { Calculating } from "./calculating.ts";
import type { Damping } from "./damping.ts";
import type { Accumulator } from "./iterative.ts";
import type { Length } from "./length.ts";
import type { Predicate } from "./predicate.ts";
import type { Hyper } from "./schedule.ts";
import type { Structure } from "./structure.ts";

/** u ← u: the neutral element of {@link Chain}. */
export interface Identity {
  readonly kind: "identity";
}

/** u ← 0: the neutral element of {@link Add}. */
export interface Zero {
  readonly kind: "zero";
}

/** Each transform in order; at least two, none of them a chain or the identity. */
export interface Chain {
  readonly kind: "chain";
  readonly of: readonly Optimizer[];
}

/** All branches see the same u and their results are summed; at least two, none an `add` or zero. */
export interface Add {
  readonly kind: "add";
  readonly of: readonly Optimizer[];
}

/**
 * m ← βm + (1 − β)u; out is m, or with `read` r·m₋ + (1 − r)u, where m₋ is m before the update.
 *
 * With `debias` the output is divided by the weight accumulated so far: w ← βw + (1 − β) (and
 * r·w₋ + 1 − r for a read), never by a formula in t.
 */
export interface Ema {
  readonly kind: "ema";
  readonly decay: Hyper;
  readonly debias: boolean;
  /** Absent: the same as `decay`, that is out = m. */
  readonly read?: Hyper;
}

/** v ← μv + (1 − dampening)u; out v, or with `nesterov` u + μv. v starts at 0. */
export interface Trace {
  readonly kind: "trace";
  readonly decay: Hyper;
  readonly nesterov: boolean;
  readonly dampening: Hyper;
}

/** u ← by·u. */
export interface Scale {
  readonly kind: "scale";
  readonly by: Hyper;
}

/** u ← u − previous u; the first step gives 0. */
export interface Difference {
  readonly kind: "difference";
}

/** u ← u + decay·θ on the parameters that `mask` matches. */
export interface WeightDecay {
  readonly kind: "weightDecay";
  readonly decay: Hyper;
  readonly mask: Predicate;
}

/** u ← min(cap, α·max(0, f − L)/(gᵀu))·u; gᵀu ≤ 0 gives no step and is counted. */
export interface NewtonRaphson {
  readonly kind: "newtonRaphson";
  readonly alpha: Hyper;
  readonly lowerBound: Hyper;
  /** Absent: no cap. */
  readonly cap?: Hyper;
}

/** direction(u)·‖magnitude(u)‖/‖direction(u)‖, by tensor or over all; 0 where the direction is 0. */
export interface Graft {
  readonly kind: "graft";
  readonly direction: Optimizer;
  readonly magnitude: Optimizer;
  readonly per: "tensor" | "global";
}

/** u ← ∇f(θ − at(u)) on the same batch. */
export interface GradientAt {
  readonly kind: "gradientAt";
  readonly at: Optimizer;
}

/** One part of a {@link Partition}. */
export interface Part {
  readonly where: Predicate;
  readonly of: Optimizer;
}

/** Each parameter goes to the first part that matches it, or to `rest`; norms are over the part. */
export interface Partition {
  readonly kind: "partition";
  readonly parts: readonly Part[];
  readonly rest: Optimizer;
}

/** A gate: where u has a non-finite element the step is 0, and the state inside does not move. */
export interface SkipNonFinite {
  readonly kind: "skipNonFinite";
  readonly of: Optimizer;
}

/** How often samples are taken and roots or bases recomputed, in steps of the stage. */
export interface Every {
  readonly sample: number;
  readonly factor: number;
}

/** For the first `steps` steps the stage puts out `use(u)`, while its statistics already run. */
export interface Warmup {
  readonly steps: number;
  readonly use: Optimizer;
}

/**
 * The heart: takes its samples from the incoming u (or from the objective at θ), models the
 * curvature, and applies φ(λ, û) to `direction(u)`.
 */
export interface Curvature {
  readonly kind: "curvature";
  readonly calculating: Calculating;
  readonly structure: Structure;
  /** Applied in order; empty is `latest()`. */
  readonly iterative: readonly Accumulator[];
  readonly length: Length;
  readonly direction: Optimizer;
  readonly damping: readonly Damping[];
  readonly every: Every;
  readonly warmup?: Warmup;
}

/** An optimizer: a transform of an update, as plain frozen data. */
export type Optimizer =
  | Identity
  | Zero
  | Chain
  | Add
  | Ema
  | Trace
  | Scale
  | Difference
  | WeightDecay
  | NewtonRaphson
  | Graft
  | GradientAt
  | Partition
  | SkipNonFinite
  | Curvature;

/** The kinds of transform. */
export type OptimizerKind = Optimizer["kind"];

/** The transform of one kind. */
export type TransformOf<K extends OptimizerKind> = Extract<Optimizer, { readonly kind: K }>;

/** A member of a union that is discriminated by `kind`. */
export interface Tagged {
  readonly kind: string;
}

/** The member of kind K of a union of tagged values. */
export type OfKind<U extends Tagged, K extends U["kind"]> = Extract<U, { readonly kind: K }>;
