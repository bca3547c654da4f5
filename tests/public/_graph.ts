/** Calls of what builds graphs. */
import * as steepest from "../../mod.ts";
import {
  given,
  NUMBERS,
  optional,
  optionals,
  options,
  row,
  type Rows,
  rowsOf,
} from "./_arguments.ts";
import { type Argument, NAMES, type WrongName } from "./_wrong.ts";

const x = steepest.input("x", [2, 3]);
const tensor = (right: steepest.Node = x, ...fine: readonly WrongName[]): Argument =>
  given(right, "tensor", ...fine);
const operand = tensor(x, ...NUMBERS, "NaN");
const labels = steepest.input("labels", [2], "u32");
const shape = given([2, 3], "list");
const images = steepest.input("images", [2, 1, 6, 6]);
const initializer = steepest.zeros([2]);
const formal = steepest.input("carried", []);
const loop = { times: 3, formals: [formal], next: [steepest.mul(2, formal)] };
const form = (...factors: readonly number[]) => ({ constant: 0, factors });
const seed = steepest.input("seed", [], "u32");
const model = steepest.mlp({ input: [1, 28, 28], classes: 10 });

let source: steepest.RandomSource | undefined;
steepest.objective({
  parameters: { x: 1 },
  loss: ({ x }, _, mode) => {
    source = mode.random("rows");
    return steepest.square(x);
  },
});
const random = source!;
/** Primitives and arithmetic. */
export const GRAPH: Rows = {
  ...rowsOf(["neg", "exp", "expm1", "log", "log1p", "sqrt", "stopGradient", "sin", "cos"], operand),
  ...rowsOf(["erf", "square", "lift", "tanh"], operand),
  ...rowsOf(["sub", "mul", "div", "pow", "min"], operand, operand),
  ...rowsOf(["norm", "transpose", "relu", "sigmoid", "softplus", "gelu", "flatten"], tensor()),
  ...rowsOf(["softmax", "logSoftmax"], tensor(), optional(1)),
  ...rowsOf(["mean"], tensor(), optional([1], "list")),
  ...rowsOf(["softmaxCrossEntropy", "accuracy"], tensor(), given(labels)),
  ...rowsOf(["squaredError", "euclideanDistance", "dot"], tensor(), tensor()),
  abs: row(steepest.abs, optional(x, "tensor", ...NUMBERS, "NaN")),
  sign: row(steepest.sign, optional(x, "tensor", ...NUMBERS, "NaN")),
  floor: row(steepest.floor, given(x)),
  sum: row(steepest.sum, given(x, "undefined", "object"), optional([1], "list")),
  max: row(steepest.max, given(x), given(0, "NaN")),
  add: row(steepest.add, operand, operand),
  constant: row(steepest.constant, given([1, 2]), optional([2])),
  unary: row(steepest.unary, given("neg"), operand),
  binary: row(steepest.binary, given("add"), operand, operand),
  compare: row(steepest.compare, given("lt"), operand, operand),
  select: row(steepest.select, given(steepest.compare("lt", x, 0)), operand, operand),
  cast: row(steepest.cast, tensor(), given("u32")),
  matmul: row(steepest.matmul, tensor(), tensor(steepest.input("y", [3, 2]))),
  input: row(steepest.input, given("a"), shape, optional("f32"), optional(1)),
  iota: row(steepest.iota, shape, given(0)),
  broadcastShapes: row(
    steepest.broadcastShapes,
    given("add", ...NAMES),
    given([[2], [1, 2]], "list"),
  ),
  broadcastTo: row(steepest.broadcastTo, operand, shape),
  broadcast: row(steepest.broadcast, tensor(), given([4, 2, 3]), given([1, 2])),
  reduce: row(steepest.reduce, given("sum"), tensor(), optional([1], "list")),
  reshape: row(steepest.reshape, tensor(), given([3, 2])),
  permute: row(steepest.permute, tensor(), given([1, 0])),
  slice: row(steepest.slice, tensor(), given([0, 0]), given([1, 2]), optional([1, 1])),
  pad: row(steepest.pad, tensor(), given([0, 0]), given([1, 2]), optional([1, 1])),
  concatenate: row(steepest.concatenate, given([x, x]), given(0)),
  contraction: row(
    steepest.contraction,
    given([2, 3]),
    given([x]),
    given([[form(1, 0), form(0, 1)]]),
    given([form(1, 0)]),
    given([2]),
  ),
  gather: row(steepest.gather, tensor(), given(labels)),
  scatterAdd: row(steepest.scatterAdd, given(labels), tensor(), given(4)),
  randomBits: row(steepest.randomBits, given(seed), given(seed), given(7), shape),
  repeat: row(
    steepest.repeat,
    {
      ...options({ times: given(3, "three"), formals: given([formal]), next: given(loop.next) }),
      open: true,
    },
    given([seed].map(() => formal)),
    optional([], "list"),
  ),
};

/** Layers, losses, initialisers and models. */
export const NETWORKS: Rows = {
  ...rowsOf(["zeros", "ones"], shape),
  ...rowsOf(["filled", "uniform", "normal"], shape, given(0.5, ...NUMBERS)),
  glorotUniform: row(steepest.glorotUniform, given([2, 3])),
  pytorchUniform: row(steepest.pytorchUniform, shape, given(3, "three", "fraction")),
  initialValues: row(
    steepest.initialValues,
    given(initializer),
    given(7, "three"),
    given("a/b", "text"),
  ),
  streamOf: row(steepest.streamOf, given("a", "text")),
  dropout: row(steepest.dropout, tensor(), given(0.5), given(random)),
  channelDropout: row(steepest.channelDropout, tensor(), given(0.5), given(random)),
  conv2d: row(
    steepest.conv2d,
    given(images),
    given(steepest.input("w", [4, 1, 3, 3])),
    optionals({
      bias: optional(steepest.input("b", [4])),
      stride: optional(1, "three"),
      padding: optional(0, "three"),
      dilation: optional(1),
      groups: optional(1),
    }),
  ),
  dense: row(
    steepest.dense,
    tensor(),
    tensor(steepest.input("w", [4, 3])),
    optional(steepest.input("b", [4])),
  ),
  ...rowsOf(
    ["maxPool2d", "averagePool2d"],
    given(images),
    options({ size: given(2, "three"), stride: optional(2, "three"), padding: optional(0) }),
  ),
  mlp: row(
    steepest.mlp,
    options({
      input: given([2, 3], "three", "list"),
      hidden: optional([4], "list"),
      classes: given(2, "three"),
      activation: optional("tanh"),
    }),
  ),
  mnistCnn: row(
    steepest.mnistCnn,
    optionals({
      dropout: optional(false, "true"),
      normalise: optional({ mean: 0, deviation: 1 }, "null"),
      widths: optional([1, 2, 3]),
    }),
  ),
};

/** Objectives and what they are made of. */
export const OBJECTIVES: Rows = {
  u32: row(steepest.u32, shape),
  categorical: row(steepest.categorical, given("y", "text")),
  gaussian: row(steepest.gaussian, given("y", "text")),
  classification: row(steepest.classification, given(model), given(2, "three")),
  objective: row(
    steepest.objective,
    options({
      parameters: given({ x: 1 }),
      batch: optional({ a: [2] }, "object"),
      lowerBound: optional(0, ...NUMBERS),
      loss: given(({ x }: { readonly x: steepest.Node }) => steepest.square(x)),
    }),
  ),
  likelihoods: row(
    steepest.objective,
    options({
      parameters: given({ w: [[1]] }),
      batch: given({ x: [2, 1], y: [2, 1] }),
      outputs: given((
        { w }: { readonly w: steepest.Node },
        { x }: { readonly x: steepest.Node },
      ) => steepest.matmul(x, w)),
      likelihood: options({
        loss: given((z: steepest.Node) => steepest.reshape(z, [2])),
        sample: optional(() => ({}), "function"),
        hessian: optional((_: unknown, __: unknown, v: steepest.Node) => v, "function"),
      }),
    }),
  ),
};
