/**
 * The value of a schedule at a step, in f64: the one place where schedules have a meaning.
 *
 * @module
 */

import type { Schedule, ScheduleKind } from "./schedule.ts";
import type { OfKind } from "./types.ts";

type Rule<K extends ScheduleKind> = (schedule: OfKind<Schedule, K>, t: number) => number;

/** Half a cosine from a to b over x = 0 … 1. */
function halfCosine(a: number, b: number, x: number): number {
  return b + (a - b) * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, Math.max(0, x))));
}

/** ρ of an average after n steps: of how many samples of equal weight it is worth, and to what that tends. */
export function samplesOf(
  decay: number,
  n: number,
): { readonly now: number; readonly limit: number } {
  const limit = 2 / (1 - decay) - 1;
  const left = decay ** n;
  return { now: limit - 2 * n * left / (1 - left), limit };
}

const RULES: { readonly [K in ScheduleKind]: Rule<K> } = {
  constant: ({ value }) => value,
  linear: ({ from, to, steps }, t) => t >= steps ? to : from + (to - from) * (t / steps),
  cosineDecay: ({ from, to, steps, warmup }, t) =>
    t < warmup
      ? from * (t + 1) / warmup
      : t >= steps
      ? to
      : halfCosine(from, to, (t - warmup) / (steps - warmup)),
  exponentialDecay: ({ from, factor, steps }, t) => from * factor ** (t / steps),
  powerDecay: ({ from, to, power, steps }, t) => to + (from - to) * (1 + t / steps) ** -power,
  stepDecay: ({ from, factor, steps }, t) => from * factor ** Math.floor(t / steps),
  piecewise: ({ from, changes }, t) => changes.findLast(({ at }) => at <= t)?.value ?? from,
  warmup: ({ to, steps }, t) => to * Math.min(1, (t + 1) / steps),
  oneCycle: ({ peak, steps, rise, divide, finalDivide }, t) => {
    const top = Math.floor(rise * steps);
    return t < top
      ? halfCosine(peak / divide, peak, t / top)
      : halfCosine(peak, peak / finalDivide, (t - top) / (steps - top));
  },
  unbiased: ({ by, decay, lead }, t) => by / (1 - decay ** (t + 1 + lead)),
  join: ({ of, at }, t) => {
    const index = at.filter((step) => step <= t).length;
    const piece = of[index];
    return piece === undefined ? NaN : scheduleAt(piece, t - (at[index - 1] ?? 0));
  },
  polynomial: ({ from, to, steps, power }, t) =>
    to + (from - to) * (1 - Math.min(t, steps) / steps) ** power,
  restarts: ({ of, steps, growth }, t) => {
    if (growth === 1) return scheduleAt(of, t % steps);
    let begin = 0, stretch = 1;
    while (t >= begin + stretch * steps) {
      begin += stretch * steps;
      stretch *= growth;
    }
    return scheduleAt(of, (t - begin) / stretch);
  },
  rectification: ({ decay, after }, t) => {
    if (t < after) return 1;
    const { now, limit } = samplesOf(decay, t + 1);
    return Math.sqrt(
      Math.max(0, (now - 4) * (now - 2) * limit / ((limit - 4) * (limit - 2) * now)),
    );
  },
};

/** The value of a number or schedule after t steps of its transform (t = 0 at the first step). */
export function scheduleAt(value: number | Schedule, t: number): number {
  if (typeof value === "number") return value;
  // The table is total and keyed by the tag, which a union of functions cannot express.
  return (RULES[value.kind] as (schedule: Schedule, t: number) => number)(value, t);
}
