/**
 * `steepest minimize`: an optimizer on a function with a known minimum.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { failure } from "../errors.ts";
import { closest } from "../optimizer/schema/words.ts";
import type { TelemetryName } from "../optimizer/telemetry.ts";
import { minimize } from "../training/minimize.ts";
import type { Backend } from "../training/options.ts";
import { BACKENDS } from "./backend.ts";
import { optimizerFrom } from "./optimizer_argument.ts";
import { EXIT, type Terminal } from "./terminal.ts";
import { TEST_FUNCTIONS, type TestFunction, testObjective } from "./test_functions.ts";
import {
  integer,
  number,
  numbers,
  type Setting,
  settingOption,
  telemetryOption,
} from "./values.ts";

interface MinimizeArguments {
  readonly optimizer: string;
  readonly set: Readonly<Record<string, Setting>>;
  readonly start?: readonly number[];
  readonly steps: number;
  readonly until?: number;
  readonly backend: Backend;
  readonly precision?: "f32" | "f64";
  readonly telemetry: readonly TelemetryName[];
  readonly json: boolean;
}

function functionCalled(name: string): TestFunction {
  const found = Object.hasOwn(TEST_FUNCTIONS, name) ? TEST_FUNCTIONS[name] : undefined;
  if (found !== undefined) return found;
  const names = Object.keys(TEST_FUNCTIONS);
  const hint = closest(name, names);
  throw failure(
    "description",
    "function",
    `"${name}"`,
    `one of ${names.join(", ")}`,
    `function: expected one of ${names.join(", ")}, found "${name}"${
      hint === "" ? "" : `; did you mean ${hint}?`
    }`,
  );
}

function startOf(chosen: TestFunction, given: readonly number[] | undefined): readonly number[] {
  if (given === undefined || given.length === chosen.start.length) return given ?? chosen.start;
  throw failure(
    "description",
    "--start",
    `${given.length} numbers`,
    `${chosen.start.length} numbers, such as ${chosen.start.slice(0, 3).join(",")}`,
  );
}

async function run(name: string, args: MinimizeArguments, terminal: Terminal): Promise<number> {
  const chosen = functionCalled(name);
  const optimizer = await optimizerFrom(args.optimizer, args.set);
  const result = await minimize(testObjective(chosen, startOf(chosen, args.start)), optimizer, {
    ...(args.until === undefined
      ? { steps: args.steps }
      : { until: args.until, maxSteps: args.steps }),
    backend: args.backend,
    precision: args.precision ?? (args.backend === "reference" ? "f64" : "f32"),
    record: "all",
    telemetry: args.telemetry,
    signal: terminal.signal,
  });
  const points = result.history.map(({ parameters }) => Array.from(parameters.theta.data));
  const losses = Array.from(result.losses);
  if (args.json) {
    points.forEach((theta, step) => {
      const told = args.telemetry.map((name) => [name, result.telemetry[name]?.[step]]);
      terminal.out(
        JSON.stringify({ step, loss: losses[step], theta, ...Object.fromEntries(told) }),
      );
    });
    return EXIT.ok;
  }
  terminal.out(`${name}: ${chosen.formula}`);
  const shown = (theta: readonly number[] | undefined) =>
    (theta ?? []).slice(0, 4).map((x) => x.toPrecision(6)).join(", ") +
    ((theta ?? []).length > 4 ? ", …" : "");
  const last = losses.length - 1;
  for (let step = 0; step <= last; step = step === 0 ? 1 : Math.min(2 * step, step + 1000)) {
    terminal.out(line(step, losses[step], shown(points[step])));
  }
  terminal.out(line(last, losses[last], shown(points[last])));
  if (args.until !== undefined) {
    terminal.out(
      result.reached ? `reached ${args.until} after ${result.steps} steps` : "not reached",
    );
  }
  return EXIT.ok;
}

function line(step: number, loss: number | undefined, theta: string): string {
  return `step ${String(step).padStart(6)}  f ${(loss ?? NaN).toExponential(4)}  θ ${theta}`;
}

/** Adds the command to the program; `done` takes its exit status. */
export function addMinimizeCommand(
  program: Command,
  terminal: Terminal,
  done: (status: number) => void,
): void {
  const functions = Object.entries(TEST_FUNCTIONS)
    .map(([name, { formula }]) => `  ${name.padEnd(12)} ${formula}`);
  program.command("minimize")
    .description("Follow an optimizer on a function with a known minimum.")
    .argument("<function>", "one of those below")
    .option(
      "--optimizer <name|file>",
      "a named optimizer, or a description in a .json file",
      "nasgd",
    )
    .addOption(settingOption("an option of the optimizer"))
    .option("--start <numbers>", "where to start, such as -3,-4", numbers)
    .option("--steps <n>", "at most so many steps", integer(1, 10_000_000), 1000)
    .option("--until <loss>", "stop when the loss is so low", number)
    .addOption(
      new Option("--backend <name>", "where to run").choices([...BACKENDS]).default("reference"),
    )
    .addOption(
      new Option("--precision <name>", "f64, the default there, on the reference backend alone")
        .choices(["f32", "f64"]),
    )
    .addOption(telemetryOption("in the lines of --json"))
    .option("--json", "the trajectory as lines of JSON: step, loss, theta, telemetry", false)
    .addHelpText("after", `\nFunctions:\n${functions.join("\n")}`)
    .action(async (name: string, args: MinimizeArguments) => done(await run(name, args, terminal)));
}
