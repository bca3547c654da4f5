/**
 * Maps on samples, on the spectrum and on its root.
 *
 * @module
 */
import type { Damping, DampingKind } from "../../optimizer/damping.ts";
import type { Hyper } from "../../optimizer/schedule.ts";
import { scheduleAt } from "../../optimizer/schedule_at.ts";
import { extremes } from "../../optimizer/schema/hyper.ts";
import { isSignal } from "../../optimizer/is_signal.ts";
import type { OfKind } from "../../optimizer/types.ts";
import type { Node } from "../../tensor/node.ts";
import { abs, add, max, mul } from "../../tensor/ops.ts";
import { hyper, type Scope } from "../scope.ts";

/** Where a damping acts. */
export type DampingPlace = "sample" | "spectrum" | "root";

interface Rule<K extends DampingKind> {
  readonly place: DampingPlace;
  readonly apply: (
    damping: OfKind<Damping, K>,
    x: Node,
    eps: (value: Hyper) => Node,
    /** What is kept of the identity where x is a statistic. */
    identity: number | Node,
  ) => Node;
}

const RULES: { readonly [K in DampingKind]: Rule<K> } = {
  toSample: {
    place: "sample",
    apply: ({ eps }, x, at, one) => add(x, one === 1 ? at(eps) : mul(at(eps), one)),
  },
  abs: { place: "spectrum", apply: (_, x) => abs(x) },
  floor: { place: "spectrum", apply: ({ eps }, x, at) => max(x, at(eps)) },
  add: { place: "spectrum", apply: ({ eps }, x, at) => add(x, at(eps)) },
  addToRoot: { place: "root", apply: ({ eps }, x, at) => add(x, at(eps)) },
};

/** x after all the dampings that act at a place, in order. */
export function damped(
  damping: readonly Damping[],
  place: DampingPlace,
  x: Node,
  scope: Scope,
  identity: number | Node = 1,
): Node {
  return damping.reduce((value, it, i) => {
    const rule = RULES[it.kind];
    if (rule.place !== place) return value;
    const apply = rule.apply as Rule<"toSample">["apply"] as (
      it: Damping,
      ...rest: [Node, (value: Hyper) => Node, number | Node]
    ) => Node;
    return apply(it, value, (eps) => hyper(scope, `damping/${i}/eps`, eps), identity);
  }, x);
}

/** Whether ε > 0 at the first step; of a signal, always. */
function startsPositive(eps: Hyper): boolean {
  return isSignal(eps) ? Math.min(...extremes(eps)) > 0 : scheduleAt(eps, 0) > 0;
}

/** What dampings make of the sign of λ, where it is known before any step. */
export interface Signs {
  /** λ < 0 cannot occur. */
  readonly nonNegative: boolean;
  /** Nor can λ = 0 without a positive root. */
  readonly positive: boolean;
}

/** The signs after all dampings, from whether samples are non-negative. */
export function signsAfter(damping: readonly Damping[], samples: boolean): Signs {
  return damping.reduce<Signs>(({ nonNegative, positive }, it) => {
    switch (it.kind) {
      case "abs":
        return { nonNegative: true, positive };
      case "floor":
        return { nonNegative: true, positive: positive || startsPositive(it.eps) };
      case "add":
      case "addToRoot":
      case "toSample":
        return { nonNegative, positive: positive || (nonNegative && startsPositive(it.eps)) };
    }
  }, { nonNegative: samples, positive: false });
}
