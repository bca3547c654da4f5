/**
 * Results for machines: one JSON object a line, each with the field `event` that says what it is.
 *
 * @module
 */

function plain(_key: string, value: unknown): unknown {
  return ArrayBuffer.isView(value) && !(value instanceof DataView)
    ? Array.from(value as Float64Array)
    : value;
}

/** One line; typed arrays are lists, and a number that is not finite is `null`. */
export function jsonLine(event: string, fields: object): string {
  return JSON.stringify({ event, ...fields }, plain);
}
