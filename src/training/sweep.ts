/**
 * Sweeps: many settings of an optimizer, those that differ in values alone side by side in one program.
 *
 * @module
 */
import { failure, SteepestError } from "../errors.ts";
import type { Parameters } from "../nn/parameters.ts";
import type { Objective } from "../objective/objective.ts";
import type { Optimizer } from "../optimizer/types.ts";
import type { BackendName } from "../runtime/executor.ts";
import { minimize, type MinimizeSettings, type ReplicaRun, type Stopping } from "./minimize.ts";
import type { TrainOptions } from "./options.ts";
import type { ReplicaResult } from "./result.ts";
import {
  isStructural,
  type Planned,
  planTrials,
  SIDE_BY_SIDE,
  type Values,
  valuesOf,
} from "./sweep_plan.ts";
import {
  type RankKey,
  rankTrials,
  type SweepProgress,
  type SweepResult,
  type Trial,
} from "./sweep_result.ts";
import { train } from "./train.ts";
import type { Settings } from "./trials.ts";

/** What every sweep is told. */
export interface SweepSettings<S extends Settings> {
  /** What is tried; see `grid` and `randomTrials`. */
  readonly trials: readonly S[];
  /** The optimizer of a trial. */
  readonly optimizer: (settings: S) => Optimizer;
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
  & SweepSettings<S>
  & Omit<MinimizeSettings<"losses">, "set" | "replicas" | "seed" | "record">
  & Stopping
  & {
    /** What is minimised. */
    readonly objective: Objective<P, B>;
  };

/** What a sweep over a model is ranked by: accuracy downwards, losses upwards. */
export type SweepMetric = "testLoss" | "testAccuracy" | "trainLoss";

/** A sweep over a model on data. */
export type ModelSweep<P, S extends Settings> =
  & SweepSettings<S>
  & Omit<TrainOptions<P>, "optimizer" | "set" | "replicas" | "seed" | "onProgress">
  & {
    /**
     * What trials are ranked by. The score of an accuracy is its negative.
     *
     * @default "testLoss"
     */
    readonly by?: SweepMetric;
  };

/** What one run says of its replicas. */
interface Ended<R> {
  readonly backend: BackendName;
  readonly replica: (r: number) => R;
}

/** Runs `seeds.length` replicas; `onFraction` hears how far they are. Nothing where the signal ended it. */
type Runner<R> = (
  optimizer: Optimizer,
  set: Values,
  seeds: readonly number[],
  onFraction: (fraction: number) => void,
) => Promise<Ended<R> | undefined>;

/** How the runs of one kind of sweep are made and judged. */
interface Kind<R> {
  readonly runner: Runner<R>;
  readonly score: (run: R) => number;
  readonly key: (run: R) => RankKey;
  readonly firstNonFinite: (run: R) => number | undefined;
}

async function sweepWith<S extends Settings, R>(
  options: SweepSettings<S> & { readonly signal?: AbortSignal },
  kind: Kind<R>,
): Promise<SweepResult<S, R>> {
  const { seed = 0, optimizer: build, onProgress, signal, sideBySide = SIDE_BY_SIDE } = options;
  const planned = planTrials(options);
  const families = Map.groupBy(planned, ({ family }) => family.key);
  const done: Trial<S, R>[] = [];
  let runs = 0;
  let backend: BackendName | undefined;
  const aborted = () => signal?.aborted === true;

  const runTogether = async (members: readonly Planned<S>[], program: number): Promise<void> => {
    const report = (fraction: number) =>
      onProgress?.({
        trials: planned.length,
        finished: done.length,
        running: members.length,
        fraction: (done.length + fraction * members.length) / planned.length,
      });
    report(0);
    const seeds = members.map(() => seed);
    const ended = await kind.runner(members[0]!.optimizer, valuesOf(members), seeds, report);
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
      await runTogether(members.slice(at, at + sideBySide), program);
    }
  }

  const ranked = rankTrials(done, ({ run }) => kind.key(run));
  const best = ranked.find(({ score }) => Number.isFinite(score));
  const names = new Set(planned.flatMap(({ settings }) => Object.keys(settings)));
  onProgress?.({
    trials: planned.length,
    finished: done.length,
    running: 0,
    fraction: done.length / planned.length,
  });
  return {
    trials: done.toSorted((a, b) => a.index - b.index),
    ranked,
    ...(best === undefined ? {} : { best }),
    programs: families.size,
    runs,
    structural: [...names].filter((name) => isStructural(name, planned, build)),
    interrupted: done.length < planned.length,
    ...(backend === undefined ? {} : { backend }),
  };
}

function firstNonFinite(losses: ArrayLike<number>): number | undefined {
  const at = Array.from(losses).findIndex((loss) => !Number.isFinite(loss));
  return at < 0 ? undefined : at;
}

function last({ losses }: { readonly losses: Float64Array }): number {
  return losses.at(-1) ?? NaN;
}

function onFunction<P extends Parameters, B, S extends Settings>(
  options: FunctionSweep<P, B, S>,
): Kind<ReplicaRun<P>> {
  const { objective, trials: _t, optimizer: _o, sideBySide: _s, onProgress: _p, ...rest } = options;
  return {
    runner: async (optimizer, set, seeds) => {
      try {
        const run = await minimize(objective, optimizer, {
          ...rest,
          set,
          seed: seeds,
          replicas: seeds.length,
        });
        return { backend: run.backend, replica: (r) => run.replica(r) };
      } catch (cause) {
        if (cause instanceof SteepestError && cause.kind === "cancelled") return undefined;
        throw cause;
      }
    },
    score: last,
    key: (run) => run.reached ? [0, run.steps, last(run)] : [1, last(run)],
    firstNonFinite: ({ losses }) => firstNonFinite(losses),
  };
}

function onModel<P extends Parameters, S extends Settings>(
  options: ModelSweep<P, S>,
): Kind<ReplicaResult<P>> {
  const { by = "testLoss", trials: _t, optimizer: _o, sideBySide: _s, onProgress: _p, ...rest } =
    options;
  if (!["testLoss", "testAccuracy", "trainLoss"].includes(by)) {
    throw failure("description", "by", `"${by}"`, "testLoss, testAccuracy or trainLoss");
  }
  const score = ({ metrics }: ReplicaResult<P>) =>
    by === "testAccuracy" ? -metrics.testAccuracy : metrics[by];
  return {
    runner: async (optimizer, set, seeds, onFraction) => {
      const run = await train({
        ...rest,
        optimizer,
        set,
        seed: seeds,
        replicas: seeds.length,
        onProgress: ({ step, steps }) => onFraction(step / steps),
      });
      return run.interrupted ? undefined : run;
    },
    score,
    key: (run) => [score(run)],
    firstNonFinite: (run) => run.firstNonFinite,
  };
}

/**
 * Tries settings of an optimizer on a function or on a model. Trials that differ in values alone (rates, decays,
 * ε) are replicas of one program: nothing is compiled for them, and they share what does not depend on
 * them. Every value of a structural option, or of a rhythm, is a program of its own. Each trial gives what it
 * would give alone: the same seed, and on the same plan the same bits.
 *
 * A run that ends at a number that is none is no error: its trial is ranked last. An abort by `signal` is none
 * either: the result says `interrupted` and holds the trials that came to their end.
 *
 * @throws {SteepestError} (as a rejection) `description` with everything that is wrong with any trial, and
 * whatever {@link minimize} or {@link train} find.
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
export async function sweep<P extends Parameters, B, S extends Settings>(
  options: FunctionSweep<P, B, S> | ModelSweep<P, S>,
): Promise<SweepResult<S, ReplicaRun<P> | ReplicaResult<P>>> {
  return "objective" in options
    ? await sweepWith<S, ReplicaRun<P>>(options, onFunction(options))
    : await sweepWith<S, ReplicaResult<P>>(options, onModel(options));
}
