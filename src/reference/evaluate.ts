/**
 * The reference evaluator: the meaning of a graph, node by node on the CPU. It is the oracle of the
 * compiler's targets and the backend `"reference"`.
 *
 * @module
 */
import { failure } from "../errors.ts";
import { type Node, type OpKind, sameShape, sizeOf } from "../tensor/node.ts";
import { topological } from "../tensor/walk.ts";
import { contractionRule } from "./contraction.ts";
import { binaryRule, castRule, compareRule, selectRule, unaryRule } from "./elementwise.ts";
import { gatherRule, randomBitsRule, reduceRule, scatterAddRule } from "./indexed.ts";
import type { Environment, Rule } from "./rule.ts";
import {
  broadcastRule,
  concatenateRule,
  constantRule,
  iotaRule,
  padRule,
  permuteRule,
  reshapeRule,
  sliceRule,
} from "./structural.ts";
import { type Precision, type Tensor, tensor } from "./tensor.ts";

/** Options of {@link evaluate}. */
interface EvaluateOptions {
  /**
   * `"f64"` (default) computes f32 tensors in double precision; `"f32"` rounds the result of every
   * operation, and each product and partial sum of a reduction, to single precision.
   */
  readonly precision?: Precision;
}

const inputRule: Rule<"input"> = (op, node, _inputs, { inputs, precision }) => {
  const key = `${op.name}@${op.version}`;
  const value = inputs.get(key);
  if (value === undefined) {
    throw failure("need", key, `values for ${[...inputs.keys()].join(", ") || "nothing"}`, key);
  }
  const describe = (t: Pick<Tensor, "dtype" | "shape">) => `${t.dtype}[${t.shape.join(", ")}]`;
  const fits = value.dtype === node.dtype && sameShape(value.shape, node.shape) &&
    value.data.length === sizeOf(node.shape);
  if (!fits) throw failure("shape", key, describe(value), describe(node));
  return tensor(value.data, node.shape, node.dtype, precision);
};

const repeatRule: Rule<"repeat"> = ({ loop, index }, node, inputs, environment) => {
  let runs = environment.loops.get(loop);
  if (runs === undefined) environment.loops.set(loop, runs = new Map());
  const key = node.inputs.map((n) => n.hash).join();
  let carried = runs.get(key);
  if (carried === undefined) {
    carried = inputs.slice(0, loop.next.length);
    const constants = inputs.slice(loop.next.length);
    for (let i = 0; i < loop.times; i++) {
      const values = new Map<string, Tensor>();
      [...carried, ...constants].forEach((value, k) => {
        const { op } = loop.formals[k]!;
        if (op.kind === "input") values.set(`${op.name}@${op.version}`, value);
      });
      const roots = loop.condition === undefined ? loop.next : [...loop.next, loop.condition];
      const results = evaluate(roots, values, environment);
      if (loop.condition !== undefined && results[loop.next.length]!.data[0] === 0) break;
      carried = results.slice(0, loop.next.length);
    }
    runs.set(key, carried);
  }
  return carried[index]!;
};

const RULES: { readonly [K in OpKind]: Rule<K> } = {
  input: inputRule,
  constant: constantRule,
  iota: iotaRule,
  unary: unaryRule,
  binary: binaryRule,
  compare: compareRule,
  select: selectRule,
  cast: castRule,
  reduce: reduceRule,
  reshape: reshapeRule,
  permute: permuteRule,
  broadcast: broadcastRule,
  slice: sliceRule,
  pad: padRule,
  concatenate: concatenateRule,
  contraction: contractionRule,
  gather: gatherRule,
  scatterAdd: scatterAddRule,
  randomBits: randomBitsRule,
  repeat: repeatRule,
};

function apply<K extends OpKind>(
  kind: K,
  node: Node,
  inputs: readonly Tensor[],
  environment: Environment,
): Tensor {
  return RULES[kind](node.op as Parameters<Rule<K>>[0], node, inputs, environment);
}

/**
 * The values of `outputs`, given those of the input nodes under the keys `name@version`.
 *
 * Every value is computed once and dropped after its last use.
 *
 * @throws {SteepestError} `need` for an input without a value, `shape` for one that does not fit.
 */
export function evaluate(
  outputs: readonly Node[],
  inputs: ReadonlyMap<string, Tensor>,
  options: EvaluateOptions = {},
): Tensor[] {
  const environment: Environment = {
    precision: options.precision ?? "f64",
    inputs,
    loops: new WeakMap(),
  };
  const order = topological(outputs);
  const uses = new Map<string, number>();
  const use = (node: Node, by: number) => {
    const left = (uses.get(node.hash) ?? 0) + by;
    uses.set(node.hash, left);
    if (left === 0) values.delete(node.hash);
  };
  const values = new Map<string, Tensor>();
  for (const output of outputs) use(output, 1);
  for (const node of order) for (const x of node.inputs) use(x, 1);
  for (const node of order) {
    const arguments_ = node.inputs.map((x) => values.get(x.hash)!);
    values.set(node.hash, apply(node.op.kind, node, arguments_, environment));
    for (const x of node.inputs) use(x, -1);
  }
  return outputs.map((o) => values.get(o.hash)!);
}
