/**
 * `steepest train`: trains a model and says what came of it.
 *
 * @module
 */
import type { Command } from "commander";
import type { Dataset } from "../data/dataset.ts";
import type { TelemetryName } from "../optimizer/telemetry.ts";
import type { Backend } from "../training/options.ts";
import type { EpochMetrics, ReplicaResult, TrainResult } from "../training/result.ts";
import { train } from "../training/train.ts";
import { noAdapterNotice } from "./backend.ts";
import { writeText } from "./files.ts";
import { refuseInapplicable } from "./inapplicable.ts";
import { jsonLine } from "./json_lines.ts";
import { advisingSettings } from "./network_settings.ts";
import { optimizerFrom } from "./optimizer_argument.ts";
import { addData, addJson, addOptimizer, backendOption, DRAWN, modelOption } from "./options.ts";
import { percent, progressView } from "./progress.ts";
import { type DataArguments, dataFrom, type ModelName, withModel } from "./subject.ts";
import { EXIT, type Terminal } from "./terminal.ts";
import { integer, type Setting, telemetryOption } from "./values.ts";

interface TrainArguments extends DataArguments {
  readonly optimizer: string;
  readonly set: Readonly<Record<string, Setting>>;
  readonly model: ModelName;
  readonly epochs: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly replicas: number;
  readonly backend: Backend;
  readonly telemetry: readonly TelemetryName[];
  readonly json: boolean;
  readonly output?: string;
}

/** The result for any model. */
interface AnyResult extends Omit<TrainResult<unknown>, "replica"> {
  readonly replica: (
    r: number,
  ) => Pick<ReplicaResult<unknown>, "history" | "firstNonFinite" | "telemetry">;
}

interface Summary {
  readonly optimizer: string;
  readonly data: string;
  readonly backend: string;
  readonly device: string;
  readonly interrupted: boolean;
  readonly steps: number;
  readonly seconds: number;
  /** By the last measurement. */
  readonly testAccuracy: number;
  readonly testLoss: number;
  /** Steps before that measurement: all of them, unless the run was interrupted; then perhaps none. */
  readonly measuredAfter: number | null;
  readonly trainLoss: number;
  /** The first step whose loss was not finite. */
  readonly firstNonFinite: number | null;
  readonly replicas: readonly { readonly testAccuracy: number; readonly testLoss: number }[];
}

/** What was measured last, and after how many steps. */
function lastMeasured(
  history: readonly EpochMetrics[],
): Pick<Summary, "testAccuracy" | "testLoss" | "measuredAfter"> {
  const last = history.findLast(({ testAccuracy }) => !Number.isNaN(testAccuracy));
  if (last === undefined) return { testAccuracy: NaN, testLoss: NaN, measuredAfter: null };
  const { testAccuracy, testLoss, steps } = last;
  return { testAccuracy, testLoss, measuredAfter: steps };
}

function summarize(
  args: TrainArguments,
  data: Dataset,
  result: AnyResult,
  seconds: number,
): Summary {
  const copies = Array.from({ length: result.replicas }, (_, r) => result.replica(r));
  const broken = copies.flatMap((copy) => copy.firstNonFinite ?? []);
  return {
    optimizer: args.optimizer,
    data: data.name,
    backend: result.backend,
    device: result.device,
    interrupted: result.interrupted,
    steps: result.steps,
    seconds,
    ...lastMeasured(result.history),
    trainLoss: result.metrics.trainLoss,
    firstNonFinite: broken.length === 0 ? null : Math.min(...broken),
    replicas: copies.map(({ history }) => {
      const { testAccuracy, testLoss } = lastMeasured(history);
      return { testAccuracy, testLoss };
    }),
  };
}

function report(summary: Summary, terminal: Terminal): void {
  const { testAccuracy, testLoss, measuredAfter, trainLoss, steps, seconds } = summary;
  const rate = seconds > 0 ? ` (${(steps / seconds).toFixed(1)} steps/s)` : "";
  const measured = (text: string) => {
    if (measuredAfter === null) return "not measured";
    return measuredAfter === steps ? text : `${text} after ${measuredAfter} steps`;
  };
  if (summary.interrupted) terminal.out("interrupted; this is what was reached:");
  terminal.out(`steps          ${steps} in ${seconds.toFixed(1)} s${rate}`);
  terminal.out(`training loss  ${steps === 0 ? "–" : trainLoss.toFixed(4)}`);
  terminal.out(`test loss      ${measured(testLoss.toFixed(4))}`);
  terminal.out(`test accuracy  ${measured(percent(testAccuracy))}`);
  if (summary.replicas.length > 1 && measuredAfter !== null) {
    const each = summary.replicas.map((r) => percent(r.testAccuracy));
    terminal.out(`by replica     ${each.join("  ")}`);
  }
  if (summary.firstNonFinite !== null) {
    terminal.err(`warning: the loss was not finite from step ${summary.firstNonFinite} on`);
  }
}

/** Parameters as JSON: nested as in the model, with shape and row-major values. */
function parametersJson(parameters: unknown): string {
  return JSON.stringify(
    parameters,
    (_key, value: unknown) =>
      value instanceof Float32Array || value instanceof Float64Array ? Array.from(value) : value,
  );
}

/** A line for each series that was asked for and each replica. */
function tellSeries(args: TrainArguments, result: AnyResult, terminal: Terminal): void {
  for (let replica = 0; replica < result.replicas; replica++) {
    const { telemetry } = result.replica(replica);
    for (const name of args.telemetry) {
      const values = Array.from(telemetry[name] ?? []);
      terminal.out(jsonLine("telemetry", { name, replica, values }));
    }
  }
}

async function run(
  args: TrainArguments,
  command: Command,
  terminal: Terminal,
): Promise<number> {
  refuseInapplicable(command, [
    { options: DRAWN, here: "with --data", when: args.data !== undefined },
    { options: ["telemetry"], here: "without --json", when: !args.json },
  ]);
  const optimizer = await optimizerFrom(args.optimizer, args.set);
  const data = await dataFrom(args);
  const say = args.json ? () => undefined : terminal.err;
  const notice = await noAdapterNotice(args.backend);
  notice.forEach(say);
  say(
    `${data.name}: ${data.train.count} training and ${data.test.count} test images; ` +
      `${args.optimizer}, batch ${args.batchSize}, seed ${args.seed}`,
  );
  const view = progressView(terminal, args.json);
  const start = performance.now();
  const common = {
    data,
    optimizer,
    epochs: args.epochs,
    batchSize: args.batchSize,
    seed: args.seed,
    replicas: args.replicas,
    backend: args.backend,
    telemetry: args.telemetry,
    signal: terminal.signal,
    onCompiling: view.compiling,
    onProgress: view.update,
  };
  const result = await advisingSettings(
    { ...args, settings: args.set },
    () => withModel<Promise<AnyResult>>(args.model, (model) => train({ ...common, model })),
  ).finally(view.stop);
  const seconds = result.history.reduce((s, epoch) => s + epoch.seconds, 0);
  const summary = summarize(args, data, result, seconds);
  if (args.output !== undefined) {
    await writeText(args.output, parametersJson(result.evaluationParameters));
  }
  if (args.json) {
    const wall = (performance.now() - start) / 1000;
    tellSeries(args, result, terminal);
    terminal.out(jsonLine("result", { ...summary, wallSeconds: wall }));
  } else {
    say(`${result.backend} on ${result.device}`);
    report(summary, terminal);
  }
  return result.interrupted ? EXIT.interrupted : EXIT.ok;
}

/** Adds the command to the program; `done` takes its exit status. */
export function addTrainCommand(
  program: Command,
  terminal: Terminal,
  done: (status: number) => void,
): void {
  const command = program.command("train")
    .description("Train a model on MNIST, or on drawn digits if no data is given.");
  addOptimizer(command, "adam")
    .optionsGroup("Model and data:")
    .addOption(modelOption().default("cnn"));
  addData(command)
    .optionsGroup("Run:")
    .option("--epochs <n>", "how often every image is seen", integer(1, 1_000_000), 3)
    .option("--batch-size <n>", "images in a step", integer(1), 60)
    .option("--seed <n>", "decides parameters, order and dropout", integer(0), 0)
    .option("--replicas <n>", "independent runs side by side", integer(1, 65_535), 1)
    .addOption(backendOption("auto"));
  addJson(command, "progress, telemetry and result")
    .addOption(telemetryOption("in the lines of --json"))
    .option("--output <file>", "write the parameters to evaluate with at the end, as JSON")
    .addHelpText(
      "after",
      `
Examples:
  train --optimizer nasgd --set alpha=0.5 --epochs 3 --data mnist
  train --optimizer my-optimizer.json --model mlp --backend js

Ctrl-C stops the run and reports what was reached, without measuring again; a second one ends at once.`,
    )
    .action(async (args: TrainArguments) => done(await run(args, command, terminal)));
}
