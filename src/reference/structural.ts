/**
 * Reference rules of the primitives that only move values: each output or input element is visited
 * in row-major order with its multi-index.
 *
 * @module
 */
import { type Node, type OpOf, type Shape, sizeOf, stridesOf } from "../tensor/node.ts";
import type { Environment } from "./rule.ts";
import { type Precision, type Tensor, tensor, zeros } from "./tensor.ts";

/** Calls `visit(flat, index)` for each point of a shape in row-major order; `index` is reused. */
export function forEachIndex(
  shape: Shape,
  visit: (flat: number, index: readonly number[]) => void,
): void {
  const index = shape.map(() => 0);
  const n = sizeOf(shape);
  for (let flat = 0; flat < n; flat++) {
    visit(flat, index);
    for (let a = shape.length - 1; a >= 0; a--) {
      index[a]!++;
      if (index[a]! < shape[a]!) break;
      index[a] = 0;
    }
  }
}

const dot = (a: readonly number[], b: readonly number[]): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};

/** A constant: one value that fills the shape, or all values. */
export function constantRule(
  op: OpOf<"constant">,
  node: Node,
  _inputs: readonly Tensor[],
  { precision }: Environment,
): Tensor {
  return tensor(
    op.values.length === 1 ? op.values[0]! : op.values,
    node.shape,
    node.dtype,
    precision,
  );
}

/** The index along an axis. */
export function iotaRule(
  op: OpOf<"iota">,
  node: Node,
  _inputs: readonly Tensor[],
  { precision }: Environment,
): Tensor {
  const out = zeros(node.shape, node.dtype, precision);
  forEachIndex(node.shape, (flat, index) => {
    out.data[flat] = index[op.axis]!;
  });
  return out;
}

/** The same values under another shape. */
export function reshapeRule(_op: OpOf<"reshape">, node: Node, [x]: readonly Tensor[]): Tensor {
  return { ...x!, shape: node.shape };
}

/** Each element read from x at an address that is affine in the coordinates. */
function strided(
  node: Node,
  x: Tensor,
  first: number,
  steps: readonly number[],
  precision: Precision,
): Tensor {
  const out = zeros(node.shape, node.dtype, precision);
  forEachIndex(node.shape, (flat, index) => {
    out.data[flat] = x.data[first + dot(index, steps)]!;
  });
  return out;
}

/** Exchanged axes. */
export function permuteRule(
  op: OpOf<"permute">,
  node: Node,
  [x]: readonly Tensor[],
  { precision }: Environment,
): Tensor {
  const strides = stridesOf(x!.shape);
  const steps = op.order.map((a) => strides[a]!);
  return strided(node, x!, 0, steps, precision);
}

/** Repetition along new axes. */
export function broadcastRule(
  op: OpOf<"broadcast">,
  node: Node,
  [x]: readonly Tensor[],
  { precision }: Environment,
): Tensor {
  const strides = stridesOf(x!.shape);
  const steps = node.shape.map(() => 0);
  op.axes.forEach((a, i) => steps[a] = strides[i]!);
  return strided(node, x!, 0, steps, precision);
}

/** Every stride-th element from a start. */
export function sliceRule(
  op: OpOf<"slice">,
  node: Node,
  [x]: readonly Tensor[],
  { precision }: Environment,
): Tensor {
  const strides = stridesOf(x!.shape);
  const steps = strides.map((s, i) => s * op.stride[i]!);
  const first = dot(op.start, strides);
  return strided(node, x!, first, steps, precision);
}

/** Zeros around and between. */
export function padRule(
  op: OpOf<"pad">,
  node: Node,
  [x]: readonly Tensor[],
  { precision }: Environment,
): Tensor {
  const out = zeros(node.shape, node.dtype, precision);
  const strides = stridesOf(node.shape);
  const steps = strides.map((s, i) => s * (op.interior[i]! + 1));
  const first = dot(op.low, strides);
  forEachIndex(x!.shape, (flat, index) => {
    out.data[first + dot(index, steps)] = x!.data[flat]!;
  });
  return out;
}

/** Several tensors one after the other along an axis. */
export function concatenateRule(
  op: OpOf<"concatenate">,
  node: Node,
  inputs: readonly Tensor[],
  { precision }: Environment,
): Tensor {
  const out = zeros(node.shape, node.dtype, precision);
  const strides = stridesOf(node.shape);
  let first = 0;
  for (const x of inputs) {
    forEachIndex(x.shape, (flat, index) => {
      out.data[first + dot(index, strides)] = x.data[flat]!;
    });
    first += x.shape[op.axis]! * strides[op.axis]!;
  }
  return out;
}
