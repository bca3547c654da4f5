/**
 * Signals as scalar graphs over what the step computes, the numbers they are made of, and state.
 *
 * @module
 */
import type { Signal, SignalKind, SignalName } from "../optimizer/signal.ts";
import type { OfKind } from "../optimizer/types.ts";
import { joinPath } from "../optimizer/walk.ts";
import type { Node } from "../tensor/node.ts";
import {
  abs,
  add,
  binary,
  compare,
  div,
  max,
  min,
  mul,
  select,
  sub,
  unary,
} from "../tensor/ops.ts";
import type { NumberAt } from "./schedules.ts";

/** A scalar that is kept from one step to the next. */
interface ScalarMemory {
  readonly old: Node;
  readonly become: (value: Node) => Node;
}

/** What a signal finds where it stands. */
interface Surroundings {
  /** Makes the slot of a number. */
  readonly numberAt: NumberAt;
  /** State at a path, from an initial value. */
  readonly remember: (path: string, initial: number) => ScalarMemory;
  /** The scalar of this name. */
  readonly read: (of: SignalName) => Node;
}

interface Fields {
  readonly field: (name: string, initial: number) => Node;
  readonly remember: (name: string, initial: number) => ScalarMemory;
  readonly read: (of: SignalName) => Node;
}

type Rule<K extends SignalKind> = (signal: OfKind<Signal, K>, fields: Fields) => Node;

/** The largest single-precision number: every loss that is finite lies below it. */
const LARGEST = 2 ** 127 * (2 - 2 ** -23);

const and = (a: Node, b: Node): Node => binary("and", a, b);
const not = (a: Node): Node => unary("not", a);

const RULES: { readonly [K in SignalKind]: Rule<K> } = {
  signal: ({ of, times, min: least, max: most }, { field, read }) => {
    const value = mul(field("times", times), read(of));
    const below = most === undefined ? value : min(value, field("max", most));
    return least === undefined ? below : max(below, field("min", least));
  },
  plateau: (s, { field, remember, read }) => {
    const seen = remember("seen", 0), total = remember("total", 0);
    const count = add(seen.old, 1), sum = add(total.old, read(s.of));
    const observes = compare("ge", count, field("window", s.window));
    seen.become(select(observes, 0, count));
    total.become(select(observes, 0, sum));

    const best = remember("best", LARGEST);
    const mean = div(sum, count);
    const falls = and(
      observes,
      compare("lt", mean, sub(best.old, mul(field("threshold", s.threshold), abs(best.old)))),
    );
    best.become(select(falls, mean, best.old));

    const waited = remember("waited", 0), cooling = remember("cooling", 0);
    const rests = compare("gt", cooling.old, 0);
    const without = select(falls, 0, add(waited.old, 1));
    const due = and(
      and(observes, not(rests)),
      compare("ge", without, field("patience", s.patience)),
    );
    waited.become(select(observes, select(binary("or", rests, due), 0, without), waited.old));
    cooling.become(
      select(
        due,
        field("cooldown", s.cooldown),
        select(and(observes, rests), sub(cooling.old, 1), cooling.old),
      ),
    );

    const left = remember("left", 1);
    const now = left.become(mul(left.old, select(due, field("factor", s.factor), 1)));
    return max(mul(field("from", s.from), now), field("to", s.to));
  },
};

/** The value of a signal that stands at `path`. */
export function signalNode(value: Signal, path: string, around: Surroundings): Node {
  // The table is total and keyed by the tag, which a union of functions cannot express.
  const rule = RULES[value.kind] as (signal: Signal, fields: Fields) => Node;
  return rule(value, {
    field: (name, initial) => around.numberAt(joinPath(path, name), initial),
    remember: (name, initial) => around.remember(joinPath(path, name), initial),
    read: around.read,
  });
}
