/** Graphs and step programs through the compiler, on both targets. */
import * as E from "fp-ts/lib/Either.js";
import { compilePlan, type PlanOptions } from "../../src/compiler/compile_plan.ts";
import type { Plan } from "../../src/compiler/plan.ts";
import { type AdapterClass, DEFAULT_ADAPTER } from "../../src/loops/adapter.ts";
import type { Region, Slot, StepProgram } from "../../src/lowering/program.ts";
import type { Tensor } from "../../src/reference/tensor.ts";
import { acquireDevice } from "../../src/runtime/device.ts";
import type { Executor } from "../../src/runtime/executor.ts";
import type { Overrides } from "../../src/runtime/initial.ts";
import { JS_ADAPTER } from "../../src/runtime/launch.ts";
import { jsExecutor } from "../../src/runtime/js_executor.ts";
import { webgpuExecutor } from "../../src/runtime/webgpu_executor.ts";
import type { CommonBuffers } from "../../src/runtime/webgpu_memory.ts";
import type { Node } from "../../src/tensor/node.ts";
import { topological } from "../../src/tensor/walk.ts";

/** A language that plans are written in. */
export type Target = Plan["target"];

const acquired = await acquireDevice()();
if (E.isLeft(acquired)) console.log(`device tests skipped: ${acquired.left.message}`);

/** The targets that this machine can run. */
export const targets: readonly Target[] = E.isLeft(acquired) ? ["js"] : ["js", "wgsl"];

/** The value, or the error as an exception. */
export function right<A>(either: E.Either<Error, A>): A {
  if (E.isLeft(either)) throw either.left;
  return either.right;
}

/** How a plan is made. */
export type Ways = Pick<PlanOptions, "writtenOut" | "oneKernel" | "doubled">;

/** The plan of a program for a software adapter or an engine, or what `adapter` changes of it. */
export function planOf(
  program: StepProgram,
  target: Target,
  replicas = 1,
  adapter: Partial<AdapterClass> = {},
  options: Ways = {},
): Plan {
  return right(
    compilePlan(program, {
      target,
      replicas,
      adapter: { ...target === "js" ? JS_ADAPTER : DEFAULT_ADAPTER, ...adapter },
      ...options,
    }),
  );
}

/** An executor of a plan; its first slots are `values`. On a device it may have buffers in `common`. */
export function start(plan: Plan, values: Overrides, common?: CommonBuffers): Promise<Executor> {
  if (plan.target === "js") return Promise.resolve(jsExecutor(plan, values));
  return webgpuExecutor(right(acquired), plan, values, common);
}

/** The slot that output `i` of a graph is stored in. */
export function outputSlot(i: number): string {
  return `out${i}`;
}

const STRAIGHT = { kind: "straight", period: 1, offset: 0 } as const;

/** A program that stores graphs in slots; inputs are tensors of the batch unless `slots` says more. */
export function programOf(
  outputs: readonly Node[],
  slots: readonly Slot[] = [],
  regions?: (assign: Region["assign"]) => readonly Region[],
): StepProgram {
  const known = new Set(slots.map((s) => s.name));
  const inputs = topological(outputs).flatMap(({ op, shape, dtype }): Slot[] =>
    op.kind !== "input" || known.has(op.name)
      ? []
      : [{ name: op.name, role: "batch", shape, dtype, perReplica: false }]
  );
  const stored = outputs.map(({ shape, dtype }, i): Slot => ({
    name: outputSlot(i),
    role: "state",
    shape,
    dtype,
    // A list keeps a scalar on the device.
    initial: shape.length === 0 ? [0] : 0,
    perReplica: true,
  }));
  const assign = outputs.map((value, i) => ({ slot: outputSlot(i), value }));
  return {
    arena: { size: 0, entries: [] },
    slots: [...slots, ...inputs, ...stored],
    regions: regions?.(assign) ?? [{ ...STRAIGHT, assign }],
  };
}

/** The values of inputs `name@0` by name. */
export function overridesOf(inputs: ReadonlyMap<string, Tensor>): Overrides {
  return new Map([...inputs].map(([key, { data }]) => [key.replace("@0", ""), data]));
}

/** The outputs of a graph. */
export async function run(
  outputs: readonly Node[],
  inputs: ReadonlyMap<string, Tensor>,
  target: Target,
  adapter: Partial<AdapterClass> = {},
  options: Ways = {},
): Promise<Float64Array[]> {
  const executor = await start(
    planOf(programOf(outputs), target, 1, adapter, options),
    overridesOf(inputs),
  );
  try {
    executor.step(1);
    await executor.settled();
    return await Promise.all(outputs.map((_, i) => executor.read(outputSlot(i))));
  } finally {
    executor.dispose();
  }
}
