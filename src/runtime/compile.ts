/**
 * Objective × optimizer → a program that runs.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import type { TaskEither } from "fp-ts/lib/TaskEither.js";
import { compilePlan } from "../compiler/compile_plan.ts";
import { SteepestError } from "../errors.ts";
import { type AdapterClass, DEFAULT_ADAPTER } from "../loops/adapter.ts";
import { lower } from "../lowering/lower.ts";
import type { AnyObjective } from "../lowering/problem.ts";
import type { StepProgram } from "../lowering/program.ts";
import type { Parameters } from "../nn/parameters.ts";
import type { Objective } from "../objective/objective.ts";
import { contentHash } from "../optimizer/content_hash.ts";
import type { Optimizer } from "../optimizer/types.ts";
import { acquireDevice, type DeviceHandle } from "./device.ts";
import { jsExecutor } from "./js_executor.ts";
import { type CompileOptions, optionIssues, startFrom } from "./options.ts";
import { getOrThrow, type Program, type ProgramParts, runningProgram } from "./program.ts";
import { referenceExecutor } from "./reference_executor.ts";
import { webgpuExecutor } from "./webgpu_executor.ts";

/** What the compiler has to know of a device. */
export function adapterOf({ device, software }: DeviceHandle): AdapterClass {
  const { limits } = device;
  return {
    kind: software ? "cpu" : "gpu",
    maxBindings: limits.maxStorageBuffersPerShaderStage,
    maxBindingBytes: Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize),
    maxWorkgroups: limits.maxComputeWorkgroupsPerDimension,
  };
}

/** JavaScript functions take as many arrays as they like. */
export const JS_ADAPTER: AdapterClass = { ...DEFAULT_ADAPTER, maxBindings: 1024 };

/** The device to run on; `undefined` for the typed-array target. */
async function deviceFor(options: CompileOptions): Promise<DeviceHandle | undefined> {
  const { backend = "auto", device } = options;
  if (backend === "js" || backend === "reference") return undefined;
  if (device !== undefined) return device.retain();
  const acquired = await acquireDevice()();
  if (E.isRight(acquired)) return acquired.right;
  if (backend === "auto") return undefined;
  throw acquired.left;
}

function identityOf(optimizer: Optimizer, program: StepProgram): string {
  const shapes = program.arena.entries.map((e) => `${e.path}[${e.shape}]`).join(" ");
  return `${contentHash(optimizer).full} ${shapes}`;
}

async function build<P extends Parameters, B>(
  objective: Objective<P, B>,
  optimizer: Optimizer,
  options: CompileOptions,
): Promise<Program<P>> {
  const { backend = "auto", precision = "f32", replicas = 1, telemetry = false } = options;
  const issues = optionIssues(options);
  if (issues.length > 0) throw new SteepestError("description", issues);
  const lowered = getOrThrow(lower(objective as AnyObjective, optimizer, { telemetry }));
  const transformed = options.transform?.(lowered) ?? lowered;
  const { program, values } = startFrom(transformed, objective.leaves, options);
  const parts: Omit<ProgramParts<P>, "executor" | "onDispose"> = {
    objective,
    program,
    precision,
    identity: identityOf(optimizer, program),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  if (backend === "reference") {
    const executor = referenceExecutor(program, replicas, precision, values);
    return runningProgram({ ...parts, executor, onDispose: () => {} });
  }
  const handle = await deviceFor(options);
  if (handle === undefined) {
    const plan = getOrThrow(
      compilePlan(program, { replicas, target: "js", adapter: JS_ADAPTER }),
    );
    const executor = jsExecutor(plan, values);
    return runningProgram({ ...parts, plan, executor, onDispose: () => {} });
  }
  try {
    const plan = getOrThrow(
      compilePlan(program, { replicas, target: "wgsl", adapter: adapterOf(handle) }),
    );
    const executor = await webgpuExecutor(handle, plan, values);
    return runningProgram({ ...parts, plan, executor, onDispose: () => handle.release() });
  } catch (error) {
    handle.release();
    throw error;
  }
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
export function compile<P extends Parameters, B>(
  objective: Objective<P, B>,
  optimizer: Optimizer,
  options: CompileOptions = {},
): TaskEither<SteepestError, Program<P>> {
  return async () => {
    try {
      return E.right(await build(objective, optimizer, options));
    } catch (error) {
      if (error instanceof SteepestError) return E.left(error);
      throw error;
    }
  };
}
