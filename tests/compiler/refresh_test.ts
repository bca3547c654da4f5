/** On the network of the first paper, what optimizers with factors make of them costs nothing on the steps between. */
import { assert, assertEquals, assertGreater } from "../_assert.ts";
import type { Command } from "../../src/compiler/plan.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { mnistCnn } from "../../src/nn/models.ts";
import { classification } from "../../src/objective/classification.ts";
import { KFAC, kfac } from "../../src/optimizer/catalogue/kfac.ts";
import { SHAMPOO, shampoo } from "../../src/optimizer/catalogue/shampoo.ts";
import { SOAP, soap } from "../../src/optimizer/catalogue/soap.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { topological } from "../../src/tensor/walk.ts";
import { planOf, right } from "./_run_plan.ts";

const network = classification(mnistCnn(), 60) as AnyObjective;

/** The name, the optimizer and the steps between two factors. */
const CASES: readonly (readonly [string, Optimizer, number])[] = [
  ["shampoo", shampoo(), SHAMPOO.every],
  ["soap", soap(), SOAP.every],
  ["kfac", kfac(), KFAC.every],
];

const repeats = (commands: readonly Command[]) => commands.filter(({ kind }) => kind === "repeat");

for (const [name, optimizer, every] of CASES) {
  Deno.test(`compilePlan() makes factors of ${name} on the network every ${every} steps, and nothing of them between`, () => {
    const program = right(lower(network, optimizer));
    const factors = program.slots.filter(({ name }) =>
      /\/factor\/.*(vectors|values|root)$/.test(name)
    );
    assertGreater(factors.length, 4);
    const kept = new Set(factors.map(({ name }) => name));
    const making = new Set<number>();
    for (const { period, assign } of program.regions) {
      const loops = topological(assign.map(({ value }) => value))
        .filter(({ op }) => op.kind === "repeat");
      const own = assign.filter(({ slot }) => kept.has(slot));
      // All of them where there are any: never at every step, and nowhere else.
      assertEquals(own.length, loops.length > 0 ? factors.length : 0, `at period ${period}`);
      if (own.length > 0) making.add(period);
    }
    assert(making.has(every) && !making.has(1));
    const plan = planOf(program, "wgsl");
    for (const { period, commands } of plan.regions) {
      assertEquals(repeats(commands).length > 0, making.has(period), `loops at period ${period}`);
    }
  });
}
