/**
 * The step program: one optimization step as a pure function of slots, cut into regions.
 *
 * Every value that outlives a step, or comes from outside, is a *slot* that the graph reads through
 * an `input` node. `version` 0 of a slot is its value when the step begins; each region that assigns
 * the slot makes the next version, whether or not the region fires at this step (if it does not,
 * the new version equals the old one). Regions run in order. A node used in two regions is evaluated
 * once: in the first of them if that is straight, otherwise in the straight region before it, because
 * an `every` region does not run at every step. A program with `every` regions begins with a straight one.
 *
 * @module
 */
import type { DType, Node, Shape } from "../tensor/node.ts";

/** Where a slot's value comes from. */
export type SlotRole =
  /** The flat parameter vector θ. */
  | "parameters"
  /** State of the optimizer, kept between steps. */
  | "state"
  /** A tensor of the batch. */
  | "batch"
  /** A data set that stays on the device, from which batches are gathered. */
  | "data"
  /** A value hyperparameter: an f32 scalar that the host may change at any time, or computes at each step. */
  | "hyper"
  /** `step` (batches seen before this one, u32) and `seed` (u32, one per replica). */
  | "clock"
  /** An f32 scalar that is written once a step and read by nobody but the host. */
  | "record";

/** A named value outside the graph. */
export interface Slot {
  /** Unique in the program. */
  readonly name: string;
  /** Where its value comes from. */
  readonly role: SlotRole;
  /** Shape of the value. */
  readonly shape: Shape;
  /** Element type of the value. */
  readonly dtype: DType;
  /** Value at the first step: a splat, row-major values, or (for state) a graph over version 0. */
  readonly initial?: number | readonly number[] | Node;
  /** Of a hyperparameter: how often its transform has stepped, a graph over `step`. Absent: only the device knows. */
  readonly clock?: Node;
  /**
   * Of a hyperparameter: its value at each step, a graph over other hyperparameters and the count of
   * its transform. With a `clock` the host computes it, and the graph of the step reads the slot;
   * without one the graph of the step contains it.
   */
  readonly follows?: Node;
  /** The same initial value for every replica unless a run gives one per replica. */
  readonly perReplica: boolean;
}

/** A new value for a slot. */
export interface Assignment {
  /** Name of the slot. */
  readonly slot: string;
  /** Its next version. */
  readonly value: Node;
}

/** Assignments that happen together, at every step or at the steps with step ≡ offset (mod period). */
export interface Region {
  /** `straight` has the period 1. */
  readonly kind: "straight" | "every";
  /** Steps between two firings. */
  readonly period: number;
  /** First step at which it fires. */
  readonly offset: number;
  /** What changes. */
  readonly assign: readonly Assignment[];
}

/** Where one parameter lies in the flat vector. */
export interface ArenaEntry {
  /** Path of the parameter. */
  readonly path: string;
  /** Shape of the value. */
  readonly shape: Shape;
  /** Of its first element in the flat vector. */
  readonly offset: number;
  /** Number of elements. */
  readonly size: number;
}

/** The layout that θ, g, u and every parameter-shaped state slot share: dense, without pads. */
export interface Arena {
  /** Number of elements. */
  readonly size: number;
  /** The parameters, in the order of the vector. */
  readonly entries: readonly ArenaEntry[];
}

/** Some parameters as they are read for evaluation. */
export interface EvaluationSource {
  /** Slot that holds them, a vector over `space`. */
  readonly slot: string;
  /** Which parameters it holds, and where. */
  readonly space: Arena;
}

/** One step of an optimizer on an objective. */
export interface StepProgram {
  /** Where the parameters lie in θ. */
  readonly arena: Arena;
  /** Everything outside the graph. */
  readonly slots: readonly Slot[];
  /** What happens, in order. */
  readonly regions: readonly Region[];
  /**
   * Where parameters are read for evaluation; of several sources that hold a parameter the last one counts.
   *
   * @default none: all are read from θ
   */
  readonly evaluation?: readonly EvaluationSource[];
}

/** Name of the slot of θ. */
export const PARAMETERS = "theta";
/** Name of the slot that counts batches. */
export const STEP = "step";
/** Name of the slot of the random seed. */
export const SEED = "seed";

/** Whether a region fires at a step. */
export function fires(region: Pick<Region, "period" | "offset">, step: number): boolean {
  return step % region.period === region.offset % region.period;
}

/** The slot called `name`; asking for one that does not exist is a fault of the caller. */
export function slotOf(program: StepProgram, name: string): Slot {
  const slot = program.slots.find((s) => s.name === name);
  if (slot === undefined) throw new RangeError(`No slot "${name}" in the step program`);
  return slot;
}
