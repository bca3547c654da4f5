/** A factor for each axis on both targets: from the same state one compiled step is the oracle's. */
import * as E from "fp-ts/lib/Either.js";
import { assertEquals, assertLess } from "../_assert.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { normal, zeros } from "../../src/nn/initial.ts";
import { objective } from "../../src/objective/objective.ts";
import { empiricalFisher, fisher } from "../../src/optimizer/calculating.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { curvature } from "../../src/optimizer/curvature.ts";
import * as dampings from "../../src/optimizer/damping.ts";
import { sum as total } from "../../src/optimizer/iterative.ts";
import * as lengths from "../../src/optimizer/length.ts";
import { coupledNewton, newtonSchulz } from "../../src/optimizer/solver.ts";
import { kronecker } from "../../src/optimizer/kronecker.ts";
import { ema, scale, trace } from "../../src/optimizer/transforms.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { add, mul, square, sub, sum } from "../../src/tensor/ops.ts";
import { regression, regressionData } from "../runtime/_objectives.ts";
import {
  apart,
  composed,
  graded,
  identity,
  inverse,
  numbers,
  orthogonal,
  power,
  product,
  transposed,
} from "../linalg/_matrices.ts";
import { planOf, start, targets } from "./_run_plan.ts";
import { differences } from "./_steps.ts";

/** Tensors of orders 0, 1 and 4. */
const orders = objective({
  parameters: { k: normal([2, 3, 2, 2], 1), b: normal([3], 1), s: 0.5 },
  loss: ({ k, b, s }) => {
    const folded = sum(k, [0, 2, 3]);
    return add(sum(square(sub(mul(folded, s), b))), mul(0.3, sum(square(square(k)))));
  },
});

const damped = { structure: kronecker(), damping: dampings.add(0.1) };

const STAGES: readonly (readonly [string, AnyObjective, number, Optimizer])[] = [
  [
    "roots of a sum, kept for two steps",
    regression as AnyObjective,
    15,
    curvature({
      structure: kronecker(),
      calculating: empiricalFisher(),
      iterative: total({ initial: 0.1 }),
      length: lengths.gradientNorm(),
      every: { factor: 2 },
    }),
  ],
  [
    "the examples' gradients, sampled every other step",
    regression as AnyObjective,
    15,
    curvature({
      ...damped,
      calculating: fisher({ from: "examples" }),
      iterative: ema({ decay: 0.9, debias: true }),
      length: lengths.normalized({ per: "tensor" }),
      every: { sample: 2, factor: 4 },
    }),
  ],
  [
    "orders 0, 1 and 4",
    orders as AnyObjective,
    28,
    curvature({
      ...damped,
      calculating: empiricalFisher(),
      iterative: ema({ decay: 0.5, initial: 0.3 }),
      length: lengths.gradientNorm(),
      direction: ema({ decay: 0.5 }),
    }),
  ],
  [
    "trailing axes in one, which keeps a diagonal",
    orders as AnyObjective,
    28,
    curvature({
      ...damped,
      structure: kronecker({ merge: "trailing", largest: 3, exponent: 1 }),
      calculating: empiricalFisher(),
      iterative: total({ initial: 0.3 }),
      length: lengths.clipped(0.5, { per: "tensor" }),
    }),
  ],
  [
    "roots of Newton's iteration, kept for two steps",
    regression as AnyObjective,
    15,
    curvature({
      structure: kronecker({ merge: "trailing", largest: 4, longer: "blocks" }),
      calculating: empiricalFisher(),
      iterative: total({ initial: 0.1 }),
      length: lengths.normalized({ per: "tensor" }),
      solver: coupledNewton(),
      every: { factor: 2 },
    }),
  ],
  [
    "orthogonal factors of orders 0, 1 and 4",
    orders as AnyObjective,
    28,
    chain(
      trace({ decay: 0.9, nesterov: true }),
      curvature({
        structure: kronecker({ merge: "trailing" }),
        calculating: empiricalFisher(),
        length: lengths.gradientNorm(),
        solver: newtonSchulz(),
      }),
    ),
  ],
];

const ROWS = 16, COLUMNS = 24;

for (const target of targets) {
  for (const order of target === "js" ? [2, 4, 8] : [4]) {
    Deno.test(`coupledNewton() on ${target} has roots of order ${order} at a condition of 1e6`, async () => {
      const random = numbers(order), n = ROWS * COLUMNS;
      const left = orthogonal(ROWS, ROWS, random), right = orthogonal(COLUMNS, ROWS, random);
      const g = product(
        product(left, composed(identity(ROWS), graded(ROWS, 1e3))),
        transposed(right),
      );
      const problem = objective({
        parameters: { x: zeros([ROWS, COLUMNS]) },
        batch: { g: [ROWS, COLUMNS] },
        loss: ({ x }, { g }) => sum(mul(g, x)),
      }) as AnyObjective;
      const optimizer = curvature({
        structure: kronecker({ exponent: 2 / order }),
        calculating: empiricalFisher(),
        iterative: total({ initial: 1e-6 }),
        length: lengths.gradientNorm(),
        solver: coupledNewton(),
        every: { factor: 2 },
      });
      const program = lower(problem, optimizer);
      if (E.isLeft(program)) throw program.left;
      const values = new Map([["theta", new Float64Array(n)], ["batch/g", g.data]]);
      const executor = await start(planOf(program.right, target), values);
      try {
        executor.step(1);
        const sums = await executor.read("state/curvature/iterative/0/sum");
        let at = 0;
        for (const [axis, size] of [ROWS, COLUMNS].entries()) {
          const kept = {
            rows: size,
            columns: size,
            data: Float64Array.from(sums.slice(at, at + size ** 2)),
          };
          const root = await executor.read(`state/curvature/factor/x/${axis}/root`);
          const x = { rows: size, columns: size, data: Float64Array.from(root) };
          const found = power(inverse(x), order);
          assertLess(apart(found, kept), 1e-4);
          at += size ** 2;
        }
        const failed = (await executor.records(0, 1)).get("record/curvature/failed");
        assertEquals([...failed!], [0]);
      } finally {
        executor.dispose();
      }
    });
  }
}

for (const target of targets) {
  for (const [name, problem, size, stage] of STAGES) {
    Deno.test(`kronecker() on ${target} takes the oracle's steps: ${name}`, async () => {
      const program = lower(problem, chain(stage, scale(0.3)));
      if (E.isLeft(program)) throw program.left;
      const start = Array.from({ length: size }, (_, i) => Math.sin(i * i + 1));
      const data = problem === regression;
      const { wrong } = await differences(program.right, {
        steps: 5,
        target,
        thetas: [start, start.map((x) => 0.9 * x)],
        seeds: [3, 4],
        slots: data
          ? new Map([["batch/x", regressionData.x], ["batch/y", regressionData.y]])
          : new Map(),
      });
      assertEquals(wrong, []);
    });
  }
}
