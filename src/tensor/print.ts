/**
 * Graphs as text, for error messages and for people.
 *
 * @module
 */
import type { AffineMap, Loop, Node, Op, OpKind, OpOf } from "./node.ts";
import { topological } from "./walk.ts";

const list = (values: readonly (number | string)[]): string => `[${values.join(", ")}]`;

function affine(map: AffineMap): string {
  return list(map.map(({ constant, factors }) => {
    const terms = factors.flatMap((f, i) => f === 0 ? [] : [f === 1 ? `d${i}` : `${f}*d${i}`]);
    if (constant !== 0 || terms.length === 0) terms.push(String(constant));
    return terms.join(" + ");
  }));
}

function values(values: readonly number[]): string {
  return values.length <= 4
    ? values.join(" ")
    : `${values.slice(0, 3).join(" ")} … (${values.length})`;
}

function loopText(loop: Loop): string {
  const roots = loop.condition === undefined ? loop.next : [...loop.next, loop.condition];
  const body = print(roots, loop.formals).split("\n").map((l) => `    ${l}`).join("\n");
  return `{\n${body}\n  }`;
}

/** The name of an operation and its attributes. */
const TEXT: { readonly [K in OpKind]: (op: OpOf<K>) => readonly [string, string] } = {
  input: (op) => ["input", `${op.name}@${op.version}`],
  constant: (op) => ["constant", values(op.values)],
  iota: (op) => ["iota", `axis ${op.axis}`],
  unary: (op) => [op.fn, ""],
  binary: (op) => [op.fn, ""],
  compare: (op) => [op.fn, ""],
  select: () => ["select", ""],
  cast: () => ["cast", ""],
  reduce: (op) => [op.fn, `axes ${list(op.axes)}`],
  reshape: () => ["reshape", ""],
  permute: (op) => ["permute", `order ${list(op.order)}`],
  broadcast: (op) => ["broadcast", `axes ${list(op.axes)}`],
  slice: (op) => ["slice", `start ${list(op.start)} stride ${list(op.stride)}`],
  pad: (op) => ["pad", `low ${list(op.low)} interior ${list(op.interior)}`],
  concatenate: (op) => ["concatenate", `axis ${op.axis}`],
  contraction: (op) => [
    "contraction",
    `domain ${list(op.domain)} maps ${op.maps.map(affine).join(" ")} to ${affine(op.output)}`,
  ],
  gather: () => ["gather", ""],
  scatterAdd: () => ["scatterAdd", ""],
  randomBits: (op) => ["randomBits", `stream ${op.stream}`],
  repeat: (op) => [
    "repeat",
    `value ${op.index} of ${op.loop.times} times ${loopText(op.loop)}`,
  ],
};

function describe<K extends OpKind>(kind: K, op: Op): readonly [string, string] {
  return TEXT[kind](op as Parameters<(typeof TEXT)[K]>[0]);
}

/**
 * One line a node, inputs first: `%3 = add f32[60, 10] %1 %2`, and a last line that names the
 * outputs. The body of a loop is indented under it.
 */
export function print(outputs: readonly Node[], formals: readonly Node[] = []): string {
  const names = new Map<string, string>();
  const lines = topological([...formals, ...outputs]).map((node, i) => {
    names.set(node.hash, `%${i}`);
    const [name, attributes] = describe(node.op.kind, node.op);
    const type = `${node.dtype}${list(node.shape)}`;
    const inputs = node.inputs.map((x) => names.get(x.hash)!);
    return [`%${i} =`, name, type, ...inputs, attributes].filter((s) => s !== "").join(" ");
  });
  return [...lines, `return ${outputs.map((o) => names.get(o.hash)!).join(" ")}`].join("\n");
}
