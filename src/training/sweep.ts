/**
 * Sweeps: many settings of an optimizer, those that differ in values alone side by side in one program.
 *
 * @module
 */
import { SteepestError } from "../errors.ts";
import {
  ANYTHING,
  FUNCTION,
  isRecord,
  ONE_SEED,
  refuse,
  required,
  type Rules,
} from "../errors/options.ts";
import type { Parameters } from "../nn/parameters.ts";
import type { Optimizer } from "../optimizer/types.ts";
import type { BackendName } from "../runtime/executor.ts";
import { objectiveIssues } from "../objective/objective.ts";
import { runIssues } from "../runtime/options.ts";
import type { ReplicaRun } from "./minimize.ts";
import { MINIMIZE_RULES } from "./minimize_options.ts";
import { TRAIN_RULES } from "./options.ts";
import type { ReplicaResult } from "./result.ts";
import {
  errorOfAll,
  isStructural,
  type Planned,
  planTrials,
  SIDE_BY_SIDE,
  valuesOf,
} from "./sweep_plan.ts";
import {
  type FailedTrial,
  rankTrials,
  type SweepProgress,
  type SweepResult,
  type Trial,
} from "./sweep_result.ts";
import {
  type FunctionRun,
  type FunctionVariation,
  type Kind,
  type ModelRun,
  type ModelVariation,
  onFunction,
  onModel,
  type SeedVariation,
  SWEEP_METRICS,
  type SweepMetric,
} from "./sweep_runs.ts";
import type { Settings } from "./trials.ts";

/** What every sweep is told; a trial may change what `V` has besides its optimizer. */
export interface SweepSettings<S extends Settings, V extends SeedVariation = SeedVariation> {
  /** What is tried; see `grid` and `randomTrials`. */
  readonly trials: readonly S[];
  /** The optimizer of a trial. */
  readonly optimizer: (settings: S) => Optimizer;
  /**
   * What a trial changes besides its optimizer, such as its seed, its start or the size of its batches.
   *
   * @default nothing
   */
  readonly vary?: (settings: S) => V;
  /**
   * Of the random numbers, a u32, the same for every trial.
   *
   * @default 0
   */
  readonly seed?: number;
  /**
   * The most trials that run side by side, ≥ 1. What the device cannot hold at once runs in passes anyway.
   *
   * @default 256
   */
  readonly sideBySide?: number;
  /**
   * Called when a run begins, ends, and between.
   *
   * @default nothing
   */
  readonly onProgress?: (progress: SweepProgress) => void;
}

/** A sweep over a function, ranked by f at the end. */
export type FunctionSweep<P, B, S extends Settings> =
  & SweepSettings<S, FunctionVariation>
  & FunctionRun<P, B>;

/** A sweep over a model on data. */
export type ModelSweep<P, S extends Settings> =
  & SweepSettings<S, ModelVariation<P>>
  & ModelRun<P>
  & {
    /**
     * What trials are ranked by. The score of an accuracy is its negative.
     *
     * @default "testLoss"
     */
    readonly by?: SweepMetric;
  };

const SETTINGS: Rules<SweepSettings<Settings>> = {
  trials: required([
    (x) => Array.isArray(x) && x.every(isRecord),
    "a list of settings, such as grid() gives",
  ]),
  optimizer: required([(x) => typeof x === "function", "a function from settings to an optimizer"]),
  vary: FUNCTION,
  seed: ONE_SEED,
  sideBySide: ANYTHING,
  onProgress: FUNCTION,
};

/** What of the options of a sweep is for its runs. */
function forRuns<R extends object>(options: R): R {
  const own = { ...SETTINGS, by: true };
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => !Object.hasOwn(own, name)),
  ) as R;
}

const { set: _set, replicas: _replicas, record: _record, ...MINIMIZING } = MINIMIZE_RULES;
const FUNCTION_RULES: Rules<FunctionSweep<Parameters, unknown, Settings>> = {
  ...MINIMIZING,
  objective: ANYTHING,
  ...SETTINGS,
};

const { set: _given, replicas: _copies, ...TRAINING } = TRAIN_RULES;
const MODEL_RULES: Rules<ModelSweep<Parameters, Settings>> = {
  ...TRAINING,
  by: [(x) => SWEEP_METRICS.includes(x as SweepMetric), SWEEP_METRICS.join(" or ")],
  ...SETTINGS,
};

async function sweepWith<S extends Settings, V extends SeedVariation, R>(
  options: SweepSettings<S, V> & { readonly signal?: AbortSignal | undefined },
  kind: Kind<V, R>,
): Promise<SweepResult<S, R>> {
  const { seed = 0, onProgress, signal, sideBySide = SIDE_BY_SIDE } = options;
  const making = {
    optimizer: options.optimizer,
    vary: options.vary ?? ((): V => ({} as V)),
    rules: kind.rules,
    keyOf: kind.keyOf,
  };
  const { planned, failures: refused } = planTrials({ ...options, ...making });
  const families = Map.groupBy(planned, ({ key }) => key);
  const failures: FailedTrial<S>[] = [...refused];
  const done: Trial<S, R>[] = [];
  let runs = 0;
  let backend: BackendName | undefined;
  const aborted = () => signal?.aborted === true;
  const report = (running: number, fraction: number): void => {
    const trials = options.trials.length, finished = done.length + failures.length;
    const part = (finished + fraction * running) / trials;
    onProgress?.({ trials, finished, running, fraction: part });
  };

  const runTogether = async (
    members: readonly Planned<S, V>[],
    program: number,
  ): Promise<void> => {
    const variations = members.map(({ variation }) => variation);
    report(members.length, 0);
    const ended = await kind.run({
      optimizer: members[0]!.optimizer,
      set: valuesOf(members),
      seed: variations.map((own) => own.seed ?? seed),
      variations,
    }, (fraction) => report(members.length, fraction));
    if (ended === undefined) return;
    runs++;
    backend = ended.backend;
    members.forEach(({ index, settings, optimizer }, r) => {
      const run = ended.replica(r);
      const first = kind.firstNonFinite(run);
      const score = kind.score(run);
      const broken = first === undefined ? {} : { firstNonFinite: first };
      done.push({ index, settings, optimizer, program, score, ...broken, run });
    });
  };

  for (const [program, members] of [...families.values()].entries()) {
    for (let at = 0; at < members.length && !aborted(); at += sideBySide) {
      const part = members.slice(at, at + sideBySide);
      try {
        await runTogether(part, program);
      } catch (error) {
        if (!(error instanceof SteepestError)) throw error;
        failures.push(...part.map(({ index, settings }) => ({ index, settings, error })));
      }
    }
  }
  if (done.length === 0 && !aborted()) throw errorOfAll(failures);

  const ranked = rankTrials(done, ({ run }) => kind.key(run));
  const best = ranked.find(({ score }) => Number.isFinite(score));
  const names = new Set(planned.flatMap(({ settings }) => Object.keys(settings)));
  report(0, 0);
  return {
    trials: done.toSorted((a, b) => a.index - b.index),
    ranked,
    failures: failures.toSorted((a, b) => a.index - b.index),
    ...(best === undefined ? {} : { best }),
    programs: families.size,
    runs,
    structural: [...names].filter((name) => isStructural(name, planned, making)),
    interrupted: done.length + failures.length < options.trials.length,
    ...(backend === undefined ? {} : { backend }),
  };
}

/**
 * Tries settings of an optimizer on a function or on a model. Trials that differ in values alone (rates, decays,
 * ε) are replicas of one program: nothing is compiled for them, and they share what does not depend on
 * them. Every value of a structural option, or of a rhythm, is a program of its own. Each trial gives what it
 * would give alone: the same seed, and on the same plan the same bits.
 *
 * What a trial changes besides its optimizer is what `vary` says: seeds and starts are values too, another batch
 * size or another model is another program.
 *
 * A trial that cannot be built, compiled or run is among the `failures` with its error, and the others run all
 * the same; only where none of them does, the sweep fails.
 *
 * A run that ends at a number that is none is no error: its trial is ranked last. An abort by `signal` is none
 * either: the result says `interrupted` and holds the trials that came to their end.
 *
 * @throws {SteepestError} (as a rejection) everything that is wrong with the trials where none of them came to
 * its end, and `description` where the sweep itself makes no sense.
 *
 * @example
 * ```ts
 * import { adam, grid, minimize, objective, square, sweep } from "@steepest/steepest";
 * import assert from "node:assert/strict";
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * const result = await sweep({
 *   objective: bowl,
 *   optimizer: adam,
 *   trials: grid({ learningRate: [0.001, 0.1], beta1: [0.5, 0.9] }),
 *   steps: 50,
 *   backend: "js",
 * });
 * assert.deepEqual([result.programs, result.trials.length], [1, 4]);
 * assert.equal(result.best?.settings.learningRate, 0.1);
 * ```
 */
export function sweep<P extends Parameters, B, S extends Settings>(
  options: FunctionSweep<P, B, S>,
): Promise<SweepResult<S, ReplicaRun<P>>>;
/** The same on a model, ranked by what is measured on the test examples unless `by` says otherwise. */
export function sweep<P extends Parameters, S extends Settings>(
  options: ModelSweep<P, S>,
): Promise<SweepResult<S, ReplicaResult<P>>>;
export async function sweep<P extends Parameters, S extends Settings>(
  options: FunctionSweep<P, unknown, S> | ModelSweep<P, S>,
): Promise<SweepResult<S, ReplicaRun<P> | ReplicaResult<P>>> {
  const onObjective = isRecord(options as unknown) && "objective" in options;
  refuse(
    onObjective
      ? [...runIssues(options, FUNCTION_RULES), ...objectiveIssues(options.objective)]
      : runIssues(options, MODEL_RULES),
  );
  return "objective" in options
    ? await sweepWith(options, onFunction(forRuns<FunctionRun<P, unknown>>(options)))
    : await sweepWith(options, onModel(forRuns<ModelRun<P>>(options), options.by));
}
