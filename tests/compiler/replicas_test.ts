/** Copies of a program: each is its solo run, with scalars and random numbers of its own. */
import * as E from "fp-ts/lib/Either.js";
import { compilePlan, planPasses } from "../../src/compiler/compile_plan.ts";
import { DEFAULT_ADAPTER } from "../../src/loops/adapter.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { SEED } from "../../src/lowering/program.ts";
import { mnistCnn } from "../../src/nn/models.ts";
import { classification } from "../../src/objective/classification.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import { assert, assertEquals, assertGreater, assertLess } from "../_assert.ts";
import { regionProgram, SIZE } from "./_regions.ts";
import { planOf, right, start, targets } from "./_run_plan.ts";

const STEPS = 5, N = SIZE * SIZE;
const theta = (r: number) => Array.from({ length: N }, (_, i) => Math.sin(i + 0.3 * r));
const SEEDS = [3, 1, 4];
const RATES = [0.1, 0.2, 0.3];

for (const target of targets) {
  Deno.test(`compilePlan() on ${target} gives every copy the bits of its solo run`, async () => {
    let different = 0;
    for (const seed of target === "js" ? [2, 3, 4, 6, 8, 9, 12, 14, 15] : [2, 6]) {
      const program = regionProgram(seed);
      const read = async (replicas: readonly number[]): Promise<Float64Array[]> => {
        const executor = await start(
          planOf(program, target, replicas.length),
          new Map([
            ["theta", replicas.flatMap(theta)],
            [SEED, replicas.map((r) => SEEDS[r]!)],
            ["rate", replicas.map((r) => RATES[r]!)],
          ]),
        );
        try {
          executor.step(STEPS);
          await executor.settled();
          return await Promise.all(["theta", "a", "b", "c"].map((slot) => executor.read(slot)));
        } finally {
          executor.dispose();
        }
      };
      const together = await read([0, 1, 2]);
      for (const r of [0, 1, 2]) {
        const alone = await read([r]);
        const mine = together.map((slot) => slot.slice(r * N, (r + 1) * N));
        assertEquals(mine, alone, `copy ${r} of program ${seed}`);
      }
      if (together[0]!.slice(0, N).some((x, i) => x !== together[0]![N + i])) different++;
    }
    assertGreater(different, 1, "copies with seeds and rates of their own");
  });
}

Deno.test("planPasses() runs a hundred copies of the CNN in two passes of one plan", () => {
  const program = right(lower(classification(mnistCnn(), 60) as AnyObjective, sgd()));
  const options = { target: "wgsl", replicas: 100, adapter: DEFAULT_ADAPTER } as const;
  const whole = compilePlan(program, options);
  assert(E.isLeft(whole) && whole.left.kind === "limit");
  const { plan, passes } = right(planPasses(program, options));
  assertEquals([plan.replicas, passes], [50, 2]);
  const largest = Math.max(...plan.buffers.map(({ words }) => 4 * words));
  assertLess(largest, DEFAULT_ADAPTER.maxBindingBytes);
  // As few passes as it takes.
  assertGreater(2 * largest, DEFAULT_ADAPTER.maxBindingBytes);
});
