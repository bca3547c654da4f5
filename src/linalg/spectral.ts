/**
 * Functions of a symmetric matrix through its eigenvalues.
 *
 * @module
 */
import { failure } from "../errors.ts";
import type { Node } from "../tensor/node.ts";
import {
  abs,
  binary,
  compare,
  constant,
  matmul,
  mul,
  reduce,
  select,
  sum,
  transpose,
} from "../tensor/ops.ts";
import { alongColumns, alongRows, apply } from "./matrices.ts";
import { type Eigen, symmetricEigen, type SymmetricEigenOptions } from "./symmetric_eigen.ts";

/** V·diag(weights)·Vᵀ: the matrix whose eigenvalues are replaced by `weights`. */
export function spectralMatrix({ vectors }: Eigen, weights: Node): Node {
  return matmul(mul(vectors, alongColumns(weights, vectors.shape)), transpose(vectors));
}

/** V·diag(weights)·Vᵀ·x for a vector [n], or for the columns of [n, m], without forming the matrix. */
export function spectralProduct({ vectors }: Eigen, weights: Node, x: Node): Node {
  const coordinates = transpose(vectors);
  if (x.shape.length === 1) return apply(vectors, mul(weights, apply(coordinates, x)));
  const y = matmul(coordinates, x);
  return matmul(vectors, mul(alongRows(weights, y.shape), y));
}

/** What a power does with directions that have none. */
interface PowerOptions {
  /**
   * Eigenvalues that are at most `drop` times the largest |eigenvalue| get the weight 0 and are
   * counted; so are all that are not positive. In single precision a null direction has an eigenvalue
   * of about ±1e-7 of the largest, so that 1e-6 drops the null space and 0 would raise noise.
   */
  readonly drop: number;
}

/** Powers of eigenvalues, and how many were dropped. */
export interface Weights {
  /** λᵖ, or 0 where dropped. */
  readonly weights: Node;
  /** Whether an eigenvalue was kept, a bool for each. */
  readonly kept: Node;
  /** How many were dropped, an f32 scalar. */
  readonly dropped: Node;
}

/** λᵖ of eigenvalues for any real p, those without one dropped and counted. */
export function spectralPower(values: Node, p: number, { drop }: PowerOptions): Weights {
  if (!(drop >= 0 && drop < 1)) {
    throw failure("description", "spectralPower/drop", `${drop}`, "a number from 0 to below 1");
  }
  const least = mul(drop, reduce("max", abs(values)));
  const kept = binary("and", compare("gt", values, least), compare("gt", values, 0));
  const weights = select(kept, binary("pow", select(kept, values, 1), constant(p)), 0);
  const dropped = sum(select(kept, constant(0), constant(1)));
  return { weights, kept, dropped };
}

/** Options of {@link matrixPower}. */
interface MatrixPowerOptions extends PowerOptions, SymmetricEigenOptions {}

/**
 * Aᵖ of a symmetric matrix for any real p: Newton's A⁻¹, the A^{-1/2} of the normalised lengths, the
 * roots of Shampoo. Null and negative directions are dropped by the rule that the caller gives, so that
 * A⁻¹ is the pseudo-inverse of the positive part.
 */
export function matrixPower(
  matrix: Node,
  p: number,
  options: MatrixPowerOptions,
): { readonly matrix: Node; readonly dropped: Node } {
  const eigen = symmetricEigen(matrix, options);
  const { weights, dropped } = spectralPower(eigen.values, p, options);
  return { matrix: spectralMatrix(eigen, weights), dropped };
}
