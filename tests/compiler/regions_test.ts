/** Programs of several regions, with values of several versions, for one copy and for three. */
import { assertEquals } from "../_assert.ts";
import { regionProgram, SIZE } from "./_regions.ts";
import { targets } from "./_run_plan.ts";
import { differences } from "./_steps.ts";

const start = (r: number) => Array.from({ length: SIZE * SIZE }, (_, i) => Math.sin(i + 0.3 * r));

for (const target of targets) {
  for (const replicas of [1, 3]) {
    Deno.test(`compilePlan() on ${target} agrees with the oracle on regions of ${replicas} copies`, async () => {
      const programs = target === "js" ? 100 : 6;
      const wrong: string[] = [];
      for (let seed = 0; seed < programs; seed++) {
        const thetas = Array.from({ length: replicas }, (_, r) => start(r));
        const seeds = thetas.map((_, r) => 11 * r + 5);
        const { wrong: found } = await differences(regionProgram(seed), {
          steps: 7,
          target,
          thetas,
          seeds,
        });
        wrong.push(...found.map((text) => `seed ${seed}: ${text}`));
      }
      assertEquals(wrong, []);
    });
  }
}
