/**
 * What one step tells of the curvature.
 *
 * @module
 */
import type { Node } from "../../tensor/node.ts";
import type { Layer } from "../layers/find.ts";
import type { LayerRows } from "../layers/rows.ts";
import { matmul, reshape, square, sum, transpose } from "../../tensor/ops.ts";

/**
 * A matrix M over the parameters that a stage sees, in views that are built when they are asked for. A structure
 * takes the view it needs; a sample that does not have it makes no statistic for that structure.
 */
export interface Sample {
  /** The diagonal of M, or an unbiased estimate of it. */
  readonly diagonal: () => Node;
  /** Whether that diagonal cannot be negative. */
  readonly nonNegative: boolean;
  /** S of shape [k, n] with M = SᵀS. */
  readonly rows?: () => Node;
  /** What the batch says of layers, M being the mean over its examples. */
  readonly layers?: (layers: readonly Layer[]) => readonly LayerRows[];
  /** M·v. */
  readonly times?: (v: Node) => Node;
}

/** M = SᵀS. */
export function sampleOfRows(rows: () => Node): Sample {
  return {
    diagonal: () => sum(square(rows()), [0]),
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
    diagonal: () => square(s),
  };
}
