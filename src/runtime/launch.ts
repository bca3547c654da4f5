/**
 * From a step program to something that runs it.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { planPasses } from "../compiler/compile_plan.ts";
import type { Plan } from "../compiler/plan.ts";
import { type AdapterClass, DEFAULT_ADAPTER, type DeviceLimits } from "../loops/adapter.ts";
import type { StepProgram } from "../lowering/program.ts";
import type { Leaf } from "../objective/leaves.ts";
import { compileMeter } from "./compile_progress.ts";
import { acquireDevice, type DeviceHandle } from "./device.ts";
import type { Executor } from "./executor.ts";
import type { Overrides } from "./initial.ts";
import { jsExecutor } from "./js_executor.ts";
import { type CompileOptions, startFrom } from "./options.ts";
import { passesExecutor } from "./passes_executor.ts";
import { getOrThrow } from "./program.ts";
import { referenceExecutor } from "./reference_executor.ts";
import { webgpuExecutor } from "./webgpu_executor.ts";
import type { CommonBuffers } from "./webgpu_memory.ts";

/** A step program that is ready to step. */
export interface Launched {
  readonly executor: Executor;
  /** The program with the slots that it runs with. */
  readonly program: StepProgram;
  /** Of the copies that run at once; absent on the backend `"reference"`. */
  readonly plan?: Plan;
  /** What the device calls itself. */
  readonly device: string;
  /** Lets go of the device; the executor is disposed on its own. */
  readonly release: () => void;
}

/** What the compiler has to know of a device. */
export function adapterOf({ device, software }: DeviceHandle): AdapterClass {
  const { limits } = device;
  return {
    kind: software ? "cpu" : "gpu",
    maxBindings: limits.maxStorageBuffersPerShaderStage,
    maxBindingBytes: Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize),
    maxWorkgroups: limits.maxComputeWorkgroupsPerDimension,
    maxUniforms: limits.maxUniformBuffersPerShaderStage,
    maxUniformBytes: limits.maxUniformBufferBindingSize,
  };
}

/** JavaScript functions take as many arrays as they like, of any size. */
export const JS_ADAPTER: AdapterClass = {
  ...DEFAULT_ADAPTER,
  kind: "script",
  maxBindings: 1024,
  maxBindingBytes: 2 ** 32,
  maxWorkgroups: 2 ** 32,
};

/** The stricter of both limits. */
function within(adapter: AdapterClass, limits: Partial<DeviceLimits> = {}): AdapterClass {
  const least = (name: keyof DeviceLimits) => Math.min(adapter[name], limits[name] ?? Infinity);
  return {
    ...adapter,
    maxBindings: least("maxBindings"),
    maxBindingBytes: least("maxBindingBytes"),
    maxWorkgroups: least("maxWorkgroups"),
    maxUniforms: least("maxUniforms"),
    maxUniformBytes: least("maxUniformBytes"),
  };
}

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

/**
 * Compiles a step program whose parameters are `leaves` and puts it where it runs.
 *
 * The options have been checked. Rejects with a {@link SteepestError}: `data` for tensors that do not fit, `limit`,
 * `shader` or `device`.
 */
export async function launch(
  given: StepProgram,
  leaves: readonly Leaf[],
  options: CompileOptions,
): Promise<Launched> {
  const { backend = "auto", precision = "f32", replicas = 1 } = options;
  const meter = compileMeter(options.onCompiling);
  const { program, values } = startFrom(given, leaves, options);
  const onCpu = { program, device: "the CPU", release: () => {} };
  if (backend === "reference") {
    return { ...onCpu, executor: referenceExecutor(program, replicas, precision, values) };
  }
  const handle = await deviceFor(options);
  const run = async (
    target: Plan["target"],
    adapter: AdapterClass,
    start: (plan: Plan, values: Overrides, common?: CommonBuffers) => Executor | Promise<Executor>,
  ): Promise<{ readonly plan: Plan; readonly executor: Executor }> => {
    const { plan, passes } = getOrThrow(
      planPasses(program, {
        replicas,
        target,
        adapter: within(adapter, options.limits),
        progress: (done, total) => meter("planning", done, total),
      }),
    );
    const common: CommonBuffers = new Map();
    const pass = (own: Overrides) => start(plan, own, common);
    const executor = passes === 1
      ? await start(plan, values)
      : await passesExecutor(plan, replicas, values, pass);
    meter("driver", plan.kernels.length, plan.kernels.length);
    return { plan, executor };
  };
  if (handle === undefined) return { ...onCpu, ...await run("js", JS_ADAPTER, jsExecutor) };
  try {
    const { plan, executor } = await run(
      "wgsl",
      adapterOf(handle),
      (plan, values, common) => webgpuExecutor(handle, plan, values, common, meter),
    );
    const { description: device } = handle;
    return { program, plan, executor, device, release: () => handle.release() };
  } catch (error) {
    handle.release();
    throw error;
  }
}
