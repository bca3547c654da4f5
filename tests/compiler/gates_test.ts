/** Gates and last transforms on both targets: from the same state one compiled step is the oracle's. */
import fc from "fast-check";
import * as E from "fp-ts/lib/Either.js";
import { assertEquals, assertGreater } from "../_assert.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { encode } from "../../src/optimizer/codec.ts";
import { accumulate, skipNonFinite } from "../../src/optimizer/wrappers.ts";
import { PROBLEMS } from "../lowering/_functions.ts";
import { lastArbitrary, optimizerArbitrary } from "../optimizer/_arbitrary.ts";
import { targets } from "./_run_plan.ts";
import { differences } from "./_steps.ts";

const drawn = fc.tuple(
  optimizerArbitrary({ depth: 1, secondOrder: false }),
  fc.array(lastArbitrary, { minLength: 1, maxLength: 2 }),
  fc.constantFrom("none", "accumulate", "skip outside", "skip inside"),
).map(([optimizer, last, gate]) => {
  const whole = chain(optimizer, ...last);
  if (gate === "accumulate") return accumulate(2, whole);
  if (gate === "skip outside") return skipNonFinite(accumulate(3, whole));
  return gate === "none" ? whole : accumulate(2, skipNonFinite(whole));
});

for (const target of targets) {
  Deno.test(`compilePlan() on ${target} agrees with the oracle on gates and last transforms`, async () => {
    const total = target === "js" ? 120 : 12;
    const wrong: string[] = [];
    let run = 0;
    for (const [i, optimizer] of fc.sample(drawn, { numRuns: total, seed: 31 }).entries()) {
      const { objective, start } = PROBLEMS[i % PROBLEMS.length]!;
      const program = lower(objective as AnyObjective, optimizer);
      if (E.isLeft(program)) continue;
      run++;
      const copies = i % 3 === 0 ? [1, 1.1, 0.9] : [1];
      const result = await differences(program.right, {
        steps: 5,
        target,
        thetas: copies.map((c) => start.map((x) => c * x)),
      });
      wrong.push(...result.wrong.map((text) => `${text} with ${encode(optimizer)}`));
    }
    assertEquals(wrong, []);
    assertGreater(run, 0.5 * total);
  });
}
