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
import {
  abs,
  add,
  binary,
  compare,
  constant,
  div,
  max,
  mul,
  select,
  sqrt,
} from "../../tensor/ops.ts";
import { hyper, type Scope } from "../scope.ts";

/** Where a damping acts. */
type DampingPlace = "sample" | "spectrum" | "root";

/** Dampings of one number each: those of factors are {@link shiftsOf}'s. */
type Elementwise = Exclude<DampingKind, "factored">;

interface Rule<K extends Elementwise> {
  readonly place: DampingPlace;
  readonly apply: (
    damping: OfKind<Damping, K>,
    x: Node,
    eps: (value: Hyper) => Node,
    /** What is kept of the identity where x is a statistic. */
    identity: number | Node,
  ) => Node;
}

const RULES: { readonly [K in Elementwise]: Rule<K> } = {
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
    if (it.kind === "factored") return value;
    const rule = RULES[it.kind];
    if (rule.place !== place) return value;
    const apply = rule.apply as Rule<"toSample">["apply"] as (
      it: Damping,
      ...rest: [Node, (value: Hyper) => Node, number | Node]
    ) => Node;
    return apply(it, value, (eps) => hyper(scope, `damping/${i}/eps`, eps), identity);
  }, x);
}

/** x^p of a scalar that is positive or taken for 1. */
function power(x: Node, p: number): Node {
  return p === 1 ? x : p === 0.5 ? sqrt(x) : binary("pow", x, constant(p));
}

/**
 * What is added to the k factors of H′ = ⊗ᵢ Lᵢ^e with mean eigenvalues mᵢ: c·mᵢ with Πᵢ(c·mᵢ)^e = γ, and the k-th root of
 * γ^{1/e} where a factor is 0. Undefined where nothing is.
 */
export function shiftsOf(
  damping: readonly Damping[],
  means: readonly Node[],
  exponent: number,
  scope: Scope,
): readonly Node[] | undefined {
  return damping.reduce<readonly Node[] | undefined>((shifts, it, i) => {
    if (it.kind !== "factored") return shifts;
    const order = 1 / (means.length * exponent);
    const gamma = hyper(scope, `damping/${i}/gamma`, it.gamma);
    const none = compare("le", gamma, 0);
    const each = select(none, 0, power(select(none, 1, gamma), order));
    const all = means.map((mean) => compare("gt", mean, 0)).reduce((a, b) => binary("and", a, b));
    const safe = means.map((mean) => select(all, mean, 1));
    const centre = safe.map((mean) => power(mean, 1 / means.length)).reduce((a, b) => mul(a, b));
    return safe.map((mean, axis) => {
      const shift = mul(each, div(mean, centre));
      return shifts === undefined ? shift : add(shifts[axis]!, shift);
    });
  }, undefined);
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
      case "factored":
        return {
          nonNegative,
          positive: positive || (nonNegative && startsPositive(it.gamma)),
        };
      case "add":
      case "addToRoot":
      case "toSample":
        return { nonNegative, positive: positive || (nonNegative && startsPositive(it.eps)) };
    }
  }, { nonNegative: samples, positive: false });
}
