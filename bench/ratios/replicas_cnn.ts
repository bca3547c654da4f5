import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import { cnnProgram } from "../_programs.ts";
import type { Row } from "./_measure.ts";
import { overOne } from "./_replicas.ts";

export const row: Row = overOne({
  name: "20 replicas of the CNN / 20 × one",
  atMost: 1.03,
  replicas: 20,
  programOf: (replicas) => cnnProgram(sgd(), "webgpu", { replicas }),
  // Of one step most would be waiting for each pass.
  steps: [5, 100],
  perCopy: true,
});
