/** A diagonal in another basis on both targets: from the same state one compiled step is the oracle's. */
import * as E from "fp-ts/lib/Either.js";
import { assertEquals } from "../_assert.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { empiricalFisher } from "../../src/optimizer/calculating.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { curvature, type CurvatureOptions } from "../../src/optimizer/curvature.ts";
import * as dampings from "../../src/optimizer/damping.ts";
import * as lengths from "../../src/optimizer/length.ts";
import { eigen, orthogonalIteration } from "../../src/optimizer/solver.ts";
import { blockDiagonal, diagonal, eigenbasisOf } from "../../src/optimizer/structure.ts";
import { kronecker } from "../../src/optimizer/kronecker.ts";
import { ema, scale } from "../../src/optimizer/transforms.ts";
import { regression, regressionData } from "../runtime/_objectives.ts";
import { targets } from "./_run_plan.ts";
import { differences } from "./_steps.ts";

const START = Array.from({ length: 15 }, (_, i) => Math.sin(i));
const SLOTS = new Map([["batch/x", regressionData.x], ["batch/y", regressionData.y]]);

const adaptive = {
  calculating: empiricalFisher({ from: "examples" }),
  iterative: ema({ decay: 0.9, debias: true }),
  length: lengths.gradientNorm(),
  direction: ema({ decay: 0.5, debias: true }),
  damping: dampings.addToRoot(0.1),
} satisfies Partial<CurvatureOptions>;

const STAGES = {
  "iterated with factors, every other step": curvature({
    ...adaptive,
    structure: diagonal({ basis: eigenbasisOf(kronecker(), ema({ decay: 0.9 })) }),
    solver: orthogonalIteration(),
    every: { factor: 2 },
  }),
  "iterated with blocks": curvature({
    ...adaptive,
    structure: diagonal({ basis: eigenbasisOf(blockDiagonal({ per: 4 }), ema({ decay: 0.9 })) }),
    solver: orthogonalIteration(),
  }),
  "found again for factors": curvature({
    ...adaptive,
    structure: diagonal({ basis: eigenbasisOf(kronecker()) }),
    solver: eigen({ sweeps: 8 }),
  }),
};

for (const target of targets) {
  // The kernels of one basis are like those of another, and take seconds to compile.
  for (const [name, stage] of Object.entries(STAGES).slice(0, target === "wgsl" ? 1 : 3)) {
    Deno.test(`eigenbasisOf() on ${target} takes the oracle's steps: ${name}`, async () => {
      const program = lower(regression as AnyObjective, chain(stage, scale(0.5)));
      if (E.isLeft(program)) throw program.left;
      const { wrong } = await differences(program.right, {
        steps: 5,
        target,
        thetas: [START, START.map((x) => 0.9 * x)],
        seeds: [3, 4],
        slots: SLOTS,
      });
      assertEquals(wrong, []);
    });
  }
}
