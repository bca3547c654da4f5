/**
 * The scalars that the host computes for each step: schedules, debiasing weights and whatever else
 * depends on hyperparameters, the step and seeds alone.
 *
 * @module
 */
import type { HostScalar, Plan } from "../compiler/plan.ts";
import { failure } from "../errors.ts";
import { fires, SEED, STEP } from "../lowering/program.ts";
import { scalarEvaluator } from "../reference/scalars.ts";
import type { Node } from "../tensor/node.ts";
import { topological } from "../tensor/walk.ts";
import { type Definition, hyperTable } from "./hyper_table.ts";
import { fitValues, type SlotValues } from "./initial.ts";

/** Evaluates rows of host scalars, and keeps hyperparameters, seeds and host state. */
interface HostRow {
  /** Numbers of hyperparameters, seeds and host state, by slot. */
  readonly slots: readonly string[];
  has(slot: string): boolean;
  /** One value per replica. */
  get(slot: string): Float64Array;
  set(slot: string, values: ArrayLike<number>): void;
  /** What a hyperparameter is from the next row on. */
  define(slot: string, definition: Definition): void;
  /** Writes the row of `step` at `word` of both views of one memory, and advances host state. */
  advance(step: number, floats: Float32Array, words: Uint32Array, word: number): void;
}

interface Update {
  readonly from: string;
  readonly to: string;
  readonly region: { readonly period: number; readonly offset: number };
  readonly needs: readonly string[];
  readonly evaluate: (inputs: ReadonlyMap<string, number>) => number[];
}

function inputKeys(node: Node): string[] {
  return topological([node]).flatMap(({ op }) =>
    op.kind === "input" ? [`${op.name}@${op.version}`] : []
  );
}

/** Updates in an order in which each comes after the versions it reads. */
function ordered(updates: readonly Update[]): Update[] {
  const made = new Map(updates.map((u) => [u.to, u]));
  const order: Update[] = [];
  const state = new Map<string, "open" | "done">();
  const visit = (update: Update) => {
    const seen = state.get(update.to);
    if (seen === "done") return;
    if (seen === "open") throw failure("need", update.to, "a cycle", "host state without cycles");
    state.set(update.to, "open");
    for (const key of [update.from, ...update.needs]) {
      const earlier = made.get(key);
      if (earlier !== undefined) visit(earlier);
    }
    state.set(update.to, "done");
    order.push(update);
  };
  updates.forEach(visit);
  return order;
}

/** Writes some of the scalars of copies into a row. */
interface RowWriter {
  readonly count: number;
  readonly perReplica: boolean;
  /** Writes those of copies that have equal ones; the inputs are those of the first of them. */
  write(
    inputs: ReadonlyMap<string, number>,
    floats: Float32Array,
    words: Uint32Array,
    word: number,
    copies: readonly number[],
  ): void;
}

function writer(scalars: readonly HostScalar[]): RowWriter {
  const evaluate = scalarEvaluator(scalars.map((s) => s.node));
  return {
    count: scalars.length,
    perReplica: scalars.some((s) => s.perReplica),
    write(inputs, floats, words, word, copies) {
      const results = evaluate(inputs);
      scalars.forEach((scalar, i) => {
        const at = word + scalar.word, row = scalar.dtype === "f32" ? floats : words;
        if (!scalar.perReplica) {
          if (copies[0] === 0) row[at] = results[i]!;
          return;
        }
        for (const r of copies) row[at + r] = results[i]!;
      });
    },
  };
}

/** The largest parts of graphs that read the step alone. */
function partsOfStep(nodes: readonly Node[]): readonly Node[] {
  const reads = new Map<string, "nothing" | "step" | "more">();
  const parts = new Map<string, Node>();
  const order = topological(nodes);
  for (const { op, inputs, hash } of order) {
    const below = inputs.map((x) => reads.get(x.hash)!);
    const own = op.kind === "input" ? (op.name === STEP ? "step" : "more") : "nothing";
    const all = [own, ...below];
    reads.set(hash, all.includes("more") ? "more" : all.includes("step") ? "step" : "nothing");
  }
  const keep = (node: Node) => {
    if (reads.get(node.hash) === "step") parts.set(node.hash, node);
  };
  nodes.forEach(keep);
  for (const node of order) if (reads.get(node.hash) === "more") node.inputs.forEach(keep);
  return [...parts.values()];
}

/** Copies that have the same numbers, together. */
function classesOf(
  replicas: number,
  rows: readonly ArrayLike<number>[],
): readonly (readonly number[])[] {
  const copies = Array.from({ length: replicas }, (_, r) => r);
  return [...Map.groupBy(copies, (r) => rows.map((row) => row[r]!).join()).values()];
}

/** The host's side of a plan, starting from the given values per replica. */
export function hostRow(plan: Plan, initial: ReadonlyMap<string, SlotValues>): HostRow {
  const { replicas, hostScalars, hostState } = plan;
  const table = hyperTable(plan.slots, replicas, initial);
  const values = new Map(hostState.map(({ slot }): [string, Float64Array] => {
    const first = initial.get(slot) ?? [0];
    return [slot, Float64Array.from({ length: replicas }, (_, r) => first[r] ?? first[0]!)];
  }));
  const updates = ordered(
    hostState.flatMap(({ slot, updates }) =>
      updates.map(({ period, offset, node }, i) => ({
        from: `${slot}@${i}`,
        to: `${slot}@${i + 1}`,
        region: { period, offset },
        needs: inputKeys(node),
        evaluate: scalarEvaluator([node]),
      }))
    ),
  );
  // What depends on numbers and seeds alone is computed when one of them changes, what depends on the step
  // besides when the parts of it do that read the step alone, such as the number of the epoch.
  const divided = () => {
    const fixed = new Set(
      plan.slots.filter((s) => (s.role === "hyper" || s.name === SEED) && !table.moves(s.name))
        .map((s) => `${s.name}@0`),
    );
    const speedOf = ({ node }: HostScalar) => {
      const rest = inputKeys(node).filter((key) => !fixed.has(key));
      return rest.length === 0
        ? "steady"
        : rest.every((k) => k === `${STEP}@0`)
        ? "slow"
        : "moving";
    };
    const { steady = [], slow = [], moving = [] } = Object.groupBy(hostScalars, speedOf);
    const of = (scalars: readonly HostScalar[]) => ({
      writer: writer(scalars),
      parts: scalarEvaluator(partsOfStep(scalars.map((s) => s.node))),
    });
    // Scalars of all copies change with the step more often than those of each.
    const [each = [], all = []] = [true, false].map((own) =>
      slow.filter((s) => s.perReplica === own)
    );
    const nodes = [...moving, ...hostState.flatMap(({ updates }) => updates)].map((it) => it.node);
    const reads = nodes.flatMap(inputKeys).map((key) => key.slice(0, key.lastIndexOf("@")));
    return { kept: [of(steady), of(all), of(each)], moving: writer(moving), reads: new Set(reads) };
  };
  let { kept, moving, reads } = divided();
  const width = plan.buffers.find((b) => b.kind === "scalars")?.words ?? 0;
  const keptFloats = new Float32Array(width);
  const keptWords = new Uint32Array(keptFloats.buffer);
  /** What the kept words were computed from: the changes of the table, then the parts of each writer. */
  let written: readonly (readonly number[])[] = [];
  let changes = -1;
  /** Copies that have the same numbers and state go on having the same. */
  let classes: readonly (readonly number[])[] = [];
  const clock = new Map<string, number>();
  const inputs = new Map<string, number>();
  const keys = [...values].map(([name, row]) => [`${name}@0`, row] as const);
  const finals = hostState.map((s) => [s.slot, `${s.slot}@${s.updates.length}`] as const);
  return {
    get slots() {
      return [...table.slots, ...values.keys()];
    },
    has: (slot) => values.has(slot) || table.has(slot),
    get: (slot) => values.get(slot)?.slice() ?? table.get(slot),
    set(slot, next) {
      const state = values.get(slot);
      if (state === undefined) table.set(slot, next);
      else {
        state.set(fitValues(slot, next, 1, replicas));
        changes = -1;
      }
    },
    define(slot, definition) {
      table.define(slot, definition);
      ({ kept, moving, reads } = divided());
    },
    advance(step, floats, words, word) {
      const load = (r: number) => {
        table.load(step, r, inputs);
        for (const [key, row] of keys) inputs.set(key, row[r]!);
      };
      if (changes !== table.changes) {
        changes = table.changes;
        written = [];
        const moves = [...reads].filter(table.moves);
        const numbers = table.slots.filter((name) =>
          reads.has(name) || moves.some((slot) => name.startsWith(`${slot}/`))
        );
        classes = classesOf(replicas, [...numbers.map(table.get), ...values.values()]);
      }
      clock.set(`${STEP}@0`, step);
      const parts = kept.map((it) => it.parts(clock));
      kept.forEach(({ writer }, i) => {
        if (written[i]?.every((value, j) => Object.is(value, parts[i]![j]))) return;
        const copies = writer.perReplica ? replicas : Math.min(writer.count, 1);
        for (let r = 0; r < copies; r++) {
          load(r);
          writer.write(inputs, keptFloats, keptWords, 0, [r]);
        }
      });
      written = parts;
      words.set(keptWords, word);
      if (finals.length === 0 && moving.count === 0) return;
      for (const copies of classes) {
        load(copies[0]!);
        for (const u of updates) {
          const next = fires(u.region, step) ? u.evaluate(inputs)[0]! : inputs.get(u.from)!;
          inputs.set(u.to, next);
        }
        moving.write(inputs, floats, words, word, copies);
        for (const [name, key] of finals) {
          const row = values.get(name)!, next = inputs.get(key)!;
          for (const r of copies) row[r] = next;
        }
      }
    },
  };
}
