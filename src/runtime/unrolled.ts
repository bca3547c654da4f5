/**
 * A fast form of the oracle for graphs of few elements: every element becomes a local variable of
 * one JavaScript function, with the operations and roundings of the reference evaluator in its order.
 *
 * @module
 */
import { evaluate } from "../reference/evaluate.ts";
import { type Precision, tensor } from "../reference/tensor.ts";
import { makeNode, type Node, sizeOf, stridesOf } from "../tensor/node.ts";
import { input } from "../tensor/ops.ts";
import {
  BINARY_FUNCTIONS,
  CAST_FUNCTIONS,
  COMPARE_FUNCTIONS,
  UNARY_FUNCTIONS,
} from "../tensor/scalar.ts";
import { topological } from "../tensor/walk.ts";

/** More statements than this are left to the evaluator: compiling them would take longer. */
const LARGEST = 6000;

/** Reads the inputs' elements and writes the outputs'. */
type Unrolled = (inputs: readonly ArrayLike<number>[], outputs: readonly Output[]) => void;

/** Where an output goes. */
export interface Output {
  [index: number]: number;
}

interface Writer {
  readonly precision: Precision;
  /** JavaScript of each scalar; number 0 is the literal 0. */
  readonly atoms: string[];
  readonly lines: string[];
  readonly functions: Map<(...x: number[]) => number, string>;
}

type Ids = readonly number[];

function literal(writer: Writer, value: number, node: Node): number {
  const stored = node.dtype === "u32" ? value >>> 0 : node.dtype === "bool" ? value & 1 : value;
  const rounded = writer.precision === "f32" && node.dtype === "f32" ? Math.fround(stored) : stored;
  return writer.atoms.push(Object.is(rounded, -0) ? "-0" : `(${rounded})`) - 1;
}

function define(writer: Writer, node: Node, expression: string): number {
  const name = `t${writer.atoms.length}`;
  const round = writer.precision === "f32" && node.dtype === "f32";
  writer.lines.push(`const ${name} = ${round ? `fround(${expression})` : expression};`);
  return writer.atoms.push(name) - 1;
}

function call(
  writer: Writer,
  f: (...x: number[]) => number,
  parameters: readonly string[],
): string {
  let name = writer.functions.get(f);
  if (name === undefined) writer.functions.set(f, name = `f${writer.functions.size}`);
  return `${name}(${parameters.join(", ")})`;
}

const INFIX: Readonly<Record<string, string>> = { add: "+", sub: "-", mul: "*", div: "/" };

/** The scalar operation of an elementwise node, or `undefined` if there is none. */
function elementwise(writer: Writer, node: Node): ((x: readonly string[]) => string) | undefined {
  const { op } = node;
  switch (op.kind) {
    case "unary":
      return (x) => call(writer, UNARY_FUNCTIONS[op.fn], x);
    case "binary": {
      const infix = node.dtype === "f32" ? INFIX[op.fn] : undefined;
      if (infix !== undefined) return ([a, b]) => `${a} ${infix} ${b}`;
      const f = BINARY_FUNCTIONS[op.fn][node.dtype];
      return f === undefined ? undefined : (x) => call(writer, f, x);
    }
    case "compare":
      return (x) => call(writer, COMPARE_FUNCTIONS[op.fn], x);
    case "select":
      return ([c, a, b]) => `${c} !== 0 ? ${a} : ${b}`;
    case "cast":
      return (x) => call(writer, CAST_FUNCTIONS[node.dtype], x);
    default:
      return undefined;
  }
}

/** Moves ids instead of values, by the rules of the oracle itself. */
function moved(node: Node, inputs: readonly Ids[]): Ids {
  const stand = node.inputs.map((x, i) => input(`x${i}`, x.shape));
  const values = new Map(
    node.inputs.map((x, i) => [`x${i}@0`, tensor(inputs[i]!, x.shape)] as const),
  );
  return Array.from(evaluate([makeNode(node.op, stand, node.shape, "f32")], values)[0]!.data);
}

function reduced(writer: Writer, node: Node, x: Ids): Ids | undefined {
  const { op } = node;
  if (op.kind !== "reduce" || op.fn === "argmax") return undefined;
  const source = node.inputs[0]!;
  const strides = stridesOf(node.shape);
  let kept = 0;
  const steps = source.shape.map((_, a) => op.axes.includes(a) ? 0 : strides[kept++]!);
  const inner = stridesOf(source.shape);
  const out = new Array<number | undefined>(sizeOf(node.shape));
  x.forEach((id, flat) => {
    const o = steps.reduce(
      (sum, s, a) => sum + s * (Math.floor(flat / inner[a]!) % source.shape[a]!),
      0,
    );
    const so = out[o] === undefined ? undefined : writer.atoms[out[o]!];
    const value = writer.atoms[id]!;
    if (op.fn === "sum") out[o] = define(writer, node, `${so ?? "0"} + ${value}`);
    else {out[o] = so === undefined
        ? id
        : define(writer, node, `${value} > ${so} ? ${value} : ${so}`);}
  });
  return out.map((id) => id ?? 0);
}

function contracted(writer: Writer, node: Node, inputs: readonly Ids[]): Ids | undefined {
  const { op } = node;
  if (op.kind !== "contraction") return undefined;
  const points = sizeOf(op.domain);
  if (points > LARGEST) return undefined;
  const out = new Array<number>(sizeOf(node.shape)).fill(0);
  const strides = stridesOf(op.domain);
  const shapes = [node.shape, ...node.inputs.map((x) => x.shape)];
  const maps = [op.output, ...op.maps];
  for (let flat = 0; flat < points; flat++) {
    const point = op.domain.map((d, a) => Math.floor(flat / strides[a]!) % d);
    const places = maps.map((map, k) =>
      map.reduce((at, { constant, factors }, i) => {
        const c = factors.reduce((sum, f, a) => sum + f * point[a]!, constant);
        const extent = shapes[k]![i]!;
        return at < 0 || c < 0 || c >= extent ? -1 : at * extent + c;
      }, 0)
    );
    if (places.some((p) => p < 0)) continue;
    const [o, ...from] = places as [number, ...number[]];
    const factors = from.map((p, k) => writer.atoms[inputs[k]![p]!]!);
    const product = factors.length === 1
      ? factors[0]!
      : writer.atoms[define(writer, node, factors.join(" * "))]!;
    out[o] = define(writer, node, `${writer.atoms[out[o]!]!} + ${product}`);
  }
  return out;
}

function write(writer: Writer, node: Node, inputs: readonly Ids[]): Ids | undefined {
  const { op } = node;
  const size = sizeOf(node.shape);
  switch (op.kind) {
    case "constant":
      return Array.from(
        { length: size },
        (_, i) => literal(writer, op.values[op.values.length === 1 ? 0 : i]!, node),
      );
    case "iota": {
      const stride = stridesOf(node.shape)[op.axis]!;
      const extent = node.shape[op.axis]!;
      return Array.from(
        { length: size },
        (_, i) => literal(writer, Math.floor(i / stride) % extent, node),
      );
    }
    case "reshape":
      return inputs[0]!;
    case "permute":
    case "broadcast":
    case "slice":
    case "pad":
    case "concatenate":
      return moved(node, inputs);
    case "reduce":
      return reduced(writer, node, inputs[0]!);
    case "contraction":
      return contracted(writer, node, inputs);
    default: {
      const f = elementwise(writer, node);
      if (f === undefined) return undefined;
      return Array.from(
        { length: size },
        (_, i) => define(writer, node, f(inputs.map((x) => writer.atoms[x[i]!]!))),
      );
    }
  }
}

/**
 * Compiles outputs into a function of the elements of `inputs` (keys `name@version`, in the order in
 * which the function takes them); `undefined` if the graph is too large or has other primitives.
 */
export function unroll(
  outputs: readonly Node[],
  inputs: readonly string[],
  precision: Precision,
): Unrolled | undefined {
  const order = topological(outputs);
  if (order.reduce((sum, node) => sum + sizeOf(node.shape), 0) > LARGEST) return undefined;
  const writer: Writer = { precision, atoms: ["0"], lines: [], functions: new Map() };
  const values = new Map<string, Ids>();
  for (const node of order) {
    let ids: Ids | undefined;
    if (node.op.kind === "input") {
      const at = inputs.indexOf(`${node.op.name}@${node.op.version}`);
      if (at < 0) return undefined;
      ids = Array.from({ length: sizeOf(node.shape) }, (_, i) => {
        const name = `t${writer.atoms.length}`;
        writer.lines.push(`const ${name} = x[${at}][${i}];`);
        return writer.atoms.push(name) - 1;
      });
    } else ids = write(writer, node, node.inputs.map((x) => values.get(x.hash)!));
    if (ids === undefined || writer.lines.length > LARGEST) return undefined;
    values.set(node.hash, ids);
  }
  // All is read before anything is written, so inputs and outputs may be the same memory.
  outputs.forEach((node, o) => {
    values.get(node.hash)!.forEach((id, i) => {
      writer.lines.push(`y[${o}][${i}] = ${writer.atoms[id]};`);
    });
  });
  const make = new Function(
    "fround",
    ...writer.functions.values(),
    `return (x, y) => {\n${writer.lines.join("\n")}\n};`,
  ) as (...functions: unknown[]) => Unrolled;
  return make(Math.fround, ...writer.functions.keys());
}
