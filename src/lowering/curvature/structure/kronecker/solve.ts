/**
 * From the matrices of all factors to the operator that they make.
 *
 * @module
 */
import type { Node } from "../../../../tensor/node.ts";
import {
  add,
  binary,
  broadcast,
  compare,
  constant,
  mean,
  mul,
  select,
} from "../../../../tensor/ops.ts";
import type { Operator } from "../../operator.ts";
import type { StageView } from "../rule.ts";
import { type BlockBasis, eigenbasesOf } from "./eigenbases.ts";
import type { Factoring, FactorMatrices } from "./factors.ts";

/** λ^p where λ > 0, else 0; NaN stays NaN. */
function positivePower(lambda: Node, p: number): Node {
  const none = compare("le", lambda, 0);
  return select(none, 0, binary("pow", select(none, 1, lambda), constant(p, lambda.shape)));
}

/** λ of each coordinate of a block. */
function spectrumOf(
  { block: { shape, axes, exponent }, values }: BlockBasis,
  { shifts }: StageView,
): Node {
  const by = shifts(values.map((own) => mean(own)), exponent);
  return axes.reduce((product, { axis }, i) => {
    const own = by === undefined ? values[i]! : add(values[i]!, by[i]!);
    return mul(product, broadcast(positivePower(own, exponent), shape, [axis]));
  }, constant(1, shape));
}

/** ⊗ᵢ Lᵢ^exponent in every block. */
export function solved(
  factoring: Factoring,
  matrices: FactorMatrices,
  view: StageView,
): Operator {
  const { blocks, basis } = eigenbasesOf(factoring, matrices, view);
  return {
    ...basis,
    spectrum: view.spectrum(factoring.join(blocks.map((block) => spectrumOf(block, view)))),
  };
}
