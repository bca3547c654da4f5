/**
 * Arithmetic by name, made of the primitives.
 *
 * @module
 */
import { checkTensors, isTensor, shapeError, show } from "./check.ts";
import type { Node } from "./node.ts";
import { sizeOf } from "./node.ts";
import { binary, compare, select, unary } from "./elementwise.ts";
import { contraction } from "./compound.ts";
import { constant, lift, permute, reduce, type TensorLike } from "./primitives.ts";

/** a + b. */
export const add = (a: TensorLike, b: TensorLike): Node => binary("add", a, b);
/** a − b. */
export const sub = (a: TensorLike, b: TensorLike): Node => binary("sub", a, b);
/** a · b, elementwise. */
export const mul = (a: TensorLike, b: TensorLike): Node => binary("mul", a, b);
/** a / b. */
export const div = (a: TensorLike, b: TensorLike): Node => binary("div", a, b);
/** aᵇ; NaN for negative a unless b is whole. Small constant b that are whole are products. */
export function pow(a: TensorLike, b: TensorLike): Node {
  const e = typeof b === "number"
    ? b
    : isTensor(b) && b.op.kind === "constant" && b.op.values.length === 1
    ? b.op.values[0]!
    : undefined;
  if (e === undefined || !Number.isInteger(e) || Math.abs(e) > 16) return binary("pow", a, b);
  const x = lift(a);
  if (e === 0) return constant(1, x.shape);
  let product = x;
  for (let i = 1; i < Math.abs(e); i++) product = mul(product, x);
  return e < 0 ? div(1, product) : product;
}
/** The larger of a and b; the first where they are equal. */
export const max = (a: TensorLike, b: TensorLike): Node => binary("max", a, b);
/** The smaller of a and b; the first where they are equal. */
export const min = (a: TensorLike, b: TensorLike): Node => binary("min", a, b);
/** −x. */
export const neg = (x: TensorLike): Node => unary("neg", x);
/** |x|, with derivative 0 at 0. */
export const abs = (x: TensorLike): Node => unary("abs", x);
/** −1, 0 or 1. */
export const sign = (x: TensorLike): Node => unary("sign", x);
/** eˣ. */
export const exp = (x: TensorLike): Node => unary("exp", x);
/** eˣ − 1 without cancellation. */
export const expm1 = (x: TensorLike): Node => unary("expm1", x);
/** The natural logarithm. */
export const log = (x: TensorLike): Node => unary("log", x);
/** log(1 + x) without cancellation. */
export const log1p = (x: TensorLike): Node => unary("log1p", x);
/** √x. */
export const sqrt = (x: TensorLike): Node => unary("sqrt", x);
/** x as a constant of differentiation: the value of x, with derivative zero. */
export const stopGradient = (x: TensorLike): Node => unary("stop", x);
/** sin x. */
export const sin = (x: TensorLike): Node => unary("sin", x);
/** cos x. */
export const cos = (x: TensorLike): Node => unary("cos", x);
/** tanh x. */
export const tanh = (x: TensorLike): Node => unary("tanh", x);
/** The error function. */
export const erf = (x: TensorLike): Node => unary("erf", x);
/** ⌊x⌋. */
export const floor = (x: TensorLike): Node => unary("floor", x);
/** x². */
export const square = (x: TensorLike): Node => mul(x, x);
/** Sum over `axes` (default: all). */
export const sum = (x: Node, axes?: readonly number[]): Node => reduce("sum", x, axes);

/** Arithmetic mean over `axes` (default: all). */
export function mean(x: Node, axes?: readonly number[]): Node {
  checkTensors("mean", x);
  const total = sum(x, axes);
  return div(total, sizeOf(x.shape) / sizeOf(total.shape));
}

/** Σ a·b over all elements. */
export const dot = (a: Node, b: Node): Node => sum(mul(a, b));

/**
 * Matrix product [m, k] × [k, n] → [m, n].
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { input, matmul } from "@steepest/steepest";
 *
 * assert.deepEqual(matmul(input("a", [2, 3]), input("b", [3, 4])).shape, [2, 4]);
 * ```
 */
export function matmul(a: Node, b: Node): Node {
  checkTensors("matmul", a, b);
  const [m, k] = a.shape, [k2, n] = b.shape;
  if (a.shape.length !== 2 || b.shape.length !== 2 || k !== k2) {
    shapeError("matmul", `${show(a.shape)} × ${show(b.shape)}`, "[m, k] × [k, n]");
  }
  const axis = (i: number) => ({ constant: 0, factors: [0, 1, 2].map((j) => j === i ? 1 : 0) });
  return contraction([m!, n!, k!], [a, b], [[axis(0), axis(2)], [axis(2), axis(1)]], [
    axis(0),
    axis(1),
  ], [m!, n!]);
}

/** Exchanges the axes of a matrix. */
export function transpose(x: Node): Node {
  checkTensors("transpose", x);
  return permute(x, x.shape.map((_, i) => x.shape.length - 1 - i));
}

/**
 * ‖x‖₂ over all elements; 0 with derivative 0 at x = 0.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimize, norm, objective, sgd } from "@steepest/steepest";
 *
 * const f = objective({ parameters: { x: [3, 4] }, loss: ({ x }) => norm(x) });
 * const run = await minimize(f, sgd(), { steps: 0, backend: "reference", precision: "f64" });
 * assert.equal(run.losses[0], 5);
 * ```
 */
export function norm(x: Node): Node {
  const squared = sum(square(x));
  const positive = compare("gt", squared, 0);
  return select(positive, sqrt(select(positive, squared, 1)), 0);
}
