/** The functions of foreign/functions.py in the language of this project. */

import { gaussian } from "../../src/objective/likelihood.ts";
import type { Initializer } from "../../src/nn/initial.ts";
import { conv2d, dense, flatten } from "../../src/nn/layers.ts";
import { categorical } from "../../src/objective/likelihood.ts";
import { type Objective, objective } from "../../src/objective/objective.ts";
import type { Node } from "../../src/tensor/node.ts";
import * as ops from "../../src/tensor/ops.ts";

const {
  add,
  constant,
  cos,
  div,
  exp,
  log,
  mul,
  pow,
  sin,
  slice,
  square,
  stopGradient,
  sub,
  sum,
  tanh,
} = ops;

const C = [0.7, 1.1, 1.5, 1.9, 2.3, 2.7];
const WAVY_START = { a: [[0.5, -0.4], [0.3, 0.9]], b: [-1.1, 0.8] };
const MATRIX = [[4, 1, 0.5], [1, 3, -0.7], [0.5, -0.7, 1]];
const CENTRE = [0.3, -0.2, 0.5];
const EXAMPLES = 8, FEATURES = 4, CLASSES = 3;

function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}

function total(terms: readonly Node[]): Node {
  return terms.reduce((a, b) => add(a, b));
}

/** One element, as a scalar. */
function at(x: Node, ...place: number[]): Node {
  return sum(slice(x, place, place.map((i) => i + 1)));
}

function elements(a: Node, b: Node): Node[] {
  return [at(a, 0, 0), at(a, 0, 1), at(a, 1, 0), at(a, 1, 1), at(b, 0), at(b, 1)];
}

const quadratic = objective({
  parameters: { x: [1, -1, 2] },
  loss: ({ x }) => {
    const d = range(3).map((i) => sub(at(x, i), CENTRE[i]!));
    const rows = range(3).map((i) => total(range(3).map((j) => mul(MATRIX[i]![j]!, d[j]!))));
    return mul(0.5, total(range(3).map((i) => mul(d[i]!, rows[i]!))));
  },
});

const rosenbrock = objective({
  parameters: { x: -1.2, y: 1 },
  loss: ({ x, y }) => add(square(sub(1, x)), mul(100, square(sub(y, square(x))))),
});

/** Not convex. */
const wavy = objective({
  parameters: WAVY_START,
  loss: ({ a, b }) => {
    const x = elements(a, b);
    const own = x.map((xi, i) =>
      total([sin(mul(C[i]!, xi)), mul(0.1, square(xi)), mul(0.02, pow(xi, 4))])
    );
    const coupling = range(5).map((i) => mul(x[i]!, cos(x[i + 1]!)));
    return add(total(own), mul(0.3, total(coupling)));
  },
});

function wave(i: number): number {
  return Math.cos(1.7 * i * i + 0.3);
}

/** A square matrix and a tensor of order 3, whose gradients have full rank along every axis. Not convex. */
const twisted = objective({
  parameters: {
    w: range(3).map((i) => range(3).map((j) => wave(3 * i + j))),
    k: range(2).map((i) => range(2).map((j) => range(2).map((l) => wave(9 + 4 * i + 2 * j + l)))),
  },
  loss: ({ w, k }) => {
    const x = [
      ...range(9).map((n) => at(w, Math.floor(n / 3), n % 3)),
      ...range(8).map((n) => at(k, Math.floor(n / 4), Math.floor(n / 2) % 2, n % 2)),
    ];
    const own = x.map((y, i) =>
      total([sin(mul(0.7 + 0.1 * i, y)), mul(0.1, square(y)), mul(0.02, pow(y, 4))])
    );
    const coupling = range(16).map((i) => mul(x[i]!, cos(x[i + 1]!)));
    return add(total(own), mul(0.3, total(coupling)));
  },
});

/** Convex, with a diagonal Hessian: one probe of random signs gives the diagonal exactly. */
const separable = objective({
  parameters: WAVY_START,
  loss: ({ a, b }) =>
    total(
      elements(a, b).map((xi, i) =>
        total([mul(C[i]! / 2, square(xi)), mul(0.1, pow(xi, 4)), mul(0.3, sin(xi))])
      ),
    ),
});

/** Regression on classes, the mean of −log p over the examples. */
const softmax = objective({
  parameters: {
    w: range(CLASSES).map((c) => range(FEATURES).map((k) => 0.3 * Math.cos(4 * c + k))),
    b: [0.1, -0.2, 0.3],
  },
  loss: ({ w, b }) => {
    const losses = range(EXAMPLES).map((n) => {
      const logits = range(CLASSES).map((c) =>
        add(
          at(b, c),
          total(range(FEATURES).map((k) => mul(Math.sin(2 * n + 3 * k + 1), at(w, c, k)))),
        )
      );
      return sub(log(total(logits.map((z) => exp(z)))), logits[(7 * n) % CLASSES]!);
    });
    return div(total(losses), constant(EXAMPLES));
  },
});

const FIT_EXAMPLES = 8;

/**
 * Half the mean square of residuals of two hidden units and one output. The labels that are drawn are one off the output, up or
 * down: the outer product of the score does not depend on which, so that the Fisher matrix is known.
 */
const fit = objective({
  parameters: WAVY_START,
  batch: { x: [FIT_EXAMPLES], y: [FIT_EXAMPLES] },
  outputs: ({ a, b }, { x }) =>
    total(
      range(2).map((k) => mul(at(b, k), tanh(add(mul(at(a, k, 0), x), at(a, k, 1))))),
    ),
  likelihood: {
    loss: (z, { y }) => mul(0.5, square(sub(z, y!))),
    sample: (z, random) => ({ y: add(stopGradient(z), random.rademacher(z.shape)) }),
    hessian: (_z, _batch, v) => div(v, v.shape[0]!),
  },
});

const DECAY_TIMES = range(7);

/** Half the mean square of the residuals of a decaying exponential above a floor. */
const decay = objective({
  parameters: { height: 1, rate: 0, floor: 0 },
  batch: { t: [DECAY_TIMES.length], y: [DECAY_TIMES.length] },
  outputs: ({ height, rate, floor }, { t }) => add(mul(height, exp(mul(mul(-1, rate), t))), floor),
  likelihood: gaussian("y"),
});

const NETWORK_EXAMPLES = 6;

/** Numbers that repeat no pattern, in the order of their places. */
function waves(shape: readonly number[], scale: number, shift: number): Values {
  const size = shape.reduce((a, b) => a * b);
  const values = range(size).map((k) => scale * Math.sin((k + 1) * (k + 3.7) * 0.61 + shift));
  return { kind: "values", shape, values };
}

type Values = Extract<Initializer, { readonly kind: "values" }>;

/** A layer, tanh, and a dense layer on three classes. */
function network(
  inputs: readonly number[],
  weight: readonly number[],
  hidden: number,
  layer: (x: Node, w: Node, b: Node) => Node,
): Objective {
  const built = objective({
    parameters: {
      w: waves(weight, 0.5, 1),
      b: waves([weight[0]!], 0.2, 2),
      v: waves([3, hidden], 0.5, 3),
      c: waves([3], 0.2, 4),
    },
    batch: { x: [NETWORK_EXAMPLES, ...inputs], y: [NETWORK_EXAMPLES] },
    outputs: ({ w, b, v, c }, { x }) => dense(flatten(tanh(layer(x, w, b))), v, c),
    likelihood: categorical("y"),
  });
  return built as unknown as Objective;
}

const perceptron = network([4], [5, 4], 5, dense);
const convolution = network(
  [2, 4, 4],
  [3, 2, 3, 2],
  3 * 2 * 3,
  (x, w, bias) => conv2d(x, w, { bias, stride: [2, 1], padding: [1, 0] }),
);

const networkData = (inputs: readonly number[]) => ({
  x: waves([NETWORK_EXAMPLES, ...inputs], 1, 5).values,
  y: range(NETWORK_EXAMPLES).map((n) => 7 * n % 3),
});

/** What a function has of data, by the names of the functions. */
export const DATA: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>> = {
  fit: {
    x: range(FIT_EXAMPLES).map((n) => Math.sin(1.7 * n)),
    y: range(FIT_EXAMPLES).map((n) => Math.cos(n)),
  },
  decay: {
    t: DECAY_TIMES,
    y: DECAY_TIMES.map((t) => 5 * 0.6 ** t + 0.3 * Math.sin(5 * t)),
  },
  perceptron: networkData([4]),
  convolution: networkData([2, 4, 4]),
};

/** By the names of the data. */
export const FUNCTIONS: Readonly<Record<string, Objective>> = {
  quadratic,
  rosenbrock,
  wavy,
  softmax,
  separable,
  twisted,
  fit,
  decay,
  perceptron,
  convolution,
} as unknown as Readonly<Record<string, Objective>>;
