/**
 * Constructors that derivatives are written in. They drop what is zero, absorb what is one and fold
 * fills, so that a derivative costs what a person would have written.
 *
 * @module
 */
import {
  binary,
  broadcast,
  constant,
  permute,
  reduce,
  reshape,
  select,
  unary,
} from "../tensor/ops.ts";
import { type Node, type Shape, sizeOf } from "../tensor/node.ts";

/** A tangent or cotangent; `undefined` is zero and generates no work. */
export type Linear = Node | undefined;

/** The value of a constant that is the same everywhere. */
export function fillOf(x: Node): number | undefined {
  return x.op.kind === "constant" && x.op.values.length === 1 ? x.op.values[0] : undefined;
}

/** The node, or `undefined` where it is known to be zero. */
export function nonzero(x: Linear): Linear {
  return x === undefined || fillOf(x) === 0 ? undefined : x;
}

/** The node, or a tensor of zeros. */
export function materialize(x: Linear, shape: Shape): Node {
  return x ?? constant(0, shape);
}

function isUnary(x: Node, fn: "neg"): boolean {
  return x.op.kind === "unary" && x.op.fn === fn;
}

/** −x. */
export function negated(x: Node): Node {
  const fill = fillOf(x);
  if (fill !== undefined) return constant(-fill, x.shape);
  return isUnary(x, "neg") ? x.inputs[0]! : unary("neg", x);
}

/** a + b, for summands of one shape. */
export function plus(a: Linear, b: Linear): Linear {
  const x = nonzero(a), y = nonzero(b);
  if (x === undefined) return y;
  if (y === undefined) return x;
  const p = fillOf(x), q = fillOf(y);
  if (p !== undefined && q !== undefined) return constant(p + q, x.shape);
  if (x.hash === y.hash) return times(2, x);
  if (isUnary(y, "neg")) return binary("sub", x, y.inputs[0]!);
  if (isUnary(x, "neg")) return binary("sub", y, x.inputs[0]!);
  return mergedSelects(x, y) ?? binary("add", x, y);
}

/** select(c, a, 0) + select(c, 0, b) is select(c, a, b). */
function mergedSelects(x: Node, y: Node): Node | undefined {
  if (x.op.kind !== "select" || y.op.kind !== "select") return undefined;
  const [c, a, b] = x.inputs, [d, e, f] = y.inputs;
  if (c!.hash !== d!.hash) return undefined;
  if (fillOf(b!) === 0 && fillOf(e!) === 0) return select(c!, a!, f!);
  if (fillOf(a!) === 0 && fillOf(f!) === 0) return select(c!, e!, b!);
  return undefined;
}

/** factor · x. */
export function times(factor: Node | number, x: Node): Node {
  const f = typeof factor === "number" ? factor : fillOf(factor), g = fillOf(x);
  if (f === 0 || g === 0) return constant(0, x.shape);
  if (f !== undefined && g !== undefined) return constant(f * g, x.shape);
  if (f === 1) return x;
  if (f === -1) return negated(x);
  if (typeof factor !== "number") {
    if (g === 1) return factor;
    if (g === -1) return negated(factor);
  }
  return binary("mul", x, factor);
}

/** x / divisor. */
export function over(x: Node, divisor: Node): Node {
  const d = fillOf(divisor), value = fillOf(x);
  if (d !== undefined && value !== undefined) return constant(value / d, x.shape);
  return d === 1 ? x : d === -1 ? negated(x) : binary("div", x, divisor);
}

/** a where the condition holds, else b; `undefined` branches are zero. */
export function choose(condition: Node, a: Linear, b: Linear): Linear {
  const x = nonzero(a), y = nonzero(b);
  if (x?.hash === y?.hash) return x;
  return select(condition, x ?? 0, y ?? 0);
}

/** Sum over axes; of a fill it is a fill. */
export function sumOver(x: Node, axes: readonly number[]): Node {
  const total = reduce("sum", x, axes);
  const fill = fillOf(x);
  return fill === undefined
    ? total
    : constant(fill * sizeOf(x.shape) / sizeOf(total.shape), total.shape);
}

/** {@link broadcast}; of a fill it is a fill. */
export function spread(x: Node, shape: Shape, axes: readonly number[]): Node {
  const fill = fillOf(x);
  return fill === undefined ? broadcast(x, shape, axes) : constant(fill, shape, x.dtype);
}

/** {@link reshape}; of a fill it is a fill. */
export function reshaped(x: Node, shape: Shape): Node {
  const fill = fillOf(x);
  return fill === undefined ? reshape(x, shape) : constant(fill, shape, x.dtype);
}

/** {@link permute}; of a fill it is a fill. */
export function permuted(x: Node, order: readonly number[]): Node {
  const fill = fillOf(x);
  return fill === undefined
    ? permute(x, order)
    : constant(fill, order.map((a) => x.shape[a]!), x.dtype);
}

/** The axes of `shape` that are not listed. */
export function otherAxes(shape: Shape, axes: readonly number[]): number[] {
  return shape.map((_, i) => i).filter((i) => !axes.includes(i));
}
