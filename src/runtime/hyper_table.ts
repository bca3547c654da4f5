/**
 * The values of hyperparameters on the host: numbers, and graphs over the step and such numbers.
 *
 * @module
 */
import { failure } from "../errors.ts";
import { SEED, type Slot, STEP } from "../lowering/program.ts";
import { scalarEvaluator } from "../reference/scalars.ts";
import type { Node } from "../tensor/node.ts";
import { fitValues, type SlotValues } from "./initial.ts";

/** What a hyperparameter is: a number, or a graph and the numbers that it is made of. */
export interface Definition {
  /** Absent: the slot has a number of its own. */
  readonly follows?: Node;
  /** The numbers that come with it, by slot. */
  readonly numbers: ReadonlyMap<string, number>;
}

/** Numbers by slot and replica, and what follows from them at a step. */
interface HyperTable {
  /** The slots that have numbers: those of hyperparameters, and the seed. */
  readonly slots: readonly string[];
  /** Counts the changes, so that what depends on numbers alone is computed when they change. */
  readonly changes: number;
  has(slot: string): boolean;
  /** One number per replica. */
  get(slot: string): Float64Array;
  set(slot: string, numbers: ArrayLike<number>): void;
  /** Gives a slot another definition; the numbers of the one before are gone. */
  define(slot: string, definition: Definition): void;
  /** Whether the value of a slot is computed anew at each step. */
  moves(slot: string): boolean;
  /** Puts the values of replica r at `step` under their keys. */
  load(step: number, r: number, inputs: Map<string, number>): void;
}

/** The slots with numbers after a definition. */
export function slotsAfter(
  slots: Iterable<string>,
  slot: string,
  { numbers }: Definition,
): Set<string> {
  const kept = [...slots].filter((name) => name !== slot && !name.startsWith(`${slot}/`));
  return new Set([...kept, ...numbers.keys()]);
}

/** Whether the host computes a hyperparameter from the step. */
function followsOnHost(slot: Slot): boolean {
  return slot.clock !== undefined && slot.follows !== undefined;
}

/** The table of the slots of a program, from the given values per replica. */
export function hyperTable(
  slots: readonly Slot[],
  replicas: number,
  initial: ReadonlyMap<string, SlotValues>,
): HyperTable {
  const numbers = new Map(
    slots.filter((s) => s.name === SEED || (s.role === "hyper" && s.follows === undefined))
      .map(({ name }): [string, Float64Array] => {
        const first = initial.get(name) ?? [0];
        return [name, Float64Array.from({ length: replicas }, (_, r) => first[r] ?? first[0]!)];
      }),
  );
  const evaluators = new Map(
    slots.filter(followsOnHost).map((s) => [s.name, scalarEvaluator([s.follows!])]),
  );
  let changes = 0;
  const known = (slot: string): Float64Array => {
    const found = numbers.get(slot);
    if (found !== undefined) return found;
    throw failure("device", slot, "no such host slot", [...numbers.keys()].join(", "));
  };
  return {
    get slots() {
      return [...numbers.keys()];
    },
    get changes() {
      return changes;
    },
    has: (slot) => numbers.has(slot),
    get: (slot) => known(slot).slice(),
    set(slot, next) {
      known(slot).set(fitValues(slot, next, 1, replicas));
      changes++;
    },
    define(slot, definition) {
      const kept = slotsAfter(numbers.keys(), slot, definition);
      for (const name of [...numbers.keys()]) if (!kept.has(name)) numbers.delete(name);
      for (const [name, value] of definition.numbers) {
        numbers.set(name, new Float64Array(replicas).fill(value));
      }
      const { follows } = definition;
      if (follows === undefined) evaluators.delete(slot);
      else evaluators.set(slot, scalarEvaluator([follows]));
      changes++;
    },
    moves: (slot) => evaluators.has(slot),
    load(step, r, inputs) {
      inputs.set(`${STEP}@0`, step);
      for (const [name, values] of numbers) inputs.set(`${name}@0`, values[r]!);
      for (const [name, evaluate] of evaluators) inputs.set(`${name}@0`, evaluate(inputs)[0]!);
    },
  };
}
