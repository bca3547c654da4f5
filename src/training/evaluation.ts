/**
 * Measuring a model on a whole data set: a step program that changes nothing and records, batch by
 * batch, the sum of the losses and the number of examples that were classified rightly.
 *
 * @module
 */
import { failure } from "../errors.ts";
import { parameterOf } from "../lowering/arena.ts";
import { batchSlotsOf, commonSlots } from "../lowering/lower.ts";
import { type AnyObjective, batchTensors, clockInputs } from "../lowering/problem.ts";
import { PARAMETERS, type Slot, type StepProgram } from "../lowering/program.ts";
import { makeMode } from "../nn/mode.ts";
import { instantiate } from "../objective/objective.ts";
import { cast, compare, constant, input, mul, reduce, sum } from "../tensor/ops.ts";
import { batchIndices } from "./batches.ts";

/** The record slots of an {@link evaluationProgram}. */
export const LOSS_SUM = "record/evaluation/loss";
/** Examples of the batch whose largest output is at their label. */
export const CORRECT = "record/evaluation/correct";

/**
 * The evaluation of `count` examples in order, with every layer in its evaluation mode. Examples that
 * only fill up the last batch count nothing.
 *
 * @param trained The program whose parameters are measured.
 * @throws {SteepestError} `need` if the objective has no likelihood with a label.
 */
export function evaluationProgram(
  of: AnyObjective,
  trained: Pick<StepProgram, "arena">,
  count: number,
  batchSize: number,
): StepProgram {
  const { arena } = trained;
  const label = of.likelihood?.label;
  if (label === undefined) {
    throw failure("need", "objective", "no labels", "outputs and a likelihood with a label");
  }
  const batch = batchSlotsOf(of);
  const theta = input(PARAMETERS, [arena.size]);
  const entries = new Map(arena.entries.map((entry) => [entry.path, entry]));
  const { seed, step } = clockInputs();
  const { outputs, likelihood } = instantiate(
    of,
    (path) => parameterOf(theta, entries.get(path)!),
    batch.node,
    makeMode(false, seed, step),
  );
  if (outputs === undefined || likelihood === undefined) {
    throw failure("need", "objective", "no outputs", "outputs and a likelihood");
  }
  const tensors = Object.fromEntries(
    Object.keys(batchTensors(of)).map((name) => [name, batch.node(name)]),
  );
  const indices = batchIndices(count, batchSize, "sequential");
  const counted = cast(compare("lt", indices, constant(count, [], "u32")), "f32");
  const hits = compare("eq", reduce("argmax", outputs, [1]), batch.node(label.name));
  const record = (name: string): Slot => ({
    name,
    role: "record",
    shape: [],
    dtype: "f32",
    perReplica: true,
  });
  return {
    arena,
    slots: [...commonSlots(arena.size), ...batch.slots, record(LOSS_SUM), record(CORRECT)],
    regions: [{
      kind: "straight",
      period: 1,
      offset: 0,
      assign: [
        { slot: LOSS_SUM, value: sum(mul(counted, likelihood.perExample(outputs, tensors))) },
        { slot: CORRECT, value: sum(mul(counted, cast(hits, "f32"))) },
      ],
    }],
  };
}
