/**
 * Constructors of the elementwise primitives, which broadcast by the right-aligned rule.
 *
 * @module
 */
import { checkTensors, checkType, checkWord, shapeError } from "./check.ts";
import {
  type BinaryFn,
  type CompareFn,
  type DType,
  makeNode,
  type Node,
  type UnaryFn,
} from "./node.ts";
import { broadcastShapes, broadcastTo, lift, type TensorLike } from "./primitives.ts";

const UNARY: { readonly [F in UnaryFn]: { readonly from: DType; readonly to: DType } } = {
  neg: { from: "f32", to: "f32" },
  abs: { from: "f32", to: "f32" },
  sign: { from: "f32", to: "f32" },
  exp: { from: "f32", to: "f32" },
  expm1: { from: "f32", to: "f32" },
  log: { from: "f32", to: "f32" },
  log1p: { from: "f32", to: "f32" },
  sqrt: { from: "f32", to: "f32" },
  sin: { from: "f32", to: "f32" },
  cos: { from: "f32", to: "f32" },
  tanh: { from: "f32", to: "f32" },
  erf: { from: "f32", to: "f32" },
  floor: { from: "f32", to: "f32" },
  stop: { from: "f32", to: "f32" },
  not: { from: "bool", to: "bool" },
  isFinite: { from: "f32", to: "bool" },
};

/**
 * An elementwise function of one argument.
 *
 * @throws {SteepestError} of kind `shape`: an element type that the function does not have.
 */
export function unary(fn: UnaryFn, x: TensorLike): Node {
  checkWord("unary", fn, UNARY);
  const node = lift(x, "f32", fn);
  if (node.dtype !== UNARY[fn].from) shapeError(fn, node.dtype, UNARY[fn].from);
  return makeNode({ kind: "unary", fn }, [node], node.shape, UNARY[fn].to);
}

const BINARY: { readonly [F in BinaryFn]: readonly DType[] } = {
  add: ["f32", "u32"],
  sub: ["f32", "u32"],
  mul: ["f32", "u32"],
  div: ["f32", "u32"],
  pow: ["f32"],
  max: ["f32", "u32"],
  min: ["f32", "u32"],
  rem: ["u32"],
  and: ["u32", "bool"],
  or: ["u32", "bool"],
  xor: ["u32", "bool"],
  shiftLeft: ["u32"],
  shiftRight: ["u32"],
};

function aligned(op: string, a: TensorLike, b: TensorLike): readonly [Node, Node] {
  // A misspelt parameter comes as undefined, past the types where the caller has none.
  const dtype = typeof a !== "number" ? a?.dtype : typeof b !== "number" ? b?.dtype : "f32";
  const x = lift(a, dtype, op), y = lift(b, dtype, op);
  if (x.dtype !== y.dtype) {
    shapeError(op, `${x.dtype} and ${y.dtype}`, "operands of one element type");
  }
  const shape = broadcastShapes(op, [x.shape, y.shape]);
  return [broadcastTo(x, shape), broadcastTo(y, shape)];
}

/**
 * An elementwise function of two arguments, broadcast to a common shape.
 *
 * @throws {SteepestError} of kind `shape`: element types that differ or that the function does not have, shapes that
 * do not broadcast.
 */
export function binary(fn: BinaryFn, a: TensorLike, b: TensorLike): Node {
  checkWord("binary", fn, BINARY);
  const [x, y] = aligned(fn, a, b);
  if (!BINARY[fn].includes(x.dtype)) shapeError(fn, x.dtype, BINARY[fn].join(" or "));
  return makeNode({ kind: "binary", fn }, [x, y], x.shape, x.dtype);
}

const COMPARISONS: { readonly [F in CompareFn]: true } = {
  eq: true,
  ne: true,
  lt: true,
  le: true,
  gt: true,
  ge: true,
};

/**
 * An elementwise comparison of f32 or u32; the result is bool.
 *
 * @throws {SteepestError} of kind `shape`: other element types, shapes that do not broadcast.
 */
export function compare(fn: CompareFn, a: TensorLike, b: TensorLike): Node {
  checkWord("compare", fn, COMPARISONS);
  const [x, y] = aligned(fn, a, b);
  if (x.dtype === "bool") shapeError(fn, "bool", "f32 or u32");
  return makeNode({ kind: "compare", fn }, [x, y], x.shape, "bool");
}

/**
 * `a` where the condition holds, else `b`; all three broadcast.
 *
 * Each argument gets the gradient 0 where it was not taken. A derivative inside it that is not finite there still makes
 * NaN of that 0, so guard what goes in too.
 *
 * @throws {SteepestError} of kind `shape`: a condition that is not bool, element types that differ, shapes that do not
 * broadcast.
 */
export function select(condition: Node, a: TensorLike, b: TensorLike): Node {
  checkTensors("select", condition);
  if (condition.dtype !== "bool") shapeError("select", condition.dtype, "a bool condition");
  const [x, y] = aligned("select", a, b);
  const shape = broadcastShapes("select", [condition.shape, x.shape]);
  const inputs = [broadcastTo(condition, shape), broadcastTo(x, shape), broadcastTo(y, shape)];
  return makeNode({ kind: "select" }, inputs, shape, x.dtype);
}

/** Conversion of element type. */
export function cast(x: Node, dtype: DType): Node {
  checkTensors("cast", x);
  checkType("cast", dtype);
  return x.dtype === dtype ? x : makeNode({ kind: "cast" }, [x], x.shape, dtype);
}
