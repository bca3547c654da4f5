/** What the table of the CNN says of results. */
import { page } from "../../bench/cnn/page.ts";
import { type Outcome, passed, type Result } from "../../bench/cnn/result.ts";
import { assert, assertEquals } from "../_assert.ts";

const OUTCOME: Outcome = {
  start: 2.3,
  end: 1.1,
  nonFinite: 0,
  gradients: 3,
  time: 2.94,
  state: 2,
  dispatches: 40,
};
const GOOD: Result = { name: "good", settings: { every: 5 }, hash: "1", outcome: OUTCOME };
const SLOW: Result = { name: "slow", settings: {}, hash: "2", outcome: { ...OUTCOME, end: 1.2 } };
const LARGE: Result = { name: "large", settings: {}, hash: "3", refused: "at most 4096" };
const BROKEN: Result = { name: "broken", settings: {}, hash: "4", failed: "ended with status 1" };

Deno.test("passed() asks for half of the first loss, and for finite numbers", () => {
  assertEquals([GOOD, SLOW, LARGE, BROKEN].map(passed), [true, false, true, false]);
  assertEquals(passed({ ...GOOD, outcome: { ...OUTCOME, nonFinite: 1 } }), false);
  assertEquals(passed({ ...GOOD, outcome: { ...OUTCOME, end: null } }), false);
  // Settings that fit do not excuse a run that fails.
  assertEquals(passed({ ...SLOW, refused: "at most 4096" }), false);
});

Deno.test("page() prints a row for each result, and the reasons of those that do not fit", () => {
  const text = page([GOOD, SLOW, LARGE, BROKEN]);
  assert(text.includes("1 of the 2 entries that fit"));
  assert(text.includes("| good | `every=5` | 1.100 | 0 | 3 | 2.94 | 2 | 40 |"));
  assert(text.includes("| slow |  | **1.200** |"));
  assert(text.includes("| broken |  | ended with status 1 |"));
  assert(text.includes("- large: at most 4096"));
  assert(page([{ ...SLOW, outcome: { ...OUTCOME, end: null } }]).includes("**none**"));
  assert(page([GOOD], ["later", "last"]).includes("Not run yet: later, last."));
  assertEquals(page([LARGE]).includes("Infinity"), false);
});
