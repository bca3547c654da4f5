/**
 * Functions of matrices of which only products are known, within the Krylov space of a vector.
 *
 * @module
 */
import type { Node } from "../tensor/node.ts";
import {
  binary,
  cast,
  compare,
  constant,
  iota,
  matmul,
  mul,
  reshape,
  select,
  slice,
  square,
  sum,
  transpose,
} from "../tensor/ops.ts";
import type { Product } from "./conjugate_gradients.ts";
import { type Lanczos, lanczos, type LanczosOptions } from "./lanczos.ts";
import { alongColumns, alongRows, apply } from "./matrices.ts";
import { symmetricEigen } from "./symmetric_eigen.ts";

/** What the Krylov space of b knows of the eigenvalues and eigenvectors of a symmetric operator. */
interface KrylovSpectral {
  /** Ritz values, shape [steps]; those that are not kept are 0. */
  readonly values: Node;
  /** Ritz vectors as columns, shape [size of b, steps]; those that are not kept are 0. */
  readonly vectors: Node;
  /** vectorsᵀ·b, shape [steps]; b is the sum of the vectors with these weights. */
  readonly coordinates: Node;
  /** Whether a Ritz pair exists, a bool for each: fewer than `steps` where the space is invariant. */
  readonly kept: Node;
  /** How many exist, an f32 scalar. */
  readonly count: Node;
}

/** The tridiagonal matrix of a Lanczos process, [steps, steps]. */
export function tridiagonal({ alpha, beta }: Pick<Lanczos, "alpha" | "beta">): Node {
  const k = alpha.shape[0]!, shape = [k, k];
  const rows = iota(shape, 0), columns = iota(shape, 1), one = constant(1, [], "u32");
  const above = select(
    compare("eq", binary("add", rows, one), columns),
    alongRows(beta, shape),
    select(compare("eq", rows, binary("add", columns, one)), alongColumns(beta, shape), 0),
  );
  return select(compare("eq", rows, columns), alongRows(alpha, shape), above);
}

/**
 * Ritz values and vectors of a symmetric operator from `steps` products, by {@link lanczos}. With them
 * f(H)·b ≈ Σ f(λᵢ)·(vᵢᵀb)·vᵢ ({@link krylovProduct}), exact where f is a polynomial of degree below
 * `steps`, and what the eigenbasis does with b can be done in the Krylov space: only the eigenvectors that b has
 * parts of are there, and of a repeated eigenvalue one.
 */
export function krylovSpectral(
  product: Product,
  b: Node,
  options: LanczosOptions,
): KrylovSpectral {
  const process = lanczos(product, b, options);
  const { q, count, size } = process;
  const k = options.steps;
  const { values, vectors } = symmetricEigen(tridiagonal(process));
  // Beyond `count` the matrix is zero and decoupled, which the rotations keep to the last bit.
  const inside = compare("lt", iota([k, k], 0), cast(count, "u32"));
  const kept = compare("gt", sum(select(inside, square(vectors), 0), [0]), 0.5);
  const first = reshape(slice(vectors, [0, 0], [1, k]), [k]);
  return {
    values: select(kept, values, 0),
    vectors: matmul(transpose(q), vectors),
    coordinates: select(kept, mul(size, first), 0),
    kept,
    count,
  };
}

/**
 * Σ weightsᵢ·(vᵢᵀb)·vᵢ: f(H)·b for weights f(λᵢ), as a vector of the size of b. Weights of pairs that are
 * not kept do not matter, be they infinite.
 */
export function krylovProduct(
  { vectors, coordinates, kept }: KrylovSpectral,
  weights: Node,
): Node {
  return apply(vectors, mul(select(kept, weights, 0), coordinates));
}
