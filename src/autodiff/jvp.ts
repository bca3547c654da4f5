/**
 * Forward mode: from tangents of some nodes to the tangents of others, as a graph.
 *
 * @module
 */
import { SteepestError } from "../errors.ts";
import { concatenate, contraction, gather, scatterAdd } from "../tensor/ops.ts";
import type { Node, Op, OpKind, OpOf } from "../tensor/node.ts";
import { topological } from "../tensor/walk.ts";
import {
  choose,
  type Linear,
  materialize,
  nonzero,
  permuted,
  plus,
  reshaped,
  spread,
  sumOver,
} from "./algebra.ts";
import { checkDirections } from "./check.ts";
import { BINARY_RULES, UNARY_RULES } from "./elementwise.ts";
import { isFirstMaximum, notDifferentiable, padLike, sliceLike } from "./structure.ts";

/** The tangent of `node` from those of its inputs, of which at least one is not zero. */
type JvpRule<K extends OpKind> = (op: OpOf<K>, node: Node, t: readonly Linear[]) => Linear;

const none = (): undefined => undefined;

const RULES: { readonly [K in OpKind]: JvpRule<K> } = {
  input: none,
  constant: none,
  iota: none,
  unary: (op, node, [t]) => UNARY_RULES[op.fn](node.inputs[0]!, node, t!),
  binary: (op, node, t) => {
    const [a, b] = node.inputs;
    const [byFirst, bySecond] = BINARY_RULES[op.fn];
    return plus(
      t[0] && byFirst(a!, b!, node, t[0]),
      t[1] && bySecond(a!, b!, node, t[1]),
    );
  },
  compare: none,
  select: (_op, node, [, a, b]) => choose(node.inputs[0]!, a, b),
  cast: none,
  reduce: (op, node, [t]) => {
    if (op.fn === "sum") return sumOver(t!, op.axes);
    if (op.fn === "argmax") return undefined;
    const chosen = choose(isFirstMaximum(node.inputs[0]!, op.axes), t, undefined);
    return sumOver(chosen!, op.axes);
  },
  reshape: (_op, node, [t]) => reshaped(t!, node.shape),
  permute: (op, _node, [t]) => permuted(t!, op.order),
  broadcast: (op, node, [t]) => spread(t!, node.shape, op.axes),
  slice: (op, node, [t]) => sliceLike(t!, op, node.shape),
  pad: (op, node, [t]) => padLike(t!, op, node.shape),
  concatenate: (op, node, t) =>
    concatenate(node.inputs.map((x, i) => materialize(t[i], x.shape)), op.axis),
  contraction: (op, node, t) => {
    let total: Linear;
    node.inputs.forEach((_, i) => {
      const tangent = t[i];
      if (tangent === undefined) return;
      const operands = node.inputs.map((x, j) => i === j ? tangent : x);
      total = plus(total, contraction(op.domain, operands, op.maps, op.output, node.shape));
    });
    return total;
  },
  gather: (_op, node, [t]) => t && gather(t, node.inputs[1]!),
  scatterAdd: (_op, node, [, t]) => t && scatterAdd(node.inputs[0]!, t, node.shape[0]!),
  randomBits: none,
  repeat: (_op, node) => {
    throw notDifferentiable(node);
  },
};

/**
 * The tangents of `outputs` when the nodes `wrt` move along `tangents`.
 *
 * `wrt` may be inner nodes; the tangent given for one is added to the one it has from others.
 * Values that are not f32 carry no tangent.
 *
 * @throws SteepestError of kind `shape` where tangents do not match, or one reaches a `repeat`.
 */
export function jvp(
  outputs: readonly Node[],
  wrt: readonly Node[],
  tangents: readonly Node[],
): Node[] {
  const issues = [
    ...checkDirections("jvp tangents", wrt, tangents),
    ...checkDirections("jvp outputs", outputs, outputs),
  ];
  if (issues.length > 0) throw new SteepestError("shape", issues);
  const moved = pushForward(outputs, wrt, tangents);
  return outputs.map((o) => materialize(moved.get(o.hash), o.shape));
}

/** The tangents that are not zero, by the hash of their node. */
function pushForward(
  outputs: readonly Node[],
  wrt: readonly Node[],
  tangents: readonly Node[],
): ReadonlyMap<string, Node> {
  const seeds = new Map<string, Linear>();
  wrt.forEach((x, i) => seeds.set(x.hash, plus(seeds.get(x.hash), tangents[i])));
  const moved = new Map<string, Node>();
  for (const node of topological(outputs)) {
    const incoming = node.inputs.map((x) => moved.get(x.hash));
    let tangent = seeds.get(node.hash);
    if (node.dtype === "f32" && incoming.some((t) => t !== undefined)) {
      const rule = RULES[node.op.kind] as (op: Op, node: Node, t: readonly Linear[]) => Linear;
      tangent = plus(tangent, rule(node.op, node, incoming));
    }
    tangent = nonzero(tangent);
    if (tangent !== undefined) moved.set(node.hash, tangent);
  }
  return moved;
}
