/** `deno task check`: everything that can be checked without running the library. */

import { deno, existing } from "./deno.ts";

interface Step {
  readonly name: string;
  readonly args: readonly string[];
}

async function steps(): Promise<readonly Step[]> {
  const code = await existing(["mod.ts", "src", "kernels", "tests", "tools", "bench", "examples"]);
  return [
    { name: "format", args: ["fmt", "--check"] },
    { name: "lint", args: ["lint"] },
    { name: "rooms", args: ["run", "--no-prompt", "--allow-read", "tools/check_rooms.ts"] },
    { name: "types", args: ["check", ...code] },
    // The signatures mention fp-ts; with npm resolved, the linter would lint fp-ts' own types.
    { name: "documentation", args: ["doc", "--lint", "--no-npm", "mod.ts"] },
    { name: "benchmarks", args: ["bench", "--no-run"] },
    { name: "package", args: ["publish", "--dry-run", "--allow-dirty"] },
  ];
}

async function main(): Promise<number> {
  let failed = 0;
  for (const { name, args } of await steps()) {
    const start = performance.now();
    const { code, text } = await deno(args, { quiet: true });
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(
      `${code === 0 ? "ok    " : "FAILED"} ${name} (${seconds} s): deno ${args.join(" ")}`,
    );
    if (code === 0) continue;
    failed++;
    console.log(text.trimEnd().replace(/^/gm, "    "));
  }
  if (failed > 0) console.log(`${failed} checks failed`);
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
