/**
 * Bases of eigenvectors that follow a matrix.
 *
 * @module
 */
import type { Node } from "../tensor/node.ts";
import {
  abs,
  compare,
  gather,
  matmul,
  mul,
  reduce,
  select,
  sum,
  transpose,
} from "../tensor/ops.ts";
import { alongColumns, checkCount, fallingOrder, orderOf } from "./matrices.ts";
import { orthonormalize } from "./orthonormalize.ts";
import { symmetricEigen, type SymmetricEigenOptions } from "./symmetric_eigen.ts";

/** Eigenvectors of a symmetric matrix as columns, by falling eigenvalue. */
export function orderedEigenvectors(matrix: Node, options: SymmetricEigenOptions = {}): Node {
  const { values, vectors } = symmetricEigen(matrix, options);
  return transpose(gather(transpose(vectors), fallingOrder(values)));
}

/** A·Q with columns that are nothing but rounding made 0, and qᵀAq of each column. */
function image(matrix: Node, q: Node): { readonly columns: Node; readonly quotients: Node } {
  const columns = matmul(matrix, q);
  const noise = mul(q.shape[0]! * 2 ** -23, reduce("max", abs(columns)));
  const none = compare("le", reduce("max", abs(columns), [0]), noise);
  return {
    columns: select(alongColumns(none, q.shape), 0, columns),
    quotients: sum(mul(q, columns), [0]),
  };
}

/**
 * `steps` times Q ← the orthonormal columns of A·Q, for a symmetric matrix [n, n] and an orthogonal one of the same shape.
 *
 * Columns are orthogonalised in the order of falling qᵀAq, and each stands where the column stood that it came from. What is
 * left of the old column takes its place where A·q adds nothing: the part of an old column that such a q leaves
 * outside the range of A is linearly independent of the others', so that the result is orthogonal for a singular A too.
 *
 * @throws SteepestError of kind `shape` unless the matrix is square and f32, `description` for steps < 1.
 */
export function orthogonalIteration(matrix: Node, basis: Node, steps: number): Node {
  const n = orderOf("orthogonalIteration", matrix);
  checkCount("orthogonalIteration/steps", steps);
  return Array.from({ length: n === 1 ? 0 : steps }).reduce<Node>((q) => {
    const { columns, quotients } = image(matrix, q);
    return orthonormalize(columns, { order: fallingOrder(quotients), otherwise: q }).q;
  }, basis);
}
