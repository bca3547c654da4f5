/**
 * What every constructor does: validate, fill in defaults, bring to the canonical form, freeze.
 *
 * @module
 */

import { issue, SteepestError } from "../errors.ts";
import { isRecord } from "../errors/options.ts";
import { show } from "../errors/words.ts";
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

/**
 * The input of a constructor that takes options: they are an object, of which the schema knows the names, and change
 * neither what is built nor the arguments beside them.
 */
export function withOptions<O extends object>(
  kind: string,
  options: O,
  fixed: Readonly<Record<string, unknown>> = {},
): Input {
  const given: unknown = options;
  if (!isRecord(given)) {
    throw new SteepestError("description", [issue(kind, show(given), "an object of options")]);
  }
  const issues = Object.entries({ kind, ...fixed })
    .filter(([name, value]) => Object.hasOwn(given, name) && given[name] !== value)
    .map(([name]) => issue(`${kind}/${name}`, `the option ${show(name)}`, "options without it"));
  if (issues.length > 0) throw new SteepestError("description", issues);
  return { ...given, ...fixed, kind };
}

/** Validates against a schema, or throws every issue. The caller names the kind, so the type is its member. */
function build<U extends Tagged, T extends U>(
  schema: Border<U>,
  input: Input,
  root: string = input.kind,
): T {
  const result = check(schema, input, root);
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

/** A predicate that may come from a caller without types. */
export function checkedPredicate(given: Predicate): Predicate {
  return build<Predicate, Predicate>(predicateSchema, given as Tagged as Input, "predicate");
}
