/**
 * `steepest sweep`: many settings of an optimizer side by side.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { failure } from "../errors.ts";
import type { ReplicaRun } from "../training/minimize.ts";
import type { Backend } from "../training/options.ts";
import type { ReplicaResult } from "../training/result.ts";
import { sweep, type SweepMetric } from "../training/sweep.ts";
import type { SweepProgress, SweepResult } from "../training/sweep_result.ts";
import { grid, randomTrials, type Range, type Settings } from "../training/trials.ts";
import { noAdapterNotice } from "./backend.ts";
import { refuseInapplicable } from "./inapplicable.ts";
import { jsonLine } from "./json_lines.ts";
import { advisingSettings } from "./network_settings.ts";
import { optimizerBuilder } from "./optimizer_argument.ts";
import {
  addData,
  addJson,
  addOptimizer,
  backendOption,
  DATA,
  DRAWN,
  modelOption,
} from "./options.ts";
import { barView } from "./progress.ts";
import {
  type DataArguments,
  dataFrom,
  functionCalled,
  functionHelp,
  type ModelName,
  startOf,
  withModel,
} from "./subject.ts";
import { type Measures, sweepEvents, sweepLines } from "./sweep_report.ts";
import { EXIT, type Terminal } from "./terminal.ts";
import { testObjective } from "./test_functions.ts";
import { gridSetting, integer, number, numbers, rangeSetting, type Setting } from "./values.ts";

interface SweepArguments extends DataArguments {
  readonly optimizer: string;
  readonly set: Readonly<Record<string, Setting>>;
  readonly grid: Readonly<Record<string, readonly Setting[]>>;
  readonly random: Readonly<Record<string, Range>>;
  readonly trials: number;
  readonly seed: number;
  readonly model?: ModelName;
  readonly by: SweepMetric;
  readonly epochs: number;
  readonly batchSize: number;
  readonly function?: string;
  readonly start?: readonly number[];
  readonly steps: number;
  readonly until?: number;
  readonly backend: Backend;
  readonly sideBySide: number;
  readonly json: boolean;
}

/** Every combination of the grid, with each of the random draws if there are any. */
function trialsOf(args: SweepArguments): readonly Settings[] {
  const points: readonly Settings[] = grid(args.grid);
  if (Object.keys(args.random).length === 0) {
    if (Object.keys(args.grid).length > 0) return points;
    throw failure("description", "sweep", "nothing to try", "--grid or --random");
  }
  const both = Object.keys(args.random).filter((name) => Object.hasOwn(args.grid, name));
  if (both.length > 0) {
    throw failure("description", "--random", `${both.join(", ")} in --grid too`, "other options");
  }
  const draws = randomTrials(args.random, args.trials, args.seed);
  return points.flatMap((point) => draws.map((draw) => ({ ...point, ...draw })));
}

/** Shows how far the sweep is until it is stopped. */
interface View {
  readonly update: (progress: SweepProgress) => void;
  readonly stop: () => void;
}

function viewOf(terminal: Terminal, json: boolean): View {
  const line = ({ finished, trials, running }: SweepProgress) =>
    `${finished} of ${trials} trials done, ${running} running`;
  if (json) {
    const update = (p: SweepProgress) => terminal.out(jsonLine("progress", p));
    return { update, stop: () => undefined };
  }
  if (terminal.interactive) {
    const bar = barView();
    const update = (p: SweepProgress) => bar.update(100, Math.floor(100 * p.fraction), line(p));
    return { update, stop: bar.stop };
  }
  let said = "";
  return {
    update: (p) => {
      if (line(p) !== said && p.running > 0) terminal.err(said = line(p));
    },
    stop: () => undefined,
  };
}

/** A sweep that is over, with the columns of its table. */
interface Ended<R> {
  readonly result: SweepResult<Settings, R>;
  readonly measures: Measures<R>;
}

/** What both kinds of sweep are told. */
interface Common {
  readonly trials: readonly Settings[];
  readonly optimizer: Parameters<typeof sweep>[0]["optimizer"];
  readonly seed: number;
  readonly sideBySide: number;
  readonly backend: Backend;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: SweepProgress) => void;
}

async function onFunction(
  name: string,
  args: SweepArguments,
  common: Common,
): Promise<Ended<ReplicaRun<unknown>>> {
  const chosen = functionCalled(name);
  const result = await sweep({
    ...common,
    objective: testObjective(chosen, startOf(chosen, args.start)),
    ...(args.until === undefined
      ? { steps: args.steps }
      : { until: args.until, maxSteps: args.steps }),
  });
  return {
    result,
    measures: { steps: ({ steps }) => steps, loss: ({ losses }) => losses.at(-1) ?? NaN },
  };
}

async function onModel(
  args: SweepArguments,
  common: Common,
): Promise<Ended<ReplicaResult<unknown>>> {
  const data = await dataFrom(args);
  const { epochs, batchSize, by, model: name = "cnn" } = args;
  const settings = { ...args.set, ...common.trials[0] };
  const result = await advisingSettings(
    { ...args, settings, model: name },
    () =>
      withModel<Promise<SweepResult<Settings, ReplicaResult<unknown>>>>(
        name,
        (model) => sweep({ ...common, model, data, epochs, batchSize, by }),
      ),
  );
  return {
    result,
    measures: {
      testAccuracy: ({ metrics }) => metrics.testAccuracy,
      testLoss: ({ metrics }) => metrics.testLoss,
      trainLoss: ({ metrics }) => metrics.trainLoss,
    },
  };
}

function report<R>(
  { result, measures }: Ended<R>,
  args: SweepArguments,
  asked: number,
  { out, width }: Terminal,
): number {
  const subject = args.function ?? args.model ?? "cnn";
  const lines = args.json
    ? sweepEvents(result, measures, { optimizer: args.optimizer, subject, asked })
    : sweepLines(result, measures, asked, width);
  lines.forEach(out);
  return result.interrupted ? EXIT.interrupted : EXIT.ok;
}

async function run(
  args: SweepArguments,
  command: Command,
  terminal: Terminal,
): Promise<number> {
  if (args.model !== undefined && args.function !== undefined) {
    throw failure("description", "--function", "--model too", "a model or a function");
  }
  const onFunctions = args.function !== undefined;
  refuseInapplicable(command, [
    { options: ["epochs", "batchSize", "by", ...DATA], here: "with --function", when: onFunctions },
    { options: ["start", "steps", "until"], here: "without --function", when: !onFunctions },
    { options: DRAWN, here: "with --data", when: !onFunctions && args.data !== undefined },
    {
      options: ["trials"],
      here: "without --random",
      when: Object.keys(args.random).length === 0,
    },
  ]);
  const trials = trialsOf(args);
  const build = await optimizerBuilder(args.optimizer);
  const view = viewOf(terminal, args.json);
  if (!args.json) (await noAdapterNotice(args.backend)).forEach(terminal.err);
  const common: Common = {
    trials,
    optimizer: (settings: Settings) => build({ ...args.set, ...settings }),
    seed: args.seed,
    sideBySide: args.sideBySide,
    backend: args.backend,
    signal: terminal.signal,
    onProgress: view.update,
  };
  if (args.function !== undefined) {
    const ended = await onFunction(args.function, args, common).finally(view.stop);
    return report(ended, args, trials.length, terminal);
  }
  const ended = await onModel(args, common).finally(view.stop);
  return report(ended, args, trials.length, terminal);
}

/** Adds the command to the program; `done` takes its exit status. */
export function addSweepCommand(
  program: Command,
  terminal: Terminal,
  done: (status: number) => void,
): void {
  const command = program.command("sweep")
    .description("Try many settings of an optimizer, side by side where they are values.");
  addOptimizer(command, "adam")
    .optionsGroup("Trials:")
    .addOption(
      new Option("--grid <name=values>", "values to try, such as beta1=0.8,0.9 (repeatable)")
        .argParser(gridSetting).default({}, "none"),
    )
    .addOption(
      new Option(
        "--random <name=range>",
        "draw from log:FROM..TO, FROM..TO or a list (repeatable)",
      ).argParser(rangeSetting).default({}, "none"),
    )
    .option("--trials <n>", "with --random: how many draws", integer(1, 1_000_000), 16)
    .option("--seed <n>", "decides the draws; of each trial: parameters and order", integer(0), 0)
    .optionsGroup("Model and data:")
    .addOption(modelOption())
    .option("--epochs <n>", "how often every image is seen", integer(1, 1_000_000), 1)
    .option("--batch-size <n>", "images in a step", integer(1), 60)
    .addOption(
      new Option("--by <measure>", "what trials are ranked by")
        .choices(["testLoss", "testAccuracy", "trainLoss"]).default("testLoss"),
    );
  addData(command)
    .optionsGroup("Or a function:")
    .option("--function <function>", "a test function in place of a model, ranked by f at the end")
    .option("--start <numbers>", "where to start, such as -3,-4", numbers)
    .option("--steps <n>", "at most so many steps", integer(1, 10_000_000), 1000)
    .option("--until <loss>", "stop a trial when its loss is so low", number)
    .optionsGroup("Run:")
    .addOption(backendOption("auto"))
    .option("--side-by-side <n>", "the most trials at once", integer(1, 65_535), 256);
  addJson(command, "progress, trials (best first) and the result")
    .addHelpText(
      "after",
      `${functionHelp()}

Examples:
  sweep --optimizer adam --grid learningRate=1e-4,3e-4,1e-3 --grid beta1=0.8,0.9 --model mlp
  sweep --optimizer sgd --random learningRate=log:1e-4..1e-1 --trials 64 --function rosenbrock

Trials that differ in values alone are copies in one program. Ctrl-C reports the trials that are done.`,
    )
    .action(async (args: SweepArguments) => done(await run(args, command, terminal)));
}
