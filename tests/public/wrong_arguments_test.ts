/** Everything that is exported, and what results offer, called with what callers without types may give. */
import * as steepest from "../../mod.ts";
import { assertEquals } from "../_assert.ts";
import type { Rows } from "./_arguments.ts";
import { GRAPH, NETWORKS, OBJECTIVES } from "./_graph.ts";
import { BUILDERS, LANGUAGE, QUESTIONS } from "./_language.ts";
import { OFFERED, OFFERS } from "./_offered.ts";
import { DATA, RUNNING } from "./_running.ts";
import { unseen } from "./_wrong.ts";

const AREAS: Readonly<Record<string, Rows>> = {
  "builders of the catalogue": BUILDERS,
  "constructors of descriptions": LANGUAGE,
  "readers of descriptions": QUESTIONS,
  "operations of the graph": GRAPH,
  "layers, initialisers and models": NETWORKS,
  "objectives and likelihoods": OBJECTIVES,
  "what compiles and runs": RUNNING,
  "data sets and devices": DATA,
};

/** Exports without a row, and why. */
const WITHOUT: Readonly<Record<string, string>> = {
  SteepestError: "makes errors: what it is given is what was found",
  failure: "makes errors",
  issue: "makes issues",
  acquireDevice: "takes no arguments, and needs a GPU",
};

const isFunction = (value: unknown): boolean => typeof value === "function";

/** The names of functions. */
const functions = (of: object): readonly string[] =>
  Object.entries(of).filter(([, value]) => isFunction(value)).map(([name]) => name).toSorted();

Deno.test("every exported function has a row of arguments, or a reason to have none", () => {
  const known = new Set(Object.values(AREAS).flatMap(Object.keys));
  assertEquals(
    functions(steepest).filter((name) => !known.has(name)),
    Object.keys(WITHOUT).toSorted(),
  );
});

Deno.test("every function that a result offers has a row of arguments", () => {
  for (const [name, offer] of Object.entries(OFFERS)) {
    assertEquals([name, ...functions(offer)], [name, ...Object.keys(OFFERED[name]!).toSorted()]);
  }
});

const OFFERS_OF = Object.entries(OFFERED).map(([name, rows]): [string, Rows] => [
  `what ${name} offers`,
  rows,
]);

for (const [area, rows] of [...Object.entries(AREAS), ...OFFERS_OF]) {
  Deno.test(`${area}: an error says what was found, expected and where when an argument is wrong`, async () => {
    for (const [name, row] of Object.entries(rows)) {
      assertEquals([name, ...await unseen(row)], [name]);
    }
  });
}
