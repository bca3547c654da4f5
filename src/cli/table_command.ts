/**
 * `steepest table`: Table 1 of the unified view beside the catalogue, and the product of its columns.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { covering } from "../taxonomy/product/covering.ts";
import { type Judged, product } from "../taxonomy/product/verdict.ts";
import type { Backend } from "../training/options.ts";
import { noAdapterNotice } from "./backend.ts";
import { refuseInapplicable } from "./inapplicable.ts";
import { jsonLine } from "./json_lines.ts";
import { addJson, backendOption } from "./options.ts";
import { type ProductRun, runnable, runProduct, STEPS } from "./product_run.ts";
import { barView, duration } from "./progress.ts";
import { named, printedEvents, printedLines, productCounts, productLines } from "./table_report.ts";
import { EXIT, type Terminal } from "./terminal.ts";

interface TableArguments {
  readonly run?: "pairs" | "all";
  readonly backend: Backend;
  readonly json: boolean;
}

/** Lines between two words about how far a run is, where nobody watches. */
const QUIET = 200;

/** Says how far a run is. */
function progressOf(total: number, { interactive, err }: Terminal): {
  readonly done: (count: number) => void;
  readonly stop: () => void;
} {
  const began = performance.now();
  const line = (count: number) => {
    const left = (performance.now() - began) / 1000 * (total - count) / count;
    return `${count}/${total} combinations  ${duration(left)} left`;
  };
  if (!interactive) {
    const done = (count: number) => count % QUIET === 0 ? err(line(count)) : undefined;
    return { done, stop: () => {} };
  }
  const bar = barView();
  return { done: (count) => bar.update(total, count, line(count)), stop: bar.stop };
}

async function runSome(
  judged: readonly Judged[],
  { run, backend }: TableArguments,
  terminal: Terminal,
): Promise<ProductRun> {
  (await noAdapterNotice(backend)).forEach(terminal.err);
  const stages = judged.filter(({ verdict }) => verdict.kind === "stage");
  const chosen = run === "pairs" ? covering(stages) : runnable(judged, backend);
  const progress = progressOf(chosen.length, terminal);
  try {
    return await runProduct(chosen, backend, terminal.signal, progress.done);
  } finally {
    progress.stop();
  }
}

function runLines(
  { ran, compared, apart, wrong }: ProductRun,
  backend: Backend,
): readonly string[] {
  return [
    "",
    `${ran} combinations took ${STEPS} steps of a small network (backend ${backend}); ` +
    `with ${wrong.length} something is wrong`,
    ...(compared === 0
      ? []
      : [`${compared} of them are equal to another by construction: at most ${apart} apart`]),
    ...wrong.map(([{ combination }, what]) => `  ${named(combination)}: ${what}`),
  ];
}

async function show(
  args: TableArguments,
  command: Command,
  terminal: Terminal,
): Promise<number> {
  refuseInapplicable(command, [
    { options: ["backend"], here: "without --run", when: args.run === undefined },
  ]);
  const { out, width } = terminal;
  const judged = product(), counts = productCounts(judged);
  if (args.json) [...printedEvents(), jsonLine("product", counts)].forEach(out);
  else [...printedLines(width), "", ...productLines(counts, width)].forEach(out);
  if (args.run === undefined) return EXIT.ok;
  const found = await runSome(judged, args, terminal);
  const { wrong } = found;
  if (!args.json) runLines(found, args.backend).forEach(out);
  else {
    const problems = wrong.map(([{ combination }, what]) => ({
      what,
      combination: named(combination),
    }));
    out(jsonLine("run", { ...found, backend: args.backend, wrong: problems }));
  }
  return wrong.length === 0 ? EXIT.ok : EXIT.failure;
}

/** Adds the command to the program; `done` takes its exit status. */
export function addTableCommand(
  program: Command,
  terminal: Terminal,
  done: (status: number) => void,
): void {
  const command = program.command("table")
    .description(
      "Print Table 1 of the unified view beside the catalogue, and the product of its columns.",
    )
    .optionsGroup("Product:")
    .addOption(
      new Option(
        "--run <which>",
        `take ${STEPS} steps of every combination, or of some that have every pair`,
      )
        .choices(["pairs", "all"]),
    )
    .addOption(backendOption("auto"));
  addJson(command, "the rows, the counts and what came of the run")
    .addHelpText(
      "after",
      `
Examples:
  table
  table --run all
  table --run all --backend reference`,
    )
    .action(async (args: TableArguments) => done(await show(args, command, terminal)));
}
