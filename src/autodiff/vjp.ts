/**
 * Reverse mode: from cotangents of outputs to the cotangents of inputs or inner nodes, as a graph.
 * Each rule is the transpose of the primitive linearised at its inputs.
 *
 * @module
 */
import { failure, SteepestError } from "../errors.ts";
import {
  compare,
  constant,
  contraction,
  gather,
  scatterAdd,
  select,
  slice,
} from "../tensor/ops.ts";
import type { Node, Op, OpKind, OpOf } from "../tensor/node.ts";
import { topological } from "../tensor/walk.ts";
import {
  choose,
  type Linear,
  materialize,
  nonzero,
  otherAxes,
  permuted,
  plus,
  reshaped,
  spread,
  sumOver,
} from "./algebra.ts";
import { checkDirections } from "./check.ts";
import { BINARY_RULES, FLAT, UNARY_RULES } from "./elementwise.ts";
import {
  clamped,
  isFirstMaximum,
  notDifferentiable,
  staysWithin,
  unpad,
  unslice,
} from "./structure.ts";

/**
 * The cotangent of input `i` from the cotangent `t` of the node; asked only for f32 inputs that
 * matter.
 */
type VjpRule<K extends OpKind> = (op: OpOf<K>, node: Node, t: Node, i: number) => Linear;

const none = (): undefined => undefined;

const RULES: { readonly [K in OpKind]: VjpRule<K> } = {
  input: none,
  constant: none,
  iota: none,
  unary: (op, node, t) => UNARY_RULES[op.fn](node.inputs[0]!, node, t),
  binary: (op, node, t, i) =>
    BINARY_RULES[op.fn][i === 0 ? 0 : 1](node.inputs[0]!, node.inputs[1]!, node, t),
  compare: none,
  select: (_op, node, t, i) =>
    i === 1 ? choose(node.inputs[0]!, t, undefined) : choose(node.inputs[0]!, undefined, t),
  cast: none,
  reduce: (op, node, t) => {
    if (op.fn === "argmax") return undefined;
    const x = node.inputs[0]!;
    const repeated = spread(t, x.shape, otherAxes(x.shape, op.axes));
    return op.fn === "sum" ? repeated : choose(isFirstMaximum(x, op.axes), repeated, undefined);
  },
  reshape: (_op, node, t) => reshaped(t, node.inputs[0]!.shape),
  permute: (op, _node, t) => permuted(t, op.order.map((_, i) => op.order.indexOf(i))),
  broadcast: (op, node, t) => sumOver(t, otherAxes(node.shape, op.axes)),
  slice: (op, node, t) => unslice(t, op, node.inputs[0]!.shape),
  pad: (op, node, t) => unpad(t, op, node.inputs[0]!.shape),
  concatenate: (op, node, t, i) => {
    const before = node.inputs.slice(0, i).reduce((n, x) => n + x.shape[op.axis]!, 0);
    const part = node.inputs[i]!.shape;
    const start = part.map((_, a) => a === op.axis ? before : 0);
    return slice(t, start, part.map((d, a) => start[a]! + d));
  },
  contraction: (op, node, t, i) => {
    // The roles of the output and of operand i are exchanged; the domain stays.
    const operands = node.inputs.map((x, j) => i === j ? t : x);
    const maps = op.maps.map((m, j) => i === j ? op.output : m);
    return contraction(op.domain, operands, maps, op.maps[i]!, node.inputs[i]!.shape);
  },
  gather: (_op, node, t) => {
    const [table, indices] = node.inputs;
    const rows = table!.shape[0]!;
    return scatterAdd(clamped(indices!, rows), t, rows);
  },
  scatterAdd: (_op, node, t) => {
    const indices = node.inputs[0]!, rows = node.shape[0]!;
    const rowsOf = gather(t, indices);
    if (staysWithin(indices, rows)) return rowsOf;
    const kept = compare("lt", indices, rows);
    return select(spread(kept, rowsOf.shape, indices.shape.map((_, a) => a)), rowsOf, 0);
  },
  randomBits: none,
  repeat: (_op, node) => {
    throw notDifferentiable(node);
  },
};

/**
 * The cotangents of `wrt`: Σ over outputs of (∂output/∂wrt)ᵀ · cotangent.
 *
 * `wrt` may be inner nodes, found by structure; a node with another of `wrt` above it passes its
 * cotangent on. A node that no output depends on has cotangent zero.
 *
 * @throws SteepestError of kind `shape` where cotangents do not match, or one reaches a `repeat`.
 */
export function vjp(
  outputs: readonly Node[],
  cotangents: readonly Node[],
  wrt: readonly Node[],
): Node[] {
  const issues = [
    ...checkDirections("vjp cotangents", outputs, cotangents),
    ...checkDirections("vjp wrt", wrt, wrt),
  ];
  if (issues.length > 0) throw new SteepestError("shape", issues);
  const pulled = pullBack(outputs, cotangents, wrt);
  return wrt.map((x) => materialize(pulled.get(x.hash), x.shape));
}

/** Whether the derivative of a node is not zero everywhere. */
function isSmooth(node: Node): boolean {
  const flat = node.op.kind === "unary" && UNARY_RULES[node.op.fn] === FLAT;
  return node.dtype === "f32" && !flat;
}

function pullBack(
  outputs: readonly Node[],
  cotangents: readonly Node[],
  wrt: readonly Node[],
): ReadonlyMap<string, Node> {
  const order = topological(outputs);
  const active = new Set(wrt.map((x) => x.hash));
  for (const node of order) {
    if (isSmooth(node) && node.inputs.some((x) => active.has(x.hash))) active.add(node.hash);
  }
  const pulled = new Map<string, Node>();
  const accumulate = (node: Node, t: Linear) => {
    const total = plus(pulled.get(node.hash), t);
    if (total !== undefined) pulled.set(node.hash, total);
  };
  outputs.forEach((o, i) => accumulate(o, nonzero(cotangents[i])));
  for (let k = order.length - 1; k >= 0; k--) {
    const node = order[k]!;
    const t = pulled.get(node.hash);
    if (t === undefined) continue;
    const rule = RULES[node.op.kind] as (op: Op, node: Node, t: Node, i: number) => Linear;
    node.inputs.forEach((x, i) => {
      if (active.has(x.hash)) accumulate(x, rule(node.op, node, t, i));
    });
  }
  return pulled;
}

/**
 * The gradient of a scalar with respect to each of `wrt`.
 *
 * @throws SteepestError of kind `shape` where `loss` is not an f32 scalar.
 */
export function gradient(loss: Node, wrt: readonly Node[]): Node[] {
  if (loss.shape.length !== 0) {
    throw failure("shape", "gradient", `a loss of shape [${loss.shape}]`, "a scalar");
  }
  return vjp([loss], [constant(1)], wrt);
}
