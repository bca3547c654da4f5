/**
 * The whole matrix.
 *
 * @module
 */
import { vmap } from "../../../autodiff/vmap.ts";
import { lead } from "../../../autodiff/vmap_rules.ts";
import { symmetricEigen } from "../../../linalg/symmetric_eigen.ts";
import type { Solver, SolverKind } from "../../../optimizer/solver.ts";
import type { OfKind } from "../../../optimizer/types.ts";
import type { Node } from "../../../tensor/node.ts";
import {
  abs,
  add,
  cast,
  compare,
  input,
  iota,
  matmul,
  mul,
  reduce,
  reshape,
  select,
  transpose,
} from "../../../tensor/ops.ts";
import { report, type Scope } from "../../scope.ts";
import type { Operator } from "../operator.ts";
import type { Sample } from "../sample.ts";
import type { StageView, StructureRule } from "./rule.ts";

/** Parameters that a stored matrix may have. */
const LARGEST = 4096;

export function identity(n: number): Node {
  return cast(compare("eq", iota([n, n], 0), iota([n, n], 1)), "f32");
}

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

/** λ, and 0 for what single precision cannot tell from it: such directions are null. */
export function withoutNoise(lambda: Node): Node {
  const bound = mul(lambda.shape[0]! * 2 ** -23, reduce("max", abs(lambda)));
  return select(compare("le", abs(lambda), bound), 0, lambda);
}

/** H′ = Q diag(λ) Qᵀ. */
function eigenOperator(matrix: Node, sweeps: number, { factor, spectrum }: StageView): Operator {
  const { values, vectors } = symmetricEigen(matrix, { sweeps });
  const q = factor("vectors", vectors), n = q.shape[0]!;
  const times = (m: Node, x: Node) => reshape(matmul(m, reshape(x, [n, 1])), [n]);
  return {
    coordinates: (u) => times(transpose(q), u),
    vector: (d) => times(q, d),
    spectrum: spectrum(withoutNoise(factor("values", values)), { signed: true }),
  };
}

type Solve<K extends SolverKind> = (
  solver: OfKind<Solver, K>,
  matrix: Node,
  view: StageView,
) => Operator;

const SOLVERS: { readonly [K in SolverKind]: Solve<K> } = {
  auto: (_, matrix, view) => eigenOperator(matrix, 15, view),
  eigen: ({ sweeps }, matrix, view) => eigenOperator(matrix, sweeps, view),
};

/** One matrix over everything the stage sees. */
export const fullRule: StructureRule<"full"> = {
  statistic: (_, sample, scope) => {
    const { size } = scope.space;
    if (size > LARGEST) {
      report(scope, "limit", `full() over ${size} parameters`, `at most ${LARGEST}`);
      return undefined;
    }
    return matrixOf(sample, scope);
  },
  identity: (_, { space }) => identity(space.size),
  operator: (_, matrix, view) => {
    const solver = view.stage.solver ?? { kind: "auto" };
    return (SOLVERS[solver.kind] as Solve<SolverKind>)(
      solver as OfKind<Solver, SolverKind>,
      matrix,
      view,
    );
  },
};
