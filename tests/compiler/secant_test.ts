/** Secant updates on both targets: from the same state one compiled step is the oracle's. */
import * as E from "fp-ts/lib/Either.js";
import { assertEquals } from "../_assert.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { secant } from "../../src/optimizer/calculating.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { curvature } from "../../src/optimizer/curvature.ts";
import * as dampings from "../../src/optimizer/damping.ts";
import { secantUpdate } from "../../src/optimizer/iterative.ts";
import * as lengths from "../../src/optimizer/length.ts";
import { full, lowRank } from "../../src/optimizer/structure.ts";
import { scale } from "../../src/optimizer/transforms.ts";
import { regression, regressionData } from "../runtime/_objectives.ts";
import { targets } from "./_run_plan.ts";
import { differences } from "./_steps.ts";

const START = Array.from({ length: 15 }, (_, i) => Math.sin(i));
const SLOTS = new Map([["batch/x", regressionData.x], ["batch/y", regressionData.y]]);

const STAGES = {
  "the two-loop recursion": curvature({
    calculating: secant(),
    structure: lowRank(),
    iterative: secantUpdate("bfgs", { window: 3 }),
  }),
  "a root of few pairs, on one batch": curvature({
    calculating: secant({ sameBatch: true }),
    structure: lowRank(),
    iterative: secantUpdate("bfgs", { window: 2 }),
    length: lengths.gradientNorm(),
    damping: dampings.toSample(0.1),
  }),
  "a rank-1 update of few pairs, every other step": curvature({
    calculating: secant(),
    structure: lowRank(),
    iterative: secantUpdate("sr1", { window: 2, initial: 2 }),
    damping: [dampings.abs(), dampings.add(0.1)],
    every: { sample: 2 },
  }),
  "the whole matrix": curvature({
    calculating: secant(),
    structure: full(),
    iterative: secantUpdate("bfgs"),
    length: lengths.clipped(0.5),
  }),
  "the whole matrix with kept eigenvectors": curvature({
    calculating: secant(),
    structure: full(),
    iterative: secantUpdate("dfp"),
    length: lengths.gradientNorm(),
    every: { factor: 2 },
  }),
};

for (const target of targets) {
  for (const [name, stage] of Object.entries(STAGES)) {
    Deno.test(`secantUpdate() on ${target} takes the oracle's steps: ${name}`, async () => {
      const program = lower(regression as AnyObjective, chain(stage, scale(0.5)));
      if (E.isLeft(program)) throw program.left;
      const { wrong } = await differences(program.right, {
        steps: target === "js" ? 6 : 4,
        target,
        thetas: [START, START.map((x) => 0.9 * x)],
        slots: SLOTS,
      });
      assertEquals(wrong, []);
    });
  }
}
