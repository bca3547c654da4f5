/**
 * What one step tells of the curvature.
 *
 * @module
 */
import { batched } from "../../linalg/batched.ts";
import type { Node } from "../../tensor/node.ts";
import type { Layer } from "../layers/find.ts";
import type { LayerRows } from "../layers/rows.ts";
import { matmul, reshape, square, sum, transpose } from "../../tensor/ops.ts";
import type { Basis } from "./operator.ts";

/**
 * A matrix M over the parameters that a stage sees, in views that are built when they are asked for. A structure
 * takes the view it needs; a sample that does not have it makes no statistic for that structure.
 */
export interface Sample {
  /** The diagonal of M, or of QᵀMQ in a basis, or an unbiased estimate of it. */
  readonly diagonal: (basis?: Basis) => Node;
  /** Whether that diagonal cannot be negative. */
  readonly nonNegative: boolean;
  /** S of shape [k, n] with M = SᵀS. */
  readonly rows?: () => Node;
  /** What the batch says of layers, M being the mean over its examples. */
  readonly layers?: (layers: readonly Layer[]) => readonly LayerRows[];
  /** M·v. */
  readonly times?: (v: Node) => Node;
}

/** M times each row of a matrix. */
export function productsOf(times: (v: Node) => Node, rows: Node): Node {
  const [count, n] = [rows.shape[0]!, rows.shape[1]!];
  if (count === 1) return reshape(times(reshape(rows, [n])), [1, n]);
  return batched((v) => [times(v!)], [rows])[0]!;
}

/** M = SᵀS. */
export function sampleOfRows(rows: () => Node): Sample {
  return {
    diagonal: (basis) => sum(square(basis === undefined ? rows() : inBasis(basis, rows())), [0]),
    nonNegative: true,
    rows,
    times: (v) => {
      const s = rows(), n = s.shape[1]!;
      return reshape(matmul(transpose(s), matmul(s, reshape(v, [n, 1]))), [n]);
    },
  };
}

/** M = s sᵀ. */
export function sampleOfVector(s: Node): Sample {
  return {
    ...sampleOfRows(() => reshape(s, [1, s.shape[0]!])),
    diagonal: (basis) => square(basis === undefined ? s : basis.coordinates(s)),
  };
}

/** Every one of some rows in the coordinates of a basis. */
function inBasis({ coordinates }: Basis, rows: Node): Node {
  return batched((row) => [coordinates(row!)], [rows])[0]!;
}

/** QᵀMQ, of which the diagonal is known. */
export function sampleIn(basis: Basis, { diagonal, nonNegative }: Sample): Sample {
  return { diagonal: () => diagonal(basis), nonNegative };
}
