/**
 * `deno task test`: all tests, then the examples in doc comments and documents, then the totals.
 * `deno task test PATH… --filter NAME` runs only these tests.
 *
 * GPU tests run where there is an adapter; with STEEPEST_REQUIRE_GPU=1 its absence is a failure.
 */

import { deno, existing } from "./deno.ts";
import { slowest, type TestCase, testCases, totals } from "./junit.ts";

const permissions = ["--allow-read", "--allow-write", "--allow-env", "--allow-run"];
const documents = ["mod.ts", "src", "kernels", "README.md", "CONTRIBUTING.md", "docs"];

/** One run of `deno test`; a run that fails without a failing test counts as one failure. */
async function run(name: string, args: readonly string[]): Promise<readonly TestCase[]> {
  const report = `coverage/${name}.xml`;
  await Deno.mkdir("coverage", { recursive: true });
  await Deno.remove(report).catch(() => undefined);
  const { code } = await deno(["test", "--no-prompt", `--junit-path=${report}`, ...args]);
  const cases = testCases(await Deno.readTextFile(report).catch(() => ""));
  if (code === 0 || totals(cases).failed > 0) return cases;
  return [...cases, { file: name, name: `exit status ${code}`, seconds: 0, outcome: "failed" }];
}

async function adapter(): Promise<string> {
  const { text } = await deno(["run", "--no-prompt", "tools/adapter.ts"], { quiet: true });
  return text.trim().split("\n").at(-1) ?? "";
}

async function main(args: readonly string[]): Promise<number> {
  const device = await adapter();
  console.log(`WebGPU adapter: ${device === "none" ? "none, GPU tests are skipped" : device}`);
  if (device === "none" && Deno.env.get("STEEPEST_REQUIRE_GPU") === "1") {
    console.error("STEEPEST_REQUIRE_GPU=1, but navigator.gpu.requestAdapter() found no adapter");
    console.log("0 passed, 1 failed");
    return 1;
  }
  const cases = [...await run("tests", [...permissions, ...args])];
  if (args.length === 0) {
    const found = await existing(documents);
    cases.push(...await run("documents", ["--doc", "--permit-no-files", ...permissions, ...found]));
  }
  console.log("\nslowest tests");
  for (const { seconds, name, file } of slowest(cases, 10)) {
    console.log(`${seconds.toFixed(2).padStart(8)} s  ${name}  (${file})`);
  }
  const { passed, failed, ignored } = totals(cases);
  if (ignored > 0) console.log(`\n${ignored} ignored`);
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
