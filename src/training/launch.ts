/**
 * From a step program to something that runs it: the programs that a training run is made of are not
 * all made of an optimizer.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { compilePlan } from "../compiler/compile_plan.ts";
import type { StepProgram } from "../lowering/program.ts";
import type { Leaf } from "../objective/leaves.ts";
import { adapterOf, JS_ADAPTER } from "../runtime/compile.ts";
import { acquireDevice, type DeviceHandle } from "../runtime/device.ts";
import type { Executor } from "../runtime/executor.ts";
import { jsExecutor } from "../runtime/js_executor.ts";
import { type CompileOptions, optionIssues, startFrom } from "../runtime/options.ts";
import { getOrThrow } from "../runtime/program.ts";
import { referenceExecutor } from "../runtime/reference_executor.ts";
import { webgpuExecutor } from "../runtime/webgpu_executor.ts";
import { SteepestError } from "../errors.ts";

/** A program that is ready to step. */
export interface Launched {
  readonly executor: Executor;
  /** What the device calls itself. */
  readonly device: string;
  /** Ends it and lets go of the device. */
  readonly dispose: () => void;
}

/** The device to run on; `undefined` for the CPU. */
async function deviceFor(backend: CompileOptions["backend"]): Promise<DeviceHandle | undefined> {
  if (backend === "js" || backend === "reference") return undefined;
  const acquired = await acquireDevice()();
  if (E.isRight(acquired)) return acquired.right;
  if (backend === "webgpu") throw acquired.left;
  return undefined;
}

/** Compiles a program whose parameters are `leaves` and puts it where it runs. */
export async function launch(
  given: StepProgram,
  leaves: readonly Leaf[],
  options: CompileOptions,
): Promise<Launched> {
  const { backend = "auto", precision = "f32", replicas = 1 } = options;
  const issues = optionIssues(options);
  if (issues.length > 0) throw new SteepestError("description", issues);
  const { program, values } = startFrom(given, leaves, options);
  const onCpu = (executor: Executor, device: string): Launched => ({
    executor,
    device,
    dispose: executor.dispose,
  });
  if (backend === "reference") {
    return onCpu(referenceExecutor(program, replicas, precision, values), "the reference");
  }
  const handle = await deviceFor(backend);
  if (handle === undefined) {
    const plan = getOrThrow(
      compilePlan(program, { replicas, target: "js", adapter: JS_ADAPTER }),
    );
    return onCpu(jsExecutor(plan, values), "the CPU");
  }
  try {
    const plan = getOrThrow(
      compilePlan(program, { replicas, target: "wgsl", adapter: adapterOf(handle) }),
    );
    const executor = await webgpuExecutor(handle, plan, values);
    const dispose = () => {
      executor.dispose();
      handle.release();
    };
    return { executor, device: handle.description, dispose };
  } catch (error) {
    handle.release();
    throw error;
  }
}
