/**
 * Objective × optimizer → a program that runs.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import type { TaskEither } from "fp-ts/lib/TaskEither.js";
import { failure, SteepestError } from "../errors.ts";
import { refuse } from "../errors/options.ts";
import { lower } from "../lowering/lower.ts";
import type { AnyObjective } from "../lowering/problem.ts";
import type { StepProgram } from "../lowering/program.ts";
import type { Parameters } from "../nn/parameters.ts";
import { type Objective, objectiveIssues } from "../objective/objective.ts";
import { canonical } from "../optimizer/codec.ts";
import { contentHash } from "../optimizer/content_hash.ts";
import type { TelemetryName } from "../optimizer/telemetry.ts";
import type { Optimizer } from "../optimizer/types.ts";
import { launch } from "./launch.ts";
import { type CompileOptions, RUN_RULES, runIssues } from "./options.ts";
import { getOrThrow, type Program, runningProgram } from "./program.ts";

function identityOf(optimizer: Optimizer, program: StepProgram): string {
  const shapes = program.arena.entries.map((e) => `${e.path}[${e.shape}]`).join(" ");
  return `${contentHash(optimizer).full} ${shapes}`;
}

/** A label that names no class has a loss of 0, which would pass for a perfect answer. */
function checkLabels<P, B>(objective: Objective<P, B>, { data = {} }: CompileOptions): void {
  const { name, below = Infinity } = objective.labels ?? {};
  const labels = name === undefined ? undefined : data?.[name] ?? data?.[`batch/${name}`];
  const wrong = Array.from(labels ?? []).find((label) => label >= below);
  if (wrong === undefined) return;
  throw failure("data", `batch/${name}`, `the label ${wrong}`, `classes from 0 to ${below - 1}`);
}

/** Compiles with options that have been checked. */
export async function compileChecked<P extends Parameters, B, N extends TelemetryName>(
  objective: Objective<P, B>,
  given: Optimizer,
  options: CompileOptions<N>,
): Promise<Program<P, N>> {
  const { precision = "f32", telemetry = [], signal } = options;
  const checkSignal = () => {
    if (signal?.aborted !== true) return;
    throw failure("cancelled", "signal", "an aborted signal", "a run to the end");
  };
  checkSignal();
  const optimizer = getOrThrow(canonical(given));
  checkLabels(objective, options);
  const lowered = getOrThrow(lower(objective as AnyObjective, optimizer, { telemetry }));
  const transformed = options.transform?.(lowered) ?? lowered;
  const launched = await launch(transformed, objective.leaves, options);
  const { executor, program, plan, release } = launched;
  if (signal?.aborted === true) {
    executor.dispose();
    release();
    checkSignal();
  }
  return runningProgram<P, N>({
    objective,
    executor,
    program,
    ...(plan === undefined ? {} : { plan }),
    precision,
    identity: identityOf(optimizer, program),
    optimizer,
    ...(signal === undefined ? {} : { signal }),
    onDispose: release,
  });
}

/**
 * Compiles an optimizer and the function it is to minimise into a program that runs whole training
 * steps without coming back to the host.
 *
 * The backend `"auto"` is `"webgpu"` if there is an adapter and `"js"` otherwise; `"reference"` is
 * the oracle, in f32 or f64.
 *
 * Left: a {@link SteepestError} of kind `need` or `description` (the objective cannot give what the
 * optimizer asks, or an option is wrong), `data` (a tensor of the batch is missing), `limit`,
 * `shader` or `device`.
 *
 * @example
 * ```ts
 * import { compile, getOrThrow, mul, objective, sgd, square } from "@steepest/steepest";
 * import assert from "node:assert/strict";
 * const bowl = objective({ parameters: { x: 2 }, loss: ({ x }) => mul(0.5, square(x)) });
 * const compiled = compile(bowl, sgd({ learningRate: 0.5 }), { backend: "reference" });
 * using program = getOrThrow(await compiled());
 * program.step(3);
 * assert.deepEqual((await program.parameters()).x, 0.25);
 * ```
 */
export function compile<
  P extends Parameters,
  B,
  const N extends TelemetryName = never,
>(
  objective: Objective<P, B>,
  optimizer: Optimizer,
  options: CompileOptions<N> = {},
): TaskEither<SteepestError, Program<P, N>> {
  return async () => {
    try {
      refuse([...objectiveIssues(objective), ...runIssues(options, RUN_RULES)]);
      return E.right(await compileChecked(objective, optimizer, options));
    } catch (error) {
      if (error instanceof SteepestError) return E.left(error);
      throw error;
    }
  };
}
