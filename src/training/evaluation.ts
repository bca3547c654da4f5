/**
 * Measuring a model on a whole data set: a step program that changes nothing and records, batch by
 * batch, the sum of the losses and the number of examples that were classified rightly.
 *
 * @module
 */
import { type Arena, PARAMETERS, SEED, STEP, type StepProgram } from "../lowering/program.ts";
import { makeMode } from "../nn/mode.ts";
import type { Objective } from "../objective/objective.ts";
import { failure } from "../errors.ts";
import type { Node } from "../tensor/node.ts";
import { cast, compare, constant, input, mul, reduce, reshape, slice, sum } from "../tensor/ops.ts";
import { batchIndices } from "./batches.ts";

/** The record slots of an {@link evaluationProgram}. */
export const LOSS_SUM = "evaluation/loss";
/** Examples of the batch whose largest output is at their label. */
export const CORRECT = "evaluation/correct";

/** The parameter at `path` as a view of θ. */
function parameterOf(arena: Arena, path: string): Node {
  const entry = arena.entries.find((e) => e.path === path);
  if (entry === undefined) {
    const known = arena.entries.map((e) => e.path).join(", ");
    throw failure("description", "parameters", path, `one of ${known}`);
  }
  const theta = input(PARAMETERS, [arena.size]);
  return reshape(slice(theta, [entry.offset], [entry.offset + entry.size]), entry.shape);
}

/**
 * The evaluation of `count` examples in order, with every layer in its evaluation mode. Examples that
 * only fill up the last batch count nothing.
 *
 * @param trained The program whose parameters are measured: its arena and θ are taken over.
 * @throws {SteepestError} `need` if the objective has no likelihood with a label.
 */
export function evaluationProgram(
  of: Objective<unknown, unknown>,
  trained: StepProgram,
  count: number,
  batchSize: number,
): StepProgram {
  const label = of.likelihood?.label;
  if (label === undefined) {
    throw failure("need", "objective", "no labels", "outputs and a likelihood with a label");
  }
  const slots: Readonly<
    Record<string, { shape: readonly number[]; dtype: "f32" | "u32" | "bool" }>
  > = of.batch;
  const batch = (name: string): Node => {
    const slot = slots[name]!;
    return input(name, slot.shape, slot.dtype);
  };
  const mode = makeMode(false, input(SEED, [], "u32"), input(STEP, [], "u32"));
  const { outputs, likelihood } = of.build(
    (path) => parameterOf(trained.arena, path),
    batch,
    mode,
  );
  if (outputs === undefined || likelihood === undefined) {
    throw failure("need", "objective", "no outputs", "outputs and a likelihood");
  }
  const tensors = Object.fromEntries(Object.keys(slots).map((name) => [name, batch(name)]));
  const indices = batchIndices(count, batchSize, "sequential");
  const counted = cast(compare("lt", indices, constant(count, [], "u32")), "f32");
  const right = cast(
    compare("eq", reduce("argmax", outputs, [1]), batch(label.name)),
    "f32",
  );
  const record = (name: string): StepProgram["slots"][number] => ({
    name,
    role: "record",
    shape: [],
    dtype: "f32",
    perReplica: true,
  });
  return {
    arena: trained.arena,
    slots: [
      ...trained.slots.filter((s) => s.role === "parameters"),
      ...Object.entries(slots).map(([name, { shape, dtype }]) => ({
        name,
        role: "batch" as const,
        shape,
        dtype,
        perReplica: false,
      })),
      record(LOSS_SUM),
      record(CORRECT),
    ],
    regions: [{
      kind: "straight",
      period: 1,
      offset: 0,
      assign: [
        { slot: LOSS_SUM, value: sum(mul(counted, likelihood.perExample(outputs, tensors))) },
        { slot: CORRECT, value: sum(mul(counted, right)) },
      ],
    }],
  };
}
