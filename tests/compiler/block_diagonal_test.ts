/** A matrix for each block on both targets: from the same state one compiled step is the oracle's. */
import * as E from "fp-ts/lib/Either.js";
import { assertEquals } from "../_assert.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { empiricalFisher, hessian } from "../../src/optimizer/calculating.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { curvature } from "../../src/optimizer/curvature.ts";
import * as dampings from "../../src/optimizer/damping.ts";
import * as lengths from "../../src/optimizer/length.ts";
import { blockDiagonal } from "../../src/optimizer/structure.ts";
import { ema, scale } from "../../src/optimizer/transforms.ts";
import { regression, regressionData } from "../runtime/_objectives.ts";
import { targets } from "./_run_plan.ts";
import { differences } from "./_steps.ts";

const START = Array.from({ length: 15 }, (_, i) => Math.sin(i));
const SLOTS = new Map([["batch/x", regressionData.x], ["batch/y", regressionData.y]]);

const STAGES = {
  "products in blocks of two sizes, kept for two steps": curvature({
    structure: blockDiagonal({ per: 4 }),
    calculating: hessian(),
    damping: dampings.add(0.1),
    every: { factor: 2 },
  }),
  "the examples' gradients by unit": curvature({
    structure: blockDiagonal({ per: "unit" }),
    calculating: empiricalFisher({ from: "examples" }),
    iterative: ema({ decay: 0.9, debias: true }),
    length: lengths.clipped(0.5, { per: "unit" }),
    damping: dampings.add(0.1),
    every: { sample: 2 },
  }),
};

for (const target of targets) {
  // The kernels of one eigenvalue problem are like those of another, and take seconds to compile.
  for (const [name, stage] of Object.entries(STAGES).slice(0, target === "wgsl" ? 1 : 2)) {
    Deno.test(`blockDiagonal() on ${target} takes the oracle's steps: ${name}`, async () => {
      const program = lower(regression as AnyObjective, chain(stage, scale(0.5)));
      if (E.isLeft(program)) throw program.left;
      const { wrong } = await differences(program.right, {
        steps: 4,
        target,
        thetas: [START, START.map((x) => 0.9 * x)],
        seeds: [3, 4],
        slots: SLOTS,
      });
      assertEquals(wrong, []);
    });
  }
}
