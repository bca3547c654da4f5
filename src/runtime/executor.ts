/**
 * What runs a compiled step: one interface for the device, the typed-array target and the oracle.
 *
 * @module
 */

import type { Definition } from "./hyper_table.ts";

/** Where a program runs. */
export type BackendName = "webgpu" | "js" | "reference";

/** Records by name; row-major `[steps, replicas]`. */
export type RecordRows = ReadonlyMap<string, Float64Array>;

/** Runs steps of one program. Everything happens in the order of the calls. */
export interface Executor {
  readonly backend: BackendName;
  readonly replicas: number;
  /** Steps asked for since the program began, whether or not they are done. */
  readonly steps: number;
  /** Slots that live from step to step, with hyperparameters and seeds: what a checkpoint holds. */
  readonly slots: readonly string[];
  /** Queues `n` steps and returns. */
  step(n: number): void;
  /** Resolves when everything queued is done; rejects with the errors that it met. */
  settled(): Promise<void>;
  /** Queues new values for a slot: one copy for all replicas, or `[replicas, …shape]`. */
  write(slot: string, values: ArrayLike<number>): void;
  /** Queues another definition of a hyperparameter that the host knows; nothing is compiled. */
  define(slot: string, definition: Definition): void;
  /** The values of a slot after everything queued so far, `[replicas, …shape]` if per replica. */
  read(slot: string): Promise<Float64Array>;
  /** The records of steps `from` (inclusive) to `to` (exclusive). */
  records(from: number, to: number): Promise<RecordRows>;
  /** Continues as after `step` steps; earlier records are gone. */
  seek(step: number): void;
  /** Forgets steps that are queued and not begun. */
  cancel(): void;
  /** Frees what the executor holds; a second call does nothing. */
  dispose(): void;
}
