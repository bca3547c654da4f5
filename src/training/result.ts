/**
 * What a training run comes back with.
 *
 * @module
 */
import type { Values } from "../nn/parameters.ts";
import type { BackendName } from "../runtime/executor.ts";

/** How good a model is. */
export interface Metrics {
  /** The fraction of test images that are classified rightly. NaN if they were never measured. */
  readonly testAccuracy: number;
  /** The mean loss of the test images, every layer in its evaluation mode. */
  readonly testLoss: number;
  /** The mean of the training losses of the last epoch (of what there is of it). */
  readonly trainLoss: number;
}

/** One epoch, or what there is of it. */
export interface EpochMetrics extends Metrics {
  /** From 1. */
  readonly epoch: number;
  /** Steps taken by its end, from the start of the run. */
  readonly steps: number;
  /** Seconds for the steps of this epoch, without the measurement. */
  readonly seconds: number;
}

/** Records of every step by name, one value a step. */
export type Telemetry = Readonly<Record<string, Float64Array>>;

/** One of several runs side by side. */
export interface ReplicaResult<P> {
  /** At the end of the run. */
  readonly metrics: Metrics;
  /** At the end of the run, in the nesting of the model's parameters. */
  readonly parameters: Values<P>;
  /** The training loss of every step, and whatever the optimizer records. */
  readonly telemetry: Telemetry;
  /** Epoch by epoch. */
  readonly history: readonly EpochMetrics[];
  /** The first step whose loss was not finite. */
  readonly firstNonFinite?: number;
}

/** The result of a training run: that of replica 0, with metrics and history averaged over replicas. */
export interface TrainResult<P> extends ReplicaResult<P> {
  /** Whether the signal ended the run before its last step. */
  readonly interrupted: boolean;
  /** Steps taken. */
  readonly steps: number;
  /** Runs side by side. */
  readonly replicas: number;
  /** Where the steps ran. */
  readonly backend: BackendName;
  /** What the device calls itself. */
  readonly device: string;
  /** One of the runs. */
  readonly replica: (r: number) => ReplicaResult<P>;
}
