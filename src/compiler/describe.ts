/**
 * What a compiled program consists of, for people and tests.
 *
 * @module
 */
import { failure } from "../errors.ts";
import { isRecord } from "../errors/options.ts";
import { show } from "../errors/words.ts";
import { type BufferSpec, type Command, type Plan, visitCommands } from "./plan.ts";

/** One kernel of a program. */
export interface KernelDescription {
  /** What the kernel does. */
  readonly label: string;
  /** WGSL, or JavaScript on the backend `"js"`. */
  readonly source: string;
  /** Invocations of a workgroup. */
  readonly workgroupSize: number;
  /** Buffers in the order of the bindings, with their access; `window` is reading through a uniform buffer. */
  readonly bindings: readonly string[];
  /** How often it runs in one pass through all regions. */
  readonly dispatches: number;
  /** Parts that each of those is dispatched in, so that uniform buffers are long enough; mostly 1. */
  readonly slices: number;
  /** Workgroups of its (first) dispatch, in each dimension; of a slice if it has several. */
  readonly workgroups: readonly [number, number, number];
  /** Estimated multiply-adds of one dispatch. */
  readonly flops: number;
  /** Estimated bytes that one dispatch moves. */
  readonly bytes: number;
}

/** One region of a program: it fires at steps ≡ offset (mod period). */
export interface RegionDescription {
  /** Steps between two firings. */
  readonly period: number;
  /** The first step at which it fires. */
  readonly offset: number;
  /** Dispatches at a step where it fires. */
  readonly dispatches: number;
  /** Copies at a step where it fires. */
  readonly copies: number;
  /** Its loops, in order. */
  readonly repeats: readonly RepeatDescription[];
}

/** A loop of a region: its kernels are compiled once and dispatched again for each iteration. */
export interface RepeatDescription {
  /** Iterations, at most. */
  readonly times: number;
  /** What an iteration runs, by the labels of the kernels, in order; loops inside are in `repeats`. */
  readonly kernels: readonly string[];
  /** How many of them, and of those in loops inside, run over no elements once the loop has stopped. */
  readonly skipped: number;
  /** Loops inside an iteration. */
  readonly repeats: readonly RepeatDescription[];
}

/** What {@link describe} gives. */
export interface ProgramDescription {
  /** The language of the kernels. */
  readonly target: Plan["target"];
  /** Independent copies that run together. */
  readonly replicas: number;
  /** The kernels in the order of the plan. */
  readonly kernels: readonly KernelDescription[];
  /** The regions in the order of the step. */
  readonly regions: readonly RegionDescription[];
  /** Bytes of the buffers that stay on the device, by label: two of one name are added. */
  readonly buffers: Readonly<Record<string, number>>;
  /** Bytes of all of them. */
  readonly bytes: number;
  /** Buffers, by label, that change places after each step with those that hold what is next. */
  readonly swapped: readonly string[];
  /** Dispatches of one step, averaged over the periods; slices of a kernel count as one. */
  readonly dispatchesPerStep: number;
  /** Scalars that the host writes for one step. */
  readonly hostScalars: number;
  /** What the device records at each step, 4 bytes each for each replica. */
  readonly records: readonly string[];
}

function isPlan(value: unknown): boolean {
  return isRecord(value) && Array.isArray(value["kernels"]) && Array.isArray(value["regions"]);
}

function bytesByLabel(buffers: readonly BufferSpec[]): Readonly<Record<string, number>> {
  const sums = new Map<string, number>();
  for (const { label, words } of buffers) sums.set(label, (sums.get(label) ?? 0) + words * 4);
  return Object.fromEntries(sums);
}

/**
 * Kernels with their source, dispatches, bytes and regions of a compiled program; `undefined` on the
 * backend `"reference"`, which compiles nothing.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { adam, compile, describe, getOrThrow, objective, square } from "@steepest/steepest";
 *
 * const bowl = objective({ parameters: { x: 3 }, loss: ({ x }) => square(x) });
 * using program = getOrThrow(await compile(bowl, adam(), { backend: "js" })());
 * const description = describe(program);
 * assert.equal(description?.target, "js");
 * assert.ok(description.dispatchesPerStep >= 1);
 * ```
 */
export function describe(
  program: { readonly plan?: Plan | undefined },
): ProgramDescription | undefined {
  const given: unknown = program;
  const made = isRecord(given) &&
    (given["plan"] === undefined ? "backend" in given : isPlan(given["plan"]));
  if (!made) {
    throw failure("description", "describe", show(given), "a program, such as compile() makes");
  }
  const { plan } = program;
  if (plan === undefined) return undefined;
  const often = new Array<number>(plan.kernels.length).fill(0);
  const grids = new Array<KernelDescription["workgroups"]>(plan.kernels.length).fill([0, 0, 0]);
  for (const { commands } of plan.regions) {
    visitCommands(commands, (c, times) => {
      if (c.kind !== "dispatch") return;
      often[c.kernel]! += times;
      grids[c.kernel] = c.workgroups;
    });
  }
  const kernels = plan.kernels.map((kernel, k): KernelDescription => ({
    label: kernel.label,
    source: kernel.source,
    workgroupSize: kernel.workgroupSize,
    bindings: kernel.bindings.map((b) =>
      `${plan.buffers[b.buffer]!.label} (${b.window === undefined ? b.access : "window"})`
    ),
    dispatches: often[k]!,
    slices: kernel.slices?.length ?? 1,
    workgroups: grids[k]!,
    flops: kernel.flops,
    bytes: kernel.words * 4,
  }));
  const regions = plan.regions.map(({ period, offset, commands }): RegionDescription => {
    let dispatches = 0, copies = 0;
    visitCommands(commands, ({ kind }, times) => {
      if (kind === "dispatch") dispatches += times;
      else copies += times;
    });
    return { period, offset, dispatches, copies, repeats: repeatsOf(plan, commands) };
  });
  const device = plan.buffers.filter((b) => b.kind === "device");
  return {
    target: plan.target,
    replicas: plan.replicas,
    kernels,
    regions,
    buffers: bytesByLabel(device),
    bytes: device.reduce((sum, b) => sum + b.words * 4, 0),
    swapped: plan.swaps.map(([now]) => plan.buffers[now]!.label),
    dispatchesPerStep: regions.reduce((sum, r) => sum + r.dispatches / r.period, 0),
    hostScalars: plan.hostScalars.length,
    records: [...plan.records.keys()].map((name) => name.slice("record/".length)),
  };
}

function repeatsOf(plan: Plan, commands: readonly Command[]): RepeatDescription[] {
  return commands.flatMap((c): RepeatDescription[] =>
    c.kind !== "repeat" ? [] : [{
      times: c.times,
      kernels: c.commands.flatMap((d) =>
        d.kind === "dispatch" ? [plan.kernels[d.kernel]!.label] : []
      ),
      skipped: skippedOf(c.commands),
      repeats: repeatsOf(plan, c.commands),
    }]
  );
}

function skippedOf(commands: readonly Command[]): number {
  let skipped = 0;
  visitCommands(commands, (c) => {
    if (c.kind === "dispatch" && c.grid !== undefined) skipped++;
  });
  return skipped;
}
