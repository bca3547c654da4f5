/**
 * A structure of a small factor for each axis of a tensor, or of each side of a layer.
 *
 * @module
 */

import { slot, withOptions } from "./build.ts";

/**
 * ⊗ᵢ Lᵢ^exponent in every tensor, Lᵢ the Gram matrix of the samples along its i-th axis; or A^exponent ⊗ G^exponent in
 * every layer.
 */
export interface Kronecker {
  /** The tag of this structure. */
  readonly kind: "kronecker";
  /** What the factors are of: the axes of a tensor, or what a layer meets and the derivative by what it puts out. */
  readonly of: "tensor" | "layers";
  /** The power of every factor, > 0; where it is not given, 1/order of the tensor, and 1 by layer. */
  readonly exponent?: number;
  /** The longest axis that has one whole factor, ≥ 1. */
  readonly largest: number;
  /** Whether a longer one keeps the diagonal of its factor, or is cut into blocks of `largest`, each with factors of its own. */
  readonly longer: "diagonal" | "blocks";
  /** `"trailing"`: all axes after the first are one, so that every tensor is a matrix or a vector. */
  readonly merge: "none" | "trailing";
  /** `"diagonal"`: what has one axis keeps the diagonal of its factor. */
  readonly vectors: "matrix" | "diagonal";
}

/** What {@link kronecker} takes. */
export interface KroneckerOptions {
  /**
   * What the factors are of: the axes of a tensor, or what a layer meets and the derivative by what it puts out.
   *
   * @default "tensor"
   */
  readonly of?: "tensor" | "layers";
  /**
   * The power of every factor, > 0.
   *
   * @default 1/order of each tensor, and 1 by layer, so that H′ is in units of a squared gradient
   */
  readonly exponent?: number;
  /**
   * The longest axis that has one whole factor, ≥ 1.
   *
   * @default 256, and 1024 by layer
   */
  readonly largest?: number;
  /**
   * What a longer axis has: the `"diagonal"` of its factor, or it is cut into `"blocks"` of `largest` (the last one may be
   * shorter), and the tensor with it; every block then has factors of its own.
   *
   * @default "diagonal"
   */
  readonly longer?: "diagonal" | "blocks";
  /**
   * `"trailing"`: all axes after the first are one; a convolution [out, in, height, width] is the matrix
   * [out, in·height·width]. A layer is a matrix as it is.
   *
   * @default "none"
   */
  readonly merge?: "none" | "trailing";
  /**
   * What is kept for a tensor of one axis: a matrix, or its diagonal.
   *
   * @default "matrix"
   */
  readonly vectors?: "matrix" | "diagonal";
}

/**
 * H′ = ⊗ᵢ Lᵢ^exponent in every tensor of order k, i = 1…k: Lᵢ is the sum of G₍ᵢ₎G₍ᵢ₎ᵀ over the sampled vectors G, where
 * G₍ᵢ₎ is G laid out as a matrix with axis i as its rows. With `gradientNorm()` a matrix takes the step
 * L^{-1/4} u R^{-1/4}.
 *
 * The samples have to be vectors: `empiricalFisher` or `fisher`. ε in a sample, or in an initial value, is added to
 * every Lᵢ. A factor of n rows costs n² numbers and an eigenvalue problem, which `every: { factor }` spreads over
 * steps; an axis longer than `largest` keeps the diagonal of Lᵢ, also the one axis of a vector, or is cut into blocks. Norms of a length may
 * be by tensor. |λ| ≤ n·2⁻²³·max|λ| of a factor counts as 0, and its directions are dropped.
 *
 * With `of: "layers"` H′ = A ⊗ G in every layer s = W̄ā, W̄ = [W b], ā = [a 1]: over B examples with T rows of s each
 * (1 for a dense layer, the places of a convolution's windows)
 *
 * - A = (1/B) Σ āāᵀ over all B·T rows, features [C·kh·kw + 1] in the order of the weight, zeros where a window is outside;
 * - G = (1/(B·T)) Σ ggᵀ over all rows, g the derivative of the loss *of the row's own example* by its s.
 *
 * For one example and T = 1, A ⊗ G is that example's matrix itself. With `none()` the step is G⁻¹UA⁻¹ for U [out, in + 1].
 * Labels are sampled with `fisher()`, given with `empiricalFisher({ from: "examples" })`. Layers are found in the graph: a weight is
 * used once, in a matrix product or a convolution (of any stride, padding and dilation; in one group) with something that
 * depends on the examples; a bias is used once, added to the result along its units and to nothing else. A parameter that is neither
 * (a scale, an embedding, a weight of two products) is an error of kind `need` with its path: `partition` sends it elsewhere.
 * A weight whose bias is elsewhere is a layer without one.
 *
 * Source: Gupta, Koren and Singer 2018, Algorithm 2; unified-view-of-optimizers, Table 1, "L^{-1/4} g R^{-1/4}". Martens
 * and Grosse 2015, sections 3 and 4.1; Grosse and Martens 2016, (29), for convolutions; Table 1, "block-diagonal".
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { classify, curvature, empiricalFisher, gradientNorm, kronecker } from "@steepest/steepest";
 *
 * const stage = curvature({
 *   calculating: empiricalFisher(),
 *   structure: kronecker(),
 *   length: gradientNorm(),
 * });
 * assert.equal(classify(stage).structure, "L^{-1/4} g R^{-1/4}");
 * ```
 */
export function kronecker(options: KroneckerOptions = {}): Kronecker {
  return slot("structure", withOptions("kronecker", options));
}
