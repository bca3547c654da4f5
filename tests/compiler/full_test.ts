/** The whole matrix on both targets: from the same state one compiled step is the oracle's. */
import * as E from "fp-ts/lib/Either.js";
import { assertEquals } from "../_assert.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { empiricalFisher, fisher, gaussNewton, hessian } from "../../src/optimizer/calculating.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { curvature } from "../../src/optimizer/curvature.ts";
import * as dampings from "../../src/optimizer/damping.ts";
import * as lengths from "../../src/optimizer/length.ts";
import { full } from "../../src/optimizer/structure.ts";
import { ema, scale } from "../../src/optimizer/transforms.ts";
import { regression, regressionData } from "../runtime/_objectives.ts";
import { targets } from "./_run_plan.ts";
import { differences } from "./_steps.ts";

const START = Array.from({ length: 15 }, (_, i) => Math.sin(i));
const SLOTS = new Map([["batch/x", regressionData.x], ["batch/y", regressionData.y]]);

const damped = { structure: full(), damping: dampings.add(0.1) };
const STAGES = {
  "Newton with kept eigenvectors": curvature({
    ...damped,
    calculating: hessian(),
    every: { factor: 2 },
  }),
  "natural gradient of examples": curvature({
    ...damped,
    calculating: fisher({ from: "examples" }),
    iterative: ema({ decay: 0.9, debias: true }),
    length: lengths.gradientNorm(),
  }),
  "Gauss–Newton, sampled every other step": curvature({
    ...damped,
    calculating: gaussNewton(),
    length: lengths.normalized(),
    every: { sample: 2, factor: 4 },
  }),
  "empirical Fisher of an average": curvature({
    ...damped,
    calculating: empiricalFisher({ from: "examples" }),
    length: lengths.clipped(0.5),
    direction: ema({ decay: 0.5 }),
  }),
};

for (const target of targets) {
  for (const [name, stage] of Object.entries(STAGES)) {
    Deno.test(`full() on ${target} takes the oracle's steps: ${name}`, async () => {
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
