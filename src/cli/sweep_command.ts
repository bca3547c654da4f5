/**
 * `steepest sweep`: many settings of an optimizer side by side.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { failure } from "../errors.ts";
import type { Optimizer } from "../optimizer/types.ts";
import type { CompileProgress } from "../runtime/compile_progress.ts";
import type { ReplicaRun } from "../training/minimize.ts";
import type { Backend } from "../training/options.ts";
import type { ReplicaResult } from "../training/result.ts";
import { sweep } from "../training/sweep.ts";
import type { SweepProgress, SweepResult } from "../training/sweep_result.ts";
import type { SweepMetric } from "../training/sweep_runs.ts";
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
import { barView, compilingLine, plainCompiling } from "./progress.ts";
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
  readonly compiling: (progress: CompileProgress) => void;
  readonly update: (progress: SweepProgress) => void;
  readonly stop: () => void;
}

function viewOf(terminal: Terminal, json: boolean): View {
  const line = ({ finished, trials, running }: SweepProgress) =>
    `${finished} of ${trials} trials done, ${running} running`;
  if (json) {
    const update = (p: SweepProgress) => terminal.out(jsonLine("progress", p));
    return { compiling: () => undefined, update, stop: () => undefined };
  }
  if (terminal.interactive) {
    const bar = barView();
    const update = (p: SweepProgress) => bar.update(100, Math.floor(100 * p.fraction), line(p));
    const compiling = (p: CompileProgress) => bar.update(p.total, p.done, compilingLine(p));
    return { compiling, update, stop: bar.stop };
  }
  let said = "";
  return {
    compiling: plainCompiling(terminal.err),
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

/** Settings that are none of the optimizer's: what else a trial may change. */
const VARIED = {
  function: ["seed"],
  model: ["seed", "batchSize", "epochs"],
} as const;

/** The settings that have one of the names. What is no number is refused where options are checked. */
function numbersOf<const N extends string>(
  names: readonly N[],
): (settings: Settings) => Partial<Record<N, number>> {
  return (settings) =>
    Object.fromEntries(
      names.filter((name) => Object.hasOwn(settings, name))
        .map((name) => [name, Number(settings[name])]),
    ) as Partial<Record<N, number>>;
}

/** The optimizer of a trial, which may be one of several. */
async function builderOf(
  { optimizer, set }: SweepArguments,
  trials: readonly Settings[],
  varied: readonly string[],
): Promise<(settings: Settings) => Optimizer> {
  const nameOf = ({ optimizer: own = optimizer }: Settings) => String(own);
  const names = [...new Set([optimizer, ...trials.map(nameOf)])];
  const builders = new Map(
    await Promise.all(names.map(async (name) => [name, await optimizerBuilder(name)] as const)),
  );
  return (settings) => {
    const own = Object.entries(settings).filter(([name]) =>
      name !== "optimizer" && !varied.includes(name)
    );
    return builders.get(nameOf(settings))!({ ...set, ...Object.fromEntries(own) });
  };
}

/** What both kinds of sweep are told. */
interface Common {
  readonly trials: readonly Settings[];
  readonly optimizer: (settings: Settings) => Optimizer;
  readonly seed: number;
  readonly sideBySide: number;
  readonly backend: Backend;
  readonly signal: AbortSignal;
  readonly onCompiling: (progress: CompileProgress) => void;
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
    vary: numbersOf(VARIED.function),
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
  const { optimizer = args.optimizer, ...first } = common.trials[0] ?? {};
  const others = new Set<string>(VARIED.model);
  const own = Object.entries(first).filter(([option]) => !others.has(option));
  const settings = { ...args.set, ...Object.fromEntries(own) };
  const vary = numbersOf(VARIED.model);
  const result = await advisingSettings(
    { ...args, optimizer: String(optimizer), settings, model: name },
    () =>
      withModel<Promise<SweepResult<Settings, ReplicaResult<unknown>>>>(
        name,
        (model) => sweep({ ...common, model, data, epochs, batchSize, by, vary }),
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
  if (result.interrupted) return EXIT.interrupted;
  return result.failures.length === 0 ? EXIT.ok : EXIT.failure;
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
  const varied = VARIED[onFunctions ? "function" : "model"];
  const view = viewOf(terminal, args.json);
  if (!args.json) (await noAdapterNotice(args.backend)).forEach(terminal.err);
  const common: Common = {
    trials,
    optimizer: await builderOf(args, trials, varied),
    seed: args.seed,
    sideBySide: args.sideBySide,
    backend: args.backend,
    signal: terminal.signal,
    onCompiling: view.compiling,
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
  sweep --grid optimizer=sgd,adam,nasgd --grid seed=1,2,3 --grid batchSize=30,60 --model mlp
  sweep --optimizer adam --grid of/0/length=gradientNorm,normalized --function rosenbrock

A name with a slash is a path into the description. optimizer, seed, batchSize and epochs can be tried too. Trials that differ in values alone are copies in one program; every other value is a program of its own.
Ctrl-C reports the trials that are done.`,
    )
    .action(async (args: SweepArguments) => done(await run(args, command, terminal)));
}
