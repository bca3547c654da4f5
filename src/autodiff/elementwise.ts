/**
 * Partial derivatives of the elementwise primitives, each applied to a tangent or a cotangent: the
 * two directions of differentiation multiply by the same factor.
 *
 * @module
 */
import { binary, compare, constant, select, unary } from "../tensor/ops.ts";
import type { BinaryFn, Node, UnaryFn } from "../tensor/node.ts";
import { choose, fillOf, type Linear, negated, over, times } from "./algebra.ts";

/** f′(x) · t, given x, f(x) and t. */
type UnaryRule = (x: Node, out: Node, t: Node) => Linear;

/** The rule of functions whose derivative is zero wherever it exists. */
export const FLAT: UnaryRule = (): undefined => undefined;

/** Written in the output where that is possible, so that a backward pass keeps one tensor. */
export const UNARY_RULES: { readonly [F in UnaryFn]: UnaryRule } = {
  neg: (_x, _out, t) => negated(t),
  abs: (x, _out, t) => times(unary("sign", x), t),
  sign: FLAT,
  exp: (_x, out, t) => times(out, t),
  expm1: (_x, out, t) => times(binary("add", out, 1), t),
  log: (x, _out, t) => over(t, x),
  log1p: (x, _out, t) => over(t, binary("add", x, 1)),
  sqrt: (_x, out, t) => over(times(0.5, t), out),
  sin: (x, _out, t) => times(unary("cos", x), t),
  cos: (x, _out, t) => negated(times(unary("sin", x), t)),
  tanh: (_x, out, t) => times(binary("sub", 1, binary("mul", out, out)), t),
  erf: (x, _out, t) =>
    times(binary("mul", 2 / Math.sqrt(Math.PI), unary("exp", negated(binary("mul", x, x)))), t),
  floor: FLAT,
  stop: FLAT,
  not: FLAT,
  isFinite: FLAT,
};

/** ∂f/∂a · t and ∂f/∂b · t, given a, b, f(a, b) and t. */
type BinaryRule = (a: Node, b: Node, out: Node, t: Node) => Linear;

/** b · aᵇ⁻¹; where b is 0 the base is replaced, so that it is 0 also for a base of 0. */
function powerByBase(a: Node, b: Node, t: Node): Node {
  const exponent = fillOf(b);
  if (exponent === 0) return constant(0, t.shape);
  if (exponent !== undefined) {
    return times(times(exponent, binary("pow", a, exponent - 1)), t);
  }
  const isZero = compare("eq", b, 0);
  const slope = binary("mul", b, binary("pow", select(isZero, 1, a), binary("sub", b, 1)));
  return times(slope, t);
}

/** aᵇ · log a for positive a; 0 elsewhere, where the power has no derivative by its exponent. */
function powerByExponent(a: Node, out: Node, t: Node): Node {
  const positive = compare("gt", a, 0);
  const slope = binary("mul", out, unary("log", select(positive, a, 1)));
  return times(select(positive, slope, 0), t);
}

const FLAT_IN_BOTH: readonly [BinaryRule, BinaryRule] = [() => undefined, () => undefined];

/** Ties of max and min go to the first operand. */
export const BINARY_RULES: { readonly [F in BinaryFn]: readonly [BinaryRule, BinaryRule] } = {
  add: [(_a, _b, _out, t) => t, (_a, _b, _out, t) => t],
  sub: [(_a, _b, _out, t) => t, (_a, _b, _out, t) => negated(t)],
  mul: [(_a, b, _out, t) => times(b, t), (a, _b, _out, t) => times(a, t)],
  div: [
    (_a, b, _out, t) => over(t, b),
    (_a, b, out, t) => negated(times(out, over(t, b))),
  ],
  pow: [(a, b, _out, t) => powerByBase(a, b, t), (a, _b, out, t) => powerByExponent(a, out, t)],
  max: [
    (a, b, _out, t) => choose(compare("ge", a, b), t, undefined),
    (a, b, _out, t) => choose(compare("ge", a, b), undefined, t),
  ],
  min: [
    (a, b, _out, t) => choose(compare("le", a, b), t, undefined),
    (a, b, _out, t) => choose(compare("le", a, b), undefined, t),
  ],
  rem: FLAT_IN_BOTH,
  and: FLAT_IN_BOTH,
  or: FLAT_IN_BOTH,
  xor: FLAT_IN_BOTH,
  shiftLeft: FLAT_IN_BOTH,
  shiftRight: FLAT_IN_BOTH,
};
