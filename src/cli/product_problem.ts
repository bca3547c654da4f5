/**
 * The small problem on which the product is run: it gives whatever a stage may ask for.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { lower } from "../lowering/lower.ts";
import type { AnyObjective } from "../lowering/problem.ts";
import { PARAMETERS, type StepProgram } from "../lowering/program.ts";
import { zeros } from "../nn/initial.ts";
import { categorical } from "../objective/likelihood.ts";
import { objective } from "../objective/objective.ts";
import { chain } from "../optimizer/combinators.ts";
import { scale } from "../optimizer/transforms.ts";
import type { Curvature } from "../optimizer/types.ts";
import { initialValues, type SlotValues, stepRunner } from "../reference/step.ts";
import { tensor } from "../reference/tensor.ts";
import { matmul, tanh } from "../tensor/ops.ts";

const EXAMPLES = 6, FEATURES = 2, CLASSES = 2;

/** A network of two dense layers, of which one is hidden. */
const network = objective({
  parameters: { w: zeros([FEATURES, 2]), v: zeros([2, CLASSES]) },
  batch: { x: [EXAMPLES, FEATURES], y: [EXAMPLES] },
  outputs: ({ w, v }, { x }) => matmul(tanh(matmul(x, w)), v),
  likelihood: categorical("y"),
}) as AnyObjective;

/** Where θ starts. */
export const START: readonly number[] = Array.from({ length: 8 }, (_, i) => Math.sin(3 * i + 1));

/** The batch: features around a place of each class, not quite apart. */
export const BATCH: ReadonlyMap<string, readonly number[]> = new Map([
  [
    "batch/x",
    Array.from(
      { length: EXAMPLES * FEATURES },
      (_, i) => ((i >> 1) % 2 === i % 2 ? 0.8 : 0) + 0.7 * Math.cos(5 * i * i),
    ),
  ],
  ["batch/y", Array.from({ length: EXAMPLES }, (_, i) => i % CLASSES)],
]);

/** How much of its step a stage takes here. */
const RATE = 0.02;

/** The step program of a stage, or what is wrong with it. */
export function programOf(stage: Curvature): ReturnType<typeof lower> {
  return lower(network, chain(stage, scale(RATE)));
}

/** θ after every one of some steps of the oracle in double precision. */
export function oracleSteps(program: StepProgram, steps: number): readonly (readonly number[])[] {
  const run = stepRunner(program, "f64");
  const batch = program.slots.flatMap(({ name, shape, dtype }) => {
    const values = BATCH.get(name);
    return values === undefined ? [] : [[name, tensor(values, shape, dtype, "f64")] as const];
  });
  let values: SlotValues = new Map([...initialValues(program, START), ...batch]);
  return Array.from({ length: steps }, (_, step) => {
    values = run(values, step).values;
    return [...values.get(PARAMETERS)!.data];
  });
}

/** θ after every one of some steps, or why there are none. */
export function oracleOf(
  stage: Curvature,
  steps: number,
): E.Either<Error, readonly (readonly number[])[]> {
  return E.map((program: StepProgram) => oracleSteps(program, steps))(programOf(stage));
}
