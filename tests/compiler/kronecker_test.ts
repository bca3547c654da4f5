/** A factor for each axis on both targets: from the same state one compiled step is the oracle's. */
import * as E from "fp-ts/lib/Either.js";
import { assertEquals } from "../_assert.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { normal } from "../../src/nn/initial.ts";
import { objective } from "../../src/objective/objective.ts";
import { empiricalFisher, fisher } from "../../src/optimizer/calculating.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { curvature } from "../../src/optimizer/curvature.ts";
import * as dampings from "../../src/optimizer/damping.ts";
import { sum as total } from "../../src/optimizer/iterative.ts";
import * as lengths from "../../src/optimizer/length.ts";
import { kronecker } from "../../src/optimizer/structure.ts";
import { ema, scale } from "../../src/optimizer/transforms.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { add, mul, square, sub, sum } from "../../src/tensor/ops.ts";
import { regression, regressionData } from "../runtime/_objectives.ts";
import { targets } from "./_run_plan.ts";
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
];

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
