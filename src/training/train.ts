/**
 * Training a model on a data set.
 *
 * @module
 */
import type { Split } from "../data/dataset.ts";
import { lower } from "../lowering/lower.ts";
import { PARAMETERS, type StepProgram } from "../lowering/program.ts";
import type { Parameters, Values } from "../nn/parameters.ts";
import { classification } from "../objective/classification.ts";
import { valuesOf } from "../objective/objective.ts";
import { described } from "../optimizer/codec.ts";
import type { TelemetryName } from "../optimizer/telemetry.ts";
import { readEvaluation } from "../runtime/evaluation_parameters.ts";
import { launch, type Launched } from "../runtime/launch.ts";
import { type Controls, type ProgramControls, programControls } from "../runtime/controls.ts";
import { getOrThrow } from "../runtime/program.ts";
import { type Column, type DeviceBatches, deviceBatches, type Order } from "./batches.ts";
import { type Books, type Measured, openBooks } from "./books.ts";
import { CORRECT, evaluationProgram, LOSS_SUM } from "./evaluation.ts";
import { type CheckedNumbers, checkTrainOptions, type TrainOptions } from "./options.ts";
import { breather, runSteps, stepSoftly } from "./pace.ts";
import { meter, type Progress } from "./progress.ts";
import type { ReplicaResult, TrainResult } from "./result.ts";

const LOSS = "record/loss";

/** Examples in a step of the evaluation: enough for every device, few enough for its memory. */
const EVALUATION_BATCH = 200;

function batchesOf(split: Split, batchSize: number, order: Order): DeviceBatches {
  const bytes = (values: Uint8Array): Column => ({ kind: "bytes", values });
  return deviceBatches({
    columns: { x: bytes(split.images), y: bytes(split.labels) },
    count: split.count,
    batchSize,
    order,
  });
}

/** Measures the evaluation parameters of now on all test images; nothing where the signal ended it. */
async function measure(
  { trained, program, evaluator, evaluationSteps: steps }: Session,
  count: number,
  signal: AbortSignal | undefined,
): Promise<Measured | undefined> {
  const { executor } = evaluator;
  executor.write(PARAMETERS, await readEvaluation(trained.executor, program));
  const from = executor.steps;
  await stepSoftly(executor, steps, breather(), signal);
  if (executor.steps < from + steps) return undefined;
  const rows = await executor.records(from, from + steps);
  const totals = (name: string) => {
    const sums = new Float64Array(executor.replicas);
    rows.get(name)?.forEach((value, i) => sums[i % sums.length]! += value);
    return sums.map((sum) => sum / count);
  };
  return { accuracy: totals(CORRECT), loss: totals(LOSS_SUM) };
}

function end({ executor, release }: Launched): void {
  executor.dispose();
  release();
}

/** The two programs of a run, ready to step. */
interface Session {
  readonly trained: Launched;
  readonly controls: ProgramControls;
  readonly evaluator: Launched;
  readonly program: StepProgram;
  readonly stepsPerEpoch: number;
  readonly evaluationSteps: number;
}

async function open<P extends Parameters>(
  options: TrainOptions<P>,
  { batchSize, replicas, seed }: CheckedNumbers,
): Promise<Session> {
  const { model, data, optimizer, set = {}, backend = "auto", telemetry = [] } = options;
  const { limits, onCompiling } = options;
  const given = {
    ...limits === undefined ? {} : { limits },
    ...onCompiling === undefined ? {} : { onCompiling },
  };
  const objective = classification(model, batchSize);
  const program = getOrThrow(lower(objective, optimizer, { telemetry }));
  const batches = batchesOf(data.train, batchSize, "shuffled");
  const trained = await launch(batches.transform(program), objective.leaves, {
    ...given,
    backend,
    replicas,
    seed,
    data: Object.fromEntries(batches.data),
  });
  try {
    const controls = programControls(trained.executor, program, described(optimizer));
    getOrThrow(controls.set(set));
    const { count } = data.test;
    const size = Math.min(EVALUATION_BATCH, count);
    const tests = batchesOf(data.test, size, "sequential");
    const evaluation = evaluationProgram(classification(model, size), program, count, size);
    const evaluator = await launch(tests.transform(evaluation), objective.leaves, {
      ...given,
      backend: trained.executor.backend,
      replicas,
      data: Object.fromEntries(tests.data),
    });
    return {
      trained,
      controls,
      evaluator,
      program,
      stepsPerEpoch: batches.stepsPerEpoch,
      evaluationSteps: tests.stepsPerEpoch,
    };
  } catch (cause) {
    end(trained);
    throw cause;
  }
}

/** Calls `onProgress` about four times a second, and whenever an epoch ends. */
function reporter(
  books: Pick<Books, "loss" | "accuracy" | "newest">,
  fixed: Pick<Progress, "epochs" | "steps">,
  controls: Controls,
  onProgress: TrainOptions<unknown>["onProgress"],
): (epoch: number, step: number, epochDone: boolean) => Promise<void> {
  const speed = meter(5);
  let reportedAt = -Infinity;
  return async (epoch, step, epochDone) => {
    if (epochDone) speed.pause(step);
    const stepsPerSecond = speed.at(step);
    const now = performance.now();
    if (onProgress === undefined || (!epochDone && now - reportedAt < 240)) return;
    reportedAt = now;
    const accuracy = books.accuracy();
    await onProgress({
      ...fixed,
      epoch,
      step,
      loss: books.loss(),
      telemetry: books.newest(),
      ...(accuracy === undefined ? {} : { accuracy }),
      stepsPerSecond,
      secondsLeft: (fixed.steps - step) / stepsPerSecond,
      epochDone,
    }, controls);
  };
}

/**
 * Trains a model: θ starts from the model's initializers and takes one step for each batch of
 * `batchSize` training examples, in an order that is shuffled anew for each epoch. The data set lies on
 * the device, batches are gathered there, and no step waits for the host. After every
 * `evaluateEvery` epochs, and at the end, all test examples are measured.
 *
 * An abort by `signal` is no error: the steps that are queued are the last, nothing is measured any
 * more, and the result says `interrupted` and holds what was reached.
 *
 * @throws {SteepestError} (as a rejection) `description` with every option that is out of range,
 * `need` where the optimizer asks for what the model cannot give, `limit`, `shader` or `device` where
 * the device cannot run it.
 *
 * @example
 * ```ts
 * import { digits, mlp, nasgd, train } from "@steepest/steepest";
 * import assert from "node:assert/strict";
 * const result = await train({
 *   model: mlp({ input: [1, 28, 28], classes: 10 }),
 *   data: digits({ train: 200, test: 50 }),
 *   optimizer: nasgd({ alpha: 0.5 }),
 *   batchSize: 20,
 *   backend: "js",
 * });
 * assert(result.steps === 10 && result.metrics.testAccuracy > 0.1);
 * ```
 */
export async function train<P extends Parameters, const N extends TelemetryName = never>(
  options: TrainOptions<P, N>,
): Promise<TrainResult<P, N>> {
  const numbers = checkTrainOptions(options);
  const { epochs, replicas, evaluateEvery, batchSize } = numbers;
  const { signal, model, data } = options;
  const aborted = () => signal?.aborted === true;
  const session = await open(options, numbers);
  const { trained, controls, evaluator, stepsPerEpoch, program } = session;
  const { executor } = trained;
  try {
    const books = openBooks<N>(replicas, LOSS);
    const steps = epochs * stepsPerEpoch;
    const report = reporter(books, { epochs, steps }, {
      set: controls.set,
      values: () => controls.values(0),
    }, options.onProgress);
    let epoch = 0;
    let done = 0;
    let measured: Measured | undefined;
    while (epoch < epochs && !aborted()) {
      const current = ++epoch;
      const start = performance.now();
      done = await runSteps(executor, epoch * stepsPerEpoch, {
        ...(signal === undefined ? {} : { signal }),
        onRecords: (rows, _from, to) => {
          books.enter(rows);
          return report(current, to, false);
        },
      });
      const seconds = (performance.now() - start) / 1000;
      const due = epoch === epochs || epoch % evaluateEvery === 0;
      measured = due && !aborted() ? await measure(session, data.test.count, signal) : undefined;
      books.endEpoch(epoch, seconds, measured);
      await report(epoch, done, true);
    }
    const theta = await executor.read(PARAMETERS);
    const objective = classification(model, batchSize);
    const evaluated = await readEvaluation(executor, program);
    const parametersOf = (r: number, flat: Float64Array): Values<P> =>
      valuesOf(objective, (path) => {
        const entry = program.arena.entries.find((e) => e.path === path)!;
        const at = r * program.arena.size + entry.offset;
        return Float32Array.from(flat.subarray(at, at + entry.size));
      });
    const replica = (r: number): ReplicaResult<P, N> => {
      const kept = books.replica(r);
      return {
        ...kept,
        parameters: parametersOf(r, theta),
        evaluationParameters: parametersOf(r, evaluated),
      };
    };
    return {
      ...replica(0),
      ...books.average(),
      interrupted: done < steps || measured === undefined,
      steps: done,
      replicas,
      backend: executor.backend,
      device: trained.device,
      replica,
    };
  } finally {
    end(trained);
    end(evaluator);
  }
}
