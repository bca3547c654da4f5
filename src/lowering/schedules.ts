/**
 * Schedules as scalar graphs over the clock and the numbers they are made of, each in a slot of its
 * own: the same formulas as `scheduleAt`.
 *
 * @module
 */
import type { Schedule, ScheduleKind } from "../optimizer/schedule.ts";
import type { OfKind } from "../optimizer/types.ts";
import { joinPath } from "../optimizer/walk.ts";
import type { Node } from "../tensor/node.ts";
import {
  add,
  binary,
  compare,
  cos,
  div,
  floor,
  log,
  max,
  min,
  mul,
  select,
  sqrt,
  sub,
} from "../tensor/ops.ts";

/** Makes the slot of a number. */
export type NumberAt = (path: string, initial: number) => Node;

type Rule<K extends ScheduleKind> = (
  schedule: OfKind<Schedule, K>,
  t: Node,
  /** The slot of a field, or of something within it. */
  field: (path: string, initial: number) => Node,
  /** A schedule inside this one. */
  inner: (schedule: Schedule, t: Node, path: string) => Node,
) => Node;

function halfCosine(a: Node, b: Node, x: Node): Node {
  const angle = mul(Math.PI, min(max(x, 0), 1));
  return add(b, mul(mul(sub(a, b), 0.5), add(1, cos(angle))));
}

/** The clock within a cycle, when cycle i takes steps·growthⁱ steps. */
function cycleClock(t: Node, steps: Node, growth: Node): Node {
  const grows = compare("gt", growth, 1);
  const k = select(grows, growth, 2);
  const whole = (x: Node) => floor(add(x, 0.5));
  const power = (i: Node) => whole(binary("pow", k, i));
  const begin = (i: Node) => mul(steps, select(grows, whole(div(sub(power(i), 1), sub(k, 1))), i));
  const guess = floor(
    select(grows, div(log(add(1, div(mul(t, sub(k, 1)), steps))), log(k)), div(t, steps)),
  );
  // A logarithm or quotient that is an integer may be rounded to either side of it.
  const index = select(
    compare("lt", t, begin(guess)),
    sub(guess, 1),
    select(compare("ge", t, begin(add(guess, 1))), add(guess, 1), guess),
  );
  return div(sub(t, begin(index)), select(grows, power(index), 1));
}

const RULES: { readonly [K in ScheduleKind]: Rule<K> } = {
  constant: (s, _t, field) => field("value", s.value),
  linear: (s, t, field) => {
    const from = field("from", s.from), to = field("to", s.to), steps = field("steps", s.steps);
    return select(
      compare("ge", t, steps),
      to,
      add(from, mul(sub(to, from), div(t, steps))),
    );
  },
  cosineDecay: (s, t, field) => {
    const from = field("from", s.from), to = field("to", s.to);
    const steps = field("steps", s.steps), warmup = field("warmup", s.warmup);
    const decay = halfCosine(from, to, div(sub(t, warmup), sub(steps, warmup)));
    return select(
      compare("lt", t, warmup),
      div(mul(from, add(t, 1)), max(warmup, 1)),
      select(compare("ge", t, steps), to, decay),
    );
  },
  exponentialDecay: (s, t, field) =>
    mul(
      field("from", s.from),
      binary("pow", field("factor", s.factor), div(t, field("steps", s.steps))),
    ),
  powerDecay: (s, t, field) => {
    const from = field("from", s.from), to = field("to", s.to);
    const grown = add(1, div(t, field("steps", s.steps)));
    return add(to, div(sub(from, to), binary("pow", grown, field("power", s.power))));
  },
  stepDecay: (s, t, field) =>
    mul(
      field("from", s.from),
      binary("pow", field("factor", s.factor), floor(div(t, field("steps", s.steps)))),
    ),
  piecewise: (s, t, field) =>
    s.changes.reduce(
      (value, { at, value: next }, i) =>
        select(
          compare("ge", t, field(`changes/${i}/at`, at)),
          field(`changes/${i}/value`, next),
          value,
        ),
      field("from", s.from),
    ),
  warmup: (s, t, field) => mul(field("to", s.to), min(div(add(t, 1), field("steps", s.steps)), 1)),
  oneCycle: (s, t, field) => {
    const peak = field("peak", s.peak), steps = field("steps", s.steps);
    const top = floor(mul(field("rise", s.rise), steps));
    return select(
      compare("lt", t, top),
      halfCosine(div(peak, field("divide", s.divide)), peak, div(t, max(top, 1))),
      halfCosine(
        peak,
        div(peak, field("finalDivide", s.finalDivide)),
        div(sub(t, top), sub(steps, top)),
      ),
    );
  },
  unbiased: (s, t, field) =>
    div(
      field("by", s.by),
      sub(1, binary("pow", field("decay", s.decay), add(add(t, 1), field("lead", s.lead)))),
    ),
  join: (s, t, field, inner) =>
    s.of.slice(1).reduce(
      (value, piece, i) => {
        const start = field(`at/${i}`, s.at[i]!);
        return select(
          compare("ge", t, start),
          inner(piece, sub(t, start), `of/${i + 1}`),
          value,
        );
      },
      inner(s.of[0]!, t, "of/0"),
    ),
  polynomial: (s, t, field) => {
    const from = field("from", s.from), to = field("to", s.to), steps = field("steps", s.steps);
    const ends = compare("ge", t, steps);
    const left = select(ends, 1, sub(1, div(t, steps)));
    const falls = mul(sub(from, to), binary("pow", left, field("power", s.power)));
    return select(ends, to, add(to, falls));
  },
  restarts: (s, t, field, inner) =>
    inner(s.of, cycleClock(t, field("steps", s.steps), field("growth", s.growth)), "of"),
  rectification: (s, t, field) => {
    const beta = field("decay", s.decay), n = add(t, 1);
    const left = binary("pow", beta, n);
    const limit = sub(div(2, sub(1, beta)), 1);
    const now = sub(limit, div(mul(mul(2, n), left), sub(1, left)));
    const whole = mul(mul(sub(limit, 4), sub(limit, 2)), now);
    const part = mul(mul(sub(now, 4), sub(now, 2)), limit);
    return select(
      compare("lt", t, field("after", s.after)),
      1,
      sqrt(max(div(part, whole), 0)),
    );
  },
};

/** The value of a number or schedule that stands at `path`, at clock `t`. */
export function scheduleNode(
  value: number | Schedule,
  t: Node,
  path: string,
  numberAt: NumberAt,
): Node {
  if (typeof value === "number") return numberAt(path, value);
  // The table is total and keyed by the tag, which a union of functions cannot express.
  const rule = RULES[value.kind] as (
    schedule: Schedule,
    ...rest: Parameters<Rule<"constant">> extends [unknown, ...infer R] ? R : never
  ) => Node;
  return rule(
    value,
    t,
    (field, initial) => numberAt(joinPath(path, field), initial),
    (schedule, clock, at) => scheduleNode(schedule, clock, joinPath(path, at), numberAt),
  );
}
