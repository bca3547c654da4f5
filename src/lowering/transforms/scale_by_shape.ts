/**
 * Lowering of `scaleByShape`.
 *
 * @module
 */
import type { ScaleByShape, TransformOf } from "../../optimizer/types.ts";
import { type Node, type Shape, sizeOf } from "../../tensor/node.ts";
import { mul } from "../../tensor/ops.ts";
import { perTensor } from "../arena.ts";
import type { Scope } from "../scope.ts";

const FACTORS: { readonly [F in ScaleByShape["factor"]]: (m: number, n: number) => number } = {
  tall: (m, n) => Math.max(1, m / n),
  aspect: (m, n) => m / n,
  longest: (m, n) => Math.max(m, n),
};

/** u ← √c·u in each tensor. */
export function scaleByShapeRule(
  { factor }: TransformOf<"scaleByShape">,
  u: Node,
  { space }: Scope,
): Node {
  const by = ([rows = 1, ...rest]: Shape) => Math.sqrt(FACTORS[factor](rows, sizeOf(rest)));
  return perTensor([u], space, ([part], { shape }) => mul(by(shape), part!));
}
