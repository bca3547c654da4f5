/**
 * Powers of factors without eigenvectors.
 *
 * @module
 */
import { inverseOf } from "../../../../linalg/inverse.ts";
import { inverseRootNewton } from "../../../../linalg/inverse_root.ts";
import { diagonalMatrix, diagonalOf, lengthOf } from "../../../../linalg/matrices.ts";
import { powerOfLength } from "../../../../optimizer/length_power.ts";
import type { CoupledNewtonSolver } from "../../../../optimizer/solver.ts";
import { joinPath } from "../../../../optimizer/walk.ts";
import type { Node } from "../../../../tensor/node.ts";
import {
  add,
  broadcast,
  cast,
  compare,
  constant,
  mean,
  mul,
  neg,
  reduce,
  sub,
  sum,
  unary,
} from "../../../../tensor/ops.ts";
import { flatten } from "../../../arena.ts";
import { inPlace, type Operator } from "../../operator.ts";
import type { StageView } from "../rule.ts";
import { along } from "./axes.ts";
import { type Factor, type Factoring, type FactorMatrices, factorsOf } from "./factors.ts";
import { positivePower } from "./powers.ts";
import { together } from "./together.ts";

/** A power −1/p, and whether it is one. */
type Root = readonly [root: Node, good: Node];

/** How powers −1/p of a factor are made. */
export interface Powers {
  readonly ofMatrix: (kept: Node, p: number) => Root;
  readonly ofDiagonal: (kept: Node, p: number) => Root;
}

/** (L + ridge·‖L‖_F·1)^{-1/p}. */
export function newtonRoots(
  { iterations, tolerance, ridge, accept }: CoupledNewtonSolver,
): Powers {
  return {
    ofMatrix: (kept, p) => {
      const shift = diagonalMatrix(mul(ridge, lengthOf(kept)), kept.shape[0]!);
      const { root, error } = inverseRootNewton(add(kept, shift), p, { iterations, tolerance });
      return [root, compare("le", error, accept)];
    },
    ofDiagonal: (kept, p) => {
      const root = positivePower(add(kept, mul(ridge, lengthOf(kept))), -1 / p);
      return [root, unary("isFinite", sum(root))];
    },
  };
}

/** L⁻¹, of a factor that is positive definite. */
export const INVERSES: Powers = {
  ofMatrix: (kept) => {
    const { inverse, failed } = inverseOf(kept);
    return [inverse, compare("eq", failed, 0)];
  },
  ofDiagonal: (kept) => [positivePower(kept, -1), compare("gt", neg(reduce("max", neg(kept))), 0)],
};

/** The factors of a block with what dampings add to each. */
function shifted(
  axes: readonly Factor[],
  exponent: number,
  shifts: StageView["shifts"],
): readonly Factor[] {
  const diagonals = axes.map(({ matrix, diagonal }) => diagonal ? matrix : diagonalOf(matrix));
  const by = shifts(diagonals.map((own) => mean(own)), exponent);
  if (by === undefined) return axes;
  return axes.map((one, i) => ({
    ...one,
    matrix: add(one.matrix, one.diagonal ? by[i]! : diagonalMatrix(by[i]!, one.extent)),
  }));
}

/** How many do not hold. */
function failures(good: readonly Node[]): Node {
  return sum(sub(1, flatten(good.map((it) => cast(it, "f32")))));
}

/** The p of −1/p that a length makes of each factor of a block. */
const orderOf = ({ exponent }: { readonly exponent: number }, power: number): number =>
  Math.round(1 / (exponent * power));

/** H′^p by the roots of its factors, for the one p that the length takes. */
export function rootsOperator(
  powers: Powers,
  factoring: Factoring,
  matrices: FactorMatrices,
  { stage, factor, failed, shifts }: StageView,
): Operator {
  const power = powerOfLength(stage.length);
  const factors = factorsOf(factoring, matrices)
    .map((axes, i) => shifted(axes, factoring.blocks[i]!.exponent, shifts));
  const order = ({ block }: Factor) => orderOf(block, power);
  const found = together(
    factors.flat().filter(({ diagonal }) => !diagonal),
    (one) => `${order(one)}`,
    (matrix, one) => powers.ofMatrix(matrix, order(one)),
  );
  const goods: Node[] = [];
  const roots = factors.map((axes) =>
    axes.map((one) => {
      const [root, good] = found.get(one) ?? powers.ofDiagonal(one.matrix, order(one));
      goods.push(good!);
      return { ...one, root: factor(joinPath(one.block.path, one.axis, "root"), root!, good) };
    })
  );
  failed(failures(goods));
  const times = (x: Node, { root, axis, diagonal }: typeof roots[number][number]): Node =>
    diagonal ? mul(x, broadcast(root, x.shape, [axis])) : along(root, x, axis);
  const divide = (x: Node) =>
    factoring.join(factoring.split(x).map((tensor, i) => roots[i]!.reduce(times, tensor)));
  return inPlace({ divide, dropped: () => constant(0) });
}
