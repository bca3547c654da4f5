/**
 * The scalars that the host computes for each step: schedules, debiasing weights and whatever else
 * depends on hyperparameters, the step and seeds alone.
 *
 * @module
 */
import type { Plan } from "../compiler/plan.ts";
import { failure } from "../errors.ts";
import { fires, SEED, STEP } from "../lowering/program.ts";
import { scalarEvaluator } from "../reference/scalars.ts";
import type { Node } from "../tensor/node.ts";
import { topological } from "../tensor/walk.ts";
import { fitValues, type SlotValues } from "./initial.ts";

/** Evaluates rows of host scalars, and keeps hyperparameters, seeds and host state. */
export interface HostRow {
  /** Hyperparameters, seeds and host state, by slot. */
  readonly slots: readonly string[];
  has(slot: string): boolean;
  /** One value per replica. */
  get(slot: string): Float64Array;
  set(slot: string, values: ArrayLike<number>): void;
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

/** The host's side of a plan, starting from the given values per replica. */
export function hostRow(plan: Plan, initial: ReadonlyMap<string, SlotValues>): HostRow {
  const { replicas, hostScalars, hostState } = plan;
  const hyper = plan.slots.filter((s) => s.role === "hyper" || s.name === SEED).map((s) => s.name);
  const names = [...hyper, ...hostState.map((s) => s.slot)];
  const values = new Map(names.map((name): [string, Float64Array] => {
    const first = initial.get(name) ?? [0];
    return [name, Float64Array.from({ length: replicas }, (_, r) => first[r] ?? first[0]!)];
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
  const row = scalarEvaluator(hostScalars.map((s) => s.node));
  const inputs = new Map<string, number>();
  const keys = names.map((name) => [name, `${name}@0`] as const);
  const finals = hostState.map((s) => [s.slot, `${s.slot}@${s.updates.length}`] as const);
  const known = (slot: string): Float64Array => {
    const value = values.get(slot);
    if (value === undefined) throw failure("device", slot, "no such host slot", names.join(", "));
    return value;
  };
  return {
    slots: names,
    has: (slot) => values.has(slot),
    get: (slot) => known(slot).slice(),
    set: (slot, next) => known(slot).set(fitValues(slot, next, 1, replicas)),
    advance(step, floats, words, word) {
      inputs.set(`${STEP}@0`, step);
      for (let r = 0; r < replicas; r++) {
        for (const [name, key] of keys) inputs.set(key, values.get(name)![r]!);
        for (const u of updates) {
          const next = fires(u.region, step) ? u.evaluate(inputs)[0]! : inputs.get(u.from)!;
          inputs.set(u.to, next);
        }
        const results = row(inputs);
        hostScalars.forEach((scalar, i) => {
          if (r > 0 && !scalar.perReplica) return;
          const at = word + scalar.word + (scalar.perReplica ? r : 0);
          if (scalar.dtype === "f32") floats[at] = results[i]!;
          else words[at] = results[i]!;
        });
        for (const [name, key] of finals) values.get(name)![r] = inputs.get(key)!;
      }
    },
  };
}
