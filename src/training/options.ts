/**
 * What {@link train} is asked for, checked.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { failure, type Issue, issue, SteepestError } from "../errors.ts";
import type { DeviceLimits } from "../loops/adapter.ts";
import { isShape, modelIssues } from "../nn/model_issues.ts";
import type { Model } from "../nn/models.ts";
import type { TelemetryName } from "../optimizer/telemetry.ts";
import type { Optimizer } from "../optimizer/types.ts";
import { seedsOf } from "../runtime/options.ts";
import type { Controls, HyperparameterValues } from "../runtime/controls.ts";
import { sameShape } from "../tensor/node.ts";
import type { CompileProgress } from "../runtime/compile_progress.ts";
import type { Progress } from "./progress.ts";

/** Where a program may run; `auto`: on the GPU if there is an adapter, else in JavaScript. */
export type Backend = "auto" | "webgpu" | "js" | "reference";

/** What {@link train} needs to know. */
export interface TrainOptions<P, N extends TelemetryName = TelemetryName> {
  /** What is trained; it has to fit the images and classes of the data. */
  readonly model: Model<P>;
  /** What it is trained and measured on. */
  readonly data: Dataset;
  /** How it is trained. */
  readonly optimizer: Optimizer;
  /**
   * How often every training example is seen, ≥ 1.
   *
   * @default 1
   */
  readonly epochs?: number;
  /**
   * Examples in a step, from 1 to all.
   *
   * @default 60
   */
  readonly batchSize?: number;
  /**
   * Decides initial parameters, order and dropout, a u32; replica r has the seed + r unless there
   * is one for each.
   *
   * @default 0
   */
  readonly seed?: number | readonly number[];
  /**
   * Independent runs side by side, ≥ 1.
   *
   * @default 1
   */
  readonly replicas?: number;
  /**
   * Hyperparameters of the replicas by path: one number each, or a number or schedule for all.
   *
   * @default as the optimizer says
   */
  readonly set?: HyperparameterValues;
  /**
   * Where it runs; `"auto"`: on the GPU if there is an adapter, else in JavaScript.
   *
   * @default "auto"
   */
  readonly backend?: Backend;
  /**
   * Limits to keep within besides the device's own; copies that do not fit run one part after the other.
   *
   * @default those of the device
   */
  readonly limits?: Partial<DeviceLimits>;
  /**
   * What is recorded at each step besides the loss; `explain` says what a name costs.
   *
   * @default nothing
   */
  readonly telemetry?: readonly N[];
  /**
   * Ends the run early, after the steps that are queued and without measuring; the result then tells
   * what was reached.
   *
   * @default none
   */
  readonly signal?: AbortSignal;
  /**
   * Called about four times a second, and at the end of every epoch. `controls` reads and changes
   * hyperparameters, from the next steps that are queued on; a promise is awaited before more steps
   * are queued.
   *
   * @default nothing
   */
  readonly onProgress?: (progress: Progress, controls: Controls) => unknown;
  /**
   * Told how far compiling has come, from a second on.
   *
   * @default nothing
   */
  readonly onCompiling?: (progress: CompileProgress) => void;
  /**
   * After how many epochs, ≥ 1, the test images are measured; always after the last.
   *
   * @default 1
   */
  readonly evaluateEvery?: number;
}

/** {@link TrainOptions} with every number known. */
export interface CheckedNumbers {
  readonly epochs: number;
  readonly batchSize: number;
  readonly seed: readonly number[];
  readonly replicas: number;
  readonly evaluateEvery: number;
}

const show = (shape: readonly number[]): string => `[${shape.join(", ")}]`;

/** Numbers that are no bytes would be taken for some: pixels from 0 to 1 are all 0. */
function dataIssues(data: Dataset): Issue[] {
  if (!isShape(data.imageShape) || !Number.isInteger(data.classes)) {
    return [issue("data", "something else", "a data set, such as what mnist() and digits() give")];
  }
  const pixels = data.imageShape.reduce((n, d) => n * d, 1);
  return (["train", "test"] as const).flatMap((part) => {
    const { count = 0, images, labels } = data[part] ?? {};
    const parts = [["images", images, count * pixels], ["labels", labels, count]] as const;
    return parts.flatMap(([name, given, length]) => {
      if (given instanceof Uint8Array && given.length === length) return [];
      const found = given instanceof Uint8Array
        ? `${given.length} bytes`
        : Object.prototype.toString.call(given).slice(8, -1);
      return [issue(`data/${part}/${name}`, found, `a Uint8Array of ${length} bytes`)];
    });
  });
}

/** The numbers of the options, or every problem at once. */
export function checkTrainOptions<P>(options: TrainOptions<P>): CheckedNumbers {
  if (typeof options !== "object" || options === null) {
    throw failure("description", "options", String(options), "what train() needs to know");
  }
  const { model, data, epochs = 1, batchSize = 60, seed = 0, replicas = 1 } = options;
  const { evaluateEvery = 1 } = options;
  for (const [path, given] of Object.entries({ model, data })) {
    if (given === undefined) throw failure("description", path, "nothing", `the option "${path}"`);
  }
  const issues: Issue[] = [...modelIssues(model), ...dataIssues(data)];
  if (issues.length > 0) throw new SteepestError("description", issues);
  const whole = (path: string, value: number, least: number, most: number) => {
    if (Number.isInteger(value) && value >= least && value <= most) return;
    issues.push(issue(path, String(value), `an integer from ${least} to ${most}`));
  };
  whole("epochs", epochs, 1, 1_000_000);
  whole("batchSize", batchSize, 1, data.train.count);
  if (typeof seed === "number") whole("seed", seed, 0, 2 ** 32 - 1);
  whole("replicas", replicas, 1, 65_535);
  whole("evaluateEvery", evaluateEvery, 1, 1_000_000);
  if (!sameShape(model.inputShape, data.imageShape)) {
    issues.push(
      issue(
        "data/imageShape",
        show(data.imageShape),
        `${show(model.inputShape)} as the model reads`,
      ),
    );
  }
  if (model.classes < data.classes) {
    issues.push(
      issue("model/classes", String(model.classes), `at least the ${data.classes} of the data`),
    );
  }
  for (const part of ["train", "test"] as const) {
    // A label that names no class has a loss of 0, which would pass for a perfect answer.
    const place = data[part].labels.findIndex((label) => label >= data.classes);
    if (place >= 0) {
      issues.push(
        issue(
          `data/${part}/labels/${place}`,
          String(data[part].labels[place]),
          `a class from 0 to ${data.classes - 1}`,
        ),
      );
    }
  }
  if (data.test.count < 1) issues.push(issue("data/test", "no images", "at least one"));
  if (issues.length > 0) throw new SteepestError("description", issues);
  return { epochs, batchSize, seed: seedsOf(seed, replicas), replicas, evaluateEvery };
}
