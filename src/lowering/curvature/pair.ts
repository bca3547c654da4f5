/**
 * A step of θ and the change of the gradient over it.
 *
 * @module
 */
import { largestOrOne } from "../../linalg/matrices.ts";
import type { Secant } from "../../optimizer/calculating.ts";
import type { SecantUpdate } from "../../optimizer/iterative.ts";
import type { LengthKind } from "../../optimizer/length.ts";
import type { Curvature } from "../../optimizer/types.ts";
import { joinPath } from "../../optimizer/walk.ts";
import type { Node } from "../../tensor/node.ts";
import {
  abs,
  binary,
  compare,
  constant,
  div,
  mul,
  reduce,
  select,
  square,
  sub,
  sum,
  unary,
} from "../../tensor/ops.ts";
import { gradientOver, thetaMinus, thetaOf } from "../problem.ts";
import { evolve, record, type Scope } from "../scope.ts";
import { damped } from "./damping.ts";

/** s and y with H′s = y, vectors over the space, in units of the largest element of s; s is 0 where there is no step yet. */
export interface Pair {
  readonly step: Node;
  readonly change: Node;
}

/** The pair of this sample and the one before. */
export function pairOf({ sameBatch }: Secant, { damping }: Curvature, u: Node, scope: Scope): Pair {
  const { problem, space } = scope;
  const inside: Scope = { ...scope, path: joinPath(scope.path, "calculating") };
  const theta = thetaOf(problem, space);
  const before = evolve(inside, "parameters", theta.shape, theta, () => theta).old;
  const step = sub(theta, before);
  const change = sameBatch
    ? sub(
      gradientOver(problem, space),
      problem.gradientAt(thetaMinus(problem, space, step), space),
    )
    : sub(u, evolve(inside, "gradient", u.shape, 0, () => u).old);
  // A pair says the same whatever its length: where θ has all but stopped, products of the pair itself underflow.
  const size = largestOrOne(step), unit = div(step, size);
  return { step: unit, change: damped(damping, "sample", div(change, size), scope, unit) };
}

/** Whether there is a pair at all. */
export function exists({ step, change }: Pair): Node {
  const moved = compare("gt", sum(square(step)), 0);
  return binary("and", moved, unary("isFinite", sum(square(change))));
}

/** Counts a pair that is not taken. */
export function countRejected(pair: Pair, taken: Node, scope: Scope): void {
  const moved = compare("gt", sum(square(pair.step)), 0);
  record(scope, "rejected", binary("and", moved, unary("not", taken)));
}

/** What H′⁻¹ is before its pairs, as a multiple of the identity, from sᵀy and yᵀy of the pair that scales it. */
export function inverseStart(
  { scaled, initial }: SecantUpdate,
  product: Node,
  squared: Node,
): Node {
  if (!scaled) return constant(1 / initial);
  const some = binary("and", compare("gt", product, 0), compare("gt", squared, 0));
  return select(some, div(product, select(some, squared, 1)), constant(1 / initial));
}

/** Lengths that are made of H′⁻¹u and no other power. */
const SOLVED: ReadonlySet<LengthKind> = new Set(["none", "normalized", "clipped"]);

/** Whether a stage needs products with H′⁻¹ alone, and no eigenvalues. */
export function solves(
  { length, damping, solver, every }: Curvature,
  update: SecantUpdate,
): boolean {
  return update.update !== "sr1" && SOLVED.has(length.kind) && solver === undefined &&
    every.factor === 1 && damping.every(({ kind }) => kind === "toSample");
}

/** λ = 1/μ; a μ that single precision cannot tell from 0 is as large as the largest that counts as 0. */
export function inverted(mu: Node): Node {
  const bound = mul(mu.shape[0]! * 2 ** -23, reduce("max", abs(mu)));
  const least = select(compare("gt", bound, 0), bound, 1);
  return div(1, select(compare("le", abs(mu), bound), least, mu));
}
