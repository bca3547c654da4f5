/**
 * Stopping on the device: a rewrite of the step program, so that each replica stays for good at the
 * first parameters whose loss is small enough, however many steps are queued.
 *
 * @module
 */
import { failure } from "../errors.ts";
import { type Assignment, type Slot, STEP, type StepProgram } from "../lowering/program.ts";
import type { Node } from "../tensor/node.ts";
import { binary, cast, compare, input, select } from "../tensor/ops.ts";

/** Name of the record of f(θ) before the step. */
export const LOSS = "record/loss";
/** Slot that is 1 from the step on at which the loss was small enough. */
const REACHED = "state/until/reached";
const UNTIL = "hyper/until/loss";
const LIMIT = "hyper/until/steps";

/** The graph of f(θ) in a step program. */
export function lossOf(program: StepProgram): Node {
  for (const { assign } of program.regions) {
    const found = assign.find((a) => a.slot === LOSS);
    if (found !== undefined) return found.value;
  }
  throw failure("need", LOSS, "no such record", "the loss of each step");
}

/**
 * The program that no longer moves once f(θ) ≤ `until`, nor after `maxSteps` steps. Every assignment
 * but those of records then keeps the old value; the losses go on being recorded.
 */
export function freezeWhenReached(
  program: StepProgram,
  until: number,
  maxSteps: number,
): StepProgram {
  const small = compare("le", lossOf(program), input(UNTIL, []));
  const before = compare("gt", input(REACHED, []), 0);
  const reached = binary("or", before, small);
  const late = compare("ge", cast(input(STEP, [], "u32"), "f32"), input(LIMIT, []));
  const stop = binary("or", reached, late);
  const slots = new Map(program.slots.map((s) => [s.name, s]));
  const versions = new Map<string, number>();
  const frozen = ({ slot: name, value }: Assignment): Assignment => {
    const slot = slots.get(name)!;
    const version = versions.get(name) ?? 0;
    versions.set(name, version + 1);
    if (slot.role === "record") return { slot: name, value };
    return { slot: name, value: select(stop, input(name, slot.shape, slot.dtype, version), value) };
  };
  const number = (name: string, role: Slot["role"], initial: number): Slot => ({
    name,
    role,
    shape: [],
    dtype: "f32",
    initial,
    perReplica: true,
  });
  return {
    ...program,
    slots: [
      ...program.slots,
      number(REACHED, "state", 0),
      number(UNTIL, "hyper", until),
      number(LIMIT, "hyper", maxSteps),
    ],
    regions: program.regions.map((region) => {
      const last = region.assign.some((a) => a.slot === LOSS)
        ? [{ slot: REACHED, value: cast(reached, "f32") }]
        : [];
      return { ...region, assign: [...region.assign.map(frozen), ...last] };
    }),
  };
}
