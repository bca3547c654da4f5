/**
 * What the elementwise functions mean for single values: the definition that constant folding, the
 * evaluator of scalars and the reference evaluator share. Booleans are 0 and 1.
 *
 * @module
 */
import { erf } from "./erf.ts";
import type { BinaryFn, CompareFn, DType, UnaryFn } from "./node.ts";

/** The functions of one argument. */
export const UNARY_FUNCTIONS: { readonly [F in UnaryFn]: (x: number) => number } = {
  neg: (x) => -x,
  abs: Math.abs,
  // Comparisons, so that NaN has the sign 0 as it does on devices that compare.
  sign: (x) => x > 0 ? 1 : x < 0 ? -1 : 0,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sqrt: Math.sqrt,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  erf,
  floor: Math.floor,
  stop: (x) => x,
  not: (x) => x === 0 ? 1 : 0,
  isFinite: (x) => Number.isFinite(x) ? 1 : 0,
};

type Binary = (a: number, b: number) => number;

// The first argument stays unless the second is strictly better: ties and NaN follow from that.
const larger: Binary = (a, b) => b > a ? b : a;
const smaller: Binary = (a, b) => b < a ? b : a;

/**
 * The functions of two arguments for each element type they accept. u32 wraps at 2³²; as in WGSL
 * x / 0 = x and x % 0 = 0, and shifts use the amount modulo 32.
 */
export const BINARY_FUNCTIONS: {
  readonly [F in BinaryFn]: { readonly [D in DType]?: Binary };
} = {
  add: { f32: (a, b) => a + b, u32: (a, b) => (a + b) >>> 0 },
  sub: { f32: (a, b) => a - b, u32: (a, b) => (a - b) >>> 0 },
  mul: { f32: (a, b) => a * b, u32: (a, b) => Math.imul(a, b) >>> 0 },
  div: { f32: (a, b) => a / b, u32: (a, b) => b === 0 ? a : Math.floor(a / b) },
  pow: { f32: Math.pow },
  max: { f32: larger, u32: larger },
  min: { f32: smaller, u32: smaller },
  rem: { u32: (a, b) => b === 0 ? 0 : a % b },
  and: { u32: (a, b) => (a & b) >>> 0, bool: (a, b) => a & b },
  or: { u32: (a, b) => (a | b) >>> 0, bool: (a, b) => a | b },
  xor: { u32: (a, b) => (a ^ b) >>> 0, bool: (a, b) => a ^ b },
  shiftLeft: { u32: (a, b) => (a << (b & 31)) >>> 0 },
  shiftRight: { u32: (a, b) => a >>> (b & 31) },
};

/** The comparisons; with a NaN all are false but `ne`. */
export const COMPARE_FUNCTIONS: { readonly [F in CompareFn]: (a: number, b: number) => number } = {
  eq: (a, b) => a === b ? 1 : 0,
  ne: (a, b) => a !== b ? 1 : 0,
  lt: (a, b) => a < b ? 1 : 0,
  le: (a, b) => a <= b ? 1 : 0,
  gt: (a, b) => a > b ? 1 : 0,
  ge: (a, b) => a >= b ? 1 : 0,
};

/** Conversion to an element type: to u32 truncates and saturates (NaN gives 0), to bool is x ≠ 0. */
export const CAST_FUNCTIONS: { readonly [D in DType]: (x: number) => number } = {
  f32: (x) => x,
  u32: (x) => x >= 4294967295 ? 4294967295 : x >= 1 ? Math.trunc(x) : 0,
  bool: (x) => x === 0 ? 0 : 1,
};
