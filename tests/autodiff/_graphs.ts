/** Graphs and numbers that the tests of differentiation share. */

import {
  add,
  broadcastTo,
  compare,
  contraction,
  exp,
  input,
  log,
  matmul,
  mean,
  mul,
  neg,
  permute,
  reduce,
  reshape,
  select,
  stopGradient,
  sub,
  sum,
} from "../../src/tensor/ops.ts";
import { type Affine, type Node, type Shape, sizeOf } from "../../src/tensor/node.ts";
import { topological } from "../../src/tensor/walk.ts";
import { evaluate } from "../../src/reference/evaluate.ts";
import { type Tensor, tensor } from "../../src/reference/tensor.ts";

/** Numbers of a fixed stream, uniform in [−1, 1). */
export function stream(seed: number): () => number {
  let s = Math.imul(seed + 1, 0x9e3779b1) >>> 0 || 1;
  return () => {
    s ^= s << 13;
    s >>>= 0;
    s ^= s >>> 17;
    s ^= s << 5;
    s >>>= 0;
    return s / 2 ** 31 - 1;
  };
}

/** A tensor of such numbers. */
export function randomTensor(next: () => number, shape: Shape): Tensor {
  return tensor(Array.from({ length: sizeOf(shape) }, next), shape);
}

/** Values of inputs, by the node. */
export type Values = ReadonlyMap<Node, Tensor>;

/** Evaluates in f64. */
export function run(outputs: readonly Node[], values: Values): Tensor[] {
  const named = new Map<string, Tensor>();
  for (const [node, value] of values) {
    if (node.op.kind === "input") named.set(`${node.op.name}@${node.op.version}`, value);
  }
  return evaluate(outputs, named, { precision: "f64" });
}

/** Values for every input that is missing among the given ones. */
export function fillInputs(outputs: readonly Node[], given: Values, seed: number): Values {
  const next = stream(seed);
  const values = new Map(given);
  const known = new Set([...given.keys()].map((n) => n.hash));
  for (const node of topological(outputs)) {
    if (node.op.kind === "input" && !known.has(node.hash)) {
      values.set(node, randomTensor(next, node.shape));
    }
  }
  return values;
}

/** Σ a·b. */
export function inner(a: readonly Tensor[], b: readonly Tensor[]): number {
  let total = 0;
  a.forEach((x, i) => x.data.forEach((v, j) => total += v * b[i]!.data[j]!));
  return total;
}

/** values + h · directions. */
export function moved(values: Values, directions: Values, h: number): Values {
  const result = new Map(values);
  for (const [node, direction] of directions) {
    const at = values.get(node)!;
    result.set(node, tensor(Array.from(at.data, (v, i) => v + h * direction.data[i]!), at.shape));
  }
  return result;
}

/** The directional derivative of the outputs by central differences of fourth order. */
export function difference(
  outputs: readonly Node[],
  values: Values,
  directions: Values,
  h = 1e-3,
): Tensor[] {
  const at = (k: number) => run(outputs, moved(values, directions, k * h));
  const [p1, m1, p2, m2] = [at(1), at(-1), at(2), at(-2)];
  return p1!.map((t, i) =>
    tensor(
      Array.from(t.data, (v, j) => {
        const near = v - m1![i]!.data[j]!, far = p2![i]!.data[j]! - m2![i]!.data[j]!;
        return (8 * near - far) / (12 * h);
      }),
      t.shape,
    )
  );
}

/** Strides, paddings and dilations of a convolution, the same along both axes. */
export interface ConvolutionOptions {
  readonly stride?: number;
  readonly padding?: number;
  readonly dilation?: number;
  readonly groups?: number;
}

/** x [n, c, h, w] with weights [o, c / groups, kh, kw] as one contraction. */
export function convolution(x: Node, weights: Node, options: ConvolutionOptions = {}): Node {
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  const [n, , h, w] = x.shape as [number, number, number, number];
  const [o, c, kh, kw] = weights.shape as [number, number, number, number];
  const extent = (size: number, k: number) =>
    Math.floor((size + 2 * padding - dilation * (k - 1) - 1) / stride) + 1;
  const oh = extent(h, kh), ow = extent(w, kw), og = o / groups;
  // n, group, output within the group, oy, ox, channel within the group, ky, kx
  const domain = [n, groups, og, oh, ow, c, kh, kw];
  const form = (terms: Readonly<Record<number, number>>, constant = 0): Affine => ({
    constant,
    factors: domain.map((_, i) => terms[i] ?? 0),
  });
  return contraction(
    domain,
    [x, weights],
    [
      [
        form({ 0: 1 }),
        form({ 1: c, 5: 1 }),
        form({ 3: stride, 6: dilation }, -padding),
        form({ 4: stride, 7: dilation }, -padding),
      ],
      [form({ 1: og, 2: 1 }), form({ 5: 1 }), form({ 6: 1 }), form({ 7: 1 })],
    ],
    [form({ 0: 1 }), form({ 1: og, 2: 1 }), form({ 3: 1 }), form({ 4: 1 })],
    [n, o, oh, ow],
  );
}

/** Windows of k × k at a stride, as [n, c, oy, ox, k · k]; what lies outside counts as 0. */
export function windows(x: Node, k: number, stride: number): Node {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const oh = Math.floor((h - k) / stride) + 1, ow = Math.floor((w - k) / stride) + 1;
  const domain = [n, c, oh, ow, k, k];
  const axis = (i: number, extra: Readonly<Record<number, number>> = {}): Affine => ({
    constant: 0,
    factors: domain.map((_, j) => extra[j] ?? (j === i ? 1 : 0)),
  });
  const view = contraction(
    domain,
    [x],
    [[axis(0), axis(1), axis(-1, { 2: stride, 4: 1 }), axis(-1, { 3: stride, 5: 1 })]],
    domain.map((_, i) => axis(i)),
    domain,
  );
  return reshape(view, [n, c, oh, ow, k * k]);
}

/** Max pooling with any stride. */
export function maxPool(x: Node, k: number, stride: number): Node {
  return reduce("max", windows(x, k, stride), [4]);
}

/** Max pooling with stride = kernel, as a reshape. */
export function tiledMaxPool(x: Node, k: number): Node {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  return reduce("max", reshape(x, [n, c, h / k, k, w / k, k]), [3, 5]);
}

/** x where positive, else 0. */
export function relu(x: Node): Node {
  return select(compare("gt", x, 0), x, 0);
}

/** Softmax cross-entropy of each row against one-hot or soft labels of the same shape. */
export function crossEntropy(logits: Node, labels: Node): Node {
  const [n, k] = logits.shape as [number, number];
  const top = reshape(stopGradient(reduce("max", logits, [1])), [n, 1]);
  const shifted = sub(logits, broadcastTo(top, [n, k]));
  const logSum = log(sum(exp(shifted), [1]));
  return neg(sub(sum(mul(labels, shifted), [1]), mul(logSum, sum(labels, [1]))));
}

/** A small network: convolution, bias, relu, pooling, dense, cross-entropy. */
export function smallNetwork(batch = 2): {
  readonly x: Node;
  readonly labels: Node;
  readonly parameters: readonly Node[];
  readonly logits: Node;
  readonly losses: Node;
  readonly loss: Node;
} {
  const x = input("x", [batch, 1, 7, 7]), labels = input("labels", [batch, 3]);
  const kernel = input("kernel", [2, 1, 3, 3]), bias = input("bias", [2]);
  const dense = input("dense", [2 * 3 * 3, 3]), offset = input("offset", [3]);
  const convolved = convolution(x, kernel, { stride: 1, padding: 1 });
  const biased = add(convolved, reshape(bias, [1, 2, 1, 1]));
  const pooled = maxPool(relu(biased), 3, 2);
  const flat = reshape(permute(pooled, [0, 2, 3, 1]), [batch, 18]);
  const logits = add(matmul(flat, dense), offset);
  const losses = crossEntropy(logits, labels);
  const parameters = [kernel, bias, dense, offset];
  return { x, labels, parameters, logits, losses, loss: mean(losses) };
}
