/**
 * Compute pipelines, one per device, WGSL text and binding list.
 *
 * @module
 */
import type { Kernel } from "../compiler/plan.ts";
import { failure, type Issue, issue, SteepestError } from "../errors.ts";

/** How a pipeline sees one buffer. */
export interface BindingUse {
  readonly access: "read" | "write" | "uniform";
  /** Rings of rows are bound at an offset that is given with each dispatch. */
  readonly dynamic: boolean;
}

/** A pipeline with the layout of its only bind group. */
export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  /** When the driver has compiled it; absent until it has been dispatched for the first time. */
  warm?: Promise<void>;
}

/**
 * Pipelines that a device keeps for programs to come. What is dropped stays with the programs that
 * have it, and goes with them.
 */
export const KEPT = 1024;

/** What was used last, at most so many of it: the last in order is the one that was used last. */
export function recent<V>(most: number): {
  readonly get: (key: string) => V | undefined;
  readonly set: (key: string, value: V) => void;
  readonly delete: (key: string) => void;
} {
  const values = new Map<string, V>();
  const set = (key: string, value: V): void => {
    values.delete(key);
    values.set(key, value);
    for (const [oldest] of values) {
      if (values.size <= most) break;
      values.delete(oldest);
    }
  };
  return {
    get: (key) => {
      const value = values.get(key);
      if (value !== undefined) set(key, value);
      return value;
    },
    set,
    delete: (key) => void values.delete(key),
  };
}

/** A device takes its pipelines along when it goes. */
const caches = new WeakMap<GPUDevice, ReturnType<typeof recent<Promise<Pipeline>>>>();

/** What a kernel asks for beyond the limits of the device, found before any call of WebGPU. */
export function limitIssues(kernel: Kernel, limits: GPUSupportedLimits): Issue[] {
  const found: Issue[] = [];
  const check = (what: string, value: number, limit: number) => {
    if (value > limit) {
      found.push(issue(`kernels/${kernel.label}`, `${value} ${what}`, `at most ${limit}`));
    }
  };
  check(
    "invocations per workgroup",
    kernel.workgroupSize,
    Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX),
  );
  const windows = kernel.bindings.filter((b) => b.window !== undefined).length;
  const storage = kernel.bindings.length - windows;
  check("storage buffers", storage, limits.maxStorageBuffersPerShaderStage);
  const uniforms = windows + (kernel.slices === undefined ? 0 : 1);
  check("uniform buffers", uniforms, limits.maxUniformBuffersPerShaderStage);
  return found;
}

const BINDING_TYPE = { read: "read-only-storage", write: "storage", uniform: "uniform" } as const;

async function build(
  device: GPUDevice,
  kernel: Kernel,
  uses: readonly BindingUse[],
): Promise<Pipeline> {
  const path = `kernels/${kernel.label}`;
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ label: kernel.label, code: kernel.source });
  const scope = device.popErrorScope();
  const info = await module.getCompilationInfo();
  const invalid = await scope;
  const issues = info.messages.filter((m) => m.type === "error").map((m) => {
    const line = kernel.source.split("\n")[m.lineNum - 1]?.trim() ?? "";
    return issue(
      `${path}/line ${m.lineNum}`,
      line,
      "valid WGSL",
      `Kernel "${kernel.label}", line ${m.lineNum}: ${m.message}`,
    );
  });
  if (issues.length === 0 && invalid !== null) {
    issues.push(issue(path, invalid.message, "valid WGSL"));
  }
  if (issues.length > 0) throw new SteepestError("shader", issues);

  device.pushErrorScope("validation");
  const layout = device.createBindGroupLayout({
    label: kernel.label,
    entries: uses.map((use, binding) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      buffer: {
        type: BINDING_TYPE[use.access],
        hasDynamicOffset: use.dynamic,
      },
    })),
  });
  const pipelineLayout = device.createPipelineLayout({
    label: kernel.label,
    bindGroupLayouts: [layout],
  });
  const layoutError = await device.popErrorScope();
  if (layoutError !== null) {
    throw failure("shader", path, layoutError.message, "a valid binding list");
  }
  try {
    const pipeline = await device.createComputePipelineAsync({
      label: kernel.label,
      layout: pipelineLayout,
      compute: { module, entryPoint: "main" },
    });
    return { pipeline, layout };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw failure(
      "shader",
      path,
      message,
      "a valid compute pipeline",
      `Kernel "${kernel.label}": ${message}`,
    );
  }
}

/**
 * Makes the driver compile now what it would compile when it first dispatches them, by dispatching no
 * workgroup of each, and waits for that; pipelines that another program has dispatched are ready.
 */
export async function warmUp(
  device: GPUDevice,
  kernels: readonly {
    readonly pipeline: Pipeline;
    /** Sets the bind group. */
    readonly bind: (pass: GPUComputePassEncoder) => void;
  }[],
  compiled: (done: number, total: number) => void,
): Promise<void> {
  const cold = new Map(
    kernels.flatMap((k) => k.pipeline.warm === undefined ? [[k.pipeline, k.bind]] : []),
  );
  let done = 0;
  for (const [pipeline, bind] of cold) {
    compiled(done++, cold.size);
    // One submission each: a driver that is busy with one holds the next one up, and so says how far it is.
    const encoder = device.createCommandEncoder({ label: "warm up" });
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline.pipeline);
    bind(pass);
    pass.dispatchWorkgroups(0);
    pass.end();
    device.queue.submit([encoder.finish()]);
  }
  if (cold.size > 0) {
    const warm = device.queue.onSubmittedWorkDone();
    for (const pipeline of cold.keys()) pipeline.warm = warm;
  }
  await Promise.all(new Set(kernels.map(({ pipeline }) => pipeline.warm)));
}

/**
 * The pipeline of a kernel, built at the first use of its text on this device.
 * Rejects with a `limit` or `shader` error that carries the kernel's label, line and message.
 */
export function pipelineOf(
  device: GPUDevice,
  kernel: Kernel,
  uses: readonly BindingUse[],
): Promise<Pipeline> {
  const issues = limitIssues(kernel, device.limits);
  if (issues.length > 0) return Promise.reject(new SteepestError("limit", issues));
  let cache = caches.get(device);
  if (cache === undefined) caches.set(device, cache = recent(KEPT));
  const key = `${uses.map((u) => u.access + (u.dynamic ? "+" : "")).join()}|${kernel.source}`;
  let pipeline = cache.get(key);
  if (pipeline === undefined) {
    pipeline = build(device, kernel, uses);
    cache.set(key, pipeline);
    // A failed text may be tried again, for instance after the device came back.
    pipeline.catch(() => cache.delete(key));
  }
  return pipeline;
}
