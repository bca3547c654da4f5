/** Runs a lowered optimizer through the oracle. */

import * as E from "fp-ts/lib/Either.js";
import { lower, type LowerOptions } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { PARAMETERS, type StepProgram } from "../../src/lowering/program.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { initialValues, type SlotValues, stepRunner } from "../../src/reference/step.ts";
import type { Precision, Tensor } from "../../src/reference/tensor.ts";

/** The value, or the error as an exception. */
export function right<A>(either: E.Either<Error, A>): A {
  if (E.isLeft(either)) throw either.left;
  return either.right;
}

/** What a run left behind; `thetas[k]` is θ_k. */
export interface Path {
  readonly program: StepProgram;
  readonly thetas: readonly number[][];
  readonly records: readonly ReadonlyMap<string, number>[];
  readonly values: SlotValues;
}

/** How to run. */
export interface FollowOptions extends LowerOptions {
  readonly seed?: number;
  readonly precision?: Precision;
  /** Slots other than θ to begin with, such as the batch. */
  readonly slots?: ReadonlyMap<string, Tensor>;
}

/** θ and records of the first steps. */
export function follow(
  objective: AnyObjective,
  optimizer: Optimizer,
  start: readonly number[],
  steps: number,
  options: FollowOptions = {},
): Path {
  const program = right(lower(objective, optimizer, options));
  const precision = options.precision ?? "f64";
  const run = stepRunner(program, precision);
  let values: SlotValues = new Map([
    ...initialValues(program, start, { precision, seed: options.seed ?? 0 }),
    ...(options.slots ?? []),
  ]);
  const thetas = [[...start]];
  const records: ReadonlyMap<string, number>[] = [];
  for (let step = 0; step < steps; step++) {
    const result = run(values, step);
    values = result.values;
    records.push(result.records);
    thetas.push([...values.get(PARAMETERS)!.data]);
  }
  return { program, thetas, records, values };
}
