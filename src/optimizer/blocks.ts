/**
 * Blocks of parameters that have a norm of their own.
 *
 * @module
 */

/**
 * What one norm is over: everything that the transform sees, each parameter tensor, or each unit.
 *
 * A _unit_ is an index of axis 0 of a tensor of rank 2 or more: what feeds one output of a dense layer ([out, in]) or
 * one channel of a convolution ([out, in, height, width]). A tensor of rank 0 or 1 is one unit.
 */
export type Per = "global" | "tensor" | "unit";

/** √Σx², or √(Σx²/n) over the n elements of the block, which does not grow with its size, or Σ|x|. */
export type NormKind = "euclidean" | "rms" | "sum";

/** Which norm, and over what. */
export interface BlockNorm {
  /** What one norm is over. */
  readonly per: Per;
  /** Which norm. */
  readonly norm: NormKind;
}
