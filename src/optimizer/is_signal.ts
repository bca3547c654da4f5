/**
 * Telling signals from numbers and schedules.
 *
 * @module
 */

import type { Signal, SignalKind } from "./signal.ts";

const SIGNAL_KINDS: { readonly [K in SignalKind]: true } = { signal: true, plateau: true };

/** Whether a hyperparameter value is a signal. */
export function isSignal(value: unknown): value is Signal {
  return typeof value === "object" && value !== null && "kind" in value &&
    typeof value.kind === "string" && Object.hasOwn(SIGNAL_KINDS, value.kind);
}
