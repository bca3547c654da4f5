/**
 * `steepest train`: trains a model and says what came of it.
 *
 * @module
 */
import type { Command } from "commander";
import { Option } from "commander";
import type { Dataset } from "../data/dataset.ts";
import { digits } from "../data/digits.ts";
import { mnist } from "../data/mnist.ts";
import { mlp, mnistCnn } from "../nn/models.ts";
import type { TelemetryName } from "../optimizer/telemetry.ts";
import type { Backend, TrainOptions } from "../training/options.ts";
import type { ReplicaResult, TrainResult } from "../training/result.ts";
import { train } from "../training/train.ts";
import { BACKENDS, noAdapterNotice } from "./backend.ts";
import { writeText } from "./files.ts";
import { optimizerFrom } from "./optimizer_argument.ts";
import { percent, progressView } from "./progress.ts";
import { EXIT, type Terminal } from "./terminal.ts";
import { integer, type Setting, settingOption, telemetryOption } from "./values.ts";

interface TrainArguments {
  readonly optimizer: string;
  readonly set: Readonly<Record<string, Setting>>;
  readonly model: keyof typeof MODELS;
  readonly epochs: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly replicas: number;
  readonly backend: Backend;
  readonly data?: string;
  readonly trainImages: number;
  readonly testImages: number;
  readonly telemetry: readonly TelemetryName[];
  readonly json: boolean;
  readonly output?: string;
}

/** The result for any model. */
interface AnyResult extends Omit<TrainResult<unknown>, "parameters" | "replica"> {
  readonly parameters: unknown;
  readonly replica: (
    r: number,
  ) => Pick<ReplicaResult<unknown>, "metrics" | "firstNonFinite" | "telemetry">;
}

type Run = (options: Omit<TrainOptions<unknown>, "model">) => Promise<AnyResult>;

const MODELS: { readonly cnn: Run; readonly mlp: Run } = {
  cnn: (options) => train({ ...options, model: mnistCnn() }),
  mlp: (options) =>
    train({ ...options, model: mlp({ input: [1, 28, 28], hidden: [128], classes: 10 }) }),
};

async function dataFrom(args: TrainArguments): Promise<Dataset> {
  if (args.data !== undefined) return await mnist({ directory: args.data });
  return digits({ train: args.trainImages, test: args.testImages, seed: 0 });
}

interface Summary {
  readonly optimizer: string;
  readonly data: string;
  readonly backend: string;
  readonly device: string;
  readonly interrupted: boolean;
  readonly steps: number;
  readonly seconds: number;
  readonly testAccuracy: number;
  readonly testLoss: number;
  readonly trainLoss: number;
  /** The first step whose loss was not finite. */
  readonly firstNonFinite: number | null;
  readonly replicas: readonly { readonly testAccuracy: number; readonly testLoss: number }[];
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
    ...result.metrics,
    firstNonFinite: broken.length === 0 ? null : Math.min(...broken),
    replicas: copies.map(({ metrics: { testAccuracy, testLoss } }) => ({ testAccuracy, testLoss })),
  };
}

function report(summary: Summary, terminal: Terminal): void {
  const { testAccuracy, testLoss, trainLoss, steps, seconds, interrupted } = summary;
  const rate = seconds > 0 ? ` (${(steps / seconds).toFixed(1)} steps/s)` : "";
  if (interrupted) terminal.out("interrupted; this is what was reached:");
  terminal.out(`steps          ${steps} in ${seconds.toFixed(1)} s${rate}`);
  terminal.out(`training loss  ${trainLoss.toFixed(4)}`);
  terminal.out(`test loss      ${testLoss.toFixed(4)}`);
  terminal.out(`test accuracy  ${percent(testAccuracy)}`);
  if (summary.replicas.length > 1) {
    const each = summary.replicas.map((r) => percent(r.testAccuracy));
    terminal.out(`by replica     ${each.join("  ")}`);
  }
  if (summary.firstNonFinite !== null) {
    terminal.err(`warning: the loss was not finite from step ${summary.firstNonFinite} on`);
  }
}

/** Parameters as JSON: nested as in the model, with shape and row-major values. */
export function parametersJson(parameters: unknown): string {
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
      terminal.out(JSON.stringify({ event: "telemetry", name, replica, values }));
    }
  }
}

async function run(args: TrainArguments, terminal: Terminal): Promise<number> {
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
  const result = await MODELS[args.model]({
    data,
    optimizer,
    epochs: args.epochs,
    batchSize: args.batchSize,
    seed: args.seed,
    replicas: args.replicas,
    backend: args.backend,
    telemetry: args.telemetry,
    signal: terminal.signal,
    onProgress: view.update,
  }).finally(view.stop);
  const seconds = result.history.reduce((s, epoch) => s + epoch.seconds, 0);
  const summary = summarize(args, data, result, seconds);
  if (args.output !== undefined) await writeText(args.output, parametersJson(result.parameters));
  if (args.json) {
    const wall = (performance.now() - start) / 1000;
    tellSeries(args, result, terminal);
    terminal.out(JSON.stringify({ event: "result", ...summary, wallSeconds: wall }));
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
  program.command("train")
    .description("Train a model on MNIST, or on drawn digits if no data is given.")
    .option(
      "--optimizer <name|file>",
      "a named optimizer, or a description in a .json file",
      "adam",
    )
    .addOption(
      settingOption(
        "an option of the optimizer, such as alpha=0.5; in a description a path, such as of/1/by=0.1",
      ),
    )
    .addOption(
      new Option("--model <name>", "the network").choices(Object.keys(MODELS)).default("cnn"),
    )
    .option("--epochs <n>", "how often every image is seen", integer(1, 1_000_000), 3)
    .option("--batch-size <n>", "images in a step", integer(1), 60)
    .option("--seed <n>", "decides parameters, order and dropout", integer(0), 0)
    .option("--replicas <n>", "independent runs side by side", integer(1, 65_535), 1)
    .addOption(
      new Option("--backend <name>", "where to run").choices([...BACKENDS]).default("auto"),
    )
    .option("--data <directory>", "the IDX files of MNIST, gzipped or not")
    .option("--train-images <n>", "without --data: images to draw", integer(1), 10_000)
    .option("--test-images <n>", "without --data: images to draw for the test", integer(1), 2000)
    .option("--output <file>", "write the parameters as JSON")
    .addOption(telemetryOption("in the lines of --json"))
    .option("--json", "progress, telemetry and result as lines of JSON", false)
    .addHelpText(
      "after",
      `
Examples:
  train --optimizer nasgd --set alpha=0.5 --epochs 3 --data mnist
  train --optimizer my-optimizer.json --model mlp --backend js

Ctrl-C stops the run and reports what was reached.`,
    )
    .action(async (args: TrainArguments) => done(await run(args, terminal)));
}
