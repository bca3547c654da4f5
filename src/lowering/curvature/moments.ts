/**
 * Weighted means and covariances of θ and u along a few directions, which start from nothing: online-parabola-momentum,
 * equation (3), in centred form. What becomes of them when the directions turn.
 *
 * @module
 */
import type { GradientRegression } from "../../optimizer/calculating.ts";
import { joinPath } from "../../optimizer/walk.ts";
import type { Node } from "../../tensor/node.ts";
import {
  abs,
  add,
  compare,
  constant,
  div,
  matmul,
  mul,
  select,
  sub,
  sum,
  transpose,
} from "../../tensor/ops.ts";
import { evolve, remember, type Scope } from "../scope.ts";
import { along, outer } from "./structure/directions.ts";
import type { Frame } from "./structure/rule.ts";

const NAMES = ["weight", "parameters", "gradients", "variance", "second"] as const;

type Name = typeof NAMES[number];

/**
 * The weight s, the means of positions and of u along d directions, [d, d] of the covariances of positions, and of u
 * (rows) with positions, or of u with itself where deviations are compared.
 */
export type Moments = { readonly [N in Name]: Node };

function moments(each: (name: Name) => Node): Moments {
  return Object.fromEntries(NAMES.map((name) => [name, each(name)])) as Moments;
}

/** One pair of a position and a u along the directions, and what is known before it. */
interface Pair {
  readonly before: Moments;
  readonly x: Node;
  readonly y: Node;
}

/** The moments with one more pair: in exact arithmetic those of the sums of (3) over s. */
function folded({ before, x, y }: Pair, beta: Node, { estimate }: GradientRegression): Moments {
  const fresh = sub(1, beta);
  const weight = add(mul(beta, before.weight), fresh);
  const w = div(fresh, weight), faded = sub(1, w);
  const d = sub(x, before.parameters), e = sub(y, before.gradients);
  const grown = (old: Node, product: Node) => mul(faded, add(old, mul(w, product)));
  return {
    weight,
    parameters: add(before.parameters, mul(w, d)),
    gradients: add(before.gradients, mul(w, e)),
    variance: grown(before.variance, outer(d, d)),
    second: grown(before.second, outer(e, estimate === "slope" ? d : e)),
  };
}

/** What a regression sees of its moments. */
export interface Regression {
  /** After this step's pair. */
  readonly now: Moments;
  /** Where θ is, in the positions of `now`. */
  readonly position: Node;
  /** As they are once the directions have turned, before this step's pair: made where they turn. */
  readonly turned: Pick<Moments, "variance" | "second">;
}

/** Moments of numbers along the directions, which `turn` says how to take from the old directions to the new. */
function ofCoordinates(
  calculating: GradientRegression,
  beta: Node,
  u: Node,
  { basis, next, place, shift, turning }: Frame,
  scope: Scope,
): Regression {
  const rank = basis.shape[0]!;
  const shapes = {
    weight: [],
    parameters: [rank],
    gradients: [rank],
    variance: [rank, rank],
    second: [rank, rank],
  };
  const memories = (...group: readonly string[]) => {
    const inside: Scope = { ...scope, path: joinPath(scope.path, "calculating", ...group) };
    const each = NAMES.map((name) => [name, remember(inside, name, shapes[name], 0)] as const);
    return {
      old: moments((name) => new Map(each).get(name)!.old),
      become: (value: Moments): Moments =>
        moments((name) => new Map(each).get(name)!.become(value[name])),
    };
  };
  /** One more pair, along directions of which there are some. */
  const grown = (before: Moments, directions: Node): Moments => {
    const [x, y] = [along(directions, place), along(directions, u)];
    const more = folded({ before, x, y }, beta, calculating);
    const known = compare("gt", sum(abs(directions)), 0);
    return moments((name) => select(known, more[name], before[name]));
  };
  const current = memories(), before = current.old;
  const turned = (): Moments => {
    if (next === undefined) {
      return shift === undefined
        ? before
        : { ...before, parameters: sub(before.parameters, shift) };
    }
    const growing = memories("next");
    const fresh = moments((name) => select(turning.turns, 0, growing.old[name]));
    growing.become(grown(fresh, next));
    return growing.old;
  };
  const after = turned();
  const start = moments((name) => select(turning.turns, after[name], before[name]));
  return {
    now: current.become(grown(start, basis)),
    position: along(basis, place),
    turned: after,
  };
}

/** Moments of which the means are those of whole vectors, along whatever the directions are. */
function ofVectors(
  calculating: GradientRegression,
  beta: Node,
  u: Node,
  { basis, theta, rotation, turning }: Frame,
  scope: Scope,
): Regression {
  const rank = basis.shape[0]!,
    inside: Scope = {
      ...scope,
      path: joinPath(scope.path, "calculating"),
    };
  const matrix = (name: string) => remember(inside, name, [rank, rank], 0);
  const weight = remember(inside, "weight", [], 0);
  const variance = matrix("variance"), second = matrix("second");
  const rotated = (x: Node) => matmul(matmul(rotation!, x), transpose(rotation!));
  const turned = { variance: rotated(variance.old), second: rotated(second.old) };
  const start = (old: Node, after: Node) => select(turning.turns, turning.settled(after), old);
  const fresh = sub(1, beta), w = div(fresh, add(mul(beta, weight.old), fresh));
  const mean = (name: string, x: Node) =>
    evolve(inside, name, x.shape, 0, (old) => add(old, mul(w, sub(x, old)))).old;
  // Positions are from the mean of θ, so that only differences of what may be far from 0 are multiplied.
  const position = along(basis, sub(theta, mean("parameters", theta)));
  const now = folded(
    {
      before: {
        weight: weight.old,
        parameters: constant(0, [rank]),
        gradients: along(basis, mean("gradients", u)),
        variance: start(variance.old, turned.variance),
        second: start(second.old, turned.second),
      },
      x: position,
      y: along(basis, u),
    },
    beta,
    calculating,
  );
  weight.become(now.weight);
  variance.become(now.variance);
  second.become(now.second);
  return { now, position, turned };
}

/** The moments of a regression along the directions of a frame. */
export function regressionMoments(
  calculating: GradientRegression,
  beta: Node,
  u: Node,
  frame: Frame,
  scope: Scope,
): Regression {
  return (frame.rotation === undefined ? ofCoordinates : ofVectors)(
    calculating,
    beta,
    u,
    frame,
    scope,
  );
}
