/**
 * The books of a training run: records as they come, and metrics by epoch and replica.
 *
 * @module
 */
import { show } from "../errors/words.ts";
import { failure } from "../errors.ts";
import type { TelemetryName } from "../optimizer/telemetry.ts";
import type { RecordRows } from "../runtime/executor.ts";
import { seriesName, telemetryOf } from "../runtime/telemetry.ts";
import type { EpochMetrics, Metrics, ReplicaResult } from "./result.ts";

/** What a measurement of the test images gives for each replica. */
export interface Measured {
  readonly accuracy: Float64Array;
  readonly loss: Float64Array;
}

/** The books of a run. */
export interface Books<N extends TelemetryName = never> {
  /** Takes the records of some steps. */
  readonly enter: (rows: RecordRows) => void;
  /** Ends an epoch, or what there is of it. */
  readonly endEpoch: (epoch: number, seconds: number, measured: Measured | undefined) => void;
  /** The newest loss, the mean over replicas. */
  readonly loss: () => number;
  /** The newest value of everything that is recorded, the mean over replicas. */
  readonly newest: () => Readonly<Record<string, number>>;
  /** The newest test accuracy, the mean over replicas. */
  readonly accuracy: () => number | undefined;
  /** Everything about one replica, without parameters. */
  readonly replica: (
    r: number,
  ) => Omit<ReplicaResult<unknown, N>, "parameters" | "evaluationParameters">;
  /** Metrics averaged over replicas. */
  readonly average: () => { readonly metrics: Metrics; readonly history: readonly EpochMetrics[] };
}

const NOTHING: Metrics = { testAccuracy: NaN, testLoss: NaN, trainLoss: NaN };

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/** Books for `replicas` runs whose loss is recorded under `lossName`. */
export function openBooks<N extends TelemetryName = never>(
  replicas: number,
  lossName: string,
): Books<N> {
  const blocks = new Map<string, Float64Array[]>();
  const histories: EpochMetrics[][] = Array.from({ length: replicas }, () => []);
  const epochSums = new Float64Array(replicas);
  const firstNonFinite: (number | undefined)[] = Array.from({ length: replicas }, () => undefined);
  let epochSteps = 0;
  let steps = 0;
  let newest = NaN;
  let measuredAccuracy: number | undefined;

  const enter = (rows: RecordRows) => {
    for (const [name, block] of rows) {
      const known = blocks.get(name);
      if (known === undefined) blocks.set(name, [block]);
      else known.push(block);
    }
    const losses = rows.get(lossName);
    if (losses === undefined) {
      throw failure("device", "records", [...rows.keys()].join(", "), `a record "${lossName}"`);
    }
    const count = losses.length / replicas;
    losses.forEach((loss, i) => {
      const r = i % replicas;
      epochSums[r] = epochSums[r]! + loss;
      if (!Number.isFinite(loss)) firstNonFinite[r] ??= steps + Math.floor(i / replicas);
    });
    steps += count;
    epochSteps += count;
    if (count > 0) newest = mean(losses.subarray((count - 1) * replicas));
  };

  const rows = (): RecordRows =>
    new Map([...blocks].map(([name, parts]) => {
      const row = new Float64Array(steps * replicas);
      let at = 0;
      for (const part of parts) {
        row.set(part, at);
        at += part.length;
      }
      return [name, row];
    }));

  return {
    enter,
    endEpoch: (epoch, seconds, measured) => {
      histories.forEach((history, r) =>
        history.push({
          epoch,
          steps,
          seconds,
          trainLoss: epochSums[r]! / epochSteps,
          testLoss: measured?.loss[r] ?? NaN,
          testAccuracy: measured?.accuracy[r] ?? NaN,
        })
      );
      epochSums.fill(0);
      epochSteps = 0;
      if (measured !== undefined) measuredAccuracy = mean(measured.accuracy);
    },
    loss: () => newest,
    newest: () =>
      Object.fromEntries(
        [...blocks].map(([name, parts]) => [
          seriesName(name),
          mean(parts.at(-1)!.subarray(-replicas)),
        ]),
      ),
    accuracy: () => measuredAccuracy,
    replica: (r) => {
      const history = Number.isInteger(r) ? histories[r] : undefined;
      if (history === undefined) {
        throw failure("description", "replica", show(r), `an integer from 0 to ${replicas - 1}`);
      }
      const { trainLoss, testLoss, testAccuracy } = history.at(-1) ?? NOTHING;
      const first = firstNonFinite[r];
      return {
        metrics: { trainLoss, testLoss, testAccuracy },
        telemetry: telemetryOf<N>(rows(), replicas, r),
        history,
        ...(first === undefined ? {} : { firstNonFinite: first }),
      };
    },
    average: () => {
      const history = histories[0]!.map((first, i): EpochMetrics => {
        const over = (name: keyof Metrics) => mean(histories.map((h) => h[i]![name]));
        return {
          ...first,
          trainLoss: over("trainLoss"),
          testLoss: over("testLoss"),
          testAccuracy: over("testAccuracy"),
        };
      });
      const { trainLoss, testLoss, testAccuracy } = history.at(-1) ?? NOTHING;
      return { metrics: { trainLoss, testLoss, testAccuracy }, history };
    },
  };
}
