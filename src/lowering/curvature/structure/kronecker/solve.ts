/**
 * From the matrices of all factors to the operator that they make.
 *
 * @module
 */
import type { Solver, SolverKind } from "../../../../optimizer/solver.ts";
import type { OfKind } from "../../../../optimizer/types.ts";
import type { Node } from "../../../../tensor/node.ts";
import { add, broadcast, constant, mean, mul } from "../../../../tensor/ops.ts";
import type { Operator } from "../../operator.ts";
import type { StageView } from "../rule.ts";
import { type BlockBasis, eigenbasesOf } from "./eigenbases.ts";
import type { Factoring, FactorMatrices } from "./factors.ts";
import { positivePower } from "./powers.ts";
import { INVERSES, newtonRoots, rootsOperator } from "./roots.ts";

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

/** Every coordinate of the eigenbasis has its λ. */
function eigenOperator(
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

/** The operator of factors whose matrices are kept. */
type Rule<K extends SolverKind> = (
  solver: OfKind<Solver, K>,
  factoring: Factoring,
  matrices: FactorMatrices,
  view: StageView,
) => Operator;

/** Solvers that do not work on the matrices of factors. */
type Others = "cg" | "lanczos" | "newtonSchulz" | "orthogonalIteration";

const SOLVERS: { readonly [K in Exclude<SolverKind, Others>]: Rule<K> } = {
  auto: (_, ...factors) => eigenOperator(...factors),
  eigen: (_, ...factors) => eigenOperator(...factors),
  cholesky: (_, ...factors) => rootsOperator(INVERSES, ...factors),
  coupledNewton: (solver, ...factors) => rootsOperator(newtonRoots(solver), ...factors),
};

/** ⊗ᵢ Lᵢ^exponent in every block. */
export function solved(
  factoring: Factoring,
  matrices: FactorMatrices,
  view: StageView,
): Operator {
  const solver = view.stage.solver ?? { kind: "auto" };
  const rule = SOLVERS[solver.kind as keyof typeof SOLVERS] as Rule<SolverKind>;
  return rule(solver as OfKind<Solver, SolverKind>, factoring, matrices, view);
}
