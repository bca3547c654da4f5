/** The costs that `explain` states against those that were measured. */
import { CASES } from "../../bench/_cost_cases.ts";
import type { Measured } from "../../bench/costs.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { mlp } from "../../src/nn/models.ts";
import { classification } from "../../src/objective/classification.ts";
import { needs } from "../../src/optimizer/needs.ts";
import { costInGradients } from "../../src/taxonomy/explain.ts";
import { assert, assertEquals, assertLess } from "../_assert.ts";
import { right } from "../lowering/_follow.ts";

const file = new URL("../../bench/costs.json", import.meta.url);
const measured = JSON.parse(await Deno.readTextFile(file)) as readonly Measured[];

Deno.test("costInGradients() is within a fifth of what was measured on the CNN", () => {
  assertEquals(measured.map(({ name }) => name), Object.keys(CASES));
  for (const { name, measured: found } of measured) {
    const stated = costInGradients(CASES[name]!);
    assertLess(Math.abs(found / stated - 1), 0.2, `${name}: ${stated} stated, ${found} measured`);
  }
});

Deno.test("every case of the costs asks for something, and can be given it", () => {
  const of = classification(mlp({ input: 4, hidden: [3], classes: 3 }), 5) as AnyObjective;
  for (const [name, optimizer] of Object.entries(CASES)) {
    assert(needs(optimizer).length > 0, name);
    right(lower(of, optimizer));
  }
});
