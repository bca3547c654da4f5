/**
 * What solvers do beside gradients.
 *
 * @module
 */

import type { Solver, SolverKind } from "../optimizer/solver.ts";
import type { Structure, StructureKind } from "../optimizer/structure.ts";
import type { OfKind, Optimizer } from "../optimizer/types.ts";
import { sites } from "../optimizer/walk.ts";

/** Work of a stage that no count of gradients has. */
interface SolverWork {
  /** The stage. */
  readonly path: string;
  /** What is found, and how large it is. */
  readonly what: string;
  /** Every how many steps. */
  readonly every: number;
}

/** The matrices that a structure works with; undefined where it has none but numbers. */
const MATRICES: {
  readonly [K in StructureKind]: (it: OfKind<Structure, K>) => string | undefined;
} = {
  scalar: () => undefined,
  diagonal: ({ basis }) => basis === undefined ? undefined : matricesOf(basis.structure),
  factored: () => undefined,
  blockDiagonal: () => "a matrix as large as each block",
  full: () => "an n × n matrix, n the parameters of the stage",
  subspace: () => undefined,
  kronecker: ({ of, largest }) =>
    `a matrix for each ${
      of === "layers" ? "side of a layer" : "axis of a tensor"
    } of length ${largest} at most`,
  lowRank: () => "a matrix with a row for each vector of the window's pairs",
};

function matricesOf(structure: Structure): string | undefined {
  return (MATRICES[structure.kind] as (it: Structure) => string | undefined)(structure);
}

/** What a solver finds of these matrices. */
const FOUND: {
  readonly [K in SolverKind]: (it: OfKind<Solver, K>, matrices: string) => string | undefined;
} = {
  auto: (_, matrices) => `eigenvectors of ${matrices}`,
  eigen: (_, matrices) => `eigenvectors of ${matrices}`,
  orthogonalIteration: (_, matrices) => `an orthonormal basis for ${matrices}`,
  cholesky: (_, matrices) => `the inverse of ${matrices}`,
  coupledNewton: (_, matrices) => `inverse roots of ${matrices}`,
  newtonSchulz: ({ steps }) => `${3 * steps} products of each matrix with one of its smaller side`,
  cg: () => undefined,
  lanczos: ({ steps }) =>
    `a basis of ${steps} vectors as large as θ, and eigenvectors of a ${steps} × ${steps} matrix`,
};

/** What the solvers of an optimizer do, by stage. */
export function solverWork(optimizer: Optimizer): readonly SolverWork[] {
  return sites(optimizer).flatMap(({ optimizer: it, path }) => {
    if (it.kind !== "curvature") return [];
    const { structure, solver = { kind: "auto" }, every } = it;
    const matrices = matricesOf(structure);
    const what = matrices &&
      (FOUND[solver.kind] as (it: Solver, of: string) => string | undefined)(solver, matrices);
    return what === undefined ? [] : [{ path, what, every: every.factor }];
  });
}
