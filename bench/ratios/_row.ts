/** Measures one row in this process and prints its result as JSON: `_row.ts NAME`. */
import { type Row, Skipped } from "./_measure.ts";
import { place } from "./_place.ts";
import { resultOf } from "./_result.ts";

/** What the process says of a row. */
export type Said =
  | { readonly kind: "measured"; readonly result: ReturnType<typeof resultOf> }
  | { readonly kind: "skipped"; readonly row: string; readonly reason: string };

async function measured(name: string): Promise<Said> {
  const { row } = await import(new URL(`${name}.ts`, import.meta.url).href) as {
    readonly row: Row;
  };
  try {
    const before = await place();
    const ratio = await row.measure();
    return { kind: "measured", result: resultOf(name, row, ratio, before, new Date()) };
  } catch (error) {
    if (!(error instanceof Skipped)) throw error;
    return { kind: "skipped", row: row.name, reason: error.message };
  }
}

if (import.meta.main) {
  console.log(JSON.stringify(await measured(Deno.args[0]!)));
  // What a row leaves open must not keep the process.
  Deno.exit(0);
}
