/**
 * The least value of a cubic.
 *
 * @module
 */
import type { Node } from "../../tensor/node.ts";
import {
  add,
  binary,
  compare,
  div,
  max,
  min,
  mul,
  select,
  sqrt,
  square,
  sub,
  unary,
} from "../../tensor/ops.ts";
import type { Point } from "./line.ts";

/**
 * Where the cubic through two points with their slopes is least, kept between two bounds; their mean where it has no
 * minimum.
 *
 * Source: Nocedal and Wright, Numerical Optimization, (3.59).
 */
export function leastOfCubic(a: Point, b: Point, low: Node, high: Node): Node {
  const width = sub(b.alpha, a.alpha);
  const chord = div(sub(b.loss, a.loss), select(compare("ne", width, 0), width, 1));
  const d1 = sub(add(a.slope, b.slope), mul(3, chord));
  const radicand = sub(square(d1), mul(a.slope, b.slope));
  const some = compare("ge", radicand, 0);
  // The sign of the root is that of the width, whichever of the two points is the farther one.
  const root = sqrt(select(some, radicand, 0));
  const d2 = select(compare("gt", width, 0), root, mul(-1, root));
  const below = add(sub(b.slope, a.slope), mul(2, d2));
  const flat = compare("eq", below, 0);
  const part = div(sub(add(b.slope, d2), d1), select(flat, 1, below));
  const least = sub(b.alpha, mul(width, part));
  const exists = binary("and", binary("and", some, unary("not", flat)), unary("isFinite", least));
  return select(exists, max(low, min(high, least)), mul(0.5, add(low, high)));
}
