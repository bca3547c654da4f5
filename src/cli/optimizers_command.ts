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
import { refuseInapplicable } from "./inapplicable.ts";
import { jsonLine } from "./json_lines.ts";
import { optimizerFrom } from "./optimizer_argument.ts";
import { addJson } from "./options.ts";
import { tableLines } from "./table.ts";
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

const HEADS = ["Optimizer", "Length", "Calculating", "Structure", "Iterative"];

/** The catalogue as rows. */
export function catalogueRows(): readonly Row[] {
  return Object.values(catalogue).map(({ name, build }) => {
    const { length, calculating, structure, iterative } = classify(build());
    return { name, length, calculating, structure, iterative };
  });
}

function about(entry: CatalogueEntry, width: number | undefined): readonly string[] {
  const { title, source, defaults, ranges, suggested, network } = entry;
  const rows = Object.entries(defaults).map(([name, value]) => [
    name,
    JSON.stringify(value),
    ranges[name] ?? "",
    suggested[name]?.join(", ") ?? "",
    network[name] === undefined ? "" : JSON.stringify(network[name]),
  ]);
  const heads = ["Option", "Default", "May be", "Worth trying", "For networks"];
  return [`${title} (${source})`, "", ...tableLines(heads, rows, { width }), ""];
}

async function run(
  args: OptimizersArguments,
  command: Command,
  terminal: Terminal,
): Promise<number> {
  refuseInapplicable(command, [
    { options: ["set"], here: "without --explain", when: args.explain === undefined },
  ]);
  const { out, width } = terminal;
  if (args.explain === undefined) {
    const rows = catalogueRows();
    if (args.json) rows.forEach((row) => out(jsonLine("optimizer", row)));
    else tableLines(HEADS, rows.map((row) => Object.values(row)), { width }).forEach(out);
    return EXIT.ok;
  }
  const optimizer = await optimizerFrom(args.explain, args.set);
  const entry = catalogue[args.explain];
  if (args.json) {
    const description: unknown = JSON.parse(encode(optimizer));
    const { title, source, defaults, ranges, suggested, network } = entry ?? {};
    const options = { title, source, defaults, ranges, suggested, network };
    const row = classify(optimizer);
    out(jsonLine("optimizer", { name: args.explain, ...options, ...row, description }));
    return EXIT.ok;
  }
  if (entry !== undefined) about(entry, width).forEach(out);
  out(explain(optimizer));
  return EXIT.ok;
}

/** Adds the command to the program; `done` takes its exit status. */
export function addOptimizersCommand(
  program: Command,
  terminal: Terminal,
  done: (status: number) => void,
): void {
  const command = program.command("optimizers")
    .description("List the named optimizers as rows of the unified view, or explain one.")
    .optionsGroup("Optimizer:")
    .option("--explain <name|file>", "options, formula, state, needs and cost of one optimizer")
    .addOption(settingOption("with --explain: an option of the optimizer"));
  addJson(command, "the rows, or the description")
    .addHelpText(
      "after",
      `
Examples:
  optimizers
  optimizers --explain adahessian --set every=10
  optimizers --explain my-optimizer.json --json`,
    )
    .action(async (args: OptimizersArguments) => done(await run(args, command, terminal)));
}
