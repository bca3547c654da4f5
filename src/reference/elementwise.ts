/**
 * Reference rules of the elementwise primitives. A single-precision array rounds what is stored in
 * it, which is the correctly rounded f32 result for + − × ÷ √.
 *
 * @module
 */
import {
  BINARY_FUNCTIONS,
  CAST_FUNCTIONS,
  COMPARE_FUNCTIONS,
  UNARY_FUNCTIONS,
} from "../tensor/scalar.ts";
import { failure } from "../errors.ts";
import type { Node, OpOf } from "../tensor/node.ts";
import type { Environment } from "./rule.ts";
import { type Tensor, zeros } from "./tensor.ts";

function map(out: Tensor, x: Tensor, f: (x: number) => number): Tensor {
  for (let i = 0; i < out.data.length; i++) out.data[i] = f(x.data[i]!);
  return out;
}

function map2(out: Tensor, a: Tensor, b: Tensor, f: (a: number, b: number) => number): Tensor {
  for (let i = 0; i < out.data.length; i++) out.data[i] = f(a.data[i]!, b.data[i]!);
  return out;
}

/** Functions of one argument. */
export function unaryRule(
  op: OpOf<"unary">,
  node: Node,
  [x]: readonly Tensor[],
  { precision }: Environment,
): Tensor {
  return map(zeros(node.shape, node.dtype, precision), x!, UNARY_FUNCTIONS[op.fn]);
}

/** Functions of two arguments. */
export function binaryRule(
  op: OpOf<"binary">,
  node: Node,
  [a, b]: readonly Tensor[],
  { precision }: Environment,
): Tensor {
  const f = BINARY_FUNCTIONS[op.fn][node.dtype];
  if (f === undefined) throw failure("shape", op.fn, node.dtype, "an element type it accepts");
  return map2(zeros(node.shape, node.dtype, precision), a!, b!, f);
}

/** Comparisons. */
export function compareRule(
  op: OpOf<"compare">,
  node: Node,
  [a, b]: readonly Tensor[],
  { precision }: Environment,
): Tensor {
  return map2(zeros(node.shape, node.dtype, precision), a!, b!, COMPARE_FUNCTIONS[op.fn]);
}

/** One of two values. */
export function selectRule(
  _op: OpOf<"select">,
  node: Node,
  [condition, a, b]: readonly Tensor[],
  { precision }: Environment,
): Tensor {
  const out = zeros(node.shape, node.dtype, precision);
  for (let i = 0; i < out.data.length; i++) {
    out.data[i] = condition!.data[i]! !== 0 ? a!.data[i]! : b!.data[i]!;
  }
  return out;
}

/** Conversion of element type. */
export function castRule(
  _op: OpOf<"cast">,
  node: Node,
  [x]: readonly Tensor[],
  { precision }: Environment,
): Tensor {
  return map(zeros(node.shape, node.dtype, precision), x!, CAST_FUNCTIONS[node.dtype]);
}
