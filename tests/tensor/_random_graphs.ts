/**
 * Random graphs over all primitives, for differential tests: the same seed gives the same graph and
 * the same inputs.
 *
 * Values stay of moderate size, and what is discontinuous (comparisons, floor, argmax, conversion to
 * u32) is applied to values that are exact in single precision only, so evaluators that round
 * differently still agree to rounding.
 */
import type {
  BinaryFn,
  CompareFn,
  DType,
  Node,
  OpKind,
  Shape,
  UnaryFn,
} from "../../src/tensor/node.ts";
import { sameShape, sizeOf } from "../../src/tensor/node.ts";
import * as t from "../../src/tensor/ops.ts";
import { randomKey, randomWord } from "../../src/tensor/random.ts";
import { type Tensor, tensor } from "../../src/reference/tensor.ts";
import { topological } from "../../src/tensor/walk.ts";

export interface RandomGraph {
  readonly outputs: readonly Node[];
  /** The values of the input nodes, by `name@version`. */
  readonly inputs: Map<string, Tensor>;
}

export interface RandomGraphOptions {
  /** Primitives to leave out. */
  readonly without?: readonly OpKind[];
  /** How many random nodes follow one of each primitive; default 8. */
  readonly extra?: number;
}

const EXTENTS = [1, 2, 3, 5, 7, 13, 31, 63, 64, 65, 127];

interface Generator {
  /** A natural number below n. */
  below(n: number): number;
  pick<T>(values: readonly T[]): T;
  shape(): Shape;
  /** A fresh input of values that are multiples of 1/4, with many ties and zeros. */
  fresh(shape: Shape, dtype?: DType): Node;
  /** A node that is already there. */
  any(dtype: DType): Node;
  /** As `any`, in a shape that elements of `x` go with. */
  partner(x: Node): Node;
  /** An f32 node, scaled to magnitudes of a few units. */
  tame(): Node;
  /** An f32 node whose values are exact in single precision. */
  exact(): Node;
}

function generator(seed: number, nodes: Node[], inputs: Map<string, Tensor>): Generator {
  const key = randomKey(seed, 0, 0);
  let count = 0;
  const word = () => randomWord(key, count++);
  const g: Generator = {
    below: (n) => word() % n,
    pick: (values) => values[word() % values.length]!,
    shape: () => {
      const rank = g.pick([0, 1, 1, 2, 2, 3]);
      const shape: number[] = [];
      for (let i = 0; i < rank; i++) {
        shape.push(g.pick(EXTENTS.filter((e) => e * sizeOf(shape) <= 600)));
      }
      return shape;
    },
    fresh: (shape, dtype = "f32") => {
      const name = `x${inputs.size}`;
      const values = Array.from({ length: sizeOf(shape) }, () => {
        if (dtype === "bool") return word() & 1;
        return dtype === "u32" ? (word() >>> (word() & 31)) : ((word() % 33) - 16) / 4;
      });
      inputs.set(`${name}@0`, tensor(values, shape, dtype));
      const node = t.input(name, shape, dtype);
      nodes.push(node);
      return node;
    },
    any: (dtype) => {
      const of = nodes.filter((n) => n.dtype === dtype);
      return of.length === 0 || g.below(8) === 0 ? g.fresh(g.shape(), dtype) : g.pick(of);
    },
    partner: (x) => {
      const of = nodes.filter((n) => n.dtype === x.dtype && sameShape(n.shape, x.shape));
      if (of.length > 0 && g.below(3) > 0) return g.pick(of);
      // Fewer axes, or extents of one: the broadcast rules are part of what is tested.
      const shape = x.shape.slice(g.below(x.shape.length + 1)).map((d) => g.below(4) ? d : 1);
      return g.fresh(shape, x.dtype);
    },
    tame: () => t.mul(t.tanh(t.mul(g.any("f32"), 0.25)), 3),
    exact: () => {
      const x = g.fresh(g.shape());
      return g.below(2) ? x : t.permute(x, x.shape.map((_, i) => x.shape.length - 1 - i));
    },
  };
  return g;
}

const positive = (x: Node): Node => t.add(t.abs(x), 0.5);

/** Each function of one argument, applied where it is smooth or its argument is exact. */
const UNARY: { readonly [F in UnaryFn]: (g: Generator) => Node } = {
  neg: (g) => t.neg(g.tame()),
  abs: (g) => t.abs(g.tame()),
  sign: (g) => t.sign(g.exact()),
  exp: (g) => t.exp(g.tame()),
  expm1: (g) => t.expm1(g.tame()),
  log: (g) => t.log(positive(g.tame())),
  log1p: (g) => t.log1p(t.abs(g.tame())),
  sqrt: (g) => t.sqrt(positive(g.tame())),
  sin: (g) => t.sin(g.tame()),
  cos: (g) => t.cos(g.tame()),
  tanh: (g) => t.tanh(g.tame()),
  erf: (g) => t.erf(g.tame()),
  floor: (g) => t.floor(g.exact()),
  stop: (g) => t.unary("stop", g.tame()),
  not: (g) => t.unary("not", g.any("bool")),
  isFinite: (g) => t.unary("isFinite", g.any("f32")),
};

const both = (g: Generator, fn: BinaryFn): Node => {
  const x = g.tame();
  return t.binary(fn, x, g.partner(x));
};

const words = (g: Generator, fn: BinaryFn, dtype: DType): Node => {
  const x = g.any(dtype);
  return t.binary(fn, x, g.partner(x));
};

const floatOrWords = (g: Generator, fn: BinaryFn): Node =>
  g.below(3) === 0 ? words(g, fn, "u32") : both(g, fn);

const wordsOrBools = (g: Generator, fn: BinaryFn): Node =>
  words(g, fn, g.below(2) === 0 ? "u32" : "bool");

const BINARY: { readonly [F in BinaryFn]: (g: Generator) => Node } = {
  add: (g) => floatOrWords(g, "add"),
  sub: (g) => floatOrWords(g, "sub"),
  mul: (g) => floatOrWords(g, "mul"),
  div: (g) => {
    if (g.below(3) === 0) return words(g, "div", "u32");
    const x = g.tame();
    return t.div(x, positive(g.partner(x)));
  },
  pow: (g) => {
    const x = g.tame();
    return t.binary("pow", positive(x), t.mul(g.partner(x), 0.5));
  },
  max: (g) => floatOrWords(g, "max"),
  min: (g) => floatOrWords(g, "min"),
  rem: (g) => words(g, "rem", "u32"),
  and: (g) => wordsOrBools(g, "and"),
  or: (g) => wordsOrBools(g, "or"),
  xor: (g) => wordsOrBools(g, "xor"),
  shiftLeft: (g) => words(g, "shiftLeft", "u32"),
  shiftRight: (g) => words(g, "shiftRight", "u32"),
};

const COMPARE: readonly CompareFn[] = ["eq", "ne", "lt", "le", "gt", "ge"];

/** A convolution of stride, padding and dilation, or a product of matrices. */
function contraction(g: Generator): Node {
  if (g.below(2) === 0) {
    const [m, k, n] = [g.pick(EXTENTS), g.pick(EXTENTS), g.pick([1, 3, 7, 17])];
    return t.matmul(g.fresh([m, k]), g.fresh([k, n]));
  }
  const [batch, from, to, size, kernel] = [2, 1 + g.below(3), 1 + g.below(4), 5 + g.below(4), 3];
  const [stride, pad, dilation] = [1 + g.below(2), g.below(3), 1 + g.below(2)];
  const extent = Math.floor((size + 2 * pad - dilation * (kernel - 1) - 1) / stride) + 1;
  const domain = [batch, to, extent, extent, from, kernel, kernel];
  const form = (constant: number, ...terms: readonly (readonly [number, number])[]) => ({
    constant,
    factors: domain.map((_, axis) => terms.find(([a]) => a === axis)?.[1] ?? 0),
  });
  const image = [
    form(0, [0, 1]),
    form(0, [4, 1]),
    form(-pad, [2, stride], [5, dilation]),
    form(-pad, [3, stride], [6, dilation]),
  ];
  const filter = [form(0, [1, 1]), form(0, [4, 1]), form(0, [5, 1]), form(0, [6, 1])];
  const x = g.fresh([batch, from, size, size]), w = g.fresh([to, from, kernel, kernel]);
  const out = [0, 1, 2, 3].map((axis) => form(0, [axis, 1]));
  const shape = [batch, to, extent, extent];
  if (g.below(3) > 0) return t.contraction(domain, [x, w], [image, filter], out, shape);
  // The same domain transposed: the gradient of the image, which leaves its tensor at the border.
  return t.contraction(domain, [g.fresh(shape), w], [out, filter], image, x.shape);
}

function repeat(g: Generator): Node {
  const carried = g.fresh(g.shape()), rate = g.fresh([]);
  const x = t.input("carried", carried.shape), c = t.input("rate", []);
  const n = t.input("count", [], "u32");
  const next = [t.add(t.mul(x, 0.5), t.sin(t.mul(c, x))), t.add(n, 1)];
  const loop = {
    times: 1 + g.below(5),
    formals: [x, n, c],
    next,
    ...(g.below(2) === 0 ? {} : { condition: t.compare("lt", n, 2) }),
  };
  return t.repeat(loop, [carried, t.constant(0, [], "u32")], [rate])[g.below(2)]!;
}

const PRIMITIVES: { readonly [K in OpKind]: (g: Generator) => Node } = {
  input: (g) => g.fresh(g.shape()),
  constant: (g) => {
    const shape = g.shape();
    if (g.below(2) === 0) return t.constant(g.pick([0, 1, -2, 0.5]), shape);
    return t.constant(Array.from({ length: sizeOf(shape) }, (_, i) => (i % 9) / 8 - 0.5), shape);
  },
  iota: (g) => {
    const shape = [g.pick(EXTENTS), 1 + g.below(4)];
    return t.iota(shape, g.below(2));
  },
  unary: (g) => UNARY[g.pick(Object.keys(UNARY) as UnaryFn[])](g),
  binary: (g) => BINARY[g.pick(Object.keys(BINARY) as BinaryFn[])](g),
  compare: (g) => {
    const x = g.below(2) === 0 ? g.any("u32") : g.exact();
    return t.compare(g.pick(COMPARE), x, x.dtype === "u32" ? g.partner(x) : g.fresh(x.shape));
  },
  select: (g) => {
    const x = g.any(g.pick(["f32", "f32", "u32", "bool"]));
    return t.select(g.fresh(x.shape, "bool"), x, g.partner(x));
  },
  cast: (g) => {
    const to = g.pick(["f32", "u32", "bool"] as const);
    const from = g.pick(["f32", "u32", "bool"] as const);
    return t.cast(from === "f32" ? g.exact() : g.any(from), to);
  },
  reduce: (g) => {
    const fn = g.pick(["sum", "sum", "max", "argmax"] as const);
    const x = fn === "argmax" ? g.exact() : g.tame();
    const axes = x.shape.map((_, i) => i).filter(() => g.below(2) === 0);
    return t.reduce(fn, x, axes);
  },
  reshape: (g) => {
    const x = g.any(g.pick(["f32", "f32", "u32"]));
    const n = sizeOf(x.shape);
    return t.reshape(x, g.pick([[n], [n, 1], [1, n], n % 2 === 0 ? [2, n / 2] : [1, n, 1]]));
  },
  permute: (g) => {
    const x = g.fresh([g.pick([2, 5, 8]), g.pick([1, 3, 7]), g.pick([1, 4, 13])]);
    return t.permute(x, g.pick([[1, 0, 2], [2, 1, 0], [0, 2, 1], [1, 2, 0], [2, 0, 1]]));
  },
  broadcast: (g) => {
    const x = g.any("f32"), times = 1 + g.below(3);
    return g.below(2) === 0
      ? t.broadcast(x, [...x.shape, times], x.shape.map((_, i) => i))
      : t.broadcastTo(x, [times, ...x.shape]);
  },
  slice: (g) => {
    const x = g.any(g.pick(["f32", "f32", "u32"]));
    const start = x.shape.map((d) => g.below(d));
    const stop = x.shape.map((d, i) => start[i]! + 1 + g.below(d - start[i]!));
    return t.slice(x, start, stop, x.shape.map(() => 1 + g.below(3)));
  },
  pad: (g) => {
    const x = g.any(g.pick(["f32", "f32", "u32", "bool"]));
    const amounts = (n: number) => x.shape.map(() => g.below(n));
    return t.pad(x, amounts(3), amounts(3), amounts(2));
  },
  concatenate: (g) => {
    const x = g.fresh([g.pick(EXTENTS), 1 + g.below(3)]), axis = g.below(2);
    const other = x.shape.map((d, i) => i === axis ? 1 + g.below(5) : d);
    return t.concatenate([x, g.fresh(other), t.mul(x, 2)], axis);
  },
  contraction,
  gather: (g) => {
    const table = g.fresh([g.pick(EXTENTS), ...g.pick([[], [1], [5]])]);
    // Some of the indices lie beyond the table.
    return t.gather(table, t.binary("rem", g.any("u32"), t.constant(70, [], "u32")));
  },
  scatterAdd: (g) => {
    const n = g.pick(EXTENTS);
    const indices = t.binary("rem", g.fresh([n], "u32"), t.constant(9, [], "u32"));
    return t.scatterAdd(indices, g.fresh([n, ...g.pick([[], [1], [5]])]), 7);
  },
  randomBits: (g) => {
    const seed = g.fresh(g.pick([[], [], [3]]), "u32");
    return t.randomBits(seed, g.fresh([], "u32"), g.below(5), g.shape());
  },
  repeat,
};

/** A random graph with one of each primitive (in random order) and some more. */
export function randomGraph(seed: number, options: RandomGraphOptions = {}): RandomGraph {
  const nodes: Node[] = [];
  const inputs = new Map<string, Tensor>();
  const g = generator(seed, nodes, inputs);
  const kinds = (Object.keys(PRIMITIVES) as OpKind[]).filter((k) => !options.without?.includes(k));
  const rest = [...kinds];
  const order: OpKind[] = [];
  while (rest.length > 0) order.push(...rest.splice(g.below(rest.length), 1));
  for (let i = 0; i < (options.extra ?? 8); i++) order.push(g.pick(kinds));
  for (const kind of order) {
    const node = PRIMITIVES[kind](g);
    if (sizeOf(node.shape) <= 20_000) nodes.push(node);
  }
  // Everything that nothing else uses, so that no node escapes the comparison.
  const used = new Set(topological(nodes).flatMap((n) => n.inputs.map((x) => x.hash)));
  const unused = nodes.filter((n) => !used.has(n.hash) && n.op.kind !== "input");
  const outputs = [...new Map(unused.map((n) => [n.hash, n])).values()];
  // An operator may fold to nothing; what it was is still evaluated through the remaining inputs.
  const reached = new Set(topological(outputs).map((n) => n.hash));
  for (const n of nodes) {
    if (n.op.kind === "input" && !reached.has(n.hash)) inputs.delete(`${n.op.name}@0`);
  }
  return { outputs, inputs };
}
