/**
 * The whole matrix.
 *
 * @module
 */
import { vmap } from "../../../autodiff/vmap.ts";
import { lead } from "../../../autodiff/vmap_rules.ts";
import type { Product } from "../../../linalg/conjugate_gradients.ts";
import { apply, identity } from "../../../linalg/matrices.ts";
import { symmetricEigen } from "../../../linalg/symmetric_eigen.ts";
import type { Solver, SolverKind } from "../../../optimizer/solver.ts";
import type { OfKind } from "../../../optimizer/types.ts";
import type { Node } from "../../../tensor/node.ts";
import { add, input, matmul, mul, transpose } from "../../../tensor/ops.ts";
import { report, type Scope } from "../../scope.ts";
import type { Basis, Operator } from "../operator.ts";
import type { Sample } from "../sample.ts";
import { conjugateOperator, krylovOperator } from "./implicit.ts";
import { withoutNoise } from "./noise.ts";
import type { StageView, StructureRule } from "./rule.ts";

/** Parameters that a stored matrix may have. */
const LARGEST = 4096;

/** M, from the view that costs least. */
function matrixOf({ rows, times }: Sample, { space: { size }, path }: Scope): Node | undefined {
  if (rows !== undefined) return matmul(transpose(rows()), rows());
  if (times === undefined) return undefined;
  const direction = input(`${path}/direction`, [size]);
  const { nodes, batched } = vmap(
    [times(direction)],
    new Map([[direction.hash, identity(size)]]),
    size,
  );
  const matrix = lead({ node: nodes[0]!, batched: batched[0]! }, size);
  // Products in single precision are not quite symmetric.
  return mul(0.5, add(matrix, transpose(matrix)));
}

function basisOfColumns(q: Node): Basis {
  return { coordinates: (u) => apply(transpose(q), u), vector: (d) => apply(q, d) };
}

/** H′ = Q diag(λ) Qᵀ. */
function eigenOperator(matrix: Node, sweeps: number, { factor, spectrum }: StageView): Operator {
  const { values, vectors } = symmetricEigen(matrix, { sweeps });
  return {
    ...basisOfColumns(factor("vectors", vectors)),
    spectrum: spectrum(withoutNoise(factor("values", values)), { signed: true }),
  };
}

type Rule<K extends SolverKind> =
  | {
    /** Works on the matrix, which is stored. */
    readonly stored: (solver: OfKind<Solver, K>, matrix: Node, view: StageView) => Operator;
  }
  | {
    /** Works on products with it. */
    readonly implicit: (
      solver: OfKind<Solver, K>,
      times: Product,
      view: StageView,
      scope: Scope,
    ) => Operator;
  };

const SOLVERS: { readonly [K in Exclude<SolverKind, "orthogonalIteration">]: Rule<K> } = {
  auto: { stored: (_, matrix, view) => eigenOperator(matrix, 15, view) },
  eigen: { stored: ({ sweeps }, matrix, view) => eigenOperator(matrix, sweeps, view) },
  cg: { implicit: conjugateOperator },
  lanczos: { implicit: krylovOperator },
};

/** The solver of a stage with its rule. */
function solverOf({ stage }: StageView): {
  readonly solver: OfKind<Solver, SolverKind>;
  readonly rule: Rule<SolverKind>;
} {
  const solver = (stage.solver ?? { kind: "auto" }) as OfKind<Solver, SolverKind>;
  return { solver, rule: SOLVERS[solver.kind as keyof typeof SOLVERS] as Rule<SolverKind> };
}

/** One matrix over everything the stage sees. */
export const fullRule: StructureRule<"full"> = {
  statistic: (_, sample, scope) => {
    const { size } = scope.space;
    if (size > LARGEST) {
      report(
        scope,
        "limit",
        `full() over ${size} parameters`,
        `at most ${LARGEST}`,
      );
      return undefined;
    }
    return matrixOf(sample, scope);
  },
  identity: (_, { space }) => identity(space.size),
  basis: (_, matrix, basisOf) => basisOfColumns(basisOf("vectors", matrix)),
  implicit: (_, { times }, view, scope) => {
    const { solver, rule } = solverOf(view);
    if ("stored" in rule || times === undefined) return undefined;
    return rule.implicit(solver, times, view, scope);
  },
  operator: (_, matrix, view, scope) => {
    const { solver, rule } = solverOf(view);
    return "stored" in rule
      ? rule.stored(solver, matrix, view)
      : rule.implicit(solver, (v) => apply(matrix, v), view, scope);
  },
};
