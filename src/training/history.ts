/**
 * Recording parameters: one record for each element, so that a whole history comes back with the
 * losses and no step waits for it.
 *
 * @module
 */
import { PARAMETERS, type Slot, type StepProgram } from "../lowering/program.ts";
import { input, reshape, slice } from "../tensor/ops.ts";
import { LOSS } from "./freeze.ts";

/** The most elements that are worth a record each; larger parameters are read step by step. */
export const MOST_RECORDED = 256;

/** Name of the record of one element of θ. */
export function elementRecord(element: number): string {
  return `record/history/${element}`;
}

/** The program that also records θ before each step. */
export function recordParameters(program: StepProgram): StepProgram {
  const { size } = program.arena;
  const theta = input(PARAMETERS, [size]);
  const elements = Array.from({ length: size }, (_, i) => i);
  return {
    ...program,
    slots: [
      ...program.slots,
      ...elements.map((i): Slot => ({
        name: elementRecord(i),
        role: "record",
        shape: [],
        dtype: "f32",
        perReplica: true,
      })),
    ],
    regions: program.regions.map((region) =>
      region.assign.some((a) => a.slot === LOSS)
        ? {
          ...region,
          assign: [
            ...region.assign,
            ...elements.map((i) => ({
              slot: elementRecord(i),
              value: reshape(slice(theta, [i], [i + 1]), []),
            })),
          ],
        }
        : region
    ),
  };
}
