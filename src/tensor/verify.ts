/**
 * The verifier of graphs: derives shape and element type of every node again from its inputs.
 *
 * @module
 */
import { type Issue, issue } from "../errors.ts";
import {
  type AffineMap,
  type BinaryFn,
  type DType,
  makeNode,
  type Node,
  type OpKind,
  type OpOf,
  sameShape,
  type Shape,
  sizeOf,
} from "./node.ts";
import { BINARY_FUNCTIONS } from "./scalar.ts";
import { topological } from "./walk.ts";

/** Records a problem unless the condition holds. */
type Check = (holds: boolean, found: string, expected: string) => void;

type VerifyRule<K extends OpKind> = (op: OpOf<K>, node: Node, check: Check) => void;

const show = (shape: Shape): string => `[${shape.join(", ")}]`;
const type = (node: Pick<Node, "shape" | "dtype">): string => `${node.dtype}${show(node.shape)}`;
const natural = (n: number): boolean => Number.isInteger(n) && n >= 0;
const isAxis = (axis: number, shape: Shape): boolean => natural(axis) && axis < shape.length;
const ascending = (axes: readonly number[]): boolean =>
  axes.every((a, i) => i === 0 || a > axes[i - 1]!);
const accepts = (fn: BinaryFn, dtype: DType): boolean => BINARY_FUNCTIONS[fn][dtype] !== undefined;

/** The node must have exactly this type. */
function result(node: Node, check: Check, dtype: DType, shape: Shape): void {
  const expected = { dtype, shape };
  check(type(node) === type(expected), type(node), type(expected));
}

/** All inputs must have the shape of the node. */
function pointwise(node: Node, check: Check): void {
  for (const x of node.inputs) check(sameShape(x.shape, node.shape), type(x), show(node.shape));
}

function oneType(nodes: readonly Node[], check: Check): void {
  for (const x of nodes) check(x.dtype === nodes[0]!.dtype, type(x), nodes[0]!.dtype);
}

function inputTypes(node: Node, check: Check, dtypes: readonly DType[]): void {
  node.inputs.forEach((x, i) => check(x.dtype === dtypes[i], type(x), dtypes[i]!));
}

function affine(map: AffineMap, domain: Shape, rank: number, check: Check): void {
  const fits = map.length === rank &&
    map.every((a) =>
      a.factors.length === domain.length && [a.constant, ...a.factors].every(Number.isInteger)
    );
  check(fits, JSON.stringify(map), `${rank} integer forms of ${domain.length} domain axes`);
}

const RULES: { readonly [K in OpKind]: VerifyRule<K> } = {
  input: (op, _node, check) => {
    check(op.name !== "" && natural(op.version), `${op.name}@${op.version}`, "name@version");
  },
  constant: (op, node, check) => {
    const n = op.values.length;
    check(n === 1 || n === sizeOf(node.shape), `${n} values`, `1 or ${sizeOf(node.shape)}`);
    const most = { f32: Infinity, u32: 0xffffffff, bool: 1 }[node.dtype];
    const wrong = node.dtype === "f32" ? [] : op.values.filter((v) => !natural(v) || v > most);
    check(wrong.length === 0, `value ${wrong[0]}`, `values of ${node.dtype}`);
  },
  iota: (op, node, check) => {
    check(node.dtype === "u32", node.dtype, "u32");
    check(isAxis(op.axis, node.shape), `axis ${op.axis}`, `an axis of ${show(node.shape)}`);
  },
  unary: (op, node, check) => {
    const from = op.fn === "not" ? "bool" : "f32";
    inputTypes(node, check, [from]);
    pointwise(node, check);
    result(node, check, op.fn === "isFinite" ? "bool" : from, node.shape);
  },
  binary: (op, node, check) => {
    check(accepts(op.fn, node.dtype), `${op.fn} of ${node.dtype}`, "an element type it accepts");
    oneType([node, ...node.inputs], check);
    pointwise(node, check);
  },
  compare: (_op, node, check) => {
    oneType(node.inputs, check);
    check(node.inputs[0]!.dtype !== "bool", "bool", "f32 or u32");
    pointwise(node, check);
    result(node, check, "bool", node.shape);
  },
  select: (_op, node, check) => {
    inputTypes(node, check, ["bool", node.dtype, node.dtype]);
    pointwise(node, check);
  },
  cast: (_op, node, check) => pointwise(node, check),
  reduce: (op, node, check) => {
    const { shape } = node.inputs[0]!;
    inputTypes(node, check, ["f32"]);
    const fits = ascending(op.axes) && op.axes.every((a) => isAxis(a, shape));
    check(fits, show(op.axes), `ascending axes of ${show(shape)}`);
    const kept = shape.filter((_, i) => !op.axes.includes(i));
    result(node, check, op.fn === "argmax" ? "u32" : "f32", kept);
  },
  reshape: (_op, node, check) => {
    const x = node.inputs[0]!;
    oneType([node, x], check);
    check(sizeOf(x.shape) === sizeOf(node.shape), show(node.shape), `${sizeOf(x.shape)} elements`);
  },
  permute: (op, node, check) => {
    const x = node.inputs[0]!;
    const sorted = [...op.order].sort((a, b) => a - b);
    check(sameShape(sorted, x.shape.map((_, i) => i)), show(op.order), "a permutation");
    result(node, check, x.dtype, op.order.map((a) => x.shape[a] ?? 0));
  },
  broadcast: (op, node, check) => {
    const x = node.inputs[0]!;
    oneType([node, x], check);
    const fits = op.axes.length === x.shape.length && ascending(op.axes) &&
      op.axes.every((a, i) => node.shape[a] === x.shape[i]);
    check(fits, show(op.axes), `ascending axes of ${show(node.shape)} that hold ${show(x.shape)}`);
  },
  slice: (op, node, check) => {
    const x = node.inputs[0]!;
    oneType([node, x], check);
    const rank = x.shape.length;
    const fits = [op.start, op.stride, node.shape].every((v) => v.length === rank) &&
      x.shape.every((d, i) =>
        natural(op.start[i]!) && natural(op.stride[i]! - 1) &&
        op.start[i]! + (node.shape[i]! - 1) * op.stride[i]! < d
      );
    check(
      fits,
      `${show(node.shape)} from ${show(op.start)} by ${show(op.stride)}`,
      `elements of ${show(x.shape)}`,
    );
  },
  pad: (op, node, check) => {
    const x = node.inputs[0]!;
    oneType([node, x], check);
    const rank = x.shape.length;
    const fits = [op.low, op.interior, node.shape].every((v) => v.length === rank) &&
      x.shape.every((d, i) =>
        natural(op.low[i]!) && natural(op.interior[i]!) &&
        op.low[i]! + d + (d - 1) * op.interior[i]! <= node.shape[i]!
      );
    check(
      fits,
      `${show(node.shape)} from ${show(op.low)} with ${show(op.interior)} between`,
      `room for ${show(x.shape)}`,
    );
  },
  concatenate: (op, node, check) => {
    oneType([node, ...node.inputs], check);
    check(isAxis(op.axis, node.shape), `axis ${op.axis}`, `an axis of ${show(node.shape)}`);
    const total = node.inputs.reduce((n, x) => n + (x.shape[op.axis] ?? 0), 0);
    check(total === node.shape[op.axis], show(node.shape), `${total} along axis ${op.axis}`);
    for (const x of node.inputs) {
      const rest = x.shape.map((d, i) => i === op.axis ? node.shape[i]! : d);
      check(sameShape(rest, node.shape), show(x.shape), `${show(node.shape)} but for the axis`);
    }
  },
  contraction: (op, node, check) => {
    oneType([node, ...node.inputs], check);
    check(node.dtype === "f32", node.dtype, "f32");
    check(op.domain.every((d) => natural(d - 1)), show(op.domain), "a domain of positive extents");
    check(op.maps.length === node.inputs.length, `${op.maps.length} maps`, "one for each input");
    node.inputs.forEach((x, i) => affine(op.maps[i] ?? [], op.domain, x.shape.length, check));
    affine(op.output, op.domain, node.shape.length, check);
  },
  gather: (_op, node, check) => {
    const [table, indices] = node.inputs as [Node, Node];
    check(table.shape.length > 0, "a scalar", "a table with rows");
    check(indices.dtype === "u32", indices.dtype, "u32");
    result(node, check, table.dtype, [...indices.shape, ...table.shape.slice(1)]);
  },
  scatterAdd: (_op, node, check) => {
    const [indices, updates] = node.inputs as [Node, Node];
    inputTypes(node, check, ["u32", "f32"]);
    const rank = indices.shape.length;
    const fits = sameShape(updates.shape.slice(0, rank), indices.shape);
    check(fits, show(updates.shape), `updates that begin with ${show(indices.shape)}`);
    result(node, check, "f32", [node.shape[0] ?? 1, ...updates.shape.slice(rank)]);
  },
  randomBits: (op, node, check) => {
    const [seed, step] = node.inputs as [Node, Node];
    inputTypes(node, check, ["u32", "u32"]);
    check(natural(op.stream), `stream ${op.stream}`, "a natural number");
    const copies = seed.shape.length > 0 ? seed.shape : step.shape;
    const fits = [seed, step].every((x) => x.shape.length === 0 || sameShape(x.shape, copies)) &&
      copies.length <= 1;
    check(fits, `${type(seed)} and ${type(step)}`, "scalars, or vectors of one length");
    result(node, check, "u32", [...copies, ...node.shape.slice(copies.length)]);
  },
  repeat: ({ loop, index }, node, check) => {
    const { formals, next, condition } = loop;
    const types = (nodes: readonly Node[]) => nodes.map(type).join(", ");
    check(natural(loop.times), `${loop.times} iterations`, "a natural number");
    check(types(node.inputs) === types(formals), types(node.inputs), types(formals));
    const carried = formals.slice(0, next.length);
    check(types(next) === types(carried), types(next), types(carried));
    if (condition !== undefined) check(type(condition) === "bool[]", type(condition), "bool[]");
    const value = next[index];
    check(value !== undefined, `index ${index}`, `one of ${next.length} carried values`);
    if (value !== undefined) result(node, check, value.dtype, value.shape);
  },
};

/** Numbers of inputs: least and most. */
const ARITY: { readonly [K in OpKind]: readonly [number, number] } = {
  input: [0, 0],
  constant: [0, 0],
  iota: [0, 0],
  unary: [1, 1],
  binary: [2, 2],
  compare: [2, 2],
  select: [3, 3],
  cast: [1, 1],
  reduce: [1, 1],
  reshape: [1, 1],
  permute: [1, 1],
  broadcast: [1, 1],
  slice: [1, 1],
  pad: [1, 1],
  concatenate: [1, Infinity],
  contraction: [1, 2],
  gather: [2, 2],
  scatterAdd: [2, 2],
  randomBits: [2, 2],
  repeat: [1, Infinity],
};

function verifyNode<K extends OpKind>(kind: K, node: Node, check: Check): void {
  const n = node.inputs.length, [least, most] = ARITY[kind];
  const extents = node.shape.every((d) => natural(d - 1));
  check(extents, show(node.shape), "extents that are positive integers");
  const { hash } = makeNode(node.op, node.inputs, node.shape, node.dtype);
  check(hash === node.hash, `hash ${node.hash}`, `hash ${hash}`);
  if (n < least || n > most) check(false, `${n} inputs`, `${least} to ${most} inputs`);
  else RULES[kind](node.op as Parameters<(typeof RULES)[K]>[0], node, check);
}

/**
 * Every inconsistency of the graph under `outputs`, loop bodies included; empty when there is none.
 *
 * Paths are `%i kind`, where i counts as in the printed graph; a loop body adds to the
 * path of its node.
 */
export function verify(outputs: readonly Node[], path = ""): readonly Issue[] {
  const issues: Issue[] = [];
  const bodies = new Set<object>();
  topological(outputs).forEach((node, i) => {
    const here = `${path}%${i} ${node.op.kind}`;
    const check: Check = (holds, found, expected) => {
      if (!holds) issues.push(issue(here, found, expected));
    };
    verifyNode(node.op.kind, node, check);
    if (node.op.kind !== "repeat" || bodies.has(node.op.loop)) return;
    const { loop } = node.op;
    bodies.add(loop);
    const roots = loop.condition === undefined ? loop.next : [...loop.next, loop.condition];
    issues.push(...verify([...loop.formals, ...roots], `${here}/`));
    const formals = new Set(loop.formals.map((f) => f.hash));
    for (const free of topological(roots)) {
      if (free.op.kind === "input") {
        check(formals.has(free.hash), `free input ${free.op.name}`, "a formal of the loop");
      }
    }
  });
  return issues;
}
