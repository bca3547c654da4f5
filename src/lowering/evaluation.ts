/**
 * Programs that measure and do not move: loss and metrics at θ.
 *
 * @module
 */
import { accuracy } from "../nn/losses.ts";
import { makeMode } from "../nn/mode.ts";
import { instantiate } from "../objective/objective.ts";
import type { Node } from "../tensor/node.ts";
import { input } from "../tensor/ops.ts";
import { simplify } from "../tensor/simplify.ts";
import { arenaOf, parameterOf } from "./arena.ts";
import { batchSlotsOf, commonSlots } from "./lower.ts";
import { type AnyObjective, clockInputs } from "./problem.ts";
import { type Arena, PARAMETERS, type Slot, type StepProgram } from "./program.ts";

/** Options of {@link lowerEvaluation}. */
export interface EvaluationOptions {
  /** The arena of the program whose θ is measured. Default: that of the objective alone. */
  readonly arena?: Arena;
}

/** A metric of the outputs and the batch: a scalar. */
export type Metric = (outputs: Node, batch: (name: string) => Node) => Node;

/**
 * A program without assignments to θ that records the loss outside of training (dropout off) in
 * `record/loss`, the accuracy in `record/accuracy` where the label is a class, and other metrics of
 * the outputs by name.
 */
export function lowerEvaluation(
  objective: AnyObjective,
  metrics: Readonly<Record<string, Metric>> = {},
  options: EvaluationOptions = {},
): StepProgram {
  const arena = options.arena ?? arenaOf(objective.leaves, () => "");
  const batch = batchSlotsOf(objective);
  const { seed, step } = clockInputs();
  const theta = input(PARAMETERS, [arena.size]);
  const entries = new Map(arena.entries.map((entry) => [entry.path, entry]));
  const { loss, outputs, likelihood } = instantiate(
    objective,
    (path) => parameterOf(theta, entries.get(path)!),
    batch.node,
    makeMode(false, seed, step),
  );
  const label = likelihood?.label;
  const measured: [string, Node][] = [["loss", loss]];
  if (outputs !== undefined) {
    if (label?.dtype === "u32") {
      measured.push(["accuracy", accuracy(outputs, batch.node(label.name))]);
    }
    for (const [name, metric] of Object.entries(metrics)) {
      measured.push([name, metric(outputs, batch.node)]);
    }
  }
  const records = measured.map(([name]): Slot => ({
    name: `record/${name}`,
    role: "record",
    shape: [],
    dtype: "f32",
    perReplica: true,
  }));
  const values = simplify(measured.map(([, value]) => value));
  const assign = values.map((value, i) => ({ slot: records[i]!.name, value }));
  return {
    arena,
    slots: [...commonSlots(arena.size), ...batch.slots, ...records],
    regions: [{ kind: "straight", period: 1, offset: 0, assign }],
  };
}
