import { lowerEvaluation } from "../../src/lowering/evaluation.ts";
import { PARAMETERS } from "../../src/lowering/program.ts";
import { dropout } from "../../src/nn/dropout.ts";
import { categorical } from "../../src/objective/likelihood.ts";
import { type Objective, objective } from "../../src/objective/objective.ts";
import { initialValues, runStep } from "../../src/reference/step.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { matmul, sum } from "../../src/tensor/ops.ts";
import { assertAlmostEquals, assertEquals } from "../_assert.ts";

Deno.test("lowerEvaluation() measures without dropout and leaves θ alone", () => {
  const model = objective({
    parameters: { w: [[1, 0], [0, 1]] },
    batch: { x: [3, 2], y: [3] },
    outputs: ({ w }, { x }, mode) => {
      const logits = matmul(x, w);
      return mode.training ? dropout(logits, 0.5, mode.random("drop")) : logits;
    },
    likelihood: categorical("y"),
  }) as Objective;
  const program = lowerEvaluation(model, { total: (outputs) => sum(outputs) });
  const values = new Map([
    ...initialValues(program, [1, 0, 0, 1]),
    ["batch/x", tensor([1, 0, 0, 2, 3, 1], [3, 2])],
    ["batch/y", tensor([0, 1, 1], [3], "u32")],
  ]);
  const { records, values: after } = runStep(program, values, 5);
  const loss = [[1, 0, 0], [0, 2, 1], [3, 1, 1]]
    .map(([a, b, y]) => Math.log(Math.exp(a!) + Math.exp(b!)) - [a!, b!][y!]!)
    .reduce((s, l) => s + l / 3, 0);
  assertAlmostEquals(records.get("record/loss")!, loss, 1e-12);
  assertAlmostEquals(records.get("record/accuracy")!, 2 / 3, 1e-12);
  assertEquals(records.get("record/total"), 7);
  assertEquals([...after.get(PARAMETERS)!.data], [1, 0, 0, 1]);
});
