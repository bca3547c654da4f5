/** Prints how closely every entry follows each library: `deno task deviations`. */

import { CASES } from "./_cases.ts";
import { type Deviation, deviation, FOREIGN } from "./_foreign.ts";

const all: Deviation[] = [];
for (const [library, cases] of Object.entries(CASES)) {
  for (const name of Object.keys(cases)) all.push(await deviation(library, name));
}
for (const [library, { versions }] of Object.entries(FOREIGN)) {
  console.log(`${library}: ${Object.entries(versions).map((pair) => pair.join(" ")).join(", ")}`);
}
console.log("\nentry                  case                              farthest  where");
for (const { library, name, entry, value, where } of all.toSorted((a, b) => b.value - a.value)) {
  const cells = [entry.padEnd(22), `${library}/${name}`.padEnd(33), value.toExponential(1)];
  console.log(`${cells.join(" ")}  ${where}`);
}
