/**
 * A compiled step that runs: what `compile` gives.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import type { Plan } from "../compiler/plan.ts";
import { failure, type Issue, issue, SteepestError } from "../errors.ts";
import { show } from "../errors/words.ts";
import { PARAMETERS, type StepProgram } from "../lowering/program.ts";
import type { Parameters, Values } from "../nn/parameters.ts";
import { type Objective, valuesOf } from "../objective/objective.ts";
import type { Optimizer } from "../optimizer/types.ts";
import type { TelemetryName } from "../optimizer/telemetry.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import { readEvaluation } from "./evaluation_parameters.ts";
import { type Controls, type CurrentValues, programControls } from "./controls.ts";
import type { BackendName, Executor } from "./executor.ts";
import { type Telemetry, telemetryOf } from "./telemetry.ts";

/** What can be read of one replica. */
export interface ReplicaView<P, N extends TelemetryName = never> {
  /** The loss at the parameters before each step. */
  losses(): Promise<Float64Array>;
  /** The parameters after everything queued so far. */
  parameters(): Promise<Values<P>>;
  /**
   * The parameters to evaluate with: what `average`, `lookahead` or `scheduleFree` keep for that, where the
   * optimizer has one of them, otherwise those of `parameters()`.
   */
  evaluationParameters(): Promise<Values<P>>;
  /** The hyperparameters that the next step uses, by path. */
  values(): Promise<CurrentValues>;
  /** Everything that was recorded since the program began or was restored, one number a step. */
  telemetry(): Promise<Telemetry<N>>;
}

/**
 * A running program. Its verbs take effect in the order of the calls; the reading ones are those of
 * replica 0. Every verb throws or rejects with a `device` error after `dispose`, and with
 * `cancelled` after its signal was aborted.
 */
export interface Program<P = Parameters, N extends TelemetryName = never>
  extends ReplicaView<P, N>, Controls, Disposable {
  /** Where it runs. */
  readonly backend: BackendName;
  /** How it computes. */
  readonly precision: "f32" | "f64";
  /** Independent copies. */
  readonly replicas: number;
  /** Steps asked for so far. */
  readonly steps: number;
  /** The step as a graph. */
  readonly program: StepProgram;
  /**
   * What the compiler made of it, for `plan.replicas` copies: where those are not all, each step runs it again
   * for others. Absent on the backend `"reference"`.
   */
  readonly plan?: Plan;
  /** Queues steps (default 1) and returns. */
  step(n?: number): void;
  /** The only wait: resolves when everything queued is done. */
  settled(): Promise<void>;
  /** Records of steps `from` to `to` by slot name, row-major `[steps, replicas]`. */
  records(from: number, to: number): Promise<ReadonlyMap<string, Float64Array>>;
  /** θ as the flat vectors of `program.arena`, one replica after another. */
  flatParameters(): Promise<Float64Array>;
  /** The evaluation parameters, laid out like `flatParameters()`. */
  flatEvaluationParameters(): Promise<Float64Array>;
  /** The whole state as bytes. */
  save(): Promise<Uint8Array<ArrayBuffer>>;
  /** Continues from saved bytes, bit for bit. Left: foreign, cut or damaged bytes change nothing. */
  restore(bytes: Uint8Array): Promise<E.Either<SteepestError, void>>;
  /** The results of one replica. */
  replica(r: number): ReplicaView<P, N>;
}

/**
 * The value, or the error thrown.
 *
 * @throws What is on the left, as it is; `description` for what is no Either, such as a promise of one.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, getOrThrow, scale, SteepestError } from "@steepest/steepest";
 *
 * assert.deepEqual(getOrThrow({ _tag: "Right", right: scale(0.1) }), scale(0.1));
 * const left = new SteepestError("description", []);
 * assert.throws(() => getOrThrow({ _tag: "Left", left }), left);
 * ```
 */
export function getOrThrow<A>(either: E.Either<SteepestError, A>): A {
  if (either?._tag !== "Left" && either?._tag !== "Right") {
    const expected = "an Either, such as what await compile(objective, optimizer)() gives";
    throw failure("description", "getOrThrow", show(either), expected);
  }
  if (E.isLeft(either)) throw either.left;
  return either.right;
}

/** What `runningProgram` is made of. */
interface ProgramParts<P> {
  readonly objective: Pick<Objective<P, unknown>, "parameters" | "leaves">;
  readonly executor: Executor;
  readonly program: StepProgram;
  readonly plan?: Plan;
  /** How it computes. */
  readonly precision: "f32" | "f64";
  /** What a checkpoint must belong to. */
  readonly identity: string;
  readonly optimizer: Optimizer;
  readonly signal?: AbortSignal;
  readonly onDispose: () => void;
}

/** A program round an executor. */
export function runningProgram<P extends Parameters, N extends TelemetryName = never>(
  parts: ProgramParts<P>,
): Program<P, N> {
  const { objective, executor, program, plan, precision, identity, signal } = parts;
  const { replicas } = executor;
  const controls = programControls(executor, program, parts.optimizer);
  let origin = 0;
  let disposed = false;

  const check = () => {
    if (disposed) throw failure("device", "program", "a disposed program", "a program in use");
    if (signal?.aborted === true) {
      throw failure("cancelled", "signal", "an aborted signal", "a run to the end");
    }
  };
  const cancel = () => executor.cancel();
  signal?.addEventListener("abort", cancel);

  const kept = async () => {
    check();
    return await executor.records(origin, executor.steps);
  };
  const valuesIn = async (r: number, read: () => Promise<Float64Array>): Promise<Values<P>> => {
    check();
    const { size, entries } = program.arena;
    const flat = (await read()).subarray(r * size, (r + 1) * size);
    const places = new Map(entries.map((e) => [e.path, e]));
    return valuesOf(objective, (path) => {
      const { offset, size } = places.get(path)!;
      const data = flat.slice(offset, offset + size);
      return precision === "f64" ? data : new Float32Array(data);
    });
  };
  const view = (r: number): ReplicaView<P, N> => ({
    async losses() {
      return telemetryOf(await kept(), replicas, r).loss ?? new Float64Array(0);
    },
    parameters: () => valuesIn(r, () => executor.read(PARAMETERS)),
    evaluationParameters: () => valuesIn(r, () => readEvaluation(executor, program)),
    async values() {
      check();
      return await controls.values(r);
    },
    async telemetry() {
      return telemetryOf<N>(await kept(), replicas, r);
    },
  });

  const restored = async (bytes: Uint8Array): Promise<E.Either<SteepestError, void>> => {
    check();
    const decoded = decodeCheckpoint(bytes);
    if (E.isLeft(decoded)) return decoded;
    const checkpoint = decoded.right;
    const issues: Issue[] = [];
    const compare = (what: string, found: string | number, expected: string | number) => {
      if (found !== expected) {
        issues.push(issue(`checkpoint/${what}`, String(found), String(expected)));
      }
    };
    const recalled = controls.recall(checkpoint.changed);
    if (E.isLeft(recalled)) return E.left(new SteepestError("checkpoint", recalled.left));
    const { slots } = recalled.right;
    compare("identity", checkpoint.identity, identity);
    compare("replicas", checkpoint.replicas, replicas);
    compare("precision", checkpoint.precision, precision);
    compare(
      "slots",
      [...checkpoint.slots.keys()].toSorted().join(", "),
      slots.toSorted().join(", "),
    );
    const present = new Set(executor.slots);
    const lengthOf = async (slot: string) =>
      present.has(slot) ? (await executor.read(slot)).length : replicas;
    for (const slot of slots) {
      const values = checkpoint.slots.get(slot);
      if (values !== undefined) {
        compare(`slots/${slot}`, values.length, await lengthOf(slot));
      }
    }
    if (issues.length > 0) return E.left(new SteepestError("checkpoint", issues));
    recalled.right.apply();
    for (const [slot, values] of checkpoint.slots) executor.write(slot, values);
    executor.seek(checkpoint.step);
    origin = checkpoint.step;
    return E.right(undefined);
  };

  const dispose = () => {
    if (disposed) return;
    disposed = true;
    signal?.removeEventListener("abort", cancel);
    executor.dispose();
    parts.onDispose();
  };

  return {
    ...view(0),
    backend: executor.backend,
    precision,
    replicas,
    get steps() {
      return executor.steps;
    },
    program,
    ...(plan === undefined ? {} : { plan }),
    step(n = 1) {
      check();
      if (!Number.isInteger(n) || n < 0) {
        throw failure("description", "step", show(n), "a number of steps");
      }
      executor.step(n);
    },
    async settled() {
      check();
      await executor.settled();
      check();
    },
    set(values) {
      check();
      return controls.set(values);
    },
    async records(from, to) {
      check();
      return await executor.records(from, to);
    },
    async flatParameters() {
      check();
      return await executor.read(PARAMETERS);
    },
    async flatEvaluationParameters() {
      check();
      return await readEvaluation(executor, program);
    },
    async save() {
      check();
      const step = executor.steps, changed = controls.changed;
      const slots = await Promise.all(
        executor.slots.toSorted().map(async (slot) => [slot, await executor.read(slot)] as const),
      );
      return encodeCheckpoint({
        identity,
        replicas,
        precision,
        step,
        changed,
        slots: new Map(slots),
      });
    },
    restore: restored,
    replica(r) {
      if (!Number.isInteger(r) || r < 0 || r >= replicas) {
        throw failure("description", "replica", show(r), `an index from 0 to ${replicas - 1}`);
      }
      return view(r);
    },
    [Symbol.dispose]: dispose,
  };
}
