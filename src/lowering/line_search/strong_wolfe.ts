/**
 * A bracket, and cubics in it.
 *
 * @module
 */
import type { Node } from "../../tensor/node.ts";
import {
  abs,
  add,
  binary,
  compare,
  constant,
  max,
  min,
  mul,
  select,
  sub,
  unary,
} from "../../tensor/ops.ts";
import { decreases } from "./backtracking.ts";
import { leastOfCubic } from "./cubic.ts";
import { LARGEST, type Method, type Point, type Trial, type Verdict } from "./line.ts";

/** How far beyond the last two trials the next one lies: at least by this part of what is between them … */
const LEAST_GROWTH = 0.01;
/** … and at most at this multiple of the last. */
const MOST_GROWTH = 10;
/** How near to an end of the bracket, as a part of it, a cubic makes no progress. */
const MARGIN = 0.1;
/** A bracket shorter than this in ‖αu‖_∞ is at its end. */
const SHORTEST = 1e-9;

const and = (a: Node, b: Node): Node => binary("and", a, b);
const or = (a: Node, b: Node): Node => binary("or", a, b);
const flag = (condition: Node): Node => select(condition, constant(1), constant(0));
const not = (a: Node): Node => unary("not", a);
const isSet = (x: Node): Node => compare("gt", x, 0);

/** One point or the other. */
function choose(condition: Node, a: Point, b: Point): Point {
  return {
    alpha: select(condition, a.alpha, b.alpha),
    loss: select(condition, a.loss, b.loss),
    slope: select(condition, a.slope, b.slope),
  };
}

/**
 * `low` is the trial before while there is no bracket, then the end of the bracket with the lesser loss, `high` the
 * other end; `stalled` says that the last cubic came near one of them. Both flags are 0 or 1.
 */
interface State {
  readonly bracketed: Node;
  readonly stalled: Node;
  readonly low: Point;
  readonly high: Point;
}

function pack({ bracketed, stalled, low, high }: State): readonly Node[] {
  return [
    bracketed,
    stalled,
    ...[low, high].flatMap(({ alpha, loss, slope }) => [alpha, loss, slope]),
  ];
}

function unpack([bracketed, stalled, ...rest]: readonly Node[]): State {
  const [low, high] = [0, 3].map((i): Point => ({
    alpha: rest[i]!,
    loss: rest[i + 1]!,
    slope: rest[i + 2]!,
  }));
  return { bracketed: bracketed!, stalled: stalled!, low: low!, high: high! };
}

/** What is known after a trial. */
interface Bracket {
  readonly exists: Node;
  readonly low: Point;
  readonly high: Point;
}

/** The bracket after a trial: found where φ is too high or rises, made narrower where it was there. */
function narrowed(
  { at, before }: Trial,
  { bracketed, low, high }: State,
  enough: Node,
): Bracket {
  const inside = isSet(bracketed);
  const better = compare("lt", at.loss, low.loss);
  // As in PyTorch, the second trial is not compared with the first one.
  const compared = or(inside, compare("gt", before, 1));
  const worse = or(not(enough), and(compared, not(better)));
  const exists = or(inside, or(worse, compare("ge", at.slope, 0)));
  // Between the new point and the end towards which φ falls there.
  const leads = compare("ge", mul(at.slope, sub(high.alpha, low.alpha)), 0);
  const improves = and(inside, not(worse));
  return {
    exists,
    low: choose(or(better, not(exists)), at, low),
    high: choose(
      improves,
      choose(leads, low, high),
      choose(better, low, at),
    ),
  };
}

/** The next trial in a bracket, and whether it lies near one of its ends. */
function within(
  low: Point,
  high: Point,
  stalled: Node,
): { readonly alpha: Node; readonly stalled: Node } {
  const left = min(low.alpha, high.alpha), right = max(low.alpha, high.alpha);
  const margin = mul(MARGIN, sub(right, left));
  const cubic = select(
    compare("lt", high.loss, LARGEST),
    leastOfCubic(low, high, left, right),
    mul(0.5, add(left, right)),
  );
  const toLeft = sub(cubic, left), toRight = sub(right, cubic);
  const near = compare("lt", min(toLeft, toRight), margin);
  const atEnd = or(compare("le", toLeft, 0), compare("le", toRight, 0));
  const moved = and(near, or(isSet(stalled), atEnd));
  const inner = select(compare("lt", toRight, toLeft), sub(right, margin), add(left, margin));
  return {
    alpha: select(moved, inner, cubic),
    stalled: flag(and(near, not(moved))),
  };
}

/** Beyond the last two trials. */
function beyond(before: Point, at: Point): Node {
  const least = add(at.alpha, mul(LEAST_GROWTH, sub(at.alpha, before.alpha)));
  return leastOfCubic(before, at, least, mul(MOST_GROWTH, at.alpha));
}

/**
 * φ has decreased enough and |φ′(α)| ≤ c₂|φ′(0)|.
 *
 * Source: Nocedal and Wright, Numerical Optimization, Algorithms 3.5 and 3.6, with PyTorch's choice of trials.
 */
export const strongWolfe: Method = {
  slopes: true,
  initial: ({ start }) =>
    pack({ bracketed: constant(0), stalled: constant(0), low: start, high: start }),
  judge: (line, trial, packed): Verdict => {
    const state = unpack(packed);
    const { at, before } = trial;
    const enough = decreases(line, trial);
    const level = compare("le", abs(at.slope), mul(-1, mul(line.own, line.start.slope)));
    const { exists, low, high } = narrowed(trial, state, enough);
    const lower = or(
      compare("lt", at.loss, state.low.loss),
      and(not(isSet(state.bracketed)), compare("le", before, 1)),
    );
    const inner = within(low, high, state.stalled);
    const width = abs(sub(high.alpha, low.alpha));
    return {
      met: and(and(enough, lower), level),
      stuck: and(exists, compare("lt", mul(width, line.largest), SHORTEST)),
      next: select(exists, inner.alpha, beyond(state.low, at)),
      state: pack({
        bracketed: flag(exists),
        stalled: select(exists, inner.stalled, 0),
        low,
        high,
      }),
    };
  },
};
