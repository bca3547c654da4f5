/**
 * The commands of a plan over GPU objects, all of which are made before the first step: a loop whose
 * buffers change places has a second set of bind groups.
 *
 * @module
 */
import { type Command, exchanged, type Kernel, type Plan } from "../compiler/plan.ts";
import type { BindingUse, Pipeline } from "./pipelines.ts";

/** A kernel ready to be dispatched. */
export interface BoundKernel {
  readonly pipeline: Pipeline;
  /** One for each slice: a kernel is dispatched once with each of them. */
  readonly groups: readonly GPUBindGroup[];
  /** Which ring each dynamic offset belongs to, in the order of the bindings. */
  readonly rings: readonly ("scalars" | "records")[];
  /** The dynamic offsets of the next dispatch, filled in place. */
  readonly offsets: Uint32Array<ArrayBuffer>;
}

/** A command over GPU objects. */
export type BoundCommand =
  | {
    readonly kind: "dispatch";
    readonly bound: BoundKernel;
    readonly workgroups: readonly [number, number, number];
    /** Where the device has written how many workgroups there are, if it decides. */
    readonly grid?: { readonly buffer: GPUBuffer; readonly bytes: number };
  }
  | {
    readonly kind: "copy";
    readonly from: GPUBuffer;
    readonly fromBytes: number;
    readonly to: GPUBuffer;
    readonly toBytes: number;
    readonly bytes: number;
  }
  | {
    readonly kind: "repeat";
    readonly times: number;
    /** What happens in even and in odd iterations; one list where nothing changes places. */
    readonly bodies: readonly (readonly BoundCommand[])[];
    /** A word that is 0 once the rest may be left out, to be asked for after every so many iterations. */
    readonly asks?: { readonly buffer: GPUBuffer; readonly bytes: number; readonly every: number };
  };

/** The commands of each region, and every bound kernel once. */
export interface BoundPlan {
  /** What happens in even and in odd steps; one where nothing changes places. */
  readonly orders: readonly BoundOrder[];
  readonly kernels: readonly BoundKernel[];
  /** What slices of kernels are given. */
  readonly slices: GPUBuffer | undefined;
}

/** A step, as the buffers stand. */
export interface BoundOrder {
  /** What stands in the place of each buffer. */
  readonly buffers: readonly GPUBuffer[];
  readonly regions: readonly (readonly BoundCommand[])[];
}

/** How a kernel sees its buffers, in the order of its bindings. */
export function usesOf(
  { bindings, slices }: Kernel,
  buffers: Plan["buffers"],
): readonly BindingUse[] {
  return [
    ...bindings.map(({ buffer, access, window }): BindingUse => ({
      access: window === undefined ? access : "uniform",
      dynamic: buffers[buffer]!.kind !== "device",
    })),
    ...slices === undefined ? [] : [{ access: "uniform", dynamic: false } as const],
  ];
}

/** Bytes from one row of what slices are given to the next: uniform bindings begin at multiples of it. */
const ROW_BYTES = 256;

/** The rows that the slices of all kernels are given, in one buffer, and the first row of each kernel. */
function sliceRows(
  device: GPUDevice,
  kernels: readonly Kernel[],
): { readonly buffer: GPUBuffer | undefined; readonly rows: readonly number[] } {
  let count = 0;
  const rows = kernels.map(({ slices = [] }) => (count += slices.length) - slices.length);
  if (count === 0) return { buffer: undefined, rows };
  const words = new Uint32Array(count * ROW_BYTES / 4);
  kernels.forEach(({ slices = [] }, k) =>
    slices.forEach((row, i) => words.set(row, (rows[k]! + i) * ROW_BYTES / 4))
  );
  const buffer = device.createBuffer({
    label: "slices",
    size: words.byteLength,
    usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
  });
  device.queue.writeBuffer(buffer, 0, words);
  return { buffer, rows };
}

/** Binds the kernels of a plan to its buffers. */
export function bindPlan(
  device: GPUDevice,
  plan: Plan,
  pipelines: readonly Pipeline[],
  buffers: readonly GPUBuffer[],
): BoundPlan {
  const slices = sliceRows(device, plan.kernels);
  const known = new Map<string, BoundKernel>();
  const bind = (k: number, order: readonly number[]): BoundKernel => {
    const kernel = plan.kernels[k]!;
    const used = kernel.bindings.map(({ buffer }) => order[buffer]!);
    const key = `${k};${used.join()}`;
    const made = known.get(key);
    if (made !== undefined) return made;
    const row = slices.buffer === undefined
      ? undefined
      : { buffer: slices.buffer, first: slices.rows[k]! };
    const bound = bindKernel(device, plan, kernel, pipelines[k]!, used, buffers, row);
    known.set(key, bound);
    return bound;
  };
  /** `order[i]` is the buffer that stands in the place of buffer i. */
  const bindAll = (
    commands: readonly Command[],
    order: readonly number[],
  ): readonly BoundCommand[] =>
    commands.map((command): BoundCommand => {
      switch (command.kind) {
        case "dispatch":
          return {
            kind: "dispatch",
            bound: bind(command.kernel, order),
            workgroups: command.workgroups,
            ...command.grid === undefined ? {} : {
              grid: { buffer: buffers[command.grid.buffer]!, bytes: command.grid.offset * 4 },
            },
          };
        case "copy":
          return {
            kind: "copy",
            from: buffers[order[command.from.buffer]!]!,
            fromBytes: command.from.offset * 4,
            to: buffers[order[command.to.buffer]!]!,
            toBytes: command.to.offset * 4,
            bytes: command.words * 4,
          };
        case "repeat": {
          const bodies = [bindAll(command.commands, order)];
          if (command.swaps.length > 0) {
            bodies.push(bindAll(command.commands, exchanged(order, command.swaps)));
          }
          const { times, asks } = command;
          if (asks === undefined) return { kind: "repeat", times, bodies };
          const { every, offset } = asks, buffer = buffers[asks.buffer]!;
          return { kind: "repeat", times, bodies, asks: { buffer, bytes: offset * 4, every } };
        }
      }
    });
  const first: readonly number[] = buffers.map((_, i) => i);
  const all = plan.swaps.length === 0 ? [first] : [first, exchanged(first, plan.swaps)];
  const orders = all.map((order): BoundOrder => ({
    buffers: order.map((i) => buffers[i]!),
    regions: plan.regions.map(({ commands }) => bindAll(commands, order)),
  }));
  return { orders, kernels: [...known.values()], slices: slices.buffer };
}

function bindKernel(
  device: GPUDevice,
  plan: Plan,
  kernel: Kernel,
  pipeline: Pipeline,
  used: readonly number[],
  buffers: readonly GPUBuffer[],
  row: { readonly buffer: GPUBuffer; readonly first: number } | undefined,
): BoundKernel {
  const rings = used.flatMap((buffer) => {
    const { kind } = plan.buffers[buffer]!;
    return kind === "device" ? [] : [kind];
  });
  const { slices } = kernel;
  const groupOf = (slice: number): GPUBindGroup => {
    const entries = used.map((index, binding): GPUBindGroupEntry => {
      const { kind, words } = plan.buffers[index]!, { window } = kernel.bindings[binding]!;
      const buffer = buffers[index]!;
      if (window !== undefined) {
        const start = window.starts[slice] ?? window.starts[0]!;
        return { binding, resource: { buffer, offset: start * 4, size: window.words * 4 } };
      }
      const resource = kind === "device" ? { buffer } : { buffer, size: Math.max(1, words) * 4 };
      return { binding, resource };
    });
    if (slices !== undefined) {
      const size = Math.ceil(slices[slice]!.length / 4) * 16;
      const offset = (row!.first + slice) * ROW_BYTES;
      entries.push({ binding: used.length, resource: { buffer: row!.buffer, offset, size } });
    }
    return device.createBindGroup({ label: kernel.label, layout: pipeline.layout, entries });
  };
  const groups = Array.from({ length: slices?.length ?? 1 }, (_, slice) => groupOf(slice));
  return { pipeline, groups, rings, offsets: new Uint32Array(rings.length) };
}
