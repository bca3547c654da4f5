/**
 * Ratios of what a compiled program takes to what others take for the same work:
 *
 *     deno task ratios [ROW …] [--hand DIRECTORY] [--python PATH] [--write]
 *
 * A row is a file of this folder, and runs in a process of its own. `--hand` is the folder of the step
 * written by hand, `--python` an interpreter that has PyTorch; a row whose other side is not given is
 * skipped. `--write` keeps the results in `bench/ratios/results/` and writes `docs/speed.md`.
 */
import * as E from "fp-ts/lib/Either.js";
import { given, someOf, task } from "../../tools/arguments.ts";
import { deno } from "../../tools/deno.ts";
import { page, passed, type Result, table } from "./_result.ts";
import type { Said } from "./_row.ts";

const HERE = new URL("./", import.meta.url);
const RESULTS = new URL("results/", HERE);
const PAGE = new URL("../../docs/speed.md", HERE);

/** The names of the rows, which are those of their files: one subject side by side. */
async function rowNames(): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(HERE)) {
    if (/^[^_.].*\.ts$/.test(name)) names.push(name.slice(0, -".ts".length));
  }
  return names.sort();
}

async function measure(name: string, environment: Record<string, string>): Promise<Said | string> {
  const script = new URL("_row.ts", HERE).pathname;
  const permissions = ["--allow-read", "--allow-env", "--allow-run", "--allow-sys"];
  const options = { quiet: true, environment };
  const { code, text } = await deno(["run", ...permissions, script, name], options);
  const said = text.trim().split("\n").find((one) => one.startsWith('{"kind"'));
  if (code === 0 && said !== undefined) return JSON.parse(said) as Said;
  return `ended with status ${code}: ${text.trim()}`;
}

/** The results that are there, in the order of the rows. */
async function known(names: readonly string[]): Promise<readonly Result[]> {
  const all: Result[] = [];
  for (const name of names) {
    const text = await Deno.readTextFile(new URL(`${name}.json`, RESULTS)).catch(() => undefined);
    if (text !== undefined) all.push(JSON.parse(text) as Result);
  }
  return all;
}

async function keep(result: Result): Promise<void> {
  await Deno.mkdir(RESULTS, { recursive: true });
  const text = `${JSON.stringify(result, null, 2)}\n`;
  await Deno.writeTextFile(new URL(`${result.name}.json`, RESULTS), text);
}

interface Options {
  readonly hand?: string;
  readonly python?: string;
  readonly write: boolean;
}

async function main(): Promise<number> {
  const names = await rowNames();
  const read = given<Options>(
    task("deno task ratios", "What programs take over what others take for the same work.")
      .addArgument(someOf("row", names))
      .option("--hand <directory>", "the step written by hand; without it, its rows are skipped")
      .option("--python <path>", "an interpreter with PyTorch; without it, its rows are skipped")
      .option(
        "--write",
        "keep the results in bench/ratios/results/, and write docs/speed.md",
        false,
      ),
  );
  if (E.isLeft(read)) return read.left;
  const { words, options: { hand, python, write } } = read.right;
  const environment = {
    ...(hand === undefined ? {} : { STEEPEST_HAND: await Deno.realPath(hand) }),
    ...(python === undefined ? {} : { STEEPEST_PYTHON: python }),
  };
  const wanted = names.filter((name) => words.length === 0 || words.includes(name));
  const results: Result[] = [];
  let failed = 0;
  for (const name of wanted) {
    const said = await measure(name, environment);
    if (typeof said === "string") {
      failed++;
      console.log(`FAILED  ${name} ${said}`);
    } else if (said.kind === "skipped") {
      console.log(`skipped ${said.row}: ${said.reason}`);
    } else {
      const { result } = said;
      const { ours, theirs, clock, wall } = result.ratio;
      results.push(result);
      if (write) await keep(result);
      console.log(
        `${passed(result) ? "ok     " : "SLOWER "} ${result.row}: ${result.ratio.ratio}, at most ` +
          `${result.atMost} (${ours} / ${theirs} ms ${clock}, wall ${wall})`,
      );
    }
  }
  if (results.length > 0) console.log(`\n${table(results)}`);
  if (write) {
    await Deno.writeTextFile(PAGE, page(await known(names)));
    await deno(["fmt", "--quiet", PAGE.pathname], { quiet: true });
  }
  return failed === 0 && results.every(passed) ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
