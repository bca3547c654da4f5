/** Every two kinds of slots that go together, on both targets: from the same state one compiled step is the oracle's. */

import { BATCH, PROBLEM } from "../../src/cli/product_problem.ts";
import { named } from "../../src/cli/table_report.ts";
import { lower } from "../../src/lowering/lower.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { scale } from "../../src/optimizer/transforms.ts";
import { covering, kindOf } from "../../src/taxonomy/product/covering.ts";
import { product } from "../../src/taxonomy/product/verdict.ts";
import { assertEquals, assertLess } from "../_assert.ts";
import { thetaOf } from "../catalogue/_suite.ts";
import { right } from "../lowering/_follow.ts";
import { targets } from "./_run_plan.ts";
import { differences } from "./_steps.ts";

const SLOTS = new Map(Object.entries(BATCH).map(([name, x]) => [`batch/${name}`, x]));

/** Steps about as long as θ, so that an error of the step is one of θ. */
const BRISK = scale(0.5);

const CHOSEN = covering(product().filter(({ verdict }) => verdict.kind === "stage"), kindOf);
const STRUCTURES = [...new Set(CHOSEN.map(({ combination }) => combination.structure[1].kind))];

for (const target of targets) {
  for (const kind of STRUCTURES) {
    const some = CHOSEN.filter(({ combination }) => combination.structure[1].kind === kind);
    Deno.test(`pairs of kinds with ${kind}() on ${target} take the oracle's steps`, async () => {
      let all = 0, judgedByRounding = 0;
      for (const { combination, verdict } of some) {
        if (verdict.kind !== "stage") continue;
        const optimizer = chain(verdict.stage, BRISK);
        const { wrong, compared, excepted } = await differences(right(lower(PROBLEM, optimizer)), {
          steps: target === "js" ? 4 : 2,
          target,
          thetas: [thetaOf(PROBLEM, optimizer, 0)],
          seeds: [1],
          slots: SLOTS,
        });
        assertEquals(wrong, [], named(combination));
        all += compared;
        judgedByRounding += excepted;
      }
      assertLess(judgedByRounding, 0.15 * all);
    });
  }
}
