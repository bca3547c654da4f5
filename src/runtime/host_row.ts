/**
 * The scalars that the host computes for each step: schedules, debiasing weights and whatever else
 * depends on hyperparameters, the step and seeds alone.
 *
 * @module
 */
import type { HostScalar, Plan } from "../compiler/plan.ts";
import { failure } from "../errors.ts";
import { fires, SEED } from "../lowering/program.ts";
import { scalarEvaluator } from "../reference/scalars.ts";
import type { Node } from "../tensor/node.ts";
import { topological } from "../tensor/walk.ts";
import { type Definition, hyperTable } from "./hyper_table.ts";
import { fitValues, type SlotValues } from "./initial.ts";

/** Evaluates rows of host scalars, and keeps hyperparameters, seeds and host state. */
export interface HostRow {
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

/** Writes some of the scalars of one replica into a row. */
interface RowWriter {
  readonly count: number;
  readonly perReplica: boolean;
  write(
    inputs: ReadonlyMap<string, number>,
    floats: Float32Array,
    words: Uint32Array,
    word: number,
    r: number,
  ): void;
}

function writer(scalars: readonly HostScalar[]): RowWriter {
  const evaluate = scalarEvaluator(scalars.map((s) => s.node));
  return {
    count: scalars.length,
    perReplica: scalars.some((s) => s.perReplica),
    write(inputs, floats, words, word, r) {
      const results = evaluate(inputs);
      scalars.forEach((scalar, i) => {
        if (r > 0 && !scalar.perReplica) return;
        const at = word + scalar.word + (scalar.perReplica ? r : 0);
        if (scalar.dtype === "f32") floats[at] = results[i]!;
        else words[at] = results[i]!;
      });
    },
  };
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
  // What depends on numbers and seeds alone is computed when one of them changes.
  const divided = () => {
    const fixed = new Set(
      plan.slots.filter((s) => (s.role === "hyper" || s.name === SEED) && !table.moves(s.name))
        .map((s) => `${s.name}@0`),
    );
    const isSteady = ({ node }: HostScalar) => inputKeys(node).every((key) => fixed.has(key));
    return {
      steady: writer(hostScalars.filter(isSteady)),
      moving: writer(hostScalars.filter((scalar) => !isSteady(scalar))),
    };
  };
  let { steady, moving } = divided();
  const width = plan.buffers.find((b) => b.kind === "scalars")?.words ?? 0;
  const steadyFloats = new Float32Array(width);
  const steadyWords = new Uint32Array(steadyFloats.buffer);
  let written = -1;
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
      else state.set(fitValues(slot, next, 1, replicas));
    },
    define(slot, definition) {
      table.define(slot, definition);
      ({ steady, moving } = divided());
    },
    advance(step, floats, words, word) {
      const load = (r: number) => {
        table.load(step, r, inputs);
        for (const [key, row] of keys) inputs.set(key, row[r]!);
      };
      if (written !== table.changes) {
        for (let r = 0; r < replicas; r++) {
          load(r);
          steady.write(inputs, steadyFloats, steadyWords, 0, r);
        }
        written = table.changes;
      }
      words.set(steadyWords, word);
      const copies = finals.length > 0 || moving.perReplica ? replicas : moving.count > 0 ? 1 : 0;
      for (let r = 0; r < copies; r++) {
        load(r);
        for (const u of updates) {
          const next = fires(u.region, step) ? u.evaluate(inputs)[0]! : inputs.get(u.from)!;
          inputs.set(u.to, next);
        }
        moving.write(inputs, floats, words, word, r);
        for (const [name, key] of finals) values.get(name)![r] = inputs.get(key)!;
      }
    },
  };
}
