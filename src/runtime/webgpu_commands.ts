/**
 * The commands of a plan over GPU objects, all of which are made before the first step: a loop whose
 * buffers change places has a second set of bind groups.
 *
 * @module
 */
import type { Command, Kernel, Plan } from "../compiler/plan.ts";
import type { Pipeline } from "./pipelines.ts";

/** A kernel ready to be dispatched. */
export interface BoundKernel {
  readonly pipeline: Pipeline;
  readonly group: GPUBindGroup;
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
  };

/** The commands of each region, and every bound kernel once. */
export interface BoundPlan {
  readonly regions: readonly (readonly BoundCommand[])[];
  readonly kernels: readonly BoundKernel[];
}

/** Binds the kernels of a plan to its buffers. */
export function bindPlan(
  device: GPUDevice,
  plan: Plan,
  pipelines: readonly Pipeline[],
  buffers: readonly GPUBuffer[],
): BoundPlan {
  const known = new Map<string, BoundKernel>();
  const bind = (k: number, order: readonly number[]): BoundKernel => {
    const kernel = plan.kernels[k]!;
    const used = kernel.bindings.map(({ buffer }) => order[buffer]!);
    const key = `${k};${used.join()}`;
    const made = known.get(key) ?? bindKernel(device, plan, kernel, pipelines[k]!, used, buffers);
    known.set(key, made);
    return made;
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
            const swapped = [...order];
            for (const [a, b] of command.swaps) {
              [swapped[a], swapped[b]] = [order[b]!, order[a]!];
            }
            bodies.push(bindAll(command.commands, swapped));
          }
          return { kind: "repeat", times: command.times, bodies };
        }
      }
    });
  const order = buffers.map((_, i) => i);
  const regions = plan.regions.map(({ commands }) => bindAll(commands, order));
  return { regions, kernels: [...known.values()] };
}

function bindKernel(
  device: GPUDevice,
  plan: Plan,
  kernel: Kernel,
  pipeline: Pipeline,
  used: readonly number[],
  buffers: readonly GPUBuffer[],
): BoundKernel {
  const rings = used.flatMap((buffer) => {
    const { kind } = plan.buffers[buffer]!;
    return kind === "device" ? [] : [kind];
  });
  const group = device.createBindGroup({
    label: kernel.label,
    layout: pipeline.layout,
    entries: used.map((buffer, binding) => {
      const spec = plan.buffers[buffer]!;
      const resource = spec.kind === "device"
        ? { buffer: buffers[buffer]! }
        : { buffer: buffers[buffer]!, size: Math.max(1, spec.words) * 4 };
      return { binding, resource };
    }),
  });
  return { pipeline, group, rings, offsets: new Uint32Array(rings.length) };
}
