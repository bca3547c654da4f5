/**
 * What a sweep comes back with, and in which order.
 *
 * @module
 */
import type { SteepestError } from "../errors.ts";
import type { Optimizer } from "../optimizer/types.ts";
import type { BackendName } from "../runtime/executor.ts";
import type { Settings } from "./trials.ts";

/** One trial of a sweep, with its run of the type `R`. */
export interface Trial<S extends Settings, R> {
  /** Its place in the list of trials, from 0. */
  readonly index: number;
  /** What was tried. */
  readonly settings: S;
  /** The optimizer that the settings made. */
  readonly optimizer: Optimizer;
  /** Which of the programs ran it, from 0. */
  readonly program: number;
  /** The loss at the end, or the measure that was asked for (negative, if more of it is better). */
  readonly score: number;
  /** The first step whose loss was not finite. */
  readonly firstNonFinite?: number;
  /** The whole run, as if it had been alone. */
  readonly run: R;
}

/** A trial that did not come to its end: an optimizer, an option or a program that cannot be. */
export interface FailedTrial<S> {
  /** Its place in the list of trials, from 0. */
  readonly index: number;
  /** What was tried. */
  readonly settings: S;
  /** What is wrong with it. */
  readonly error: SteepestError;
}

/** A moment of a sweep. */
export interface SweepProgress {
  /** Trials in all. */
  readonly trials: number;
  /** Trials that are done, or failed. */
  readonly finished: number;
  /** Trials that run side by side now. */
  readonly running: number;
  /** How much of the sweep is done, from 0 to 1. */
  readonly fraction: number;
}

/** The result of a sweep. */
export interface SweepResult<S extends Settings, R> {
  /** The trials that ran to their end, in the order they were given. */
  readonly trials: readonly Trial<S, R>[];
  /**
   * The same, best first: by score, and with `until` first those that reached it, by their steps. Those whose
   * score is not finite come last.
   */
  readonly ranked: readonly Trial<S, R>[];
  /** The trials that failed, in the order they were given; the others are none the worse for them. */
  readonly failures: readonly FailedTrial<S>[];
  /** The first of `ranked`; absent where no score is finite. */
  readonly best?: Trial<S, R>;
  /** Programs that were needed: one for all trials that differ in values alone. */
  readonly programs: number;
  /** Runs that were needed: more than `programs` where there are more trials than may run side by side. */
  readonly runs: number;
  /** Options that are compiled in, so that each of their values is a program of its own. */
  readonly structural: readonly string[];
  /** Whether the signal ended the sweep before its last trial. */
  readonly interrupted: boolean;
  /** Where it ran; absent if no trial came to its end. */
  readonly backend?: BackendName;
}

/** What a run is ranked by: the first number in which two differ decides, and lower is better. */
export type RankKey = readonly number[];

/** Best first: those with finite keys in order, then the others; equal ones in the order they were given. */
export function rankTrials<T extends { readonly index: number }>(
  trials: readonly T[],
  keyOf: (trial: T) => RankKey,
): T[] {
  const keyed = trials.map((trial) => {
    const key = keyOf(trial);
    return { trial, key: [key.every(Number.isFinite) ? 0 : 1, ...key] };
  });
  return keyed.toSorted((a, b) => {
    const at = a.key.findIndex((value, i) => value !== b.key[i]);
    const undecided = at < 0 || a.key[0] === 1 && b.key[0] === 1;
    return undecided ? a.trial.index - b.trial.index : a.key[at]! - b.key[at]!;
  }).map(({ trial }) => trial);
}
