/**
 * `steepest minimize`: an optimizer on a function with a known minimum.
 *
 * @module
 */
import { type Command, Option } from "commander";
import type { TelemetryName } from "../optimizer/telemetry.ts";
import { minimize } from "../training/minimize.ts";
import type { Backend } from "../training/options.ts";
import { refuseInapplicable } from "./inapplicable.ts";
import { jsonLine } from "./json_lines.ts";
import { optimizerFrom } from "./optimizer_argument.ts";
import { addJson, addOptimizer, backendOption } from "./options.ts";
import { progressView } from "./progress.ts";
import { functionCalled, functionHelp, startOf } from "./subject.ts";
import { cut } from "./table.ts";
import { EXIT, type Terminal } from "./terminal.ts";
import { testObjective } from "./test_functions.ts";
import { integer, number, numbers, type Setting, telemetryOption } from "./values.ts";

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

async function run(
  name: string,
  args: MinimizeArguments,
  command: Command,
  terminal: Terminal,
): Promise<number> {
  refuseInapplicable(command, [
    { options: ["telemetry"], here: "without --json", when: !args.json },
  ]);
  const chosen = functionCalled(name);
  const optimizer = await optimizerFrom(args.optimizer, args.set);
  const view = progressView(terminal, args.json);
  const result = await minimize(testObjective(chosen, startOf(chosen, args.start)), optimizer, {
    ...(args.until === undefined
      ? { steps: args.steps }
      : { until: args.until, maxSteps: args.steps }),
    backend: args.backend,
    precision: args.precision ?? (args.backend === "reference" ? "f64" : "f32"),
    record: "all",
    telemetry: args.telemetry,
    signal: terminal.signal,
    onCompiling: view.compiling,
  }).finally(view.stop);
  const points = result.history.map(({ parameters }) => Array.from(parameters.theta.data));
  const losses = Array.from(result.losses);
  const evaluated = Array.from(result.evaluationParameters.theta.data);
  const broken = losses.findIndex((loss) => !Number.isFinite(loss));
  if (args.json) {
    points.forEach((theta, step) => {
      const told = args.telemetry.map((name) => [name, result.telemetry[name]?.[step]]);
      const own = { step, loss: losses[step], theta };
      terminal.out(jsonLine("point", { ...own, ...Object.fromEntries(told) }));
    });
    const { steps, reached, backend } = result;
    const end = { function: name, optimizer: args.optimizer, backend, steps };
    const limits = args.until === undefined ? {} : { until: args.until, reached };
    const reachedPoint = { loss: losses.at(-1), theta: points.at(-1), evaluationTheta: evaluated };
    const firstNonFinite = broken < 0 ? null : broken;
    terminal.out(jsonLine("result", { ...end, ...limits, ...reachedPoint, firstNonFinite }));
    return EXIT.ok;
  }
  terminal.out(`${name}: ${chosen.formula}`);
  const shown = (theta: readonly number[] | undefined) =>
    (theta ?? []).slice(0, 4).map((x) => x.toPrecision(6)).join(", ") +
    ((theta ?? []).length > 4 ? ", …" : "");
  const last = losses.length - 1;
  for (let step = 0; step < last; step = step === 0 ? 1 : Math.min(2 * step, step + 1000)) {
    terminal.out(cut(line(step, losses[step], shown(points[step])), terminal.width));
  }
  terminal.out(cut(line(last, losses[last], shown(points[last])), terminal.width));
  if (evaluated.some((x, i) => !Object.is(x, points[last]?.[i]))) {
    terminal.out(cut(`to evaluate with: θ ${shown(evaluated)}`, terminal.width));
  }
  if (broken >= 0) terminal.err(`warning: the loss was not finite from step ${broken} on`);
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
  const command = program.command("minimize")
    .description("Follow an optimizer on a function with a known minimum.")
    .argument("<function>", "one of those below");
  addOptimizer(command, "nasgd")
    .optionsGroup("Run:")
    .option("--start <numbers>", "where to start, such as -3,-4", numbers)
    .option("--steps <n>", "at most so many steps", integer(1, 10_000_000), 1000)
    .option("--until <loss>", "stop when the loss is so low", number)
    .addOption(backendOption("reference"))
    .addOption(
      new Option("--precision <name>", "f64, the default there, on the reference backend alone")
        .choices(["f32", "f64"]),
    );
  addJson(command, "the trajectory (step, loss, theta, telemetry) and the result")
    .addOption(telemetryOption("in the lines of --json"))
    .addHelpText(
      "after",
      `${functionHelp()}

Examples:
  minimize rosenbrock --until 1e-6
  minimize beale --optimizer adam --set learningRate=0.1 --steps 500 --json`,
    )
    .action(async (name: string, args: MinimizeArguments) =>
      done(await run(name, args, command, terminal))
    );
}
