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
import type { Block, Factoring, FactorMatrices } from "./factors.ts";

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
export interface Eigenbases {
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

/** The basis of one block. */
function basisOf(
  block: Block,
  matrices: readonly Node[],
  sweeps: number | undefined,
  { factor }: StageView,
): BlockBasis {
  const vectors: { axis: number; q: Node }[] = [];
  const values = block.axes.map(({ axis, diagonal }, i) => {
    const name = (what: string) => nameOf(block, axis, what);
    if (diagonal) return factor(name("values"), matrices[i]!);
    const eigen = symmetricEigen(matrices[i]!, sweeps === undefined ? {} : { sweeps });
    vectors.push({ axis, q: factor(name("vectors"), eigen.vectors) });
    return factor(name("values"), withoutNoise(eigen.values));
  });
  return { block, vectors, values };
}

/** The eigenvalues and eigenvectors of all factors, as they were at the last step that made them. */
export function eigenbasesOf(
  factoring: Factoring,
  matrices: FactorMatrices,
  view: StageView,
): Eigenbases {
  const { solver } = view.stage;
  const sweeps = solver?.kind === "eigen" ? solver.sweeps : undefined;
  const blocks = factoring.blocks.map((block, i) => basisOf(block, matrices[i]!, sweeps, view));
  return { blocks, basis: turning(factoring, blocks.map(({ vectors }) => vectors)) };
}
