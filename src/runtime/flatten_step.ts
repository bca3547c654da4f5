/**
 * A step as one graph: the values of all slots after it, as functions of their values before it.
 *
 * @module
 */
import { fires, type StepProgram } from "../lowering/program.ts";
import type { Node } from "../tensor/node.ts";
import { input } from "../tensor/ops.ts";
import { substitute } from "../tensor/walk.ts";

/** The value that a slot has after the step. */
export interface FinalValue {
  readonly slot: string;
  readonly value: Node;
}

/** Gives the final values at a step; steps at which the same regions fire share them. */
export function flattenedSteps(program: StepProgram): (step: number) => readonly FinalValue[] {
  const known = new Map<string, readonly FinalValue[]>();
  return (step) => {
    const fired = program.regions.map((region) => fires(region, step));
    const key = fired.map(Number).join("");
    let values = known.get(key);
    if (values === undefined) known.set(key, values = flatten(program, fired));
    return values;
  };
}

function flatten(program: StepProgram, fired: readonly boolean[]): readonly FinalValue[] {
  const slots = new Map(program.slots.map((s) => [s.name, s]));
  const versions = new Map<string, number>();
  const final = new Map<string, Node>();
  /** The later versions of slots in terms of the first ones. */
  const meaning = new Map<string, Node>();
  program.regions.forEach((region, i) => {
    const values = substitute(region.assign.map((a) => a.value), meaning);
    region.assign.forEach(({ slot: name }, k) => {
      const { shape, dtype } = slots.get(name)!;
      const version = (versions.get(name) ?? 0) + 1;
      versions.set(name, version);
      const before = final.get(name) ?? input(name, shape, dtype);
      const after = fired[i]! ? values[k]! : before;
      if (fired[i]!) final.set(name, after);
      meaning.set(input(name, shape, dtype, version).hash, after);
    });
  });
  return [...final].map(([slot, value]) => ({ slot, value }));
}
