/**
 * What {@link train} is asked for, checked.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { type Issue, issue, SteepestError } from "../errors.ts";
import {
  ANYTHING,
  FUNCTION,
  isRecord,
  LIST,
  RECORD,
  refuse,
  type Rules,
  SIGNAL,
  whole,
} from "../errors/options.ts";
import { show } from "../errors/words.ts";
import type { DeviceLimits } from "../loops/adapter.ts";
import { isShape, modelIssues } from "../nn/model_issues.ts";
import type { Model } from "../nn/models.ts";
import type { TelemetryName } from "../optimizer/telemetry.ts";
import type { Optimizer } from "../optimizer/types.ts";
import { RUN_RULES, runIssues, SEED_RULE, seedsOf } from "../runtime/options.ts";
import type { Controls, HyperparameterValues } from "../runtime/controls.ts";
import { show as showShape } from "../tensor/check.ts";
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

/** What each option of {@link train} may be, as far as it can be told alone. */
export const TRAIN_RULES: Rules<TrainOptions<unknown>> = {
  model: ANYTHING,
  data: ANYTHING,
  optimizer: ANYTHING,
  epochs: whole(1, 1_000_000),
  batchSize: whole(1),
  seed: SEED_RULE,
  replicas: whole(1, 65_535),
  set: RECORD,
  backend: RUN_RULES.backend,
  limits: RECORD,
  telemetry: LIST,
  signal: SIGNAL,
  onProgress: FUNCTION,
  onCompiling: FUNCTION,
  evaluateEvery: whole(1, 1_000_000),
};

/** Numbers that are no bytes would be taken for some: pixels from 0 to 1 are all 0. */
function dataIssues(data: Dataset): Issue[] {
  if (!isRecord(data as unknown) || !isShape(data.imageShape) || !Number.isInteger(data.classes)) {
    return [issue("data", show(data), "a data set, such as what mnist() and digits() give")];
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

/** The numbers of the options, or every problem at once: of the options themselves, then of what they are together. */
export function checkTrainOptions<P>(options: TrainOptions<P>): CheckedNumbers {
  const count: unknown = options?.data?.train?.count;
  const batchSize = Number.isInteger(count) ? whole(1, Number(count)) : TRAIN_RULES.batchSize;
  const own = runIssues(options, { ...TRAIN_RULES, batchSize });
  if (!isRecord(options as unknown)) throw new SteepestError("description", own);
  const { model, data, epochs = 1, batchSize: examples = 60, seed = 0, replicas = 1 } = options;
  const { evaluateEvery = 1 } = options;
  refuse([...own, ...modelIssues(model), ...dataIssues(data)]);
  const issues: Issue[] = [];
  // The default may be more than there are.
  if (examples > data.train.count) {
    issues.push(issue("batchSize", `${examples}`, `an integer from 1 to ${data.train.count}`));
  }
  if (!sameShape(model.inputShape, data.imageShape)) {
    issues.push(
      issue(
        "data/imageShape",
        showShape(data.imageShape),
        `${showShape(model.inputShape)} as the model reads`,
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
  refuse(issues);
  return { epochs, batchSize: examples, seed: seedsOf(seed, replicas), replicas, evaluateEvery };
}
