/** Line searches on both targets: from the same state one compiled step is the oracle's. */
import * as E from "fp-ts/lib/Either.js";
import { assert, assertEquals } from "../_assert.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import type { StepProgram } from "../../src/lowering/program.ts";
import { gaussNewton } from "../../src/optimizer/calculating.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { curvature } from "../../src/optimizer/curvature.ts";
import * as dampings from "../../src/optimizer/damping.ts";
import { lineSearch } from "../../src/optimizer/line_search.ts";
import { cg } from "../../src/optimizer/solver.ts";
import { full } from "../../src/optimizer/structure.ts";
import { scale } from "../../src/optimizer/transforms.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { follow } from "../lowering/_follow.ts";
import { PROBLEMS } from "../lowering/_functions.ts";
import { regression, regressionData } from "../runtime/_objectives.ts";
import { planOf, start, type Target, targets } from "./_run_plan.ts";
import { differences } from "./_steps.ts";

const START = Array.from({ length: 15 }, (_, i) => Math.sin(i));
const SLOTS = new Map([["batch/x", regressionData.x], ["batch/y", regressionData.y]]);

const newton = curvature({
  calculating: gaussNewton(),
  structure: full(),
  damping: dampings.add(1e-3),
  solver: cg({ steps: 4 }),
});

const backtracked = chain(
  newton,
  scale(8),
  lineSearch({ trials: 6, c1: 0.1, otherwise: "best" }),
);

/** Trials beyond each other, and trials in a bracket. */
const WOLFE = [
  { problem: PROBLEMS[0]!, initial: 0.002, c2: 0.05 },
  { problem: PROBLEMS[1]!, initial: 1, c2: 0.1 },
  { problem: PROBLEMS[2]!, initial: 20, c2: 0.1 },
];

function programOf(objective: unknown, optimizer: Optimizer): StepProgram {
  const program = lower(objective as AnyObjective, optimizer);
  if (E.isLeft(program)) throw program.left;
  return program.right;
}

function wolfe({ initial, c2 }: { readonly initial: number; readonly c2: number }): Optimizer {
  return lineSearch({ method: "strongWolfe", initial, c2, trials: 8 });
}

/** θ and the records after some steps. */
async function run(
  program: StepProgram,
  target: Target,
  thetas: readonly (readonly number[])[],
  steps: number,
) {
  const plan = planOf(program, target, thetas.length);
  const executor = await start(plan, new Map([["theta", thetas.flat()]]));
  try {
    executor.step(steps);
    await executor.settled();
    return { theta: await executor.read("theta"), records: await executor.records(0, steps) };
  } finally {
    executor.dispose();
  }
}

for (const target of targets) {
  Deno.test(`lineSearch() on ${target} goes back after conjugate gradients as the oracle does`, async () => {
    const { wrong, compared, excepted } = await differences(programOf(regression, backtracked), {
      steps: 5,
      target,
      thetas: [1, 0.9, -0.5].map((c) => START.map((x) => c * x)),
      seeds: [3, 4, 5],
      slots: SLOTS,
    });
    assertEquals(wrong, []);
    assert(excepted < 0.05 * compared, `${excepted} of ${compared} values are excepted`);
  });

  Deno.test(`lineSearch() on ${target} makes the oracle's trials for strong Wolfe conditions`, async () => {
    for (const { problem, ...options } of WOLFE) {
      const optimizer = wolfe(options);
      const { records } = await run(
        programOf(problem.objective, optimizer),
        target,
        [problem.start],
        3,
      );
      const wanted = follow(problem.objective, optimizer, problem.start, 3).records;
      wanted.forEach((row, step) => {
        for (const [name, value] of row) {
          const got = records.get(name)![step]!;
          // Differences of losses in single precision lose digits.
          const apart = Math.abs(got - value) / Math.max(1e-3, Math.abs(value));
          assert(apart < 1e-3, `${problem.name}, step ${step}: ${name} is ${got}, not ${value}`);
        }
      });
    }
  });

  Deno.test(`lineSearch() on ${target} finds for every copy what it finds alone`, async () => {
    const { problem, ...options } = WOLFE[1]!;
    const program = programOf(problem.objective, wolfe(options));
    const thetas = [problem.start, [0.5, -2], [-3, -4]];
    const { theta: together, records } = await run(program, target, thetas, 4);
    for (const [r, start] of thetas.slice(0, 2).entries()) {
      const alone = await run(program, target, [start], 4);
      assertEquals([...together.slice(2 * r, 2 * r + 2)], [...alone.theta], `copy ${r}`);
    }
    const [a, b] = records.get("record/lineSearch/trials")!;
    assert(a !== b, "copies that need different numbers of trials");
  });
}
