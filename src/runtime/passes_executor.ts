/**
 * More copies than a device can bind at once: several executors of one plan behind one face.
 *
 * @module
 */
import type { Plan } from "../compiler/plan.ts";
import { sizeOf } from "../tensor/node.ts";
import type { Executor, RecordRows } from "./executor.ts";
import { fitValues, type Overrides } from "./initial.ts";

/** How copies are dealt out: pass i has those from `i · together` on. */
interface Deal {
  readonly plan: Plan;
  readonly replicas: number;
}

/** Values of each copy of a slot; `undefined` where the copies have the slot in common. */
function sizeOfCopy({ plan }: Deal, name: string): number | undefined {
  // What the host keeps, it keeps for each copy. A plan of one copy does not say what is per replica.
  if (!plan.places.has(name)) return 1;
  const slot = plan.slots.find((s) => s.name === name)!;
  return slot.perReplica ? sizeOf(slot.shape) : undefined;
}

/** The values that the copies of one pass have; the last copy stands for those that are too many. */
function dealt(
  deal: Deal,
  pass: number,
  slot: string,
  values: ArrayLike<number>,
): ArrayLike<number> {
  const size = sizeOfCopy(deal, slot);
  if (size === undefined) return values;
  const all = fitValues(slot, values, size, deal.replicas);
  const { replicas: together } = deal.plan;
  const from = pass * together, to = Math.min(from + together, deal.replicas);
  const own = all.subarray(from * size, to * size);
  if (to - from === together) return own;
  const filled = new Float64Array(together * size);
  filled.set(own);
  for (let r = to - from; r < together; r++) filled.set(own.subarray(-size), r * size);
  return filled;
}

/** Rows of all passes as rows of all copies. */
function joinedRows(parts: readonly RecordRows[], together: number, replicas: number): RecordRows {
  return new Map([...parts[0]!].map(([name, first]) => {
    const steps = first.length / together;
    const out = new Float64Array(steps * replicas);
    parts.forEach((rows, pass) => {
      const own = rows.get(name)!;
      const from = pass * together, count = Math.min(together, replicas - from);
      for (let s = 0; s < steps; s++) {
        out.set(own.subarray(s * together, s * together + count), s * replicas + from);
      }
    });
    return [name, out];
  }));
}

/**
 * Executors of one plan as one executor of `replicas` copies. `start` makes that of a pass from the
 * values that its copies start with.
 */
export async function passesExecutor(
  plan: Plan,
  replicas: number,
  overrides: Overrides,
  start: (own: Overrides) => Executor | Promise<Executor>,
): Promise<Executor> {
  const deal: Deal = { plan, replicas };
  const { replicas: together } = plan;
  const parts: Executor[] = [];
  const dispose = () => parts.forEach((part) => part.dispose());
  try {
    for (let pass = 0; pass * together < replicas; pass++) {
      const own = [...overrides].map(([slot, values]) =>
        [slot, dealt(deal, pass, slot, values)] as const
      );
      parts.push(await start(new Map(own)));
    }
  } catch (cause) {
    dispose();
    throw cause;
  }
  const first = parts[0]!;
  const each = (action: (part: Executor, pass: number) => void): void => parts.forEach(action);
  return {
    backend: first.backend,
    replicas,
    get steps() {
      return first.steps;
    },
    get slots() {
      return first.slots;
    },
    step: (n) => each((part) => part.step(n)),
    async settled() {
      await Promise.all(parts.map((part) => part.settled()));
    },
    write: (slot, values) =>
      each((part, pass) => part.write(slot, dealt(deal, pass, slot, values))),
    define: (slot, definition) => each((part) => part.define(slot, definition)),
    async read(slot) {
      const size = sizeOfCopy(deal, slot);
      if (size === undefined) return await first.read(slot);
      const read = await Promise.all(parts.map((part) => part.read(slot)));
      const all = new Float64Array(parts.length * together * size);
      read.forEach((values, pass) => all.set(values, pass * together * size));
      return all.slice(0, replicas * size);
    },
    async records(from, to) {
      const rows = await Promise.all(parts.map((part) => part.records(from, to)));
      return joinedRows(rows, together, replicas);
    },
    seek: (step) => each((part) => part.seek(step)),
    cancel() {
      each((part) => part.cancel());
      // Some may have begun more steps than others; all copies are at the same step.
      const most = Math.max(...parts.map(({ steps }) => steps));
      each((part) => part.step(most - part.steps));
    },
    dispose,
  };
}
