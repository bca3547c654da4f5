/**
 * The GPU objects of a plan, all of them created before the first step.
 *
 * @module
 */
import { type BufferSpec, type Plan, visitCommands } from "../compiler/plan.ts";
import { type Issue, issue, SteepestError } from "../errors.ts";
import { WINDOW_WORDS } from "../loops/adapter.ts";
import type { CompileMeter } from "./compile_progress.ts";
import type { DeviceHandle } from "./device.ts";
import { writeWords } from "./transfer.ts";
import { type Pipeline, pipelineOf } from "./pipelines.ts";
import { bindPlan, type BoundPlan, usesOf } from "./webgpu_commands.ts";

/** Most steps in one submission; the scalars ring has as many rows. */
export const CHUNK_STEPS = 64;
/** Most rows of the records ring, and most words of it unless a row is longer still. */
const RECORD_ROWS = 512;
const RECORD_WORDS = 1 << 22;

/** Buffers that executors of one plan have in common, by index; see {@link mayBeCommon}. */
export type CommonBuffers = Map<number, GPUBuffer>;

/** The GPU side of a plan. */
export interface DeviceMemory {
  readonly buffers: readonly GPUBuffer[];
  /** Whether another executor has made a buffer, and what is in it. */
  readonly borrowed: (buffer: number) => boolean;
  /** Words from one row to the next, by buffer. */
  readonly strides: readonly number[];
  readonly bound: BoundPlan;
  /** Rows of the records ring, an even number. */
  readonly recordRows: number;
  /** For copies inside one buffer, which WebGPU does not allow. */
  readonly scratch: GPUBuffer | undefined;
  destroy(): void;
}

function rowsOf(spec: BufferSpec, stride: number): number {
  if (spec.kind === "device") return 1;
  if (spec.kind === "scalars") return CHUNK_STEPS;
  return 2 *
    Math.max(1, Math.min(RECORD_ROWS, Math.floor(RECORD_WORDS / Math.max(1, stride))) >> 1);
}

/**
 * The buffers that may be common to executors of one plan: those that hold nothing from one step to the
 * next, and the data that all copies read. Their steps must not run at the same time.
 */
function mayBeCommon(plan: Plan): ReadonlySet<number> {
  const shared = new Set(
    plan.slots.filter((s) => s.role === "data" && !s.perReplica).map((s) => s.name),
  );
  const own = new Set(
    [...plan.places].filter(([name]) => !shared.has(name)).map(([, { buffer }]) => buffer),
  ).union(new Set(plan.swaps.flat()));
  return new Set(
    plan.buffers.flatMap(({ kind }, i) => kind === "device" && !own.has(i) ? [i] : []),
  );
}

function checkPlan(plan: Plan, sizes: readonly number[], limits: GPUSupportedLimits): void {
  const found: Issue[] = [];
  plan.buffers.forEach((spec, i) => {
    const bytes = sizes[i]! * 4;
    const limit = spec.kind === "device"
      ? Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize)
      : limits.maxBufferSize;
    if (bytes > limit) {
      found.push(issue(`buffers/${spec.label}`, `${bytes} bytes`, `at most ${limit} bytes`));
    }
  });
  for (const region of plan.regions) {
    visitCommands(region.commands, (command) => {
      if (command.kind !== "dispatch") return;
      const most = Math.max(...command.workgroups);
      if (most > limits.maxComputeWorkgroupsPerDimension) {
        found.push(issue(
          `kernels/${plan.kernels[command.kernel]!.label}`,
          `${most} workgroups`,
          `at most ${limits.maxComputeWorkgroupsPerDimension} a dimension`,
        ));
      }
    });
  }
  if (found.length > 0) throw new SteepestError("limit", found);
}

/**
 * Creates buffers, pipelines and bind groups of a plan. Rejects with `limit` before any of them is
 * made, with `shader` when a kernel does not compile, with `device` when memory is short.
 *
 * @param meter Told before each pipeline.
 * @param common Buffers that executors of this plan have in common; the first of them makes and destroys them.
 */
export async function deviceMemory(
  handle: DeviceHandle,
  plan: Plan,
  meter: CompileMeter,
  common?: CommonBuffers,
): Promise<DeviceMemory> {
  const { device } = handle;
  const { minStorageBufferOffsetAlignment, minUniformBufferOffsetAlignment } = device.limits;
  const align = Math.max(minStorageBufferOffsetAlignment, minUniformBufferOffsetAlignment, 4) / 4;
  const strides = plan.buffers.map((spec) =>
    spec.kind === "device" ? spec.words : Math.ceil(spec.words / align) * align
  );
  const windows = plan.kernels.some((k) => k.bindings.some((b) => b.window !== undefined));
  const sizes = plan.buffers.map((spec, i) => {
    const words = Math.max(1, strides[i]! * rowsOf(spec, strides[i]!));
    // A window ends where the next one could begin.
    return windows ? Math.ceil(words / WINDOW_WORDS) * WINDOW_WORDS : words;
  });
  const records = plan.buffers.findIndex((b) => b.kind === "records");
  const recordRows = records < 0 ? 0 : rowsOf(plan.buffers[records]!, strides[records]!);
  checkPlan(plan, sizes, device.limits);
  const uses = plan.kernels.map((kernel) => usesOf(kernel, plan.buffers));
  const pipelines: Pipeline[] = [];
  for (const [i, kernel] of plan.kernels.entries()) {
    meter("pipelines", i, plan.kernels.length);
    pipelines.push(await pipelineOf(device, kernel, uses[i]!));
  }

  device.pushErrorScope("out-of-memory");
  device.pushErrorScope("validation");
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST |
    (windows ? GPUBufferUsage.UNIFORM : 0);
  const create = (label: string, words: number, more = 0) =>
    device.createBuffer({ label, size: words * 4, usage: usage | more });
  const borrowed = new Set(common?.keys());
  const buffers = plan.buffers.map(({ label, grids }, i) =>
    common?.get(i) ?? create(label, sizes[i]!, grids === true ? GPUBufferUsage.INDIRECT : 0)
  );
  if (common !== undefined) mayBeCommon(plan).forEach((i) => common.set(i, buffers[i]!));
  plan.buffers.forEach(({ label, initial }, i) => {
    if (initial !== undefined && !borrowed.has(i)) {
      writeWords(device, label, buffers[i]!, 0, new Uint32Array(initial));
    }
  });
  let scratchWords = 0;
  for (const { commands } of plan.regions) {
    visitCommands(commands, (c) => {
      if (c.kind === "copy" && c.from.buffer === c.to.buffer) {
        scratchWords = Math.max(scratchWords, c.words);
      }
    });
  }
  const scratch = scratchWords === 0 ? undefined : create("scratch", scratchWords);
  const destroy = () => {
    buffers.forEach((buffer, i) => {
      if (!borrowed.has(i)) buffer.destroy();
    });
    scratch?.destroy();
    bound.slices?.destroy();
  };
  const bound = bindPlan(device, plan, pipelines, buffers);
  const invalid = device.popErrorScope();
  const exhausted = device.popErrorScope();
  const error = await invalid ?? await exhausted;
  if (error !== null) {
    destroy();
    throw new SteepestError("device", [
      issue("device", error.message, "memory and bindings for the program"),
    ]);
  }
  const isBorrowed = (buffer: number) => borrowed.has(buffer);
  return { buffers, borrowed: isBorrowed, strides, bound, recordRows, scratch, destroy };
}
