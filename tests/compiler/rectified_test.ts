/** Conditions on what a rectifier computes anyway. */
import { assertEquals } from "../_assert.ts";
import { gradient } from "../../src/autodiff/vjp.ts";
import { askPositiveParts } from "../../src/compiler/rectified.ts";
import { relu } from "../../src/nn/activations.ts";
import { evaluate } from "../../src/reference/evaluate.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { input, matmul, square, sum } from "../../src/tensor/ops.ts";
import { planOf, programOf } from "./_run_plan.ts";

const x = input("x", [7, 9]), w = input("w", [9, 5]);

Deno.test("askPositiveParts() changes no derivative, not even where something is no number", () => {
  const outputs = gradient(sum(relu(matmul(x, w))), [x, w]);
  const values = (n: number) => Array.from({ length: n }, (_, i) => Math.round(9 * Math.sin(i)));
  const broken = values(63).map((v, i) => i === 10 ? NaN : v);
  const inputs = new Map([
    ["x@0", tensor(broken, x.shape, "f32", "f32")],
    ["w@0", tensor(values(45), w.shape, "f32", "f32")],
  ]);
  assertEquals(evaluate(askPositiveParts(outputs), inputs), evaluate(outputs, inputs));
});

Deno.test("compilePlan() stores what a rectifier gives and not what it is given", () => {
  const big = input("x", [70, 90]), weights = input("w", [90, 64]), last = input("v", [64, 40]);
  const out = matmul(relu(matmul(big, weights)), last);
  const plan = planOf(programOf(gradient(sum(square(out)), [weights, last])), "js");
  assertEquals(plan.kernels[0]!.label, "select[70,64]");
});
