/** Rows about the time until the first step is done, with nothing in the driver's cache. */
import { fileURLToPath } from "node:url";
import { deno } from "../../tools/deno.ts";
import { handFolder, type Rule } from "./_hand.ts";
import { alternate, type Elsewhere, type Row, type Spent } from "./_measure.ts";

const SCRIPT = fileURLToPath(new URL("_cold_process.ts", import.meta.url));

/** A process for each run: a process has a first step only once. */
function cold(side: "compiled" | "hand", rule: Rule): Elsewhere {
  return {
    name: side,
    measure: async () => {
      const args = ["run", "--no-check", "--allow-read", "--allow-env", SCRIPT, side, rule];
      const environment = { MESA_SHADER_CACHE_DISABLE: "true" };
      const { code, text } = await deno(args, { quiet: true, environment });
      const said = text.split("\n").find((line) => line.startsWith("{"));
      if (said === undefined) throw new Error(`${side} ended with status ${code}: ${text}`);
      return { ...JSON.parse(said) as Spent, units: 1 };
    },
  };
}

/** The program of the row of the step, over the one by hand that takes less to compile. */
export function coldRow(rule: Rule, title: string): Row {
  return {
    name: `compile and first step of the same program, ${title}, cold / hand-written \`lean\``,
    atMost: 1.75,
    measure: () => {
      handFolder();
      return alternate(cold("compiled", rule), cold("hand", rule), { pairs: 7, warmup: 0 });
    },
  };
}
