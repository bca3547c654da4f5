/**
 * Schemas of numbers, schedules, signals and predicates.
 *
 * @module
 */

import { z } from "zod";
import type { Predicate } from "../predicate.ts";
import type { Hyper, Schedule, ScheduleKind } from "../schedule.ts";
import { isSignal } from "../is_signal.ts";
import type { Signal, SignalKind, SignalName } from "../signal.ts";
import type { OfKind } from "../types.ts";
import { type Border, delegate, raise, type Table, tagged } from "./tagged.ts";
import { show } from "../../errors/words.ts";

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
function describeRange({ min, max, openMin, openMax }: Range): string {
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

/** The same for any limit. */
function almost(to: number, from: number): number {
  return to === 0 ? almostZero(from) : to + (from - to) * Number.EPSILON;
}

/** Between these values every value lies: each kind of schedule is monotone from one to the next. */
const EXTREMES: {
  readonly [K in ScheduleKind | SignalKind]: (
    it: OfKind<Schedule | Signal, K>,
  ) => readonly number[];
} = {
  constant: ({ value }) => [value],
  linear: ({ from, to }) => [from, to],
  cosineDecay: ({ from, to, warmup }) => [from, to, ...(warmup > 0 ? [from / warmup] : [])],
  exponentialDecay: ({ from, factor }) => factor === 1 ? [from] : [from, almostZero(from)],
  powerDecay: ({ from, to }) => [from, almost(to, from)],
  stepDecay: ({ from, factor }) => factor === 1 ? [from] : [from, almostZero(from)],
  piecewise: ({ from, changes }) => [from, ...changes.map(({ value }) => value)],
  warmup: ({ to, steps }) => [to, to / steps],
  oneCycle: ({ peak, divide, finalDivide }) => [peak, peak / divide, peak / finalDivide],
  unbiased: ({ by, decay, lead }) => [by, by / (1 - decay ** (1 + lead))],
  join: ({ of }) => of.flatMap(extremes),
  polynomial: ({ from, to }) => [from, to],
  restarts: ({ of }) => extremes(of),
  rectification: () => [1, almostZero(1)],
  signal: ({ of, times, min = -Number.MAX_VALUE, max = Number.MAX_VALUE }) =>
    LIMITS[of].map((end) => Math.min(max, Math.max(min, Math.sign(times) * end))),
  plateau: ({ from, to }) => [from, Math.max(to, almostZero(from))],
};

/** Between these values each scalar lies that a signal reads: the largest number stands for infinity. */
const LIMITS: { readonly [N in SignalName]: readonly number[] } = {
  loss: [-Number.MAX_VALUE, Number.MAX_VALUE],
  distance: [Number.MIN_VALUE, Number.MAX_VALUE],
  damping: [Number.MIN_VALUE, Number.MAX_VALUE],
};

/** Values between which every value of a schedule or signal lies. */
export function extremes(it: Schedule | Signal): readonly number[] {
  return (EXTREMES[it.kind] as (it: Schedule | Signal) => readonly number[])(it);
}

const steps = integer(1);

type Raise = (path: readonly (string | number)[], found: string, expected: string) => void;

function increasing(field: string, marks: readonly number[], raise: Raise): void {
  if (marks.some((mark, i) => i > 0 && mark <= (marks[i - 1] ?? 0))) {
    raise([field], marks.join(", "), "increasing steps");
  }
}

/** What the fields of a schedule or signal ask of each other. */
function consistent<T extends Schedule | Signal>(value: T, ctx: z.core.$RefinementCtx): T {
  const it: Schedule | Signal = value;
  const fault: Raise = (path, found, expected) => raise(ctx, it, path, found, expected);
  switch (it.kind) {
    case "cosineDecay":
      if (it.warmup >= it.steps) {
        fault(["warmup"], `${it.warmup}`, `fewer steps than the whole, ${it.steps}`);
      }
      break;
    case "join":
      if (it.at.length !== it.of.length - 1) {
        const expected = `${it.of.length - 1} for ${it.of.length} pieces`;
        fault(["at"], `${it.at.length} boundaries`, expected);
      }
      increasing("at", it.at, fault);
      break;
    case "piecewise":
      increasing("changes", it.changes.map(({ at }) => at), fault);
      break;
    case "plateau":
      if (it.to > it.from) fault(["to"], `${it.to}`, `at most \`from\`, ${it.from}`);
      break;
    case "signal":
      if (it.min !== undefined && it.max !== undefined && it.min > it.max) {
        fault(["min"], `${it.min}`, `at most \`max\`, ${it.max}`);
      }
  }
  return value;
}

/** Any schedule. */
export const scheduleSchema: Border<Schedule> = tagged<Schedule>(
  "a schedule",
  () => SCHEDULES,
  consistent,
);

/** Any signal. */
export const signalSchema: Border<Signal> = tagged<Signal>("a signal", () => SIGNALS, consistent);

/** Any schedule or signal. */
const varyingSchema: Border<Schedule | Signal> = tagged<Schedule | Signal>(
  "a schedule or signal",
  () => ({ ...SCHEDULES, ...SIGNALS }),
  consistent,
);

const SCHEDULES: Table<Schedule> = {
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
  powerDecay: z.strictObject({
    kind: z.literal("powerDecay"),
    from: number(ANY),
    to: number(ANY).default(0),
    power: number(POSITIVE),
    steps: steps.default(1),
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
  polynomial: z.strictObject({
    kind: z.literal("polynomial"),
    from: number(ANY),
    to: number(ANY).default(0),
    steps,
    power: number(POSITIVE).default(1),
  }),
  restarts: z.strictObject({
    kind: z.literal("restarts"),
    of: scheduleSchema,
    steps,
    growth: integer(1).default(1),
  }),
  rectification: z.strictObject({
    kind: z.literal("rectification"),
    decay: number({ min: 2 / 3, max: 1, openMin: true, openMax: true }),
    after: integer(4).default(5),
  }),
};

const signalName = word("loss", "distance", "damping");

const SIGNALS: Table<Signal> = {
  signal: z.strictObject({
    kind: z.literal("signal"),
    of: signalName,
    times: number(ANY).default(1),
    min: z.exactOptional(number(ANY)),
    max: z.exactOptional(number(ANY)),
  }),
  plateau: z.strictObject({
    kind: z.literal("plateau"),
    of: signalName.default("loss"),
    from: number(NON_NEGATIVE),
    to: number(NON_NEGATIVE).default(0),
    factor: number({ min: 0, max: 1, openMin: true }).default(0.1),
    patience: integer(1).default(10),
    cooldown: integer(0).default(0),
    threshold: number(DECAY).default(1e-4),
    window: integer(1).default(1),
  }),
};

/** A value of a schedule or signal in words. */
function showExtreme(value: number): string {
  return Math.abs(value) === Number.MAX_VALUE ? `${value < 0 ? "−" : ""}∞` : `${value}`;
}

/** A number within a range, or a schedule or signal that never leaves it. */
export function hyper(range: Range): Border<Hyper> {
  const plain = number(range);
  return z.unknown().transform((x, ctx): Hyper => {
    if (typeof x !== "object" || x === null) {
      const result = plain.safeParse(x);
      if (result.success) return result.data;
      raise(ctx, x, [], show(x), `${describeRange(range)}, a schedule or a signal`);
      return z.NEVER;
    }
    const it = delegate(varyingSchema, x, ctx);
    if (it === z.NEVER) return it;
    const outside = extremes(it).find((value) => !within(value, range));
    if (outside !== undefined) {
      const what = isSignal(it) ? "signal" : "schedule";
      const bounds = it.kind === "signal" ? ", where `min` and `max` keep a signal" : "";
      const expected = `${describeRange(range)}${bounds}`;
      raise(ctx, x, [], `a ${what} that reaches ${showExtreme(outside)}`, expected);
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
