/**
 * Records as series by name.
 *
 * @module
 */
import type { TelemetryName } from "../optimizer/telemetry.ts";
import type { RecordRows } from "./executor.ts";

/**
 * One number a step for each name: the loss, the names that were asked for, and by `PATH/NAME` what
 * single transforms record, such as `1/newtonRaphson/capped`.
 */
export type Telemetry<N extends TelemetryName = never> =
  & Readonly<Record<string, Float64Array>>
  & Readonly<Record<N | "loss", Float64Array>>;

const RECORD = "record/";
/** Parameters that are recorded element by element are no telemetry. */
const HISTORY = "record/history/";

/** The name under which a record is told. */
export function seriesName(record: string): string {
  return record.slice(RECORD.length);
}

/** The series of replica r from records of all. */
export function telemetryOf<N extends TelemetryName>(
  rows: RecordRows,
  replicas: number,
  r: number,
): Telemetry<N> {
  const series = [...rows].filter(([name]) => !name.startsWith(HISTORY)).map(([name, row]) => [
    seriesName(name),
    replicas === 1
      ? row
      : Float64Array.from({ length: row.length / replicas }, (_, s) => row[s * replicas + r]!),
  ]);
  // The loss and every name that was asked for have a record in the program.
  return Object.fromEntries(series) as Telemetry<N>;
}
