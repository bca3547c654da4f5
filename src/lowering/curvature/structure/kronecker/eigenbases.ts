/**
 * The eigenvectors of every factor.
 *
 * @module
 */
import { symmetricEigen } from "../../../../linalg/symmetric_eigen.ts";
import { joinPath } from "../../../../optimizer/walk.ts";
import type { Node } from "../../../../tensor/node.ts";
import { transpose } from "../../../../tensor/ops.ts";
import type { Basis } from "../../operator.ts";
import { withoutNoise } from "../noise.ts";
import type { StageView } from "../rule.ts";
import { along } from "./axes.ts";
import { type Block, type Factoring, type FactorMatrices, factorsOf } from "./factors.ts";
import { together } from "./together.ts";

/** The basis of each axis that is turned. */
type Turns = readonly { readonly axis: number; readonly q: Node }[];

/** A block in the eigenbasis of its factors. */
export interface BlockBasis {
  readonly block: Block;
  /** By axis; those that keep a diagonal have none to turn. */
  readonly vectors: Turns;
  /** The eigenvalues of the factor of each axis, in the order of the axes. */
  readonly values: readonly Node[];
}

/** The basis in which all factors are diagonal. */
interface Eigenbases {
  readonly blocks: readonly BlockBasis[];
  readonly basis: Basis;
}

/** Every axis of every block turned by a matrix of its own. */
export function turning({ split, join }: Factoring, turns: readonly Turns[]): Basis {
  const turned = (flat: Node, matrix: (q: Node) => Node): Node =>
    join(
      split(flat).map((tensor, i) =>
        turns[i]!.reduce((x, { axis, q }) => along(matrix(q), x, axis), tensor)
      ),
    );
  return { coordinates: (flat) => turned(flat, transpose), vector: (d) => turned(d, (q) => q) };
}

/** Names what is kept of the factor of an axis. */
export const nameOf = ({ path }: Block, axis: number, what: string): string =>
  joinPath(path, axis, what);

/** The eigenvalues and eigenvectors of all factors, as they were at the last step that made them. */
export function eigenbasesOf(
  factoring: Factoring,
  matrices: FactorMatrices,
  { stage: { solver }, factor }: StageView,
): Eigenbases {
  const sweeps = solver?.kind === "eigen" ? { sweeps: solver.sweeps } : {};
  const factors = factorsOf(factoring, matrices);
  const found = together(factors.flat().filter(({ diagonal }) => !diagonal), () => "", (matrix) => {
    const { values, vectors } = symmetricEigen(matrix, sweeps);
    return [withoutNoise(values), vectors];
  });
  const blocks = factoring.blocks.map((block, i): BlockBasis => {
    const vectors: { axis: number; q: Node }[] = [];
    const values = factors[i]!.map((one) => {
      const { axis, matrix } = one, name = (what: string) => nameOf(block, axis, what);
      const [values, q] = found.get(one) ?? [matrix];
      if (q !== undefined) vectors.push({ axis, q: factor(name("vectors"), q) });
      return factor(name("values"), values!);
    });
    return { block, vectors, values };
  });
  return { blocks, basis: turning(factoring, blocks.map(({ vectors }) => vectors)) };
}
