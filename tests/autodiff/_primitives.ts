/** Graphs of every primitive over the inputs {@link x}, {@link y} and {@link halves}. */

import {
  add,
  binary,
  broadcast,
  cast,
  compare,
  concatenate,
  constant,
  contraction,
  gather,
  input,
  iota,
  mul,
  pad,
  permute,
  randomBits,
  reduce,
  reshape,
  scatterAdd,
  select,
  slice,
  unary,
} from "../../src/tensor/ops.ts";
import type { BinaryFn, Node, OpKind, ReduceFn, UnaryFn } from "../../src/tensor/node.ts";

/** An input of shape [3, 4]. */
export const x: Node = input("x", [3, 4]);
/** An input of shape [3, 4]. */
export const y: Node = input("y", [3, 4]);
const positive = add(mul(x, x), 0.5);
/** An input of shape [4]. */
export const halves: Node = input("halves", [4]);
const indices = constant([2, 0, 2, 9], [4], "u32");

const UNARY: { readonly [F in UnaryFn]: Node | undefined } = {
  neg: unary("neg", x),
  abs: unary("abs", x),
  sign: unary("sign", x),
  exp: unary("exp", x),
  expm1: unary("expm1", x),
  log: unary("log", positive),
  log1p: unary("log1p", positive),
  sqrt: unary("sqrt", positive),
  sin: unary("sin", x),
  cos: unary("cos", x),
  tanh: unary("tanh", x),
  erf: unary("erf", x),
  floor: unary("floor", x),
  stop: undefined,
  not: select(unary("not", compare("gt", x, 0)), mul(x, y), y),
  isFinite: select(unary("isFinite", x), mul(x, y), y),
};

const BINARY: { readonly [F in BinaryFn]: Node | undefined } = {
  add: binary("add", x, y),
  sub: binary("sub", x, y),
  mul: binary("mul", x, y),
  div: binary("div", x, add(mul(y, y), 0.5)),
  pow: binary("pow", positive, y),
  max: binary("max", x, y),
  min: binary("min", x, y),
  rem: undefined,
  and: undefined,
  or: undefined,
  xor: undefined,
  shiftLeft: undefined,
  shiftRight: undefined,
};

const REDUCE: { readonly [F in ReduceFn]: Node } = {
  sum: reduce("sum", mul(x, x), [0]),
  max: reduce("max", x, [0]),
  argmax: mul(cast(reduce("argmax", x, [1]), "f32"), reduce("sum", x, [1])),
};

const axis = (i: number, constant = 0) => ({
  constant,
  factors: [0, 1, 2].map((j) => j === i ? 1 : 0),
});

/** The graphs, by the primitive they are about; loops have tests of their own. */
export const KINDS: { readonly [K in OpKind]: readonly Node[] } = {
  input: [x],
  constant: [mul(x, constant(2, [3, 4]))],
  iota: [mul(x, cast(iota([3, 4], 1), "f32"))],
  unary: Object.values(UNARY).flatMap((n) => n ?? []),
  binary: Object.values(BINARY).flatMap((n) => n ?? []),
  compare: [select(compare("lt", x, y), mul(x, x), y)],
  select: [select(compare("lt", x, y), mul(x, y), 3), select(compare("lt", x, 0), 2, mul(x, y))],
  cast: [mul(x, cast(cast(x, "u32"), "f32"))],
  reduce: [...Object.values(REDUCE), reduce("max", x), reduce("max", mul(x, y), [1])],
  reshape: [reshape(mul(x, y), [2, 6])],
  permute: [permute(reshape(mul(x, x), [3, 2, 2]), [2, 0, 1])],
  broadcast: [mul(broadcast(halves, [3, 4], [1]), x), broadcast(mul(halves, halves), [4, 2], [0])],
  slice: [slice(mul(x, y), [0, 1], [3, 4], [2, 2]), slice(x, [1, 0], [2, 3])],
  pad: [pad(mul(x, y), [1, 0], [0, 2], [1, 2])],
  concatenate: [concatenate([x, mul(x, y), y], 1), concatenate([x, constant(1, [1, 4])], 0)],
  contraction: [
    // x·yᵀ, x·xᵀ, a shift that leaves the tensor, a diagonal, and a sum of one operand
    contraction([3, 3, 4], [x, y], [[axis(0), axis(2)], [axis(1), axis(2)]], [axis(0), axis(1)], [
      3,
      3,
    ]),
    contraction([3, 3, 4], [x, x], [[axis(0), axis(2)], [axis(1), axis(2)]], [axis(0), axis(1)], [
      3,
      3,
    ]),
    contraction([3, 4, 1], [x, y], [[axis(0, -1), axis(1, 2)], [axis(0), axis(1)]], [
      axis(0, 1),
      axis(1),
    ], [3, 4]),
    contraction([3, 4, 1], [x], [[axis(0), axis(0)]], [axis(1)], [4]),
  ],
  gather: [
    gather(mul(x, y), indices),
    gather(x, reshape(indices, [2, 2])),
    gather(halves, constant([1, 1, 3], [3], "u32")),
    gather(mul(halves, halves), constant([4, 0], [2], "u32")),
  ],
  scatterAdd: [
    scatterAdd(indices, mul(halves, halves), 3),
    scatterAdd(constant([1, 1, 0], [3], "u32"), mul(x, x), 2),
  ],
  randomBits: [
    mul(x, cast(randomBits(constant(1, [], "u32"), constant(2, [], "u32"), 3, [3, 4]), "f32")),
  ],
  repeat: [],
};
