import type { StepProgram } from "../../src/lowering/program.ts";
import { mlp } from "../../src/nn/models.ts";
import { classification } from "../../src/objective/classification.ts";
import { evaluate } from "../../src/reference/evaluate.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { deviceBatches } from "../../src/training/batches.ts";
import { CORRECT, evaluationProgram, LOSS_SUM } from "../../src/training/evaluation.ts";
import { assertAlmostEquals, assertEquals, assertThrows } from "../_assert.ts";
import { dropout } from "../../src/nn/dropout.ts";
import { categorical } from "../../src/objective/likelihood.ts";
import { type Objective, objective } from "../../src/objective/objective.ts";
import { initialValues, runStep } from "../../src/reference/step.ts";
import { matmul, square } from "../../src/tensor/ops.ts";

const count = 5, batchSize = 3;
const of = classification(mlp({ input: [1, 1, 2], classes: 2 }), batchSize);
const trained: Pick<StepProgram, "arena"> = {
  arena: {
    size: 6,
    entries: [
      { path: "layer1/weight", shape: [2, 2], offset: 0, size: 4 },
      { path: "layer1/bias", shape: [2], offset: 4, size: 2 },
    ],
  },
};

Deno.test("evaluationProgram() counts every example once when the last batch is not full", () => {
  const pixels = Uint8Array.from([255, 0, 0, 255, 255, 0, 0, 255, 255, 255]);
  const labels = Uint8Array.from([0, 1, 1, 1, 1]);
  const batches = deviceBatches({
    columns: { x: { kind: "bytes", values: pixels }, y: { kind: "bytes", values: labels } },
    count,
    batchSize,
    order: "sequential",
  });
  const program = batches.transform(evaluationProgram(of, trained, count, batchSize));
  // Logits are the two pixels times 2, and 0.5 more for class 1.
  const theta = tensor([2, 0, 0, 2, 0, 0.5], [6], "f32", "f64");
  let [loss, correct] = [0, 0];
  for (let step = 0; step < batches.stepsPerEpoch; step++) {
    const environment = new Map([
      ["theta@0", theta],
      ["seed@0", tensor([0], [], "u32", "f64")],
      ["step@0", tensor([step], [], "u32", "f64")],
    ]);
    for (const slot of program.slots.filter((s) => s.role === "data")) {
      const values = [...batches.data.get(slot.name)!];
      environment.set(`${slot.name}@0`, tensor(values, slot.shape, slot.dtype, "f64"));
    }
    const assign = program.regions[0]!.assign;
    const values = evaluate(assign.map((a) => a.value), environment);
    loss += values[assign.findIndex((a) => a.slot === LOSS_SUM)]!.data[0]!;
    correct += values[assign.findIndex((a) => a.slot === CORRECT)]!.data[0]!;
  }
  assertEquals(correct, 4);
  const crossEntropy = (margin: number) => Math.log(1 + Math.exp(-margin));
  const margins = [1.5, 2.5, -1.5, 2.5, 0.5];
  assertAlmostEquals(loss, margins.reduce((s, m) => s + crossEntropy(m), 0), 1e-5);
});

Deno.test("evaluationProgram() refuses an objective without labels", () => {
  const plain = objective({ parameters: { x: 1 }, loss: ({ x }) => square(x) });
  assertThrows(() => evaluationProgram(plain, trained, 1, 1), Error, "expected outputs");
});

Deno.test("evaluationProgram() measures without dropout", () => {
  const dropping = objective({
    parameters: { w: [[1, 0], [0, 1]] },
    batch: { x: [3, 2], y: [3] },
    outputs: ({ w }, { x }, mode) => {
      const logits = matmul(x, w);
      return mode.training ? dropout(logits, 0.5, mode.random("drop")) : logits;
    },
    likelihood: categorical("y"),
  }) as Objective;
  const arena = { size: 4, entries: [{ path: "w", shape: [2, 2], offset: 0, size: 4 }] };
  const program = evaluationProgram(dropping, { arena }, 3, 3);
  const values = new Map([
    ...initialValues(program, [1, 0, 0, 1]),
    ["batch/x", tensor([1, 0, 0, 2, 3, 1], [3, 2])],
    ["batch/y", tensor([0, 1, 1], [3], "u32")],
  ]);
  const wanted = [[1, 0, 0], [0, 2, 1], [3, 1, 1]]
    .map(([a, b, y]) => Math.log(Math.exp(a!) + Math.exp(b!)) - [a!, b!][y!]!)
    .reduce((total, l) => total + l, 0);
  const { records } = runStep(program, values, 0);
  assertAlmostEquals(Number(records.get(LOSS_SUM)), wanted, 1e-9);
  assertEquals(Number(records.get(CORRECT)), 2);
});
