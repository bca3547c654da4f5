/**
 * Rewriting graphs by local rules until nothing changes.
 *
 * @module
 */
import {
  type Loop,
  makeNode,
  type Node,
  type Op,
  type OpKind,
  type OpOf,
  sameShape,
  type Shape,
  sizeOf,
} from "./node.ts";
import {
  broadcast,
  cast,
  constant,
  iota,
  mul,
  neg,
  pad,
  permute,
  reduce,
  reshape,
  slice,
} from "./ops.ts";
import { sumOfChosen } from "./chosen.ts";
import { BINARY_FUNCTIONS, CAST_FUNCTIONS, COMPARE_FUNCTIONS, UNARY_FUNCTIONS } from "./scalar.ts";
import { rewrite } from "./walk.ts";

/** A simpler node of equal value, shape and type, or undefined. */
type SimplifyRule<K extends OpKind> = (op: OpOf<K>, node: Node) => Node | undefined;

/** The value that fills a constant, or undefined. */
function splat(node: Node | undefined): number | undefined {
  if (node?.op.kind !== "constant" || node.op.values.length !== 1) return undefined;
  const value = node.op.values[0]!;
  return node.dtype === "u32" ? value >>> 0 : value;
}

function fill(value: number, node: Pick<Node, "shape" | "dtype">): Node {
  return constant(value, node.shape, node.dtype);
}

/** A splat constant moves through everything that only moves values. */
function moved(_op: Op, node: Node): Node | undefined {
  const value = splat(node.inputs[0]);
  return value === undefined ? undefined : fill(value, node);
}

function unary({ fn }: OpOf<"unary">, node: Node): Node | undefined {
  const x = node.inputs[0]!, value = splat(x);
  if (fn === "stop") return x;
  if (value !== undefined) return fill(UNARY_FUNCTIONS[fn](value), node);
  const involution = fn === "neg" || fn === "not";
  if (x.op.kind !== "unary") return undefined;
  if (involution && x.op.fn === fn) return x.inputs[0];
  return undefined;
}

/** A product with one constant factor: a sign, or merged with the constant of an inner product. */
function scaled(a: Node, x: number | undefined, b: Node, y: number | undefined): Node | undefined {
  const factor = x ?? y, rest = x === undefined ? a : b;
  if (factor === undefined) return undefined;
  if (factor === -1) return neg(rest);
  if (rest.op.kind === "unary" && rest.op.fn === "neg") return mul(rest.inputs[0]!, -factor);
  if (rest.op.kind !== "binary" || rest.op.fn !== "mul") return undefined;
  const [c, d] = rest.inputs as [Node, Node];
  const inner = splat(c) ?? splat(d);
  if (inner === undefined) return undefined;
  // A factor that single precision cannot hold would lose what the two steps keep.
  const size = Math.abs(inner * factor);
  if (size < 1e-30 || size > 1e30) return undefined;
  return mul(splat(c) === undefined ? c : d, inner * factor);
}

function binary({ fn }: OpOf<"binary">, node: Node): Node | undefined {
  const [a, b] = node.inputs as [Node, Node];
  const x = splat(a), y = splat(b);
  if (x !== undefined && y !== undefined) {
    const f = BINARY_FUNCTIONS[fn][node.dtype];
    return f === undefined ? undefined : fill(f(x, y), node);
  }
  switch (fn) {
    case "add":
      return y === 0 ? a : x === 0 ? b : undefined;
    case "sub":
      return y === 0 ? a : x === 0 && node.dtype === "f32" ? neg(b) : undefined;
    case "mul":
      if (y === 1) return a;
      if (x === 1) return b;
      if (x === 0 || y === 0) return fill(0, node);
      return node.dtype === "f32" ? scaled(a, x, b, y) : undefined;
    case "div":
      return y === 1 ? a : undefined;
    case "shiftLeft":
    case "shiftRight":
      return y === 0 ? a : undefined;
    case "max":
    case "min":
      return a.hash === b.hash ? a : undefined;
    default:
      return undefined;
  }
}

function compare({ fn }: OpOf<"compare">, node: Node): Node | undefined {
  const x = splat(node.inputs[0]), y = splat(node.inputs[1]);
  return x === undefined || y === undefined ? undefined : fill(COMPARE_FUNCTIONS[fn](x, y), node);
}

function select(_op: Op, node: Node): Node | undefined {
  const [condition, a, b] = node.inputs as [Node, Node, Node];
  const value = splat(condition);
  if (value !== undefined) return value !== 0 ? a : b;
  return a.hash === b.hash ? a : undefined;
}

function castRule(_op: Op, node: Node): Node | undefined {
  const x = node.inputs[0]!, value = splat(x);
  if (x.dtype === node.dtype) return x;
  if (value !== undefined) return fill(CAST_FUNCTIONS[node.dtype](value), node);
  // From bool 0 and 1 survive any detour; other detours may lose digits.
  const inner = x.op.kind === "cast" ? x.inputs[0]! : undefined;
  return inner?.dtype === "bool" ? cast(inner, node.dtype) : undefined;
}

function reduceRule(op: OpOf<"reduce">, node: Node): Node | undefined {
  const x = node.inputs[0]!, value = splat(x);
  if (op.axes.length === 0) return op.fn === "argmax" ? undefined : x;
  const count = sizeOf(x.shape) / sizeOf(node.shape);
  if (value !== undefined) {
    const result = { sum: value * count, max: value, argmax: 0 }[op.fn];
    return fill(result, node);
  }
  if (op.fn === "argmax") return undefined;
  if (count === 1) return reshape(x, node.shape);
  if (x.op.kind === "reduce" && x.op.fn === op.fn) {
    // The axes of the outer reduction, counted before the inner one removed its own.
    const inner = x.op.axes;
    const kept = x.inputs[0]!.shape.map((_, i) => i).filter((i) => !inner.includes(i));
    return reduce(op.fn, x.inputs[0]!, [...inner, ...op.axes.map((a) => kept[a]!)]);
  }
  if (x.op.kind === "broadcast") return reduceBroadcast(op, x);
  return op.fn === "sum" ? sumOfChosen(x, op.axes) : undefined;
}

/** The axes a broadcast has added are not added up: their extents multiply the sum of the rest. */
function reduceBroadcast(op: OpOf<"reduce">, x: Node): Node | undefined {
  if (x.op.kind !== "broadcast") return undefined;
  const { axes } = x.op;
  const added = op.axes.filter((a) => !axes.includes(a));
  if (added.length === 0) return undefined;
  const source = x.inputs[0]!;
  const over = axes.flatMap((a, i) => op.axes.includes(a) ? [i] : []);
  const left = x.shape.map((_, i) => i).filter((i) => !op.axes.includes(i));
  const kept = axes.filter((a) => !op.axes.includes(a)).map((a) => left.indexOf(a));
  const rest = over.length === 0 ? source : reduce(op.fn, source, over);
  const times = added.reduce((n, a) => n * x.shape[a]!, 1);
  const total = op.fn === "sum" && times > 1 ? mul(rest, times) : rest;
  return broadcast(total, left.map((a) => x.shape[a]!), kept);
}

function reshapeRule(op: Op, node: Node): Node | undefined {
  const x = node.inputs[0]!;
  if (sameShape(x.shape, node.shape)) return x;
  if (x.op.kind === "reshape") return reshape(x.inputs[0]!, node.shape);
  if (x.op.kind === "constant" && x.op.values.length > 1) {
    return constant(x.op.values, node.shape, node.dtype);
  }
  return moved(op, node);
}

function permuteRule(op: OpOf<"permute">, node: Node): Node | undefined {
  const x = node.inputs[0]!;
  if (op.order.every((a, i) => a === i)) return x;
  if (x.op.kind === "permute") {
    const inner = x.op.order;
    return permute(x.inputs[0]!, op.order.map((a) => inner[a]!));
  }
  // Only axes of extent 1 change places.
  const long = op.order.filter((a) => x.shape[a] !== 1);
  if (long.every((a, i) => i === 0 || a > long[i - 1]!)) return reshape(x, node.shape);
  return moved(op, node);
}

function broadcastRule(op: OpOf<"broadcast">, node: Node): Node | undefined {
  const x = node.inputs[0]!;
  if (sameShape(x.shape, node.shape)) return x;
  if (x.op.kind === "broadcast") {
    return broadcast(x.inputs[0]!, node.shape, x.op.axes.map((a) => op.axes[a]!));
  }
  if (sizeOf(x.shape) === sizeOf(node.shape)) return reshape(x, node.shape);
  if (x.op.kind === "iota") return iota(node.shape, op.axes[x.op.axis]!);
  return moved(op, node);
}

function sliceRule(op: OpOf<"slice">, node: Node): Node | undefined {
  const x = node.inputs[0]!;
  if (sameShape(x.shape, node.shape)) return x;
  if (x.op.kind === "slice") {
    const inner = x.op;
    const start = inner.start.map((s, i) => s + op.start[i]! * inner.stride[i]!);
    const stride = inner.stride.map((s, i) => s * op.stride[i]!);
    const stop = start.map((s, i) => s + (node.shape[i]! - 1) * stride[i]! + 1);
    return slice(x.inputs[0]!, start, stop, stride);
  }
  if (x.op.kind === "pad") {
    // The slice that takes back just what was padded.
    const { low, interior } = x.op, source = x.inputs[0]!;
    const undoes = sameShape(source.shape, node.shape) &&
      source.shape.every((d, i) =>
        op.start[i] === low[i] && within(d, op.stride[i]!, interior[i]!)
      );
    if (undoes) return source;
  }
  return moved(op, node);
}

const within = (extent: number, stride: number, interior: number): boolean =>
  extent === 1 || stride === interior + 1;

function padRule(op: OpOf<"pad">, node: Node): Node | undefined {
  const x = node.inputs[0]!;
  if (sameShape(x.shape, node.shape)) return x;
  if (splat(x) === 0) return fill(0, node);
  if (x.op.kind !== "pad") return undefined;
  // Zeros around zeros: the amounts add up where no interior zeros come between.
  const inner = x.op;
  if (op.interior.some((n) => n !== 0)) return undefined;
  const low = inner.low.map((n, i) => n + op.low[i]!);
  return padTo(x.inputs[0]!, low, inner.interior, node.shape);
}

function padTo(x: Node, low: readonly number[], interior: readonly number[], shape: Shape): Node {
  const high = x.shape.map((d, i) => shape[i]! - low[i]! - d - (d - 1) * interior[i]!);
  return pad(x, low, high, interior);
}

function concatenateRule(_op: Op, node: Node): Node | undefined {
  if (node.inputs.length === 1) return node.inputs[0];
  const value = splat(node.inputs[0]);
  return value !== undefined && node.inputs.every((x) => splat(x) === value)
    ? fill(value, node)
    : undefined;
}

function anyZero(_op: Op, node: Node): Node | undefined {
  return node.inputs.some((x) => x.dtype === "f32" && splat(x) === 0) ? fill(0, node) : undefined;
}

function constantRule({ values }: OpOf<"constant">, node: Node): Node | undefined {
  return values.length > 1 && values.every((v) => Object.is(v, values[0]))
    ? fill(values[0]!, node)
    : undefined;
}

/** Simplified loops by the loop they come from; all values of one loop share its body. */
const loops = new WeakMap<Loop, Loop>();

function simplifiedLoop(loop: Loop): Loop {
  let result = loops.get(loop);
  if (result === undefined) {
    const roots = loop.condition === undefined ? loop.next : [...loop.next, loop.condition];
    const simpler = simplify(roots);
    const n = loop.next.length;
    const same = roots.every((r, i) => r.hash === simpler[i]!.hash);
    const condition = simpler[n];
    result = same ? loop : {
      times: loop.times,
      formals: loop.formals,
      next: simpler.slice(0, n),
      ...(condition === undefined ? {} : { condition }),
    };
    loops.set(loop, result);
  }
  return result;
}

function repeatRule(op: OpOf<"repeat">, node: Node): Node | undefined {
  if (op.loop.times === 0) return node.inputs[op.index];
  const loop = simplifiedLoop(op.loop);
  return loop === op.loop
    ? undefined
    : makeNode({ ...op, loop }, node.inputs, node.shape, node.dtype);
}

const RULES: { readonly [K in OpKind]: SimplifyRule<K> } = {
  input: () => undefined,
  constant: constantRule,
  iota: (op, node) => node.shape[op.axis] === 1 ? fill(0, node) : undefined,
  unary,
  binary,
  compare,
  select,
  cast: castRule,
  reduce: reduceRule,
  reshape: reshapeRule,
  permute: permuteRule,
  broadcast: broadcastRule,
  slice: sliceRule,
  pad: padRule,
  concatenate: concatenateRule,
  contraction: anyZero,
  gather: moved,
  scatterAdd: anyZero,
  randomBits: () => undefined,
  repeat: repeatRule,
};

function step<K extends OpKind>(kind: K, node: Node): Node | undefined {
  return RULES[kind](node.op as Parameters<SimplifyRule<K>>[0], node);
}

/** Rules until none applies at the node itself. */
function settle(node: Node): Node {
  for (let next = step(node.op.kind, node); next !== undefined; next = step(node.op.kind, node)) {
    node = next;
  }
  return node;
}

/**
 * Equivalent roots with neutral elements, constant parts, and chains of reshapes, permutations,
 * broadcasts, slices, pads, casts and sums folded, until nothing changes.
 *
 * Values are preserved to rounding in f64, with three stated exceptions: a product with the constant
 * 0 is 0 also where the other factor is not finite, the sign of a zero may change, and constants
 * of a folded chain are multiplied first. `stop` is removed: simplify after differentiating.
 */
export function simplify(outputs: readonly Node[]): Node[] {
  let current = [...outputs];
  for (;;) {
    const next = rewrite(current, settle);
    if (next.every((n, i) => n.hash === current[i]!.hash)) return next;
    current = next;
  }
}
