/**
 * The whole matrix.
 *
 * @module
 */
import type { Product } from "../../../linalg/conjugate_gradients.ts";
import { apply, diagonalMatrix, identity } from "../../../linalg/matrices.ts";
import { updateInverse } from "../../../linalg/secant.ts";
import { symmetricEigen } from "../../../linalg/symmetric_eigen.ts";
import type { SecantUpdate } from "../../../optimizer/iterative.ts";
import type { Solver, SolverKind } from "../../../optimizer/solver.ts";
import type { OfKind } from "../../../optimizer/types.ts";
import type { Node } from "../../../tensor/node.ts";
import {
  add,
  binary,
  compare,
  constant,
  dot,
  matmul,
  mul,
  select,
  transpose,
} from "../../../tensor/ops.ts";
import { joinPath } from "../../../optimizer/walk.ts";
import { remember, report, type Scope } from "../../scope.ts";
import { type Basis, inPlace, type Operator } from "../operator.ts";
import { countRejected, exists, inverseStart, inverted, type Pair, solves } from "../pair.ts";
import { productsOf, type Sample } from "../sample.ts";
import { conjugateOperator, krylovOperator } from "./implicit.ts";
import type { Factoring } from "./kronecker/factors.ts";
import { INVERSES, newtonRoots, rootsOperator } from "./kronecker/roots.ts";
import { withoutNoise } from "./noise.ts";
import type { PairRule, SampleRule, StageView } from "./rule.ts";

/** Parameters that a stored matrix may have. */
const LARGEST = 4096;

/** M, from the view that costs least. */
function matrixOf({ rows, times }: Sample, { space: { size } }: Scope): Node | undefined {
  if (rows !== undefined) return matmul(transpose(rows()), rows());
  if (times === undefined) return undefined;
  const matrix = productsOf(times, identity(size));
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

/** The one factor of everything. */
function whole(n: number): Factoring {
  const axes = [{ axis: 0, extent: n, diagonal: false }];
  return {
    blocks: [{ path: "", shape: [n], axes, exponent: 1 }],
    split: (flat) => [flat],
    join: ([flat]) => flat!,
  };
}

const SOLVERS: {
  readonly [K in Exclude<SolverKind, "newtonSchulz" | "orthogonalIteration">]: Rule<K>;
} = {
  auto: { stored: (_, matrix, view) => eigenOperator(matrix, 15, view) },
  eigen: { stored: ({ sweeps }, matrix, view) => eigenOperator(matrix, sweeps, view) },
  coupledNewton: {
    stored: (solver, matrix, view) =>
      rootsOperator(newtonRoots(solver), whole(matrix.shape[0]!), [[matrix]], view),
  },
  cholesky: {
    stored: (_, matrix, view) => rootsOperator(INVERSES, whole(matrix.shape[0]!), [[matrix]], view),
  },
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

/** Whether the matrix can be stored; if not, the problem has been reported. */
function fits(scope: Scope): boolean {
  const { size } = scope.space;
  if (size <= LARGEST) return true;
  report(scope, "limit", `full() over ${size} parameters`, `at most ${LARGEST}`);
  return false;
}

/** H′⁻¹ after this pair. */
function inverseOf(update: SecantUpdate, pair: Pair, scope: Scope): Node {
  const inside: Scope = { ...scope, path: joinPath(scope.path, "iterative/0") };
  const n = scope.space.size, { step, change } = pair;
  const whole = remember(inside, "inverse", [n, n], mul(1 / update.initial, identity(n)));
  const count = remember(inside, "pairs", [], 0);
  const own = diagonalMatrix(inverseStart(update, dot(step, change), dot(change, change)), n);
  const before = update.scaled ? select(compare("eq", count.old, 0), own, whole.old) : whole.old;
  const changed = updateInverse(update.update, before, step, change, update.skip);
  const taken = binary("and", changed.taken, exists(pair));
  count.become(select(taken, add(count.old, 1), count.old));
  countRejected(pair, taken, scope);
  return whole.become(select(taken, changed.inverse, whole.old));
}

/** H′ = Q diag(λ) Qᵀ from K = H′⁻¹, or products with K where no eigenvalue is asked for. */
function inverseOperator(k: Node, update: SecantUpdate, view: StageView): Operator {
  const { stage, factor, spectrum } = view;
  if (solves(stage, update)) {
    return inPlace({ divide: (x) => apply(k, x), dropped: () => constant(0) });
  }
  const sweeps = stage.solver?.kind === "eigen" ? stage.solver.sweeps : 15;
  const { values, vectors } = symmetricEigen(k, { sweeps });
  const q = factor("vectors", vectors);
  return {
    coordinates: (u) => apply(transpose(q), u),
    vector: (d) => apply(q, d),
    spectrum: spectrum(inverted(factor("values", values)), { signed: true }),
  };
}

/** One matrix over everything the stage sees. */
export const fullRule: SampleRule<"full"> & PairRule<"full"> = {
  pairs: (_, update, pair, view, scope) =>
    fits(scope)
      ? inverseOperator(view.kept(inverseOf(update, pair, scope)), update, view)
      : undefined,
  statistic: (_, sample, scope) => fits(scope) ? matrixOf(sample, scope) : undefined,
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
