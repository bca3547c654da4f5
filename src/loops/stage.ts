/**
 * The loop program: every stored tensor is produced by a stage over named axes; views have vanished
 * into index expressions. A kernel is a cluster of stages round one anchor.
 *
 * @module
 */
import type { DType, Shape } from "../tensor/node.ts";
import type { Axis } from "./index.ts";
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

/** value[parallel] = combine over reduce of body. */
export interface Stage {
  readonly value: ValueId;
  readonly parallel: readonly Axis[];
  readonly reduce: readonly Axis[];
  readonly combine: Combine;
  readonly body: Scalar;
}

/** One kernel: the anchor's tile is computed by a thread, then the epilogue stages that it covers. */
export interface Cluster {
  readonly anchor: Stage;
  /** In order of dependence; each reads the anchor or earlier members of the epilogue. */
  readonly epilogue: readonly Stage[];
  /** Values that are read outside the cluster, so that they must be stored. */
  readonly stored: readonly ValueId[];
}
