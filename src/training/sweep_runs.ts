/**
 * How trials run and are judged: on a function, and on a model.
 *
 * @module
 */
import { SteepestError } from "../errors.ts";
import { ONE_SEED, RECORD, type Rules } from "../errors/options.ts";
import type { Model } from "../nn/models.ts";
import type { Parameters } from "../nn/parameters.ts";
import type { Objective } from "../objective/objective.ts";
import type { Optimizer } from "../optimizer/types.ts";
import type { BackendName } from "../runtime/executor.ts";
import { minimize, type MinimizeSettings, type ReplicaRun, type Stopping } from "./minimize.ts";
import { TRAIN_RULES, type TrainOptions } from "./options.ts";
import type { ReplicaResult } from "./result.ts";
import type { Values } from "./sweep_plan.ts";
import type { RankKey } from "./sweep_result.ts";
import { train } from "./train.ts";

/** What a trial changes of any sweep besides its optimizer. */
export interface SeedVariation {
  /**
   * Of the random numbers, a u32.
   *
   * @default that of the sweep
   */
  readonly seed?: number;
}

/** What a trial changes of a sweep over a function besides its optimizer. */
export interface FunctionVariation extends SeedVariation {
  /**
   * Start values by path of the parameter.
   *
   * @default those of the sweep, or of the objective
   */
  readonly parameters?: Readonly<Record<string, number | ArrayLike<number>>>;
  /**
   * When it ends. Trials that end otherwise run on their own.
   *
   * @default as the sweep says
   */
  readonly stopping?: Stopping;
}

/** What a trial changes of a sweep over a model besides its optimizer. Each but the seed asks for a program of its own. */
export interface ModelVariation<P> extends SeedVariation {
  /**
   * What is trained, such as a model of another size.
   *
   * @default that of the sweep
   */
  readonly model?: Model<P>;
  /**
   * Examples in a step.
   *
   * @default that of the sweep
   */
  readonly batchSize?: number;
  /**
   * How often every training example is seen.
   *
   * @default that of the sweep
   */
  readonly epochs?: number;
}

/** What a sweep over a model is ranked by: accuracy downwards, losses upwards. */
export type SweepMetric = "testLoss" | "testAccuracy" | "trainLoss";

/** Every {@link SweepMetric}. */
export const SWEEP_METRICS: readonly SweepMetric[] = ["testLoss", "testAccuracy", "trainLoss"];

/** What one run says of its replicas. */
interface Ended<R> {
  readonly backend: BackendName;
  readonly replica: (r: number) => R;
}

/** What runs side by side: one program. */
interface Together<V> {
  readonly optimizer: Optimizer;
  /** Numbers of each copy. */
  readonly set: Values;
  readonly seed: readonly number[];
  /** Of each copy; they differ in what may differ side by side. */
  readonly variations: readonly V[];
}

/** How the runs of one kind of sweep are made and judged. */
export interface Kind<V, R> {
  /** What a variation may say. */
  readonly rules: Rules<V>;
  /** Equal for variations that may run side by side. */
  readonly keyOf: (variation: V) => string;
  /** `onFraction` hears how far they are. Nothing where the signal ended it. */
  readonly run: (
    together: Together<V>,
    onFraction: (fraction: number) => void,
  ) => Promise<Ended<R> | undefined>;
  readonly score: (run: R) => number;
  readonly key: (run: R) => RankKey;
  readonly firstNonFinite: (run: R) => number | undefined;
}

/** What {@link onFunction} runs with besides what trials change. */
export type FunctionRun<P, B> =
  & Omit<MinimizeSettings<"losses">, "set" | "replicas" | "seed" | "record">
  & Stopping
  & { readonly objective: Objective<P, B> };

/** What {@link onModel} runs with besides what trials change. */
export type ModelRun<P> = Omit<
  TrainOptions<P>,
  "optimizer" | "set" | "replicas" | "seed" | "onProgress"
>;

function firstNonFinite(losses: ArrayLike<number>): number | undefined {
  const at = Array.from(losses).findIndex((loss) => !Number.isFinite(loss));
  return at < 0 ? undefined : at;
}

function last({ losses }: { readonly losses: Float64Array }): number {
  return losses.at(-1) ?? NaN;
}

/** The start values of all copies, one after another. */
function startsOf(variations: readonly FunctionVariation[]): Record<string, number[]> {
  const paths = Object.keys(variations[0]?.parameters ?? {});
  return Object.fromEntries(paths.map((path) => [
    path,
    variations.flatMap(({ parameters }) => {
      const start = parameters![path]!;
      return typeof start === "number" ? [start] : Array.from(start);
    }),
  ]));
}

/** Trials on a function, ranked by f at the end, or by the steps to `until`. */
export function onFunction<P extends Parameters, B>(
  options: FunctionRun<P, B>,
): Kind<FunctionVariation, ReplicaRun<P>> {
  const { objective, steps, until, maxSteps, parameters, ...rest } = options;
  const common = { steps, until, maxSteps } as Stopping;
  return {
    rules: { seed: ONE_SEED, parameters: RECORD, stopping: RECORD },
    keyOf: ({ parameters = {}, stopping = common }) => {
      const sizes = Object.entries(parameters)
        .map(([path, start]) => [path, typeof start === "number" ? 1 : start.length]);
      return JSON.stringify([sizes.toSorted(), stopping]);
    },
    run: async ({ optimizer, set, seed, variations }) => {
      try {
        const run = await minimize(objective, optimizer, {
          ...rest,
          ...variations[0]?.stopping ?? common,
          parameters: { ...parameters, ...startsOf(variations) },
          set,
          seed,
          replicas: seed.length,
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

/** Trials on a model, ranked by what is measured on it. */
export function onModel<P extends Parameters>(
  options: ModelRun<P>,
  by: SweepMetric = "testLoss",
): Kind<ModelVariation<P>, ReplicaResult<P>> {
  const score = ({ metrics }: ReplicaResult<P>) =>
    by === "testAccuracy" ? -metrics.testAccuracy : metrics[by];
  const models: Model<P>[] = [];
  const numberOf = (model: Model<P>) => {
    if (!models.includes(model)) models.push(model);
    return models.indexOf(model);
  };
  const { model, batchSize, epochs } = TRAIN_RULES;
  return {
    rules: { seed: ONE_SEED, model, batchSize, epochs },
    keyOf: ({ seed: _, model = options.model, ...rest }) =>
      JSON.stringify([numberOf(model), Object.entries(rest).toSorted()]),
    run: async ({ optimizer, set, seed, variations }, onFraction) => {
      const { seed: _, ...own } = variations[0] ?? {};
      const run = await train({
        ...options,
        ...own,
        optimizer,
        set,
        seed,
        replicas: seed.length,
        onProgress: ({ step, steps }) => onFraction(step / steps),
      });
      return run.interrupted ? undefined : run;
    },
    score,
    key: (run) => [score(run)],
    firstNonFinite: (run) => run.firstNonFinite,
  };
}
