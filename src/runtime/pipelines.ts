/**
 * Compute pipelines, one per device, WGSL text and binding list.
 *
 * @module
 */
import type { Kernel } from "../compiler/plan.ts";
import { failure, type Issue, issue, SteepestError } from "../errors.ts";

/** How a pipeline sees one buffer. */
export interface BindingUse {
  readonly access: "read" | "write";
  /** Rings of rows are bound at an offset that is given with each dispatch. */
  readonly dynamic: boolean;
}

/** A pipeline with the layout of its only bind group. */
export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

const caches = new WeakMap<GPUDevice, Map<string, Promise<Pipeline>>>();

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
  check("storage buffers", kernel.bindings.length, limits.maxStorageBuffersPerShaderStage);
  return found;
}

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
        type: use.access === "read" ? "read-only-storage" as const : "storage" as const,
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
  if (cache === undefined) caches.set(device, cache = new Map());
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
