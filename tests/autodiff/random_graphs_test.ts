import fc from "fast-check";
import {
  add,
  broadcast,
  compare,
  concatenate,
  div,
  exp,
  input,
  matmul,
  mul,
  pad,
  reduce,
  reshape,
  select,
  sin,
  slice,
  stopGradient,
  sub,
  sum,
  tanh,
  transpose,
} from "../../src/tensor/ops.ts";

import type { Node } from "../../src/tensor/node.ts";
import { gradient } from "../../src/autodiff/vjp.ts";
import { hessianVector } from "../../src/autodiff/products.ts";
import { assertAlmostEquals } from "../_assert.ts";
import { fillInputs, inner, run } from "./_graphs.ts";
import { checkDerivatives } from "./_laws.ts";

const x = input("x", [3, 3]), y = input("y", [3, 3]);

/** Smooth operations from two [3, 3] tensors to one, bounded so that no value explodes. */
const OPERATIONS: readonly ((a: Node, b: Node) => Node)[] = [
  (a, b) => add(a, mul(0.5, b)),
  (a, b) => sub(b, a),
  (a, b) => mul(tanh(a), b),
  (a, b) => div(a, add(1, mul(b, b))),
  (a) => sin(a),
  (a) => exp(mul(0.5, tanh(a))),
  (a, b) => mul(0.3, matmul(a, transpose(b))),
  (a, b) => tanh(matmul(a, b)),
  (a) => broadcast(sum(mul(a, 0.4), [1]), [3, 3], [0]),
  (a, b) => slice(concatenate([a, b], 0), [1, 0], [6, 3], [2, 1]),
  (a, b) => add(b, pad(slice(a, [0, 1], [2, 3]), [1, 0], [0, 0], [0, 1])),
  (a) => reshape(transpose(a), [3, 3]),
  (a, b) => mul(a, stopGradient(b)),
];

/** Also operations with kinks, which have no differences to compare with near them. */
const KINKED: readonly ((a: Node, b: Node) => Node)[] = [
  ...OPERATIONS,
  (a, b) => select(compare("gt", a, b), mul(a, b), b),
  (a) => broadcast(reduce("max", a, [0]), [3, 3], [1]),
];

const program = fc.tuple(
  fc.array(fc.tuple(fc.nat(1000), fc.nat(100), fc.nat(100)), { minLength: 1, maxLength: 12 }),
  fc.nat(1000),
);

function build(
  steps: readonly (readonly [number, number, number])[],
  operations: readonly ((a: Node, b: Node) => Node)[],
): Node {
  const values: Node[] = [x, y];
  for (const [op, i, j] of steps) {
    // The later of the values are preferred, so that graphs are deep.
    const pick = (k: number) => values[values.length - 1 - k % Math.min(values.length, 4)]!;
    values.push(operations[op % operations.length]!(pick(i), pick(j)));
  }
  return values[values.length - 1]!;
}

/** Stops count as constants in derivatives, never in differences. */
const withoutStop = OPERATIONS.slice(0, -1);

Deno.test("jvp() and vjp() of random graphs agree with differences, twice over", () => {
  fc.assert(
    fc.property(program, ([steps, seed]) => {
      const root = build(steps, withoutStop);
      const values = fillInputs([root, x, y], new Map(), seed);
      checkDerivatives([root], [x, y], values, { seed, tolerance: 1e-6 });
      const grads = gradient(sum(mul(root, root)), [x, y]);
      checkDerivatives(grads, [x, y], values, { seed, tolerance: 1e-5 });
    }),
    { seed: 11, numRuns: 100 },
  );
});

Deno.test("vjp() is the adjoint of jvp() for random graphs with kinks and stops", () => {
  fc.assert(
    fc.property(program, ([steps, seed]) => {
      const root = build(steps, KINKED);
      const values = fillInputs([root, x, y], new Map(), seed);
      checkDerivatives([root], [x, y], values, { seed, smooth: false });
    }),
    { seed: 12, numRuns: 100 },
  );
});

Deno.test("hessianVector() of random graphs is symmetric", () => {
  const u = [input("u0", [3, 3]), input("u1", [3, 3])];
  const v = [input("v0", [3, 3]), input("v1", [3, 3])];
  fc.assert(
    fc.property(program, ([steps, seed]) => {
      const loss = sum(mul(build(steps, withoutStop), 1.5));
      const values = fillInputs([loss, x, y, ...u, ...v], new Map(), seed);
      const at = (nodes: readonly Node[]) => run(nodes, values);
      const left = inner(at(u), at(hessianVector(loss, [x, y], v)));
      const right = inner(at(v), at(hessianVector(loss, [x, y], u)));
      assertAlmostEquals(left, right, 1e-9 * Math.max(1, Math.abs(left)));
    }),
    { seed: 13, numRuns: 60 },
  );
});
