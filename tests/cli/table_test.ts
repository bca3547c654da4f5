/** `steepest table`: what it prints, and that what it runs runs. */

import { COLUMNS, compared, PRINTED_TABLE } from "../../src/taxonomy/printed_table.ts";
import { type Judged, product } from "../../src/taxonomy/product/verdict.ts";
import { runnable, runProduct } from "../../src/cli/product_run.ts";
import { named } from "../../src/cli/table_report.ts";
import { assert, assertEquals, assertLess, assertStringIncludes } from "../_assert.ts";
import { events, run } from "./_terminal.ts";

const signal = new AbortController().signal;

Deno.test("table prints every row beside ours, every note and the counts of the product", async () => {
  const { status, out } = await run(["table"]);
  assertEquals(status, 0);
  const lines = out.split("\n");
  for (const row of PRINTED_TABLE) {
    const at = lines.findIndex((line) => line.startsWith(row.title));
    assert(at > 0, row.title);
    for (const [i, { entry, differs }] of compared(row).entries()) {
      assertStringIncludes(lines[at + 1 + i]!, `${differs.length === 0 ? "=" : "≠"} ${entry}(`);
    }
    for (const column of COLUMNS) {
      const note = row.notes[column];
      if (note !== undefined) assertStringIncludes(out, `${row.title}, ${column}: ${note}`);
    }
  }
  assertStringIncludes(out, `The product: ${product().length} combinations`);
});

Deno.test("table --json counts every combination once", async () => {
  const { status, out } = await run(["table", "--json"]);
  assertEquals(status, 0);
  const [counts] = events(out).filter(({ event }) => event === "product");
  const { combinations, stages, equal, refused } = counts as unknown as Record<string, number>;
  assertEquals(stages! + equal! + refused!, combinations);
  assertLess(1000, stages!);
});

Deno.test("table refuses a backend when nothing is to be run", async () => {
  const { status, err } = await run(["table", "--backend", "js"]);
  assertEquals(status, 2);
  assertStringIncludes(err, "--backend means nothing without --run");
});

/** How many of the combinations of one kind the test of all of them leaves out for each that it takes. */
const EVERY = 12;

Deno.test("every combination that is a stage takes ten finite steps on the oracle, and equal ones the same", async () => {
  const all = runnable(product(), "reference");
  // Of each structure, length and way of calculating some; `deno task table --run all` takes the rest.
  const found = await runProduct(
    all.filter((_, i) => i % EVERY === 0),
    "reference",
    signal,
  );
  assertEquals(found.wrong.map(([{ combination }, what]) => `${named(combination)}: ${what}`), []);
  assertLess(100, found.ran);
  assertLess(20, found.compared);
});

Deno.test("runProduct() tells of a stage that does not move, and of one that is no equal", async () => {
  const stages = product().filter(({ verdict }) => verdict.kind === "stage");
  const [one, other] = stages as [Judged, Judged];
  assert(one.verdict.kind === "stage" && other.verdict.kind === "stage");
  const { verdict: { stage } } = one;
  const still: Judged = {
    ...one,
    verdict: { kind: "stage", stage: { ...stage, direction: { kind: "zero" } } },
  };
  const unequal: Judged = {
    ...one,
    verdict: { kind: "equal", stage, to: other.verdict.stage, because: ["nothing"] },
  };
  const { wrong } = await runProduct([still, unequal], "reference", signal);
  assertEquals(wrong.map(([, what]) => what.replace(/^[\d.e-]+/, "far")), [
    "nothing moved",
    "far from what it is equal to",
  ]);
});
