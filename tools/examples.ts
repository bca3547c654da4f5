/** `deno task examples`: runs every program in examples/, as a reader would. */

import { deno } from "./deno.ts";

/** An example is something to try; one that takes longer is a study, and belongs elsewhere. */
const limitSeconds = 60;

async function main(folder: string): Promise<number> {
  let passed = 0;
  let failed = 0;
  const names = (await Array.fromAsync(Deno.readDir(folder)))
    .map((entry) => entry.name)
    .filter((name) => name.endsWith(".ts") && !name.startsWith("_"))
    .sort();
  for (const name of names) {
    console.log(`\n${folder}/${name}`);
    const start = performance.now();
    const { code } = await deno(["run", "--no-prompt", "--allow-read", `${folder}/${name}`], {
      signal: AbortSignal.timeout(limitSeconds * 1000),
    });
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(code === 0 ? `ok (${seconds} s)` : `FAILED (exit status ${code}, ${seconds} s)`);
    if (code === 0) passed++;
    else failed++;
  }
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main("examples"));
