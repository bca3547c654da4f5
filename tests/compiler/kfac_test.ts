/** Factors of layers on both targets, against the oracle. */
import { assertEquals } from "../_assert.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { empiricalFisher, fisher } from "../../src/optimizer/calculating.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { curvature } from "../../src/optimizer/curvature.ts";
import { add, factored } from "../../src/optimizer/damping.ts";
import { clipped, gradientNorm } from "../../src/optimizer/length.ts";
import { cholesky } from "../../src/optimizer/solver.ts";
import { kronecker } from "../../src/optimizer/kronecker.ts";
import { ema, scale } from "../../src/optimizer/transforms.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { at, cnn } from "../lowering/_networks.ts";
import { right, targets } from "./_run_plan.ts";
import { differences } from "./_steps.ts";

const LABELS = [2, 0, 3, 2];
const structure = kronecker({ of: "layers" }), iterative = ema({ decay: 0.9, debias: true });

const STAGES: readonly (readonly [string, Optimizer])[] = [
  [
    "sampled labels, a factored damping and a norm",
    curvature({
      calculating: fisher(),
      structure,
      iterative,
      damping: factored(0.03),
      length: clipped(0.5),
      solver: cholesky(),
      every: { factor: 2 },
    }),
  ],
  [
    "given labels and roots",
    curvature({
      calculating: empiricalFisher({ from: "examples" }),
      structure: kronecker({ of: "layers", largest: 13 }),
      iterative,
      damping: add(0.01),
      length: gradientNorm(),
    }),
  ],
];

for (const target of targets) {
  for (const [name, stage] of target === "js" ? STAGES : STAGES.slice(0, 1)) {
    Deno.test(`kronecker() by layer on ${target} takes the oracle's steps: ${name}`, async () => {
      const { theta, x } = at(cnn as AnyObjective, LABELS);
      const { wrong } = await differences(
        right(lower(cnn as AnyObjective, chain(stage, scale(0.3)))),
        {
          steps: 3,
          target,
          // Kernels of one copy are a quarter as long.
          thetas: target === "js" ? [theta, theta.map((v) => 0.9 * v)] : [theta],
          seeds: [3, 4],
          slots: new Map([
            ["batch/x", x],
            ["batch/y", LABELS],
          ]),
        },
      );
      assertEquals(wrong, []);
    });
  }
}
