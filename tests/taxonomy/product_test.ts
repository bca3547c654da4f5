/** The product of the slots: every combination is a stage, another one, or refused for a reason. */

import * as language from "../../mod.ts";
import { SteepestError } from "../../src/errors.ts";
import { AXES, type Combination } from "../../src/taxonomy/product/axes.ts";
import { choiceOf, covering, kindOf, pairsOf } from "../../src/taxonomy/product/covering.ts";
import { normalForm } from "../../src/taxonomy/product/normal_form.ts";
import { issuesOf, type Judged, product, stageOf } from "../../src/taxonomy/product/verdict.ts";
import { assert, assertEquals } from "../_assert.ts";

const JUDGED = product();

/** The choices of a combination as one text. */
function named(combination: Combination): string {
  return Object.values(combination).map(([word]) => word).join(" · ");
}

Deno.test("AXES says every choice as the expression that gives it", () => {
  const names = Object.keys(language), values = Object.values(language);
  for (const [word, value] of Object.values(AXES).flat()) {
    const evaluated: unknown = new Function(...names, `return ${word};`)(...values);
    assertEquals(evaluated, value, word);
  }
});

Deno.test("product() has every combination once, each choice in one that is not refused", () => {
  const sizes = Object.values(AXES).map(({ length }) => length);
  assertEquals(JUDGED.length, sizes.reduce((a, b) => a * b));
  assertEquals(new Set(JUDGED.map(({ combination }) => named(combination))).size, JUDGED.length);
  const used = new Set(
    JUDGED.flatMap(({ combination, verdict }) =>
      verdict.kind === "refused"
        ? []
        : Object.entries(combination).map(([slot, [word]]) => `${slot}: ${word}`)
    ),
  );
  const choices = Object.entries(AXES).flatMap(([slot, all]) =>
    all.map(([word]) => `${slot}: ${word}`)
  );
  assertEquals(choices.filter((choice) => !used.has(choice)), []);
});

Deno.test("product() refuses what the constructor refuses, for the same reasons", () => {
  let refused = 0;
  for (const [i, { combination, verdict }] of JUDGED.entries()) {
    if (i % 41 !== 0) continue;
    let thrown: unknown;
    try {
      stageOf(combination);
    } catch (cause) {
      thrown = cause;
    }
    if (verdict.kind !== "refused") {
      assertEquals(thrown, undefined, named(combination));
      continue;
    }
    refused++;
    assert(thrown instanceof SteepestError && thrown.kind === "description", named(combination));
    assertEquals(thrown.issues, issuesOf(combination));
    assert(verdict.issues.every(({ path, expected }) => path !== "" && expected !== ""));
  }
  assert(refused > 100);
});

Deno.test("normalForm() has nothing left to change, and is no other than that of its own form", () => {
  const texts = new Set<string>();
  for (const { combination, verdict } of JUDGED) {
    if (verdict.kind === "stage") {
      assertEquals(normalForm(verdict.stage), { stage: verdict.stage, because: [] });
      const text = language.encode(verdict.stage);
      assert(!texts.has(text), `${named(combination)} is there twice`);
      texts.add(text);
    }
    if (verdict.kind === "equal") {
      assert(verdict.because.length > 0, named(combination));
      const again = normalForm(normalForm(verdict.to).stage);
      assertEquals(again.because, []);
    }
  }
});

Deno.test("covering() leaves out no pair of choices, nor of kinds, and is far smaller than the product", () => {
  const stages = JUDGED.filter(({ verdict }) => verdict.kind === "stage");
  for (const trait of [choiceOf, kindOf]) {
    const pairs = (of: readonly Judged[]) =>
      new Set(of.flatMap(({ combination }) => pairsOf(combination, trait)));
    const some = covering(stages, trait);
    assertEquals(pairs(some), pairs(stages));
    assert(some.length < stages.length / 10, `${some.length} of ${stages.length}`);
    // None of them is there for nothing.
    const without = pairs(some.slice(0, -1));
    assert(without.size < pairs(stages).size);
  }
});
