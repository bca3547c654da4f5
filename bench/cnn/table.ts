/**
 * Trains the CNN with every entry of the catalogue and writes `docs/cnn.md`:
 *
 *     deno task cnn-table --data DIRECTORY [--only NAME,NAME] [--jobs N] [--minutes N] [--again]
 *
 * Each entry has a process of its own and a file of its own in `bench/cnn/results/`; one that is there for the same
 * expression is not run again. Without `--data` the page is written from what is there.
 */
import { Option } from "commander";
import * as E from "fp-ts/lib/Either.js";
import { integer } from "../../src/cli/values.ts";
import { catalogue, type CatalogueEntry } from "../../src/optimizer/catalogue/registry.ts";
import { given, knownName, task } from "../../tools/arguments.ts";
import { deno } from "../../tools/deno.ts";
import { page } from "./page.ts";
import { hashOf, passed, type Result } from "./result.ts";

const RESULTS = new URL("results/", import.meta.url);
const PAGE = new URL("../../docs/cnn.md", import.meta.url);

const fileOf = (name: string) => new URL(`${name}.json`, RESULTS);

/** The result that is there for an entry, if it is of the same expression. */
async function known(entry: CatalogueEntry): Promise<Result | undefined> {
  const text = await Deno.readTextFile(fileOf(entry.name)).catch(() => undefined);
  if (text === undefined) return undefined;
  const result = JSON.parse(text) as Result;
  return result.hash === hashOf(entry) ? result : undefined;
}

/** Runs an entry in a process of its own. */
async function run(entry: CatalogueEntry, data: string, minutes: number): Promise<Result> {
  const script = new URL("run_entry.ts", import.meta.url).pathname;
  const { code, text } = await deno(
    ["run", "--allow-read", "--allow-env", script, entry.name, data],
    { quiet: true, signal: AbortSignal.timeout(minutes * 60_000) },
  );
  const lines = text.trim().split("\n");
  const found = lines.find((line) => line.startsWith("{"));
  if (code === 0 && found !== undefined) return JSON.parse(found) as Result;
  const end = lines.slice(-3).join(" / ");
  const failed = `ended with status ${code} within ${minutes} minutes: ${end}`;
  return { name: entry.name, settings: {}, hash: hashOf(entry), failed };
}

async function write(result: Result): Promise<void> {
  await Deno.mkdir(RESULTS, { recursive: true });
  const file = fileOf(result.name), beside = new URL(`${file.href}.new`);
  await Deno.writeTextFile(beside, `${JSON.stringify(result, null, 2)}\n`);
  await Deno.rename(beside, file);
}

/** The results that are there, in the order of the catalogue. */
export async function results(): Promise<readonly Result[]> {
  const all: Result[] = [];
  for (const entry of Object.values(catalogue)) {
    const result = await known(entry);
    if (result !== undefined) all.push(result);
  }
  return all;
}

function said({ name, outcome, failed, refused }: Result): string {
  if (outcome === undefined) return `${name}: ${failed ?? refused}`;
  const { start, end, nonFinite, gradients, time, dispatches } = outcome;
  return `${name}: ${start} → ${end}, ${nonFinite} not finite, ${gradients} gradients, ` +
    `time ${time}, ${dispatches} dispatches`;
}

interface Options {
  readonly data?: string;
  readonly only?: readonly string[];
  readonly jobs: number;
  readonly minutes: number;
  readonly again: boolean;
}

async function main(): Promise<number> {
  const entries = Object.keys(catalogue);
  const named = (text: string) => text.split(",").map(knownName(entries));
  const read = given<Options>(
    task("deno task cnn-table", "Trains the CNN with every optimizer and writes docs/cnn.md.")
      .option("--data <directory>", "MNIST; without it, the page is written from what is there")
      .addOption(
        new Option("--only <names>", "these, with commas").choices(entries).argParser(named),
      )
      .option("--jobs <n>", "entries at once", integer(1), 1)
      .option("--minutes <n>", "the longest that an entry may take", integer(1), 30)
      .option("--again", "run those too that are there", false),
  );
  if (E.isLeft(read)) return read.left;
  const { data, only, jobs, minutes, again } = read.right.options;
  if (data !== undefined) {
    const names = new Set(only ?? entries);
    const waiting = Object.values(catalogue).filter(({ name }) => names.has(name));
    const work = async () => {
      for (let entry = waiting.shift(); entry !== undefined; entry = waiting.shift()) {
        const there = again ? undefined : await known(entry);
        if (there !== undefined && there.failed === undefined) continue;
        const result = await run(entry, data, minutes);
        await write(result);
        console.log(`${passed(result) ? "ok    " : "FAILED"} ${said(result)}`);
      }
    };
    await Promise.all(Array.from({ length: jobs }, work));
  }
  const all = await results();
  const there = new Set(all.map(({ name }) => name));
  const missing = entries.filter((name) => !there.has(name));
  await Deno.writeTextFile(PAGE, page(all, missing));
  await deno(["fmt", "--quiet", PAGE.pathname], { quiet: true });
  const bad = all.filter((result) => !passed(result)).map(({ name }) => name);
  console.log(
    `${all.length} entries, ${missing.length} still to run; failed: ${bad.join(", ") || "none"}`,
  );
  return bad.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
