/** Programs of several regions, with values of several versions, for one copy and for three. */
import { assertEquals } from "../_assert.ts";
import { regionProgram, SIZE } from "./_regions.ts";
import { planOf, targets } from "./_run_plan.ts";
import { differences, type StepsOptions } from "./_steps.ts";

const start = (r: number) => Array.from({ length: SIZE * SIZE }, (_, i) => Math.sin(i + 0.3 * r));

/** What is wrong with a program. */
async function wrongSteps(
  seed: number,
  replicas: number,
  options: Pick<StepsOptions, "target" | "doubled">,
): Promise<readonly string[]> {
  const thetas = Array.from({ length: replicas }, (_, r) => start(r));
  const seeds = thetas.map((_, r) => 11 * r + 5);
  const { wrong } = await differences(regionProgram(seed), { steps: 7, thetas, seeds, ...options });
  return wrong.map((text) => `seed ${seed}: ${text}`);
}

for (const target of targets) {
  for (const replicas of [1, 3]) {
    Deno.test(`compilePlan() on ${target} agrees with the oracle on regions of ${replicas} copies`, async () => {
      const programs = target === "js" ? 100 : 6;
      const wrong: string[] = [];
      for (let seed = 0; seed < programs; seed++) {
        wrong.push(...await wrongSteps(seed, replicas, { target }));
      }
      assertEquals(wrong, []);
    });

    Deno.test(`compilePlan() on ${target} agrees with the oracle on ${replicas} copies of slots that change places`, async () => {
      let programs = target === "js" ? 40 : 3;
      const wrong: string[] = [];
      for (let seed = 0; programs > 0; seed++) {
        const { swaps } = planOf(regionProgram(seed), target, replicas, {}, { doubled: 1 });
        if (swaps.length === 0) continue;
        wrong.push(...await wrongSteps(seed, replicas, { target, doubled: 1 }));
        programs--;
      }
      assertEquals(wrong, []);
    });
  }
}
