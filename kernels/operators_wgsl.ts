/**
 * The operators of WGSL that are written alike for numbers and for vectors.
 *
 * @module
 */
import type { BinaryFn, CompareFn, UnaryFn } from "../src/loops/scalar.ts";

/** Of one operand; functions of ours take numbers alone and are none of these. */
export const UNARY = {
  neg: (a) => `(-${a})`,
  abs: (a) => `abs(${a})`,
  sign: (a) => `sign(${a})`,
  exp: (a) => `exp(${a})`,
  log: (a) => `log(${a})`,
  sqrt: (a) => `sqrt(${a})`,
  sin: (a) => `sin(${a})`,
  cos: (a) => `cos(${a})`,
  floor: (a) => `floor(${a})`,
  stop: (a) => a,
  not: (a) => `(!${a})`,
} as const satisfies { readonly [F in UnaryFn]?: (a: string) => string };

/** Of a vector and a number, too. */
export const MIXED: { readonly [F in BinaryFn]?: string } = { add: "+", sub: "-", mul: "*" };

/** Of two operands of one type. */
export const BITWISE: { readonly [F in BinaryFn]?: string } = { and: "&", or: "|", xor: "^" };

/** Comparisons. */
export const COMPARE: { readonly [F in CompareFn]: string } = {
  eq: "==",
  ne: "!=",
  lt: "<",
  le: "<=",
  gt: ">",
  ge: ">=",
};
