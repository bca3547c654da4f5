import { assert, assertAlmostEquals, assertThrows } from "../_assert.ts";
import {
  add,
  binary,
  broadcast,
  cast,
  compare,
  concatenate,
  constant,
  contraction,
  floor,
  gather,
  input,
  iota,
  mul,
  pad,
  permute,
  randomBits,
  reduce,
  repeat,
  reshape,
  scatterAdd,
  select,
  slice,
  stopGradient,
  unary,
} from "../../src/tensor/ops.ts";
import type { BinaryFn, Node, OpKind, ReduceFn, UnaryFn } from "../../src/tensor/node.ts";
import { SteepestError } from "../../src/errors.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { jvp } from "../../src/autodiff/jvp.ts";
import { gradient, vjp } from "../../src/autodiff/vjp.ts";
import { hessianVector } from "../../src/autodiff/products.ts";
import { fillInputs, randomTensor, run, stream } from "./_graphs.ts";
import { checkDerivatives } from "./_laws.ts";

const x = input("x", [3, 4]), y = input("y", [3, 4]);
const positive = add(mul(x, x), 0.5);
const halves = input("halves", [4]);
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

const KINDS: { readonly [K in OpKind]: readonly Node[] } = {
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

for (const [kind, graphs] of Object.entries(KINDS)) {
  if (graphs.length === 0) continue;
  Deno.test(`jvp() and vjp() of ${kind} agree with differences and with one another`, () => {
    graphs.forEach((graph, i) => {
      const wrt = [x, y, halves];
      const base = new Map(wrt.map((n, k) => [n, randomTensor(stream(i * 3 + k + 11), n.shape)]));
      checkDerivatives([graph], wrt, base, { tolerance: kind === "randomBits" ? 1e-6 : 1e-8 });
    });
  });

  Deno.test(`jvp() of vjp() of ${kind} agrees with differences`, () => {
    graphs.forEach((graph, i) => {
      const wrt = [x, y, halves];
      const base = new Map(wrt.map((n, k) => [n, randomTensor(stream(i * 3 + k + 11), n.shape)]));
      const weights = input("weights", graph.shape);
      const grads = vjp([graph], [weights], wrt);
      const values = fillInputs(
        grads,
        new Map([...base, [weights, randomTensor(stream(5), graph.shape)]]),
        9,
      );
      checkDerivatives(grads, [...wrt, weights], values, { tolerance: 1e-6 });
    });
  });
}

Deno.test("vjp() takes stop for a constant", () => {
  const [g] = gradient(reduce("sum", mul(x, stopGradient(x))), [x]);
  const at = randomTensor(stream(3), [3, 4]);
  const [value] = run([g!], new Map([[x, at]]));
  value!.data.forEach((v, i) => assertAlmostEquals(v, at.data[i]!, 1e-12));
});

Deno.test("gradient() generates nothing for what does not matter", () => {
  const [g] = gradient(reduce("sum", mul(floor(x), y)), [x]);
  assert(g!.op.kind === "constant");
});

Deno.test("gradient() of a mean of squares is one product with the tensor", () => {
  const [g] = gradient(reduce("sum", mul(x, x)), [x]);
  assert(g!.op.kind === "binary" && g!.inputs.every((n) => n === x || n.op.kind === "constant"));
});

function loopOver(value: Node, constantValue: Node): Node {
  const carried = input("carried", value.shape), held = input("held", constantValue.shape);
  const loop = { times: 3, formals: [carried, held], next: [mul(carried, held)] };
  return repeat(loop, [value], [constantValue])[0]!;
}

Deno.test("jvp() and vjp() name a repeat that a tangent flows into, and only then", () => {
  const looped = loopOver(x, y);
  assertThrows(() => jvp([looped], [x], [x]), SteepestError, "repeat of shape [3, 4]");
  assertThrows(() => vjp([looped], [x], [y]), SteepestError, "repeat of shape [3, 4]");
  const stopped = mul(loopOver(stopGradient(x), stopGradient(y)), x);
  checkDerivatives(
    [stopped],
    [halves],
    new Map([x, y, halves].map((n) => [
      n,
      randomTensor(stream(2), n.shape),
    ])),
  );
  const [g] = gradient(reduce("sum", stopped), [x]);
  const [value] = run([g!], new Map([[x, tensor(2, [3, 4])], [y, tensor(3, [3, 4])]]));
  value!.data.forEach((v) => assertAlmostEquals(v, 54, 1e-12));
});

Deno.test("jvp() and vjp() report every direction that does not match", () => {
  const error = assertThrows(
    () => jvp([x], [x, y, iota([2], 0)], [x, halves, halves]),
    SteepestError,
    "jvp tangents/1",
  );
  assert(error.issues.length === 2);
  assertThrows(() => vjp([x], [], [x]), SteepestError, "0 directions");
  assertThrows(() => gradient(x, [x]), SteepestError, "a scalar");
});

Deno.test("vjp() gives cotangents of inner nodes and passes them on", () => {
  const inner = mul(x, y), loss = reduce("sum", mul(inner, inner));
  const [dInner, dx] = gradient(loss, [mul(x, y), x]);
  const values = new Map([[x, randomTensor(stream(3), [3, 4])], [
    y,
    randomTensor(stream(4), [3, 4]),
  ]]);
  const [i, a, b, expected] = run([inner, dInner!, dx!, mul(mul(2, inner), y)], values);
  a!.data.forEach((v, k) => assertAlmostEquals(v, 2 * i!.data[k]!, 1e-12));
  b!.data.forEach((v, k) => assertAlmostEquals(v, expected!.data[k]!, 1e-12));
});

Deno.test("hessianVector() walks graphs of any depth", () => {
  const z = input("z", []);
  let deep: Node = z;
  for (let i = 0; i < 20000; i++) deep = add(deep, z);
  const [h] = hessianVector(mul(deep, deep), [z], [constant(1)]);
  const [value] = run([h!], new Map([[z, tensor(1)]]));
  assertAlmostEquals(value!.data[0]!, 2 * 20001 ** 2, 1e-3);
});
