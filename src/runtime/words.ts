/**
 * Words with two meanings: arithmetic of tensors, and parts of an optimizer. The arguments tell which
 * is meant: tensors carry an `op`, parts of an optimizer a `kind`.
 *
 * @module
 */
import { add as addBranches } from "../optimizer/combinators.ts";
import {
  type Abs,
  abs as absDamping,
  add as addDamping,
  type AddToSpectrum,
  factored as factoredDamping,
  type FactoredDamping,
  type Floor,
  floor as floorDamping,
} from "../optimizer/damping.ts";
import { sign as signDescent } from "../optimizer/derived.ts";
import {
  max as maxAccumulator,
  type MaxAccumulator,
  sum as sumAccumulator,
  type SumAccumulator,
} from "../optimizer/iterative.ts";
import {
  constant as constantSchedule,
  type ConstantOf,
  type Hyper,
  type Schedule,
} from "../optimizer/schedule.ts";
import { type Factored, factored as factoredStructure } from "../optimizer/structure.ts";
import { TRANSFORM_ROLES } from "../optimizer/hyperparameters.ts";
import type { Optimizer } from "../optimizer/types.ts";
import type { DType, Node, Shape } from "../tensor/node.ts";
import { isTensor } from "../tensor/check.ts";
import * as tensors from "../tensor/ops.ts";

type Argument = tensors.TensorLike | Optimizer | Hyper;

function isOptimizer(x: Argument): x is Optimizer {
  return typeof x === "object" && x !== null && "kind" in x &&
    Object.hasOwn(TRANSFORM_ROLES, x.kind);
}

/**
 * Of two tensors a + b; of transforms the sum of what they put out (`add()` is `zero()`); of one
 * number or schedule ε the damping λ ← λ + ε.
 *
 * @example
 * ```ts
 * import { add, ema, identity, zero } from "@steepest/steepest";
 * import assert from "node:assert/strict";
 * assert.deepEqual(add(), zero());
 * assert.equal(add(identity(), ema({ decay: 0.9 })).kind, "add");
 * assert.equal(add(1e-8).kind, "add");
 * ```
 */
export function add(a: tensors.TensorLike, b: tensors.TensorLike): Node;
/** Of one number or schedule ε the damping λ ← λ + ε. */
export function add(eps: Hyper): AddToSpectrum;
/** Of transforms the sum of what they put out; `add()` is `zero()`. */
export function add(...of: readonly Optimizer[]): Optimizer;
export function add(...x: readonly Argument[]): Node | Optimizer | AddToSpectrum {
  if (x.every(isOptimizer)) return addBranches(...x);
  return x.length === 1
    ? addDamping(x[0] as number | Schedule)
    : tensors.add(x[0] as tensors.TensorLike, x[1] as tensors.TensorLike);
}

/**
 * Of a tensor |x|; of nothing the damping λ ← |λ|.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { abs, input } from "@steepest/steepest";
 *
 * assert.equal(abs().kind, "abs");
 * assert.deepEqual(abs(input("x", [2, 3])).shape, [2, 3]);
 * ```
 */
export function abs(): Abs;
/** Of a tensor |x|. */
export function abs(x: tensors.TensorLike): Node;
export function abs(x?: tensors.TensorLike): Node | Abs {
  return x === undefined ? absDamping() : tensors.abs(x);
}

/**
 * Of a tensor ⌊x⌋; of a number or schedule ε the damping λ ← max(λ, ε).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { floor, input } from "@steepest/steepest";
 *
 * assert.deepEqual(floor(1e-6), { kind: "floor", eps: 1e-6 });
 * assert.deepEqual(floor(input("x", [2, 3])).shape, [2, 3]);
 * ```
 */
export function floor(x: Node): Node;
/** Of a number or schedule ε the damping λ ← max(λ, ε). */
export function floor(eps: Hyper): Floor;
export function floor(x: Node | Hyper): Node | Floor {
  return isTensor(x) ? tensors.floor(x) : floorDamping(x);
}

/**
 * Of nothing the structure of rank 1: one λ a coordinate, λ = R Cᵀ/mean(R) over the last two axes of a tensor of rank 2 or more,
 * with R and C the row and column means of the samples, of which r + c numbers are kept in place of r·c. Of a number or schedule
 * γ the damping of a product of factors: A ← A + π√γ and G ← G + √γ/π.
 *
 * The structure: leading axes are a batch of such matrices; for a convolution [out, in, height, width] the matrices are its
 * windows (as in PyTorch; optax takes the two longest axes). A tensor of rank 0 or 1 keeps one λ a coordinate. A sample of
 * rank 1 is kept exactly, signs included; where mean(R) is 0 so is λ, which is dropped and counted. Source: Shazeer and Stern 2018,
 * Algorithm 1.
 *
 * The damping: π² is the mean eigenvalue of A over that of G, so that A ⊗ G + γ is nearly a product again, and no
 * eigenvalues are needed. For any number k of factors and any exponent e: Lᵢ ← Lᵢ + c·mᵢ, mᵢ the mean eigenvalue of Lᵢ and c one
 * number with Πᵢ(c·mᵢ)^e = γ; where a factor is 0, every c·mᵢ is γ^{1/ke}. Only `kronecker` has factors. Source: Martens and
 * Grosse 2015, section 6.3, where γ is the square root of this one.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { classify, curvature, empiricalFisher, factored } from "@steepest/steepest";
 *
 * const stage = curvature({ calculating: empiricalFisher(), structure: factored() });
 * assert.equal(classify(stage).structure, "rank-1 diagonal");
 * assert.deepEqual(factored(1e-2), { kind: "factored", gamma: 1e-2 });
 * ```
 */
export function factored(): Factored;
/** Of a number or schedule γ the damping A ← A + π√γ, G ← G + √γ/π. */
export function factored(gamma: Hyper): FactoredDamping;
export function factored(gamma?: Hyper): Factored | FactoredDamping {
  return gamma === undefined ? factoredStructure() : factoredDamping(gamma);
}

/**
 * Of a tensor its sign, with sign(0) = 0; of nothing the transform u ← sign(u).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { chain, input, scale, sign } from "@steepest/steepest";
 *
 * const signDescent = chain(sign(), scale(0.1));
 * assert.equal(signDescent.kind, "chain");
 * assert.deepEqual(sign(input("x", [2, 3])).shape, [2, 3]);
 * ```
 */
export function sign(): Optimizer;
/** Of a tensor its sign, with sign(0) = 0. */
export function sign(x: tensors.TensorLike): Node;
export function sign(x?: tensors.TensorLike): Node | Optimizer {
  return x === undefined ? signDescent() : tensors.sign(x);
}

/**
 * Of a tensor its sum over `axes` (default: all); otherwise the accumulator s ← s + sample.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { input, sum } from "@steepest/steepest";
 *
 * assert.equal(sum({ initial: 0.1 }).kind, "sum");
 * assert.deepEqual(sum(input("x", [2, 3]), [1]).shape, [2]);
 * ```
 */
export function sum(x: Node, axes?: readonly number[]): Node;
/** The accumulator s ← s + sample. */
export function sum(options?: { readonly initial?: number }): SumAccumulator;
export function sum(
  x: Node | { readonly initial?: number } = {},
  axes?: readonly number[],
): Node | SumAccumulator {
  return isTensor(x) ? tensors.sum(x, axes) : sumAccumulator(x);
}

/**
 * Of two tensors the larger elements; otherwise the accumulator s ← max(decay·s, sample).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { input, max } from "@steepest/steepest";
 *
 * assert.equal(max({ decay: 0.99 }).kind, "max");
 * assert.deepEqual(max(input("x", [2, 3]), 0).shape, [2, 3]);
 * ```
 */
export function max(a: tensors.TensorLike, b: tensors.TensorLike): Node;
/** The accumulator s ← max(decay·s, sample). */
export function max(options?: { readonly decay?: Hyper }): MaxAccumulator;
export function max(
  a: tensors.TensorLike | { readonly decay?: Hyper } = {},
  b?: tensors.TensorLike,
): Node | MaxAccumulator {
  return b === undefined
    ? maxAccumulator(a as { readonly decay?: Hyper })
    : tensors.max(a as tensors.TensorLike, b);
}

/**
 * With a shape, or of an array, a constant tensor; of one number the same value at every step.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { constant } from "@steepest/steepest";
 *
 * assert.deepEqual(constant(0.1), { kind: "constant", value: 0.1 }); // a schedule
 * assert.deepEqual(constant([1, 2, 3]).shape, [3]);
 * assert.deepEqual(constant(0, [2, 3]).shape, [2, 3]);
 * ```
 */
export function constant(value: readonly number[], shape?: Shape, dtype?: DType): Node;
/** A tensor of equal elements. */
export function constant(value: number, shape: Shape, dtype?: DType): Node;
/** The same value at every step. */
export function constant<T extends Hyper>(value: T): ConstantOf<T>;
export function constant(
  value: Hyper | readonly number[],
  shape?: Shape,
  dtype?: DType,
): Node | ConstantOf<Hyper> {
  if (Array.isArray(value)) return tensors.constant(value as readonly number[], shape, dtype);
  return shape === undefined
    ? constantSchedule(value as Hyper)
    : tensors.constant(value as number, shape, dtype);
}
