/**
 * Runs a plan whose kernels are JavaScript functions over typed arrays.
 *
 * @module
 */
import { type Command, exchanged, type Kernel, type Plan } from "../compiler/plan.ts";
import { failure } from "../errors.ts";
import { fires } from "../lowering/program.ts";
import { sizeOf } from "../tensor/node.ts";
import type { Executor } from "./executor.ts";
import { hostRow } from "./host_row.ts";
import { fitValues, initialValues, type Overrides } from "./initial.ts";
import { recordStore } from "./record_store.ts";
import { SPARE_WORDS } from "../../kernels/syntax_js.ts";

interface Memory {
  readonly f: Float32Array<ArrayBuffer>;
  readonly u: Uint32Array<ArrayBuffer>;
}

type Run = () => void;

function bindKernel(kernel: Kernel, memory: readonly Memory[]): Run {
  const names = kernel.bindings.flatMap((_, i) => [`f${i}`, `u${i}`]);
  const values = kernel.bindings.flatMap(({ buffer }) => [memory[buffer]!.f, memory[buffer]!.u]);
  try {
    const run = new Function(...names, kernel.source) as (...values: unknown[]) => void;
    return () => run(...values);
  } catch (cause) {
    throw failure("shader", `kernels/${kernel.label}`, String(cause), "a JavaScript function body");
  }
}

/** The commands over the given buffers, in which those that changed places stand for each other. */
function runsOf(plan: Plan, commands: readonly Command[], memory: readonly Memory[]): Run[] {
  return commands.map((command): Run => {
    if (command.kind === "dispatch") return bindKernel(plan.kernels[command.kernel]!, memory);
    if (command.kind === "copy") {
      const { from, to, words } = command;
      const source = memory[from.buffer]!.u.subarray(from.offset, from.offset + words);
      return () => memory[to.buffer]!.u.set(source, to.offset);
    }
    const { times, swaps, active } = command;
    const { length } = command.commands;
    // Where buffers change places, the first iteration that changes nothing makes them equal.
    const known = active !== undefined && swaps.length === 0 ? active.after : length;
    const bodies = [runsOf(plan, command.commands, memory)];
    if (swaps.length > 0) {
      bodies.push(runsOf(plan, command.commands, exchanged(memory, swaps)));
    }
    const on = active === undefined ? undefined : memory[active.buffer]!.u;
    const at = active?.offset ?? 0;
    return () => {
      for (let i = 0; i < times; i++) {
        const body = bodies[i % bodies.length]!;
        for (let k = 0; k < length; k++) {
          if (k === known && on![at] === 0) return;
          body[k]!();
        }
        if (on !== undefined && on[at] === 0) return;
      }
    };
  });
}

/** An executor of a `js` plan; steps run inside `step`, so nothing is ever pending. */
export function jsExecutor(plan: Plan, overrides: Overrides = new Map()): Executor {
  const memory = plan.buffers.map(({ words, initial }): Memory => {
    const u = new Uint32Array(words + SPARE_WORDS);
    if (initial !== undefined) u.set(initial);
    return { f: new Float32Array(u.buffer), u };
  });
  const initial = initialValues(plan.slots, plan.replicas, overrides, "f32");
  const host = hostRow(plan, initial);
  const orderOf = (memory: readonly Memory[]) => ({
    memory,
    regions: plan.regions.map((region) => ({
      region,
      run: runsOf(plan, region.commands, memory),
    })),
  });
  /** How the buffers stand: one way, or two that take turns. */
  const orders = [orderOf(memory)];
  if (plan.swaps.length > 0) orders.push(orderOf(exchanged(memory, plan.swaps)));
  let turn = 0;
  const scalars = memory[plan.buffers.findIndex((b) => b.kind === "scalars")];
  const records = memory[plan.buffers.findIndex((b) => b.kind === "records")];
  const width = plan.buffers.find((b) => b.kind === "records")?.words ?? 0;
  const store = recordStore(plan, width);
  const empty: Memory = { f: new Float32Array(0), u: new Uint32Array(0) };
  let step = 0;
  let disposed = false;

  const check = () => {
    if (disposed) throw failure("device", "program", "a disposed program", "a program in use");
  };
  const view = (slot: string) => {
    const place = plan.places.get(slot);
    if (place === undefined) {
      throw failure("data", slot, "no such slot", [...plan.places.keys()].join(", "));
    }
    const size = sizeOf(place.shape);
    const copies = place.perReplica ? plan.replicas : 1;
    const both = orders[turn]!.memory[place.buffer]!;
    const data = (place.dtype === "f32" ? both.f : both.u)
      .subarray(place.offset, place.offset + size * copies);
    return { data, size, copies };
  };
  const write = (slot: string, values: ArrayLike<number>) => {
    if (host.has(slot)) return host.set(slot, values);
    const { data, size, copies } = view(slot);
    data.set(fitValues(slot, values, size, copies));
  };
  for (const [slot, place] of plan.places) {
    const values = initial.get(slot);
    if (values !== undefined) {
      write(slot, place.perReplica ? values : values.subarray(0, sizeOf(place.shape)));
    }
  }
  const kept = plan.slots.filter((s) => s.role === "parameters" || s.role === "state")
    .map((s) => s.name).filter((name) => plan.places.has(name));
  return {
    backend: "js",
    replicas: plan.replicas,
    get steps() {
      return step;
    },
    get slots() {
      return [...kept, ...host.slots];
    },
    step(n) {
      check();
      const row = scalars ?? empty;
      for (let i = 0; i < n; i++, step++) {
        host.advance(step, row.f, row.u, 0);
        for (const { region, run } of orders[turn]!.regions) {
          if (fires(region, step)) {
            for (const command of run) command();
          }
        }
        turn = (turn + 1) % orders.length;
        store.append(records?.f ?? empty.f, 1, width);
      }
    },
    settled: () => Promise.resolve().then(check),
    write(slot, values) {
      check();
      write(slot, values);
    },
    define(slot, definition) {
      check();
      host.define(slot, definition);
    },
    read: (slot) =>
      Promise.resolve().then(() => {
        check();
        return host.has(slot) ? host.get(slot) : Float64Array.from(view(slot).data);
      }),
    records: (from, to) =>
      Promise.resolve().then(() => {
        check();
        return store.rows(from, to);
      }),
    seek(next) {
      check();
      step = next;
      store.reset(next);
    },
    cancel() {},
    dispose() {
      disposed = true;
    },
  };
}
