/**
 * `steepest optimizers`: the catalogue as rows of the unified view.
 *
 * @module
 */
import type { Command } from "commander";
import { catalogue, type CatalogueEntry } from "../optimizer/catalogue/registry.ts";
import { encode } from "../optimizer/codec.ts";
import { classify } from "../taxonomy/classify.ts";
import { explain } from "../taxonomy/explain.ts";
import { optimizerFrom } from "./optimizer_argument.ts";
import { EXIT, type Terminal } from "./terminal.ts";
import { type Setting, settingOption } from "./values.ts";

interface OptimizersArguments {
  readonly explain?: string;
  readonly set: Readonly<Record<string, Setting>>;
  readonly json: boolean;
}

/** A row of the table: the entry's name, then its place in the unified view. */
export interface Row {
  readonly name: string;
  readonly length: string;
  readonly calculating: string;
  readonly structure: string;
  readonly iterative: string;
}

const COLUMNS = ["name", "length", "calculating", "structure", "iterative"] as const;

/** The catalogue as rows. */
export function catalogueRows(): readonly Row[] {
  return Object.values(catalogue).map(({ name, build }) => {
    const { length, calculating, structure, iterative } = classify(build());
    return { name, length, calculating, structure, iterative };
  });
}

/** How many columns a word takes on a terminal: combining marks take none. */
function width(word: string): number {
  return [...word.replace(/\p{Mark}/gu, "")].length;
}

/** Rows as lines, in columns as wide as their widest word. */
export function tableLines(rows: readonly Row[]): readonly string[] {
  const head: Row = {
    name: "Optimizer",
    length: "Length",
    calculating: "Calculating",
    structure: "Structure",
    iterative: "Iterative",
  };
  const all = [head, ...rows];
  const widths = COLUMNS.map((c) => Math.max(...all.map((row) => width(row[c]))));
  const padded = (word: string, i: number) => word + " ".repeat(widths[i]! - width(word));
  const line = (row: Row) => COLUMNS.map((c, i) => padded(row[c], i)).join("  ").trimEnd();
  const rule = widths.map((w) => "─".repeat(w)).join("  ");
  return [line(head), rule, ...rows.map(line)];
}

function about(entry: CatalogueEntry): readonly string[] {
  const options = Object.entries(entry.defaults).map(([name, value]) => {
    const worth = entry.suggested[name];
    const hint = worth === undefined ? "" : `   try ${worth.join(", ")}`;
    return `  ${name.padEnd(14)} ${JSON.stringify(value)}${hint}`;
  });
  return [`${entry.title} (${entry.source})`, "", "Options:", ...options, ""];
}

async function run(args: OptimizersArguments, terminal: Terminal): Promise<number> {
  if (args.explain === undefined) {
    if (args.json) terminal.out(JSON.stringify(catalogueRows(), undefined, 2));
    else tableLines(catalogueRows()).forEach(terminal.out);
    return EXIT.ok;
  }
  const optimizer = await optimizerFrom(args.explain, args.set);
  const entry = catalogue[args.explain];
  if (args.json) {
    const description: unknown = JSON.parse(encode(optimizer));
    const { suggested, title, source, defaults } = entry ?? {};
    terminal.out(JSON.stringify(
      {
        name: args.explain,
        title,
        source,
        defaults,
        suggested,
        row: classify(optimizer),
        description,
      },
      undefined,
      2,
    ));
    return EXIT.ok;
  }
  if (entry !== undefined) about(entry).forEach(terminal.out);
  terminal.out(explain(optimizer));
  return EXIT.ok;
}

/** Adds the command to the program; `done` takes its exit status. */
export function addOptimizersCommand(
  program: Command,
  terminal: Terminal,
  done: (status: number) => void,
): void {
  program.command("optimizers")
    .description("List the named optimizers as rows of the unified view, or explain one.")
    .option("--explain <name|file>", "formula, state, needs and cost of one optimizer")
    .addOption(settingOption("with --explain: an option of the optimizer"))
    .option("--json", "as JSON", false)
    .action(async (args: OptimizersArguments) => done(await run(args, terminal)));
}
