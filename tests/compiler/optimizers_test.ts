/** Random optimizers on small objectives: from the same state one compiled step is the oracle's. */
import fc from "fast-check";
import * as E from "fp-ts/lib/Either.js";
import { assert, assertEquals, assertGreater } from "../_assert.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { encode } from "../../src/optimizer/codec.ts";
import { TELEMETRY_NAMES } from "../../src/optimizer/telemetry.ts";
import { PROBLEMS } from "../lowering/_functions.ts";
import { kroneckerArbitrary, optimizerArbitrary } from "../optimizer/_arbitrary.ts";
import { regression, regressionData } from "../runtime/_objectives.ts";
import { targets } from "./_run_plan.ts";
import { differences } from "./_steps.ts";

interface Task {
  readonly objective: AnyObjective;
  readonly start: readonly number[];
  readonly slots: ReadonlyMap<string, ArrayLike<number>>;
}

const TASKS: readonly Task[] = [
  ...PROBLEMS.map(({ objective, start }) => ({
    objective: objective as AnyObjective,
    start,
    slots: new Map(),
  })),
  {
    objective: regression as AnyObjective,
    start: Array.from({ length: 15 }, (_, i) => Math.sin(i)),
    slots: new Map([["batch/x", regressionData.x], ["batch/y", regressionData.y]]),
  },
];

/** Objectives without outputs have no Fisher matrix, and masks may match nothing: most do not fail. */
const LEAST_SHARE = 0.4;

/** How many are drawn, from what. */
const DRAWN = [
  { name: "random optimizers", of: optimizerArbitrary(), js: 400, wgsl: 24 },
  { name: "random factors of axes", of: kroneckerArbitrary(), js: 40, wgsl: 4 },
] as const;

for (const target of targets) {
  for (const { name, of, ...totals } of DRAWN) {
    Deno.test(`compilePlan() on ${target} agrees with the oracle on ${name}`, async () => {
      const total = totals[target];
      const optimizers = fc.sample(of, { numRuns: total, seed: 20 });
      const wrong: string[] = [];
      let run = 0, values = 0, excepted = 0;
      for (const [i, optimizer] of optimizers.entries()) {
        const { objective, start, slots } = TASKS[i % TASKS.length]!;
        const program = lower(objective, optimizer, {
          telemetry: i % 2 === 0 ? TELEMETRY_NAMES : [],
        });
        if (E.isLeft(program)) continue;
        run++;
        const copies = i % 3 === 0 ? [1, 1.1, 0.9] : [1];
        const result = await differences(program.right, {
          steps: 4,
          target,
          thetas: copies.map((c) => start.map((x) => c * x)),
          seeds: copies.map((_, r) => 7 * r + 1),
          slots,
        });
        wrong.push(...result.wrong.map((text) => `${text} with ${encode(optimizer)}`));
        values += result.compared;
        excepted += result.excepted;
      }
      assertEquals(wrong, []);
      assertGreater(run, LEAST_SHARE * total);
      console.log(`${run} optimizers, ${values} values, ${excepted} at the oracle's own rounding`);
      assert(excepted < 0.02 * values, `${excepted} of ${values} values are excepted`);
    });
  }
}
