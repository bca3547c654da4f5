/**
 * The optimizer language as data: every kind of transform, slot, schedule and predicate.
 *
 * A value of these types is deep-frozen plain JSON. Build it with the constructors of this room, which
 * validate, fill in defaults and bring it to the canonical form; lowering and the taxonomy read it.
 *
 * @module
 */

import type { BlockNorm, Per } from "./blocks.ts";
import type { Calculating } from "./calculating.ts";
import type { Damping } from "./damping.ts";
import type { Accumulator } from "./iterative.ts";
import type { Length } from "./length.ts";
import type { Predicate } from "./predicate.ts";
import type { Hyper } from "./schedule.ts";
import type { Solver } from "./solver.ts";
import type { Structure } from "./structure.ts";

/** u ← u: the neutral element of {@link Chain}. */
export interface Identity {
  /** The tag of this transform. */
  readonly kind: "identity";
}

/** u ← 0: the neutral element of {@link Add}. */
export interface Zero {
  /** The tag of this transform. */
  readonly kind: "zero";
}

/** Each transform in order; at least two, none of them a chain or the identity. */
export interface Chain {
  /** The tag of this transform. */
  readonly kind: "chain";
  /** The transforms, first applied first. */
  readonly of: readonly Optimizer[];
}

/** All branches see the same u and their results are summed; at least two, none an `add` or zero. */
export interface Add {
  /** The tag of this transform. */
  readonly kind: "add";
  /** The branches; their order is kept, because a floating-point sum has one. */
  readonly of: readonly Optimizer[];
}

/**
 * m ← βm + (1 − β)u; out is m, or with `read` r·m₋ + (1 − r)u, where m₋ is m before the update.
 *
 * With `debias` the output is divided by the weight accumulated so far: w ← βw + (1 − β) (and
 * r·w₋ + 1 − r for a read), never by a formula in t.
 */
export interface Ema {
  /** The tag of this transform. */
  readonly kind: "ema";
  /** β, the weight of the past: in [0, 1), a value that may be scheduled. */
  readonly decay: Hyper;
  /** Whether the output is divided by the weight accumulated so far. */
  readonly debias: boolean;
  /**
   * r, the weight of m₋ in what is put out: in [0, 1]. Absent: the same as `decay`, that is out =
   * m.
   */
  readonly read?: Hyper;
}

/** v ← μv + (1 − dampening)u; out v, or with `nesterov` u + μv. v starts at 0. */
export interface Trace {
  /** The tag of this transform. */
  readonly kind: "trace";
  /** μ, what is kept of v from one step to the next: in [0, 1). */
  readonly decay: Hyper;
  /** Whether u + μv is put out in place of v. */
  readonly nesterov: boolean;
  /** What is taken off each u before it enters v: in [0, 1], from the first step on. */
  readonly dampening: Hyper;
}

/** u ← by·u. */
export interface Scale {
  /** The tag of this transform. */
  readonly kind: "scale";
  /** The factor, of any sign: last in a chain it is the learning rate. */
  readonly by: Hyper;
}

/** u ← u − previous u; the first step gives 0. */
export interface Difference {
  /** The tag of this transform. */
  readonly kind: "difference";
}

/** u ← u + decay·θ on the parameters that `mask` matches. */
export interface WeightDecay {
  /** The tag of this transform. */
  readonly kind: "weightDecay";
  /** λ ≥ 0, the weight of θ that is added. */
  readonly decay: Hyper;
  /** The parameters that decay. */
  readonly mask: Predicate;
}

/** u ← min(cap, α·max(0, f − L)/(gᵀu))·u; gᵀu ≤ 0 gives no step and is counted. */
export interface NewtonRaphson {
  /** The tag of this transform. */
  readonly kind: "newtonRaphson";
  /** α ≥ 0, the fraction of the Newton–Raphson step. */
  readonly alpha: Hyper;
  /** L, the value that the loss is to reach, in units of the loss. */
  readonly lowerBound: Hyper;
  /** The largest factor of u, > 0. Absent: no cap. */
  readonly cap?: Hyper;
}

/** direction(u)·‖magnitude(u)‖/‖direction(u)‖ in each block; 0 where the direction is 0. */
export interface Graft {
  /** The tag of this transform. */
  readonly kind: "graft";
  /** The branch that says where to. */
  readonly direction: Optimizer;
  /** The branch that says how far: only its norm is used. */
  readonly magnitude: Optimizer;
  /** What the norms are over. */
  readonly per: Per;
}

/**
 * u ← ρ·direction(u) with ρ = c·max(‖θ‖, floor)/(‖u‖ + decay·‖θ‖ + ε) in each block, kept between `min` and `max`.
 *
 * Where max(‖θ‖, floor) or ‖u‖ is 0, ρ is 1 before it is kept between the two.
 */
export interface TrustRatio {
  /** The tag of this transform. */
  readonly kind: "trustRatio";
  /** c ≥ 0, how long a step is in units of θ. */
  readonly coefficient: Hyper;
  /** What the norms are over. */
  readonly per: Per;
  /** The least ‖θ‖ that counts, ≥ 0. */
  readonly floor: Hyper;
  /** How much of ‖θ‖ is added to ‖u‖, ≥ 0: the λ of a weight decay inside `direction`. */
  readonly decay: Hyper;
  /** What is added to ‖u‖, ≥ 0. */
  readonly eps: Hyper;
  /** The smallest ρ, ≥ 0. Absent: no bound. */
  readonly min?: Hyper;
  /** The largest ρ, > 0. Absent: no bound. */
  readonly max?: Hyper;
  /** The transform of u that is scaled; its norm is not used. */
  readonly direction: Optimizer;
}

/** u ← max(‖θ‖, floor)·u in each block. */
export interface ScaleByParameterNorm extends BlockNorm {
  /** The tag of this transform. */
  readonly kind: "scaleByParameterNorm";
  /** The least ‖θ‖ that counts, ≥ 0. */
  readonly floor: Hyper;
}

/** u ← √c·u in each tensor, c a number of its shape. */
export interface ScaleByShape {
  /** The tag of this transform. */
  readonly kind: "scaleByShape";
  /** c of m rows (the first axis) and n columns: max(1, m/n), m/n or max(m, n). */
  readonly factor: "tall" | "aspect" | "longest";
}

/** u ← ∇f(θ − at(u)) on the same batch. */
export interface GradientAt {
  /** The tag of this transform. */
  readonly kind: "gradientAt";
  /** How far to walk from θ before the gradient is taken: at θ − at(u). */
  readonly at: Optimizer;
}

/** One part of a {@link Partition}. */
export interface Part {
  /** The parameters of this part. */
  readonly where: Predicate;
  /** The transform that their u goes through. */
  readonly of: Optimizer;
}

/** Each parameter goes to the first part that matches it, or to `rest`; norms are over the part. */
export interface Partition {
  /** The tag of this transform. */
  readonly kind: "partition";
  /** The parts in the order in which they are tried; matching nothing is an error. */
  readonly parts: readonly Part[];
  /** The transform of the parameters that no part matches. */
  readonly rest: Optimizer;
}

/** A gate: where u has a non-finite element the step is 0, and the state inside does not move. */
export interface SkipNonFinite {
  /** The tag of this transform. */
  readonly kind: "skipNonFinite";
  /** The transform behind the gate. */
  readonly of: Optimizer;
}

/**
 * u ← γ·d·of(d·u), with d the distance to the solution that the gradients so far vouch for.
 *
 * r ← βr + (1 − β)γd²·uᵀ(θ₀ − θ); s ← βs + (1 − β)γd²·u; then d ← max(d, r/‖s‖₁) for the next step.
 */
export interface DistanceAdapted {
  /** The tag of this transform. */
  readonly kind: "distanceAdapted";
  /** What d·u goes through; it may read d as the signal `"distance"`. */
  readonly of: Optimizer;
  /** γ ≥ 0, a factor of the step and of what enters r and s. */
  readonly rate: Hyper;
  /** β in [0, 1), the decay of r and s. */
  readonly decay: Hyper;
  /** d₀ > 0, a distance in the parameters that is surely too small. */
  readonly initial: number;
  /** By which factor d may grow in a step, ≥ 1. Absent: no bound. */
  readonly growth?: Hyper;
}

/**
 * u ← of(u), or 0 where the step is rejected; `of` may read a damping μ that follows the gain ratio of the steps before.
 *
 * ρ = (f(θ) − f(θ − u))/(gᵀu − ½uᵀMu), u what `of` puts out and M the Gauss–Newton or Hessian matrix at θ.
 */
export interface GainAdapted {
  /** The tag of this transform. */
  readonly kind: "gainAdapted";
  /** What makes the step; it may read μ as the signal `"damping"`. */
  readonly of: Optimizer;
  /** M, the quadratic model that the step is measured by. */
  readonly model: "gaussNewton" | "hessian";
  /**
   * `"thresholds"`: μ ← grow·μ where ρ < low or ρ ≤ 0, shrink·μ where ρ > high. `"nielsen"`: μ ← max(shrink, 1 − (2ρ −
   * 1)³)·μ where ρ > 0, else νμ and ν ← 2ν, ν being `grow` after every ρ > 0.
   */
  readonly rule: "thresholds" | "nielsen";
  /** μ₀ > 0, in units of the curvature. */
  readonly initial: number;
  /** The least μ, > 0. */
  readonly least: Hyper;
  /** The largest μ, > 0. */
  readonly most: Hyper;
  /** What μ is multiplied by after a bad step, ≥ 1. */
  readonly grow: Hyper;
  /** What μ is multiplied by after a good one (at least, by Nielsen's rule), in (0, 1]. */
  readonly shrink: Hyper;
  /** Below this ρ is bad, in [0, 1]; absent by Nielsen's rule. */
  readonly low?: Hyper;
  /** Above this ρ is good, in [0, 1]; absent by Nielsen's rule. */
  readonly high?: Hyper;
  /** Whether there is no step where ρ ≤ 0; it is counted. */
  readonly rejects: boolean;
}

/**
 * A gate: u is averaged, and `of` gets the mean at every `steps`-th step; at the others the step is 0.
 *
 * Between two openings neither the state nor the clock inside moves.
 */
export interface Accumulate {
  /** The tag of this transform. */
  readonly kind: "accumulate";
  /** How many u enter a mean, ≥ 1. */
  readonly steps: number;
  /** The transform behind the gate. */
  readonly of: Optimizer;
}

/**
 * *Last*: at every `steps`-th step s ← s + α(θ − u − s), and θ becomes s; s starts at θ₀ and is what is evaluated.
 */
export interface Lookahead {
  /** The tag of this transform. */
  readonly kind: "lookahead";
  /** Steps from one synchronisation to the next, ≥ 1. */
  readonly steps: number;
  /** α in [0, 1], how far the slow weights go towards the fast ones. */
  readonly alpha: Hyper;
}

/** *Last*: leaves u as it is, and averages θ − u from the step `start` on; the average is what is evaluated. */
export interface Average {
  /** The tag of this transform. */
  readonly kind: "average";
  /** β in [0, 1), the weight of the past. Absent: all have the same weight. */
  readonly decay?: Hyper;
  /** How many steps are not averaged, ≥ 0; until then the average is θ itself. */
  readonly start: number;
}

/**
 * *Last*: z ← z − ηu; x ← (1 − c)x + cz; θ becomes (1 − β)z + βx, and x is what is evaluated.
 *
 * c = w/Σw with w = (max η so far)^power; z and x start at θ₀.
 */
export interface ScheduleFree {
  /** The tag of this transform. */
  readonly kind: "scheduleFree";
  /** η ≥ 0, the learning rate of z. */
  readonly rate: Hyper;
  /** β in [0, 1], where between z and x the gradients are taken. */
  readonly beta: Hyper;
  /** The power of the largest η so far that weighs z in x, ≥ 0. */
  readonly power: number;
}

/**
 * *Last*: u ← α·u, α found by trials of f(θ − α·u) on the same batch; gᵀu ≤ 0 gives no step and is counted.
 *
 * With φ(α) = f(θ − α·u) a trial suffices where φ(α) ≤ φ(0) + c₁αφ′(0), and for `"strongWolfe"` also |φ′(α)| ≤
 * c₂|φ′(0)|.
 */
export interface LineSearch {
  /** The tag of this transform. */
  readonly kind: "lineSearch";
  /** How trials follow each other: each shorter than the one before, or with a bracket and cubics in it. */
  readonly method: "backtracking" | "strongWolfe";
  /** α of the first trial, > 0. */
  readonly initial: Hyper;
  /** `"bounded"`: at the first step of this transform the first trial is min(1, 1/‖u‖₁)·initial. */
  readonly first: "whole" | "bounded";
  /** c₁ in [0, 1], which part of the decrease that φ′(0) promises is enough. */
  readonly c1: Hyper;
  /** c₂ in [0, 1], which part of the slope may be left; absent for `"backtracking"`. */
  readonly c2?: Hyper;
  /** What each α is of the one before, in (0, 1); absent for `"strongWolfe"`. */
  readonly decrease?: Hyper;
  /** How many at most, ≥ 1. */
  readonly trials: number;
  /** α where none suffices, which is counted: 0, the last trial, or the trial with the least loss, if below f(θ). */
  readonly otherwise: "none" | "last" | "best";
}

/** How often samples are taken and roots or bases recomputed, in steps of the stage. */
export interface Every {
  /** Steps from one sample of curvature to the next, ≥ 1. */
  readonly sample: number;
  /** Steps from one root or basis to the next, ≥ 1. */
  readonly factor: number;
}

/**
 * For the first `steps` steps the stage puts out `use(u)`, while its statistics already run.
 *
 * Where `use` equals the stage's `direction`, it *is* the direction: one state, one set of hyperparameters.
 */
export interface Warmup {
  /** For how many steps of the stage, ≥ 1. */
  readonly steps: number;
  /** What the stage puts out in place of its own step. */
  readonly use: Optimizer;
}

/**
 * The heart: takes its samples from the incoming u (or from the objective at θ), models the
 * curvature, and applies φ(λ, û) to `direction(u)`.
 */
export interface Curvature {
  /** The tag of this transform. */
  readonly kind: "curvature";
  /** Which samples of curvature are taken. */
  readonly calculating: Calculating;
  /** The basis, and what is kept of the samples in it. */
  readonly structure: Structure;
  /** How the samples are accumulated, applied in order; empty is `latest()`. */
  readonly iterative: readonly Accumulator[];
  /** How long the step is, as a function of λ and û. */
  readonly length: Length;
  /** The transform of u that φ is applied to; it is not sampled. */
  readonly direction: Optimizer;
  /** Maps on the spectrum, applied in order. */
  readonly damping: readonly Damping[];
  /** How the stage works with a matrix. Absent: what suits the structure. */
  readonly solver?: Solver;
  /** How often samples are taken and roots recomputed. */
  readonly every: Every;
  /** What is put out before the statistics are good for anything. Absent: nothing else. */
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
  | TrustRatio
  | ScaleByParameterNorm
  | ScaleByShape
  | GradientAt
  | Partition
  | SkipNonFinite
  | DistanceAdapted
  | GainAdapted
  | Accumulate
  | Lookahead
  | Average
  | ScheduleFree
  | LineSearch
  | Curvature;

/** The kinds of transform. */
export type OptimizerKind = Optimizer["kind"];

/** The transform of one kind. */
export type TransformOf<K extends OptimizerKind> = Extract<Optimizer, { readonly kind: K }>;

/** A member of a union that is discriminated by `kind`. */
export interface Tagged {
  /** Which member of the union it is. */
  readonly kind: string;
}

/** The member of kind K of a union of tagged values. */
export type OfKind<U extends Tagged, K extends U["kind"]> = Extract<U, { readonly kind: K }>;
