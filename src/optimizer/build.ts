/**
 * What every constructor does: validate, fill in defaults, bring to the canonical form, freeze.
 *
 * @module
 */

import { SteepestError } from "../errors.ts";
import type { Predicate } from "./predicate.ts";
import type { Schedule } from "./schedule.ts";
import { predicateSchema, scheduleSchema, signalSchema } from "./schema/hyper.ts";
import { optimizerSchema } from "./schema/optimizer.ts";
import { SLOT_SCHEMAS, type Slots } from "./schema/slots.ts";
import { type Border, check } from "./schema/tagged.ts";
import type { Signal } from "./signal.ts";
import type { Optimizer, Tagged } from "./types.ts";

/** What a constructor was given, before it is checked. */
export interface Input extends Tagged {
  readonly [field: string]: unknown;
}

/** Validates against a schema, or throws every issue. The caller names the kind, so the type is its member. */
function build<U extends Tagged, T extends U>(schema: Border<U>, input: Input): T {
  const result = check(schema, input, input.kind);
  if (!result.ok) throw new SteepestError("description", result.issues);
  return result.value as T;
}

/** Builds a transform. */
export function transform<T extends Optimizer>(input: Input): T {
  return build<Optimizer, T>(optimizerSchema, input);
}

/** Builds a member of a slot of a stage. */
export function slot<S extends keyof Slots, T extends Slots[S]>(name: S, input: Input): T {
  return build<Slots[S], T>(SLOT_SCHEMAS[name], input);
}

/** Builds a schedule; `constant` also stands in the slot `calculating`, where its value may be a schedule. */
export function schedule<T extends Tagged>(input: Input): T {
  return build<Schedule, Schedule>(scheduleSchema, input) as Tagged as T;
}

/** Builds a signal. */
export function signalValue<T extends Signal>(input: Input): T {
  return build<Signal, T>(signalSchema, input);
}

/** Builds a predicate over parameters. */
export function predicate<T extends Predicate>(input: Input): T {
  return build<Predicate, T>(predicateSchema, input);
}
