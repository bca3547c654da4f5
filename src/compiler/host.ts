/**
 * Which scalars the host computes: those that depend on hyperparameters, the step, the seed and
 * other such scalars alone. They become words of a row that is written for each step.
 *
 * @module
 */
import { type Region, SEED, type Slot, STEP, type StepProgram } from "../lowering/program.ts";
import type { Node, OpKind } from "../tensor/node.ts";
import { input } from "../tensor/ops.ts";
import { rewrite, topological, withInputs } from "../tensor/walk.ts";
import type { HostScalar, HostState } from "./plan.ts";

/** The step program without what the host computes. */
export interface HostSplit {
  readonly regions: readonly Region[];
  readonly hostScalars: readonly HostScalar[];
  readonly hostState: readonly HostState[];
  /** Length of a row for one replica count. */
  readonly words: number;
}

/** Name of the input that stands for word `word` of the row. */
export function hostInput(word: number): string {
  return `host/${word}`;
}

const SCALAR_KINDS: ReadonlySet<OpKind> = new Set([
  "input",
  "constant",
  "unary",
  "binary",
  "compare",
  "select",
  "cast",
  "randomBits",
]);

function initialNumber(slot: Slot): number | undefined {
  return typeof slot.initial === "number" || slot.initial === undefined
    ? slot.initial ?? 0
    : undefined;
}

/** Takes out what the host computes. */
export function splitHost(program: StepProgram, replicas: number): HostSplit {
  const slots = new Map(program.slots.map((s) => [s.name, s]));
  const roots = program.regions.flatMap((r) => r.assign.map((a) => a.value));
  const order = topological(roots);
  const hostSlots = new Set(
    program.slots.filter((s) =>
      s.role === "hyper" || s.name === STEP || s.name === SEED ||
      (s.role === "state" && s.shape.length === 0 && initialNumber(s) !== undefined)
    ).map((s) => s.name),
  );
  const known = new Map<string, boolean>();
  // State stays with the host only if everything it becomes is known there: shrink to a fixpoint.
  for (let changed = true; changed;) {
    changed = false;
    known.clear();
    for (const node of order) {
      const host = node.shape.length === 0 && SCALAR_KINDS.has(node.op.kind) &&
        (node.op.kind === "input"
          ? hostSlots.has(node.op.name)
          : node.inputs.every((x) => known.get(x.hash)));
      known.set(node.hash, host);
    }
    for (const region of program.regions) {
      for (const { slot, value } of region.assign) {
        if (hostSlots.has(slot) && !known.get(value.hash)) {
          hostSlots.delete(slot);
          changed = true;
        }
      }
    }
  }

  const perReplica = new Map<string, boolean>();
  for (const node of order) {
    const own = node.op.kind === "input" && (slots.get(node.op.name)?.perReplica ?? false);
    perReplica.set(node.hash, own || node.inputs.some((x) => perReplica.get(x.hash)));
  }

  // Words are needed where a host value is read by the device.
  const scalars: HostScalar[] = [];
  const words = new Map<string, Node>();
  let word = 0;
  const wordOf = (node: Node): Node => {
    const made = words.get(node.hash);
    if (made !== undefined) return made;
    const copies = (perReplica.get(node.hash) ?? false) && replicas > 1;
    const replacement = input(hostInput(word), [], node.dtype);
    scalars.push({ node, dtype: node.dtype, word, perReplica: copies });
    word += copies ? replicas : 1;
    words.set(node.hash, replacement);
    return replacement;
  };
  const isWord = (node: Node) =>
    known.get(node.hash) && node.op.kind !== "constant" && node.dtype !== "bool";
  // A host value keeps its own graph, for the host to evaluate; the device reads its word. Bools have
  // no words: the device evaluates them from those of what they compare.
  const device = rewrite(roots, (rebuilt, original) => {
    if (known.get(original.hash) && original.dtype !== "bool") return original;
    return withInputs(
      rebuilt,
      original.inputs.map((x, i) => isWord(x) ? wordOf(x) : rebuilt.inputs[i]!),
    );
  });
  let next = 0;
  const regions = program.regions.map((region) => ({
    ...region,
    assign: region.assign.flatMap((a) => {
      const value = device[next++]!;
      if (hostSlots.has(a.slot)) return [];
      return [{ slot: a.slot, value: isWord(a.value) ? wordOf(a.value) : value }];
    }),
  }));
  const hostState = [...hostSlots].flatMap((name): HostState[] => {
    const slot = slots.get(name)!;
    if (slot.role !== "state") return [];
    const updates = program.regions.flatMap((region) =>
      region.assign.filter((a) => a.slot === name).map((a) => ({
        period: region.period,
        offset: region.offset,
        node: a.value,
      }))
    );
    return [{ slot: name, initial: initialNumber(slot)!, updates }];
  });
  return { regions, hostScalars: scalars, hostState, words: word };
}
