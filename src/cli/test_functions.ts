/**
 * Functions with known minima, to watch an optimizer on.
 *
 * @module
 */
import type { Parameters, Tensors } from "../nn/parameters.ts";
import { type Objective, objective } from "../objective/objective.ts";
import type { Node } from "../tensor/node.ts";
import {
  add,
  constant,
  cos,
  mul,
  neg,
  pow,
  reshape,
  slice,
  square,
  sub,
  sum,
} from "../tensor/ops.ts";

/** A function to minimise by name. */
export interface TestFunction {
  /** One line for a person. */
  readonly formula: string;
  /** Where it starts unless a start is given. */
  readonly start: readonly number[];
  /** The loss of θ, a vector. */
  readonly loss: (theta: Node) => Node;
  /** The least value, where it is known. */
  readonly least?: number;
}

const at = (theta: Node, i: number): Node => reshape(slice(theta, [i], [i + 1]), []);

/** Eigenvalues 1 … 1000, evenly spaced in the logarithm. */
function conditioned(theta: Node): Node {
  const n = theta.shape[0]!;
  const eigenvalues = Array.from({ length: n }, (_, i) => 10 ** (3 * i / Math.max(1, n - 1)));
  return mul(0.5, sum(mul(constant(eigenvalues), square(theta))));
}

/** Every function that `steepest minimize` knows. */
export const TEST_FUNCTIONS: Readonly<Record<string, TestFunction>> = {
  quadratic: {
    formula: "x² + 10 y²",
    start: [1, 1],
    least: 0,
    loss: (t) => add(square(at(t, 0)), mul(10, square(at(t, 1)))),
  },
  conditioned: {
    formula: "½ Σ λᵢ xᵢ², λ from 1 to 1000",
    start: Array.from({ length: 50 }, () => 1),
    least: 0,
    loss: conditioned,
  },
  rosenbrock: {
    formula: "(1 − x)² + 100 (y − x²)²",
    start: [-3, -4],
    least: 0,
    loss: (t) => {
      const [x, y] = [at(t, 0), at(t, 1)];
      return add(square(sub(1, x)), mul(100, square(sub(y, square(x)))));
    },
  },
  saddle: {
    formula: "x² − y² + y⁴/4 + 1, a saddle at 0",
    start: [1, 1e-3],
    least: 0,
    loss: (t) => {
      const [x, y] = [at(t, 0), at(t, 1)];
      return add(sub(square(x), square(y)), add(mul(0.25, pow(y, 4)), 1));
    },
  },
  beale: {
    formula: "(1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)²",
    start: [1, 1],
    least: 0,
    loss: (t) => {
      const [x, y] = [at(t, 0), at(t, 1)];
      const term = (c: number, n: number) => square(add(sub(c, x), mul(x, pow(y, n))));
      return add(term(1.5, 1), add(term(2.25, 2), term(2.625, 3)));
    },
  },
  rastrigin: {
    formula: "10 n + Σ (xᵢ² − 10 cos 2π xᵢ), many minima",
    start: [0.4, -0.3],
    least: 0,
    loss: (t) =>
      add(
        10 * t.shape[0]!,
        sum(add(square(t), neg(mul(10, cos(mul(2 * Math.PI, t)))))),
      ),
  },
};

/** A test function from a starting point, with its parameters as the vector `theta`. */
export function testObjective(
  chosen: TestFunction,
  start: readonly number[],
): Objective<{ readonly theta: readonly number[] }> {
  return objective({
    parameters: { theta: start },
    loss: ({ theta }: Tensors<{ theta: readonly number[] } & Parameters>) => chosen.loss(theta),
    ...(chosen.least === undefined ? {} : { lowerBound: chosen.least }),
  });
}
