/**
 * Minimising a function from start to end.
 *
 * @module
 */
import { issue, SteepestError } from "../errors.ts";
import { refuse } from "../errors/options.ts";
import { show } from "../errors/words.ts";
import type { Parameters, Values } from "../nn/parameters.ts";
import { type Objective, objectiveIssues, valuesOf } from "../objective/objective.ts";
import type { TelemetryName } from "../optimizer/telemetry.ts";
import type { Optimizer } from "../optimizer/types.ts";
import { compileChecked } from "../runtime/compile.ts";
import type { HyperparameterValues } from "../runtime/controls.ts";
import { type CompileOptions, runIssues } from "../runtime/options.ts";
import { getOrThrow, type Program } from "../runtime/program.ts";
import { type Telemetry, telemetryOf } from "../runtime/telemetry.ts";
import { freezeWhenReached } from "./freeze.ts";
import { elementRecord, MOST_RECORDED, recordParameters } from "./history.ts";
import { MINIMIZE_RULES, stoppingIssues } from "./minimize_options.ts";
import { breather, stepSoftly } from "./pace.ts";

/** What `minimize` records besides losses. */
export type RecordKind = "losses" | "all";

/** Options of {@link minimize} that do not say when to stop. */
export interface MinimizeSettings<
  R extends RecordKind = RecordKind,
  N extends TelemetryName = TelemetryName,
> extends
  Pick<
    CompileOptions<N>,
    | "backend"
    | "precision"
    | "replicas"
    | "seed"
    | "parameters"
    | "data"
    | "telemetry"
    | "onCompiling"
    | "device"
    | "limits"
    | "signal"
  > {
  /**
   * `"all"`: the parameters before each step too, as `history`.
   *
   * @default "losses"
   */
  readonly record?: R;
  /**
   * Hyperparameters of the replicas by path: one number each, or a number or schedule for all.
   *
   * @default as the optimizer says
   */
  readonly set?: HyperparameterValues;
}

/** A number of steps, or a loss to reach in at most `maxSteps` steps. */
export type Stopping =
  | { readonly steps: number; readonly until?: undefined; readonly maxSteps?: undefined }
  | { readonly until: number; readonly maxSteps: number; readonly steps?: undefined };

/** Options of {@link minimize}. */
export type MinimizeOptions<
  R extends RecordKind = RecordKind,
  N extends TelemetryName = TelemetryName,
> = MinimizeSettings<R, N> & Stopping;

/** The parameters before one step. */
export interface Point<P> {
  /** Updates made before. */
  readonly step: number;
  /** f at these parameters. */
  readonly loss: number;
  /** The parameters. */
  readonly parameters: Values<P>;
}

/** How one replica went. */
export interface ReplicaRun<P, N extends TelemetryName = never> {
  /** Updates that were made. */
  readonly steps: number;
  /** Whether the loss came down to `until`; `false` if there was none. */
  readonly reached: boolean;
  /** f(θ₀) … f(θ_steps). */
  readonly losses: Float64Array;
  /** θ_steps. */
  readonly parameters: Values<P>;
  /** What to evaluate with after these steps: an average where the optimizer keeps one, otherwise θ_steps. */
  readonly evaluationParameters: Values<P>;
  /** What was recorded in each step, by name. */
  readonly telemetry: Telemetry<N>;
}

/** θ₀ … θ_steps, where `record: "all"` asked for them. */
export interface WithHistory<P> {
  /** θ₀ … θ_steps. */
  readonly history: readonly Point<P>[];
}

/** A {@link ReplicaRun} with what `R` records. */
export type Recorded<P, R extends RecordKind, N extends TelemetryName = never> =
  & ReplicaRun<P, N>
  & (R extends "all" ? WithHistory<P> : unknown);

/** The result of {@link minimize}: that of replica 0, and of all. */
export type Run<P, R extends RecordKind = "losses", N extends TelemetryName = never> =
  & Recorded<P, R, N>
  & {
    readonly replicas: number;
    readonly backend: Program["backend"];
    /** The result of one replica. */
    replica(r: number): Recorded<P, R, N>;
  };

/** First and longest number of steps between two looks at the losses. */
const SHORTEST = 32, LONGEST = 1024;

function firstReached(losses: Float64Array, replicas: number, r: number, until: number): number {
  for (let s = 0; s * replicas + r < losses.length; s++) {
    if (losses[s * replicas + r]! <= until) return s;
  }
  return -1;
}

/** `total` steps, or fewer when all replicas have reached. */
async function follow<P extends Parameters>(
  program: Program<P>,
  total: number,
  until: number | undefined,
  readEach: boolean,
): Promise<readonly Float64Array[]> {
  const points: Float64Array[] = [];
  const { replicas } = program;
  const breathe = breather();
  const waiting = new Set(Array.from({ length: replicas }, (_, r) => r));
  for (let length = SHORTEST; program.steps < total; length = Math.min(2 * length, LONGEST)) {
    const from = program.steps;
    const n = Math.min(until === undefined ? LONGEST : length, total - from);
    if (readEach) {
      for (let i = 0; i < n; i++) {
        points.push(await program.flatParameters());
        program.step(1);
        await breathe();
      }
    } else await stepSoftly(program, n, breathe);
    if (until === undefined) continue;
    const losses = (await program.records(from, from + n)).get("record/loss")!;
    for (const r of waiting) if (firstReached(losses, replicas, r, until) >= 0) waiting.delete(r);
    if (waiting.size === 0) break;
  }
  return points;
}

/** The series without what was recorded after the last update. */
function firstSteps<T extends Telemetry>(series: T, steps: number): T {
  return Object.fromEntries(
    Object.entries(series).map(([name, values]) => [name, values.slice(0, steps)]),
  ) as T;
}

/**
 * Minimises a function.
 *
 * With `steps` that many updates are made; with `until` each replica stops at the first parameters
 * whose loss is at most `until`, or after `maxSteps` updates. `losses` holds f(θ₀) … f(θ_steps), one
 * more than there were updates.
 *
 * Rejects with a {@link SteepestError}: `description` for options that make no sense, `cancelled`
 * when the signal aborts, and whatever `compile` finds.
 *
 * @example
 * ```ts
 * import { minimize, mul, objective, sgd, square } from "@steepest/steepest";
 * import assert from "node:assert/strict";
 * const bowl = objective({ parameters: { x: 2 }, loss: ({ x }) => mul(0.5, square(x)) });
 * const run = await minimize(bowl, sgd({ learningRate: 0.5 }), { steps: 2, backend: "reference" });
 * assert.deepEqual([...run.losses], [2, 0.5, 0.125]);
 * assert.deepEqual(run.parameters.x, 0.5);
 * ```
 */
export async function minimize<
  P extends Parameters,
  B,
  R extends RecordKind = "losses",
  const N extends TelemetryName = never,
>(
  objective: Objective<P, B>,
  optimizer: Optimizer,
  options: MinimizeOptions<R, N>,
): Promise<Run<P, R, N>> {
  refuse([
    ...objectiveIssues(objective),
    ...runIssues(options, MINIMIZE_RULES),
    ...stoppingIssues(options),
  ]);
  const { until, record, set = {} } = options;
  const last = options.until === undefined ? options.steps : options.maxSteps;
  const size = objective.leaves.reduce((n, l) => n + l.shape.reduce((a, b) => a * b, 1), 0);
  const all = record === "all";
  const recorded = all && size <= MOST_RECORDED;
  const { steps: _steps, until: _until, maxSteps: _most, record: _record, set: _set, ...rest } =
    options;
  const single = (options.precision ?? "f32") === "f32";
  const bound = until === undefined ? undefined : single ? Math.fround(until) : until;
  using program = await compileChecked<P, B, N>(objective, optimizer, {
    ...rest,
    transform: (program) => {
      const stopping = bound === undefined ? program : freezeWhenReached(program, bound, last);
      return recorded ? recordParameters(stopping) : stopping;
    },
  });
  getOrThrow(program.set(set));
  const { replicas, backend, precision } = program;
  // A frozen program stays where it is at step `last`, which therefore only evaluates f there.
  const total = bound === undefined ? last : last + 1;
  const points = await follow(program, total, bound, all && !recorded);
  const final = await program.flatParameters();
  const evaluated = await program.flatEvaluationParameters();
  // Without a freeze the step that evaluates f at the end moves on, so θ has been read before it.
  if (bound === undefined) program.step(1);
  const rows = await program.records(0, program.steps);
  const losses = rows.get("record/loss")!;

  const { entries } = program.program.arena;
  const places = new Map(entries.map((e) => [e.path, e]));
  const valuesFrom = (element: (i: number) => number): Values<P> =>
    valuesOf(objective, (path) => {
      const { offset, size } = places.get(path)!;
      const data = Float64Array.from({ length: size }, (_, i) => element(offset + i));
      return precision === "f64" ? data : new Float32Array(data);
    });
  const run = (r: number): Recorded<P, R, N> => {
    const hit = bound === undefined ? -1 : firstReached(losses, replicas, r, bound);
    const steps = hit >= 0 ? hit : last;
    const series = telemetryOf<N>(rows, replicas, r);
    const result: ReplicaRun<P, N> = {
      steps,
      reached: hit >= 0,
      losses: series.loss.slice(0, steps + 1),
      parameters: valuesFrom((i) => final[r * size + i]!),
      evaluationParameters: valuesFrom((i) => evaluated[r * size + i]!),
      telemetry: firstSteps(series, steps),
    };
    const history = (): readonly Point<P>[] =>
      Array.from({ length: steps + 1 }, (_, step) => ({
        step,
        loss: result.losses[step]!,
        parameters: valuesFrom((i) =>
          recorded
            ? rows.get(elementRecord(i))![step * replicas + r]!
            : (points[step] ?? final)[r * size + i]!
        ),
      }));
    return (all ? { ...result, history: history() } : result) as Recorded<P, R, N>;
  };
  const results = Array.from({ length: replicas }, (_, r) => run(r));
  return {
    ...results[0]!,
    replicas,
    backend,
    replica(r: number) {
      const found = Number.isInteger(r) ? results[r] : undefined;
      if (found !== undefined) return found;
      throw new SteepestError("description", [
        issue("replica", show(r), `an index from 0 to ${replicas - 1}`),
      ]);
    },
  };
}
