/**
 * Runs a step program with the oracle, replica by replica.
 *
 * @module
 */
import { failure } from "../errors.ts";
import { SEED, type Slot, STEP, type StepProgram } from "../lowering/program.ts";
import { evaluate } from "../reference/evaluate.ts";
import { type Precision, type Tensor, tensor } from "../reference/tensor.ts";
import { sizeOf } from "../tensor/node.ts";
import type { Executor } from "./executor.ts";
import { type FinalValue, flattenedSteps } from "./flatten_step.ts";
import { hyperTable } from "./hyper_table.ts";
import { fitValues, initialValues, type Overrides } from "./initial.ts";
import { recordStore } from "./record_store.ts";
import { unroll } from "./unrolled.ts";

/** One replica's values, in the order of the slots. */
type Memory = readonly Tensor["data"][];

type Advance = (memory: Memory) => void;

/** An executor that evaluates the graph in f64 or f32; steps run inside `step`. */
export function referenceExecutor(
  program: StepProgram,
  replicas: number,
  precision: Precision,
  overrides: Overrides = new Map(),
): Executor {
  const { slots } = program;
  const initial = initialValues(slots, replicas, overrides, precision);
  const position = new Map(slots.map((s, i) => [s.name, i]));
  const keys = slots.map((s) => `${s.name}@0`);
  const copy = (slot: Slot, r: number): Tensor["data"] => {
    const size = sizeOf(slot.shape);
    const values = initial.get(slot.name)!.subarray(r * size, (r + 1) * size);
    return tensor(values, slot.shape, slot.dtype, precision).data;
  };
  // A value that is no replica's own, such as a data set, lies in memory once.
  const shared = slots.map((slot) => slot.perReplica ? undefined : copy(slot, 0));
  const memories: Memory[] = Array.from(
    { length: replicas },
    (_, r) => slots.map((slot, i) => shared[i] ?? copy(slot, r)),
  );
  const recorded = slots.filter((s) => s.role === "record").map((s) => s.name);
  const width = recorded.length * replicas;
  const store = recordStore(
    { replicas, records: new Map(recorded.map((name, i) => [name, i * replicas])) },
    width,
    precision === "f64" ? (n) => new Float64Array(n) : (n) => new Float32Array(n),
  );
  const row = new Float64Array(width);
  const clock = position.get(STEP);
  const table = hyperTable(slots, replicas, initial);
  const hypers = slots.flatMap((slot, at) =>
    slot.role === "hyper" || slot.name === SEED ? [{ key: `${slot.name}@0`, at }] : []
  );
  const inputs = new Map<string, number>();
  let step = 0;
  let disposed = false;

  const advanceBy = (values: readonly FinalValue[]): Advance => {
    const roots = values.map((v) => v.value);
    const targets = values.map((v) => position.get(v.slot)!);
    const fast = unroll(roots, keys, precision);
    if (fast !== undefined) {
      const outputs: Tensor["data"][] = [];
      return (memory) => {
        targets.forEach((at, i) => outputs[i] = memory[at]!);
        fast(memory, outputs);
      };
    }
    return (memory) => {
      const inputs = new Map(slots.map(({ shape, dtype }, i): [string, Tensor] => [
        keys[i]!,
        { shape, dtype, data: memory[i]! },
      ]));
      const results = evaluate(roots, inputs, { precision });
      results.forEach((result, i) => memory[targets[i]!]!.set(result.data));
    };
  };
  const valuesAt = flattenedSteps(program);
  const compiled = new Map<readonly FinalValue[], Advance>();
  const advanceAt = (at: number): Advance => {
    const values = valuesAt(at);
    let advance = compiled.get(values);
    if (advance === undefined) compiled.set(values, advance = advanceBy(values));
    return advance;
  };
  const check = () => {
    if (disposed) throw failure("device", "program", "a disposed program", "a program in use");
  };
  const slotAt = (name: string): number => {
    const at = position.get(name);
    if (at === undefined) {
      throw failure("data", name, "no such slot", [...position.keys()].join(", "));
    }
    return at;
  };
  const recordedAt = recorded.map((name) => position.get(name)!);
  return {
    backend: "reference",
    replicas,
    get steps() {
      return step;
    },
    get slots() {
      const kept = slots.filter(({ role }) => role === "parameters" || role === "state");
      return [...kept.map((s) => s.name), ...table.slots];
    },
    step(n) {
      check();
      for (let i = 0; i < n; i++, step++) {
        const advance = advanceAt(step);
        memories.forEach((memory, r) => {
          if (clock !== undefined) memory[clock]![0] = step;
          table.load(step, r, inputs);
          for (const { key, at } of hypers) memory[at]![0] = inputs.get(key) ?? 0;
          advance(memory);
          for (let k = 0; k < recordedAt.length; k++) {
            row[k * replicas + r] = memory[recordedAt[k]!]![0]!;
          }
        });
        store.append(row, 1, width);
      }
    },
    settled: () => Promise.resolve().then(check),
    define(slot, definition) {
      check();
      table.define(slot, definition);
    },
    write(name, values) {
      check();
      if (table.has(name)) return table.set(name, values);
      const at = slotAt(name);
      const size = sizeOf(slots[at]!.shape);
      if (shared[at] !== undefined) {
        shared[at].set(fitValues(name, values, size, 1));
        return;
      }
      const fitted = fitValues(name, values, size, replicas);
      memories.forEach((memory, r) => memory[at]!.set(fitted.subarray(r * size, (r + 1) * size)));
    },
    read: (name) =>
      Promise.resolve().then(() => {
        check();
        if (table.has(name)) return table.get(name);
        const at = slotAt(name);
        if (shared[at] !== undefined) return Float64Array.from(shared[at]);
        const size = sizeOf(slots[at]!.shape);
        const out = new Float64Array(size * replicas);
        memories.forEach((memory, r) => out.set(memory[at]!, r * size));
        return out;
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
