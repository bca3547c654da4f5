/**
 * Functions of matrices that are a multiple of the identity but for few directions.
 *
 * @module
 */
import { failure } from "../errors.ts";
import type { Node } from "../tensor/node.ts";
import { add, lift, matmul, mul, sub, type TensorLike, transpose } from "../tensor/ops.ts";
import { apply, extentsOf, orderOf } from "./matrices.ts";
import { orthonormalize, type OrthonormalizeOptions } from "./orthonormalize.ts";
import { symmetricEigen } from "./symmetric_eigen.ts";

/** σ·1 + U·M·Uᵀ by its eigenvalues. */
export interface LowRankSpectral {
  /** The eigenvalue of everything beside the basis, a scalar. */
  readonly sigma: Node;
  /** The eigenvalues of the basis, shape [k]. */
  readonly values: Node;
  /** Eigenvectors as columns, shape [n, k]; a column is 0 where the columns of U depend on each other. */
  readonly basis: Node;
  /** How many eigenvectors there are, an f32 scalar: the rank of U. */
  readonly rank: Node;
}

/**
 * Eigenvalues and eigenvectors of σ·1 + U·M·Uᵀ with U [n, k] and a symmetric M [k, k], k ≤ n, through the
 * k × k matrix R·M·Rᵀ of U = Q·R: what L-BFGS needs (k is twice its window) for any power of its matrix.
 *
 * @throws SteepestError of kind `shape` where U and M do not fit.
 */
export function lowRankSpectral(
  sigma: TensorLike,
  u: Node,
  m: Node,
  options: OrthonormalizeOptions = {},
): LowRankSpectral {
  const [, k] = extentsOf("lowRankSpectral", u);
  if (orderOf("lowRankSpectral", m) !== k) {
    throw failure("shape", "lowRankSpectral", `[${m.shape}]`, `[${k}, ${k}]`);
  }
  const { q, r, rank } = orthonormalize(u, options);
  const eigen = symmetricEigen(matmul(matmul(r, m), transpose(r)));
  const rest = lift(sigma);
  return {
    sigma: rest,
    values: add(rest, eigen.values),
    basis: matmul(q, eigen.vectors),
    rank,
  };
}

/** f(σ·1 + U·M·Uᵀ)·x for an elementwise f, for example λ^{-1/2}, and x of shape [n]. */
export function lowRankProduct(
  { sigma, values, basis }: LowRankSpectral,
  f: (eigenvalues: Node) => Node,
  x: Node,
): Node {
  const coordinates = apply(transpose(basis), x);
  const rest = sub(x, apply(basis, coordinates));
  return add(apply(basis, mul(f(values), coordinates)), mul(f(sigma), rest));
}
