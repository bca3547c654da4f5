/** The catalogue follows the paths of other libraries; `deno task deviations` prints how closely. */

import { catalogue } from "../../src/optimizer/catalogue/registry.ts";
import { assert, assertEquals } from "../_assert.ts";
import { CASES } from "./_cases.ts";
import { deviation, FOREIGN } from "./_foreign.ts";

for (const [library, { cases }] of Object.entries(FOREIGN)) {
  for (const name of Object.keys(cases)) {
    Deno.test(`compile() walks the path of ${name} of ${library} when conventions are the same`, async () => {
      const { value, where, tolerance } = await deviation(library, name);
      assert(value <= tolerance, `${value} apart on ${where}`);
    });
  }
  Deno.test(`every path of ${library} is walked`, () => {
    assertEquals(Object.keys(CASES[library]!).sort(), Object.keys(cases).sort());
  });
}

Deno.test("every entry of the catalogue has a path that was made elsewhere", () => {
  const covered = new Set(Object.values(CASES).flatMap(Object.values).map(({ entry }) => entry));
  assertEquals(Object.keys(catalogue).filter((name) => !covered.has(name)), []);
});
