/**
 * The loop program: every stored tensor is produced by a stage over named axes; views have vanished
 * into index expressions. A kernel is a cluster of stages round one anchor.
 *
 * @module
 */
import type { DType, Shape } from "../tensor/node.ts";
import type { Axis, Index } from "./index.ts";
import type { Scalar, ValueId } from "./scalar.ts";

/** A tensor that may be stored: by a slot, by a constant, or by the stage that defines it. */
export interface Value {
  readonly id: ValueId;
  readonly label: string;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly source:
    | { readonly kind: "slot"; readonly slot: string; readonly version: number }
    | { readonly kind: "constant"; readonly values: readonly number[] }
    | { readonly kind: "host"; readonly word: number }
    | { readonly kind: "stage" };
}

/** How a stage combines over its reduce axes. */
export type Combine = "none" | "sum" | "max" | "argmax";

/** Consecutive elements of a flat domain, shared out among threads. */
export interface Run {
  readonly start: number;
  readonly stop: number;
  /** The first of its threads, and their number. */
  readonly first: number;
  readonly threads: number;
}

/**
 * How the elements of a flat domain are shared out among threads: teams have neighbouring elements, of
 * which the threads of a team take neighbours in turn.
 */
export interface Nest {
  readonly size: number;
  /** Vectors side by side, each with threads of its own. */
  readonly copies: number;
  readonly runs: readonly Run[];
  /** Threads of a copy. */
  readonly threads: number;
  /** Elements of a thread, at most. */
  readonly block: number;
  /** Threads of a team. */
  readonly team: number;
}

/** value[parallel] = combine over reduce of body. */
export interface Stage {
  readonly value: ValueId;
  readonly parallel: readonly Axis[];
  readonly reduce: readonly Axis[];
  readonly combine: Combine;
  readonly body: Scalar;
  /**
   * The element that is stored, if that is not the one at `parallel`: the stage computes some elements of a value, and
   * the others stay what they are. It reads nothing but what the body reads.
   */
  readonly place?: readonly Index[];
  /**
   * If present, the elements of `parallel` (after the copies, if there are several) are terms: what is stored is, for each thread of the nest,
   * the sum of those that it goes through.
   */
  readonly nest?: Nest;
}

/** One kernel: the anchor's tile is computed by a thread, then the epilogue stages that it covers. */
export interface Cluster {
  readonly anchor: Stage;
  /** In order of dependence; each reads the anchor or earlier members of the epilogue. */
  readonly epilogue: readonly Stage[];
  /** Values that are read outside the cluster, so that they must be stored. */
  readonly stored: readonly ValueId[];
}
