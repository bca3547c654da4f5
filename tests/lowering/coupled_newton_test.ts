/** `coupledNewton()` against the eigenvectors of the same sums, whose terms do not commute. */
import { assert, assertEquals, assertLess } from "../_assert.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { zeros } from "../../src/nn/initial.ts";
import { objective } from "../../src/objective/objective.ts";
import { empiricalFisher, fisher } from "../../src/optimizer/calculating.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { curvature, type CurvatureOptions } from "../../src/optimizer/curvature.ts";
import { factored, toSample } from "../../src/optimizer/damping.ts";
import { sum as total } from "../../src/optimizer/iterative.ts";
import * as lengths from "../../src/optimizer/length.ts";
import { coupledNewton, eigen, type Solver } from "../../src/optimizer/solver.ts";
import { full } from "../../src/optimizer/structure.ts";
import { kronecker } from "../../src/optimizer/kronecker.ts";
import { ema, scale } from "../../src/optimizer/transforms.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { add, constant, mul, sum, tanh } from "../../src/tensor/ops.ts";
import { follow, type FollowOptions } from "./_follow.ts";
import { at, cnn, EXAMPLES, numbers, range } from "./_networks.ts";

const EXACT = coupledNewton({ ridge: 0, tolerance: 1e-12 });

const LENGTHS = {
  none: lengths.none(),
  gradientNorm: lengths.gradientNorm(),
  power: lengths.power(0.25),
  normalized: lengths.normalized(),
  clipped: lengths.clipped(0.5),
};

/** How far apart the steps of both solvers are, in the longest of them. */
function between(
  problem: AnyObjective,
  start: readonly number[],
  stageBy: (solver: Solver) => ReturnType<typeof curvature>,
  options: FollowOptions = {},
): number {
  const [exact, found] = [eigen(), EXACT].map((solver) => {
    const { thetas, records } = follow(
      problem,
      chain(stageBy(solver), scale(0.3)),
      start,
      4,
      options,
    );
    for (const record of records) {
      for (const [name, value] of record) if (name.endsWith("failed")) assertEquals(value, 0);
    }
    return thetas;
  });
  const moved = Math.max(...exact![4]!.map((x, i) => Math.abs(x - start[i]!)));
  assert(moved > 1e-3);
  return Math.max(...exact![4]!.map((x, i) => Math.abs(x - found![4]![i]!))) / moved;
}

const N = 7;
/** A gradient that turns as θ moves. */
const turning = objective({
  parameters: { x: zeros([N]) },
  loss: ({ x }) =>
    range(3).map((k) => {
      const along = sum(mul(constant(numbers(N, k), [N]), x));
      return add(mul(k + 1, tanh(along)), mul(0.5, mul(along, along)));
    }).reduce((a, b) => add(a, b)),
}) as AnyObjective;

for (const [name, length] of Object.entries(LENGTHS)) {
  Deno.test(`coupledNewton() on full() takes the steps of eigen(): ${name}`, () => {
    const options: Partial<CurvatureOptions> = { iterative: total({ initial: 0.1 }) };
    const damped: Partial<CurvatureOptions> = {
      iterative: ema({ decay: 0.7 }),
      damping: toSample(0.2),
    };
    for (const slots of [options, damped]) {
      for (const factor of [1, 2]) {
        const stage = (solver: Solver) =>
          curvature({
            calculating: empiricalFisher(),
            structure: full(),
            length,
            solver,
            every: { factor },
            ...slots,
          });
        assertLess(between(turning, numbers(N, 9), stage), 1e-6);
      }
    }
  });
}

const LABELS = [2, 0, 3, 2];
const network = cnn as AnyObjective;
const { theta, x } = at(network, LABELS);
const slots = new Map([
  ["batch/x", tensor(x, [EXAMPLES, 2, 5, 6])],
  ["batch/y", tensor(LABELS, [EXAMPLES], "u32")],
]);

for (const [name, length] of Object.entries(LENGTHS)) {
  Deno.test(`coupledNewton() by layer, damped by factors, takes the steps of eigen(): ${name}`, () => {
    for (
      const [largest, calculating] of [
        [256, empiricalFisher({ from: "examples" })],
        [12, fisher()],
      ] as const
    ) {
      const stage = (solver: Solver) =>
        curvature({
          calculating,
          structure: kronecker({ of: "layers", largest }),
          iterative: ema({ decay: 0.6, debias: true }),
          damping: factored(0.03),
          length,
          solver,
          every: { factor: 2 },
        });
      assertLess(between(network, theta, stage, { seed: 3, slots }), 1e-6);
    }
  });
}
