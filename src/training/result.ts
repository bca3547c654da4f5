/**
 * What a training run comes back with.
 *
 * @module
 */
import type { Values } from "../nn/parameters.ts";
import type { TelemetryName } from "../optimizer/telemetry.ts";
import type { BackendName } from "../runtime/executor.ts";
import type { Telemetry } from "../runtime/telemetry.ts";

/** How good a model is. */
export interface Metrics {
  /** The fraction of test images that are classified rightly. NaN where they were not measured. */
  readonly testAccuracy: number;
  /**
   * The mean loss of the test images, every layer in its evaluation mode. NaN where they were not
   * measured.
   */
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

/** One of several runs side by side. */
export interface ReplicaResult<P, N extends TelemetryName = never> {
  /** At the end of the run; where the signal ended it, what was measured before is in `history`. */
  readonly metrics: Metrics;
  /** At the end of the run, in the nesting of the model's parameters. */
  readonly parameters: Values<P>;
  /**
   * What the test images were measured with: what `average`, `lookahead` or `scheduleFree` keep for that,
   * where the optimizer has one of them, otherwise `parameters`.
   */
  readonly evaluationParameters: Values<P>;
  /** The training loss of every step, and whatever else was recorded, by name. */
  readonly telemetry: Telemetry<N>;
  /** Epoch by epoch. */
  readonly history: readonly EpochMetrics[];
  /** The first step whose loss was not finite. */
  readonly firstNonFinite?: number;
}

/** The result of a training run: that of replica 0, with metrics and history averaged over replicas. */
export interface TrainResult<P, N extends TelemetryName = never> extends ReplicaResult<P, N> {
  /** Whether the signal ended the run before its last step, or before that was measured. */
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
  readonly replica: (r: number) => ReplicaResult<P, N>;
}
