/** What takes loops to evaluate is not evaluated again for every reader. */

import { compilePlan } from "../../src/compiler/compile_plan.ts";
import { BATCH, PROBLEM } from "../../src/cli/product_problem.ts";
import { DEFAULT_ADAPTER } from "../../src/loops/adapter.ts";
import { lower } from "../../src/lowering/lower.ts";
import { fisher } from "../../src/optimizer/calculating.ts";
import { curvature } from "../../src/optimizer/curvature.ts";
import { toSample } from "../../src/optimizer/damping.ts";
import { cholesky } from "../../src/optimizer/solver.ts";
import { kronecker } from "../../src/optimizer/kronecker.ts";
import { assertEquals, assertLess } from "../_assert.ts";
import { thetaOf } from "../catalogue/_suite.ts";
import { right } from "../lowering/_follow.ts";
import { targets } from "./_run_plan.ts";
import { differences } from "./_steps.ts";

const STAGES = {
  "eigenpairs of": curvature({
    calculating: fisher(),
    structure: kronecker(),
    damping: [toSample(0.1)],
  }),
  "an elimination of": curvature({
    calculating: fisher(),
    structure: kronecker({ of: "layers" }),
    damping: [toSample(0.1)],
    solver: cholesky(),
  }),
};

for (const [what, stage] of Object.entries(STAGES)) {
  const program = right(lower(PROBLEM, stage));

  Deno.test(`compilePlan() writes short kernels for ${what} sums that are read everywhere`, () => {
    const { kernels } = right(
      compilePlan(program, { replicas: 1, target: "wgsl", adapter: DEFAULT_ADAPTER }),
    );
    // A gradient evaluated anew at each of its readers took millions of characters.
    for (const { source } of kernels) assertLess(source.length, 500_000);
  });

  for (const target of targets.filter((it) => it === "js" || what === "eigenpairs of")) {
    Deno.test(`${what} sampled factors on ${target} are those of the oracle`, async () => {
      const { wrong, compared } = await differences(program, {
        steps: 2,
        target,
        thetas: [thetaOf(PROBLEM, stage, 0)],
        seeds: [1],
        slots: new Map(Object.entries(BATCH).map(([name, x]) => [`batch/${name}`, x])),
      });
      assertEquals(wrong, []);
      assertLess(0, compared);
    });
  }
}
