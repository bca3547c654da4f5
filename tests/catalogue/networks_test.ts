/** Every entry fits the CNN of the first paper with its settings for networks, or says by how much it does not. */
import * as E from "fp-ts/lib/Either.js";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { mnistCnn } from "../../src/nn/models.ts";
import { classification } from "../../src/objective/classification.ts";
import { catalogue } from "../../src/optimizer/catalogue/registry.ts";
import { assert, assertEquals, assertMatch } from "../_assert.ts";

const CNN = classification(mnistCnn(), 60) as unknown as AnyObjective;

Deno.test("every entry compiles for the CNN with its settings for networks, or has too much to store", () => {
  for (const { name, network, defaults, build } of Object.values(catalogue)) {
    for (const [option, value] of Object.entries(network)) {
      assert(Object.hasOwn(defaults, option), `${name}/${option}`);
      assert(value !== defaults[option], `${name}/${option} is the default`);
    }
    const lowered = lower(CNN, build(network));
    if (E.isRight(lowered)) continue;
    // What has no other form says how large it may be, and how large it would be.
    assertEquals([lowered.left.kind, network], ["limit", {}], `${name}: ${lowered.left.message}`);
    assertMatch(lowered.left.message, /at most \d+.*\d{5}/, name);
  }
});
