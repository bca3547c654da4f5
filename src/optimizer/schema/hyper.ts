/**
 * Schemas of numbers, schedules and predicates.
 *
 * @module
 */

import { z } from "zod";
import type { Predicate } from "../predicate.ts";
import type { Hyper, Schedule, ScheduleKind } from "../schedule.ts";
import type { OfKind } from "../types.ts";
import { type Border, delegate, raise, tagged } from "./tagged.ts";
import { show } from "./words.ts";

/** An interval; `openMin` and `openMax` leave out the ends. */
export interface Range {
  readonly min?: number;
  readonly max?: number;
  readonly openMin?: boolean;
  readonly openMax?: boolean;
}

/** Any finite number. */
export const ANY: Range = {};
/** ≥ 0. */
export const NON_NEGATIVE: Range = { min: 0 };
/** > 0. */
export const POSITIVE: Range = { min: 0, openMin: true };
/** A decay: [0, 1). */
export const DECAY: Range = { min: 0, max: 1, openMax: true };
/** [0, 1]. */
export const UNIT: Range = { min: 0, max: 1 };

/** A range in words. */
export function describeRange({ min, max, openMin, openMax }: Range): string {
  if (min === undefined && max === undefined) return "a finite number";
  if (max === undefined) return `a finite number ${openMin ? ">" : "≥"} ${min}`;
  return `a number in ${openMin ? "(" : "["}${min ?? "−∞"}, ${max}${openMax ? ")" : "]"}`;
}

/** Whether a number is finite and within a range. */
export function within(x: number, { min, max, openMin, openMax }: Range): boolean {
  return Number.isFinite(x) &&
    (min === undefined || (openMin ? x > min : x >= min)) &&
    (max === undefined || (openMax ? x < max : x <= max));
}

/** A number within a range; −0 becomes 0, because JSON does not tell them apart. */
export function number(range: Range): Border<number> {
  return z.unknown().transform((x, ctx): number => {
    if (typeof x === "number" && within(x, range)) return x === 0 ? 0 : x;
    raise(ctx, x, [], show(x), describeRange(range));
    return z.NEVER;
  });
}

/** An integer of at least `min`. */
export function integer(min: number): Border<number> {
  return z.unknown().transform((x, ctx): number => {
    if (typeof x === "number" && Number.isSafeInteger(x) && x >= min) return x === 0 ? 0 : x;
    raise(ctx, x, [], show(x), `an integer ≥ ${min}`);
    return z.NEVER;
  });
}

/** A fixed set of words. */
export function word<const T extends string>(...words: readonly T[]): z.ZodType<T> {
  return z.literal([...words]);
}

/** What a decay to 0 comes to without reaching it: so it may stand where a value must be positive. */
function almostZero(from: number): number {
  return Math.sign(from) * Number.MIN_VALUE;
}

/** Between these values every value of the schedule lies: each kind is monotone from one to the next. */
const EXTREMES: { readonly [K in ScheduleKind]: (it: OfKind<Schedule, K>) => readonly number[] } = {
  constant: ({ value }) => [value],
  linear: ({ from, to }) => [from, to],
  cosineDecay: ({ from, to, warmup }) => [from, to, ...(warmup > 0 ? [from / warmup] : [])],
  exponentialDecay: ({ from, factor }) => factor === 1 ? [from] : [from, almostZero(from)],
  stepDecay: ({ from, factor }) => factor === 1 ? [from] : [from, almostZero(from)],
  piecewise: ({ from, changes }) => [from, ...changes.map(({ value }) => value)],
  warmup: ({ to, steps }) => [to, to / steps],
  oneCycle: ({ peak, divide, finalDivide }) => [peak, peak / divide, peak / finalDivide],
  unbiased: ({ by, decay, lead }) => [by, by / (1 - decay ** (1 + lead))],
  join: ({ of }) => of.flatMap(extremes),
};

/** Values between which every value of a schedule lies. */
export function extremes(it: Schedule): readonly number[] {
  return (EXTREMES[it.kind] as (it: Schedule) => readonly number[])(it);
}

const steps = integer(1);

/** Any schedule. */
export const scheduleSchema: Border<Schedule> = tagged<Schedule>(
  "a schedule",
  () => SCHEDULES,
  (it, ctx) => {
    if (it.kind === "cosineDecay" && it.warmup >= it.steps) {
      raise(ctx, it, ["warmup"], `${it.warmup}`, `fewer steps than the whole, ${it.steps}`);
    }
    if (it.kind === "join" && it.at.length !== it.of.length - 1) {
      raise(
        ctx,
        it,
        ["at"],
        `${it.at.length} boundaries`,
        `${it.of.length - 1} for ${it.of.length} pieces`,
      );
    }
    const marks = it.kind === "join"
      ? it.at
      : it.kind === "piecewise"
      ? it.changes.map(({ at }) => at)
      : [];
    if (marks.some((mark, i) => i > 0 && mark <= (marks[i - 1] ?? 0))) {
      raise(ctx, it, [it.kind === "join" ? "at" : "changes"], marks.join(", "), "increasing steps");
    }
    return it;
  },
);

const SCHEDULES: { readonly [K in ScheduleKind]: Border<OfKind<Schedule, K>> } = {
  constant: z.strictObject({ kind: z.literal("constant"), value: number(ANY) }),
  linear: z.strictObject({ kind: z.literal("linear"), from: number(ANY), to: number(ANY), steps }),
  cosineDecay: z.strictObject({
    kind: z.literal("cosineDecay"),
    from: number(ANY),
    to: number(ANY).default(0),
    steps,
    warmup: integer(0).default(0),
  }),
  exponentialDecay: z.strictObject({
    kind: z.literal("exponentialDecay"),
    from: number(ANY),
    factor: number({ min: 0, max: 1, openMin: true }),
    steps,
  }),
  stepDecay: z.strictObject({
    kind: z.literal("stepDecay"),
    from: number(ANY),
    factor: number({ min: 0, max: 1, openMin: true }),
    steps,
  }),
  piecewise: z.strictObject({
    kind: z.literal("piecewise"),
    from: number(ANY),
    changes: z.array(z.strictObject({ at: integer(1), value: number(ANY) })).min(1),
  }),
  warmup: z.strictObject({ kind: z.literal("warmup"), to: number(ANY), steps }),
  oneCycle: z.strictObject({
    kind: z.literal("oneCycle"),
    peak: number(ANY),
    steps,
    rise: number({ min: 0, max: 1, openMax: true }).default(0.3),
    divide: number({ min: 1 }).default(25),
    finalDivide: number({ min: 1 }).default(1e4),
  }),
  unbiased: z.strictObject({
    kind: z.literal("unbiased"),
    by: number(ANY),
    decay: number(DECAY),
    lead: integer(0).default(0),
  }),
  join: z.strictObject({
    kind: z.literal("join"),
    of: z.array(scheduleSchema).min(2),
    at: z.array(integer(1)),
  }),
};

/** A number within a range, or a schedule that never leaves it. */
export function hyper(range: Range): Border<Hyper> {
  const plain = number(range);
  return z.unknown().transform((x, ctx): Hyper => {
    if (typeof x !== "object" || x === null) {
      const result = plain.safeParse(x);
      if (result.success) return result.data;
      raise(ctx, x, [], show(x), `${describeRange(range)}, or a schedule`);
      return z.NEVER;
    }
    const it = delegate(scheduleSchema, x, ctx);
    if (it === z.NEVER) return it;
    const outside = extremes(it).find((value) => !within(value, range));
    if (outside !== undefined) {
      raise(ctx, x, [], `a schedule that reaches ${outside}`, describeRange(range));
    }
    return it;
  });
}

/** Any predicate over parameters. */
export const predicateSchema: Border<Predicate> = tagged<Predicate>("a predicate", () => ({
  rank: z.strictObject({
    kind: z.literal("rank"),
    atLeast: integer(0).default(0),
    atMost: z.exactOptional(integer(0)),
  }),
  path: z.strictObject({ kind: z.literal("path"), glob: z.string().min(1) }),
  all: z.strictObject({ kind: z.literal("all"), of: z.array(predicateSchema) }),
  any: z.strictObject({ kind: z.literal("any"), of: z.array(predicateSchema) }),
  not: z.strictObject({ kind: z.literal("not"), of: predicateSchema }),
}), (it, ctx) => {
  if (it.kind === "rank" && it.atMost !== undefined && it.atMost < it.atLeast) {
    raise(ctx, it, ["atMost"], `${it.atMost}`, `at least ${it.atLeast}`);
  }
  return it;
});
