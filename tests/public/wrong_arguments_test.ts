/** Everything that is exported, called with what callers without types may give. */
import { assertEquals } from "../_assert.ts";
import type { Rows } from "./_arguments.ts";
import { GRAPH, NETWORKS, OBJECTIVES } from "./_graph.ts";
import { BUILDERS, LANGUAGE, QUESTIONS } from "./_language.ts";
import { unseen } from "./_wrong.ts";

const AREAS: Readonly<Record<string, Rows>> = {
  "builders of the catalogue": BUILDERS,
  "constructors of descriptions": LANGUAGE,
  "readers of descriptions": QUESTIONS,
  "operations of the graph": GRAPH,
  "layers, initialisers and models": NETWORKS,
  "objectives and likelihoods": OBJECTIVES,
};

for (const [area, rows] of Object.entries(AREAS)) {
  Deno.test(`${area} say what was found, expected and where when an argument is wrong`, async () => {
    for (const [name, row] of Object.entries(rows)) {
      assertEquals([name, ...await unseen(row)], [name]);
    }
  });
}
