/** A routine in its four forms, ready to run. */
import { DEFAULT_ADAPTER } from "../../src/loops/adapter.ts";
import type { Slot, StepProgram } from "../../src/lowering/program.ts";
import { compilePlan } from "../../src/compiler/compile_plan.ts";
import type { DeviceHandle } from "../../src/runtime/device.ts";
import { adapterOf } from "../../src/runtime/launch.ts";
import { getOrThrow } from "../../src/runtime/program.ts";
import { webgpuExecutor } from "../../src/runtime/webgpu_executor.ts";
import { type Node, sizeOf } from "../../src/tensor/node.ts";
import { bufferOf, copyOf, type Dispatch, multiplyAdds, type RawKernel, runner } from "./_raw.ts";
import type { Routine } from "./_routines.ts";

/** Runs so many times and waits once. */
export type Run = (times: number) => Promise<void>;

/** What a routine is compared by. */
export interface Sides {
  readonly compiled: Run;
  readonly naive: Run;
  /** As many bytes copied, and as many operations in registers; absent where there are none. */
  readonly copy: Run;
  readonly multiplyAdds?: Run;
  /** The largest difference of compiled and naive over the largest value; both have to have run. */
  readonly apart: () => Promise<number>;
}

const OUT = "out";

const nameOf = ({ op }: Node): string => {
  if (op.kind !== "input") throw new TypeError(`A routine reads inputs, not ${op.kind}`);
  return op.name;
};

function valuesOf(
  { shape, dtype }: Node,
  rows: number,
  k: number,
): Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> {
  const size = sizeOf(shape);
  if (dtype === "u32") return Uint32Array.from({ length: size }, (_, i) => (i * 1237 + k) % rows);
  return Float32Array.from({ length: size }, (_, i) => Math.sin(i * (i + k)) / 4);
}

/** The output as state that each step makes again. */
function programOf({ inputs, output }: Routine): StepProgram {
  const read = inputs.map((node): Slot => ({
    name: nameOf(node),
    role: "batch",
    shape: node.shape,
    dtype: node.dtype,
    perReplica: false,
  }));
  const stored: Slot = {
    name: OUT,
    role: "state",
    shape: output.shape,
    dtype: output.dtype,
    initial: 0,
    perReplica: true,
  };
  return {
    arena: { size: 0, entries: [] },
    slots: [...read, stored],
    regions: [{ kind: "straight", period: 1, offset: 0, assign: [{ slot: OUT, value: output }] }],
  };
}

/** The naive kernel, which goes on from what it has made where it runs more than once. */
function naiveOf(
  device: GPUDevice,
  { inputs, output, naive, times }: Routine,
  buffers: readonly GPUBuffer[],
): { readonly run: Run; readonly last: GPUBuffer } {
  const kernel: RawKernel = {
    bindings: [...inputs.map((node) => ({ name: nameOf(node), type: node.dtype })), {
      name: OUT,
      type: output.dtype,
    }],
    body: naive,
    threads: sizeOf(output.shape),
  };
  const made = [0, 1].map(() => bufferOf(device, sizeOf(output.shape)));
  const dispatches = Array.from({ length: times }, (_, t): Dispatch => {
    const first = t === 0 ? buffers[0]! : made[(t - 1) % 2]!;
    return { kernel, buffers: [first, ...buffers.slice(1), made[t % 2]!] };
  });
  return { run: runner(device, dispatches), last: made[(times - 1) % 2]! };
}

function limitOf(device: GPUDevice, kernel: RawKernel): Run {
  const words = 4 * kernel.threads;
  const buffers = kernel.bindings.map(() => bufferOf(device, words));
  return runner(device, [{ kernel, buffers }]);
}

async function read(device: GPUDevice, buffer: GPUBuffer): Promise<Float32Array> {
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  const staging = device.createBuffer({ size: buffer.size, usage });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const values = new Float32Array(staging.getMappedRange().slice(0));
  staging.destroy();
  return values;
}

/** The largest difference over the largest value. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let apart = 0, most = 0;
  for (let i = 0; i < a.length; i++) {
    apart = Math.max(apart, Math.abs(a[i]! - b[i]!));
    most = Math.max(most, Math.abs(b[i]!));
  }
  return apart / most;
}

/** Compiles a routine and its rivals on a device. */
export async function sidesOf(routine: Routine, handle: DeviceHandle): Promise<Sides> {
  const { device } = handle, adapter = { ...DEFAULT_ADAPTER, ...adapterOf(handle) };
  const plan = getOrThrow(
    compilePlan(programOf(routine), { replicas: 1, target: "wgsl", adapter }),
  );
  const rows = routine.inputs[0]!.shape[0]!;
  const given = routine.inputs.map((node, k) => valuesOf(node, rows, k));
  const names = new Map(routine.inputs.map((node, k) => [nameOf(node), given[k]!]));
  const executor = await webgpuExecutor(handle, plan, names);
  const buffers = given.map((values) => bufferOf(device, values));
  const naive = naiveOf(device, routine, buffers);
  return {
    compiled: async (times) => {
      executor.step(times);
      await device.queue.onSubmittedWorkDone();
    },
    naive: naive.run,
    copy: limitOf(device, copyOf(routine.bytes)),
    ...routine.flops === 0 ? {} : { multiplyAdds: limitOf(device, multiplyAdds(routine.flops)) },
    apart: async () => distance(await executor.read(OUT), await read(device, naive.last)),
  };
}
