/** Functions to minimise, with gradients and Hessian products written by hand. */

import { type Objective, objective } from "../../src/objective/objective.ts";
import {
  add,
  constant,
  cos,
  mul,
  pow,
  sin,
  slice,
  square,
  sub,
  sum,
} from "../../src/tensor/ops.ts";

export type Vector = readonly number[];

/** A function, as an objective and by hand. */
export interface Problem {
  readonly name: string;
  readonly objective: Objective;
  readonly start: Vector;
  /** A rate at which plain descent converges. */
  readonly rate: number;
  f(x: Vector): number;
  g(x: Vector): number[];
  hessianTimes(x: Vector, v: Vector): number[];
}

const quadratic: Problem = {
  name: "quadratic",
  objective: objective({
    parameters: { x: [1, 1] },
    loss: ({ x }) => sum(mul(constant([1, 16]), square(x))),
  }) as Objective,
  start: [1, 1],
  rate: 0.03,
  f: ([x, y]) => x! ** 2 + 16 * y! ** 2,
  g: ([x, y]) => [2 * x!, 32 * y!],
  hessianTimes: (_, [a, b]) => [2 * a!, 32 * b!],
};

const rosenbrock: Problem = {
  name: "Rosenbrock",
  objective: objective({
    parameters: { x: -1.2, y: 1 },
    loss: ({ x, y }) => add(square(sub(1, x)), mul(100, square(sub(y, square(x))))),
  }) as Objective,
  start: [-1.2, 1],
  rate: 5e-4,
  f: ([x, y]) => (1 - x!) ** 2 + 100 * (y! - x! ** 2) ** 2,
  g: ([x, y]) => [-2 * (1 - x!) - 400 * x! * (y! - x! ** 2), 200 * (y! - x! ** 2)],
  hessianTimes: ([x, y], [a, b]) => [
    (2 - 400 * (y! - 3 * x! ** 2)) * a! - 400 * x! * b!,
    -400 * x! * a! + 200 * b!,
  ],
};

/** Σ sin(cᵢxᵢ) + x²ᵢ/10 + x⁴ᵢ/50 + 0.3·Σ xᵢ·cos xᵢ₊₁, not convex, in two parameters of six elements. */
const wavy: Problem = (() => {
  const c = [0.7, 1.1, 1.5, 1.9, 2.3, 2.7];
  const at = (x: Vector, i: number) => x[i]!;
  return {
    name: "wavy",
    objective: objective({
      parameters: { a: [[0.5, -0.4], [0.3, 0.9]], b: [-1.1, 0.8] },
      loss: ({ a, b }) => {
        const x = [
          ...[0, 1].flatMap((i) => [0, 1].map((j) => sum(slice(a, [i, j], [i + 1, j + 1])))),
          ...[0, 1].map((i) => sum(slice(b, [i], [i + 1]))),
        ];
        let total = constant(0);
        x.forEach((xi, i) => {
          total = add(total, sin(mul(c[i]!, xi)));
          total = add(total, add(mul(0.1, square(xi)), mul(0.02, pow(xi, 4))));
          if (i < 5) total = add(total, mul(0.3, mul(xi, cos(x[i + 1]!))));
        });
        return total;
      },
    }) as Objective,
    start: [0.5, -0.4, 0.3, 0.9, -1.1, 0.8],
    rate: 0.05,
    f: (x: Vector) =>
      x.reduce((s, xi, i) =>
        s + Math.sin(c[i]! * xi) + 0.1 * xi ** 2 + 0.02 * xi ** 4 +
        (i < 5 ? 0.3 * xi * Math.cos(at(x, i + 1)) : 0), 0),
    g: (x: Vector) =>
      x.map((xi, i) =>
        c[i]! * Math.cos(c[i]! * xi) + 0.2 * xi + 0.08 * xi ** 3 +
        (i < 5 ? 0.3 * Math.cos(at(x, i + 1)) : 0) -
        (i > 0 ? 0.3 * at(x, i - 1) * Math.sin(xi) : 0)
      ),
    hessianTimes: (x: Vector, v: Vector) =>
      x.map((xi, i) => {
        let h = (-(c[i]! ** 2) * Math.sin(c[i]! * xi) + 0.2 + 0.24 * xi ** 2) * at(v, i);
        if (i < 5) h -= 0.3 * Math.sin(at(x, i + 1)) * at(v, i + 1);
        if (i > 0) {
          h -= 0.3 * Math.sin(xi) * at(v, i - 1);
          h -= 0.3 * at(x, i - 1) * Math.cos(xi) * at(v, i);
        }
        return h;
      }),
  };
})();

export const PROBLEMS: readonly Problem[] = [quadratic, rosenbrock, wavy];
