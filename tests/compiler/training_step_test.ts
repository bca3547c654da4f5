/** Whole training steps of networks, and tensors large enough to be cut up. */
import { assert, assertEquals } from "../_assert.ts";
import { evaluate } from "../../src/reference/evaluate.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { mlp, mnistCnn } from "../../src/nn/models.ts";
import { classification } from "../../src/objective/classification.ts";
import { adam } from "../../src/optimizer/catalogue/adam.ts";
import { nasgd } from "../../src/optimizer/catalogue/nasgd.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import { sizeOf } from "../../src/tensor/node.ts";
import {
  add,
  input,
  matmul,
  mul,
  permute,
  reduce,
  square,
  sum,
  tanh,
} from "../../src/tensor/ops.ts";
import { distance } from "./_compare.ts";
import { right, run, targets } from "./_run_plan.ts";
import { differences } from "./_steps.ts";

const wave = (n: number, k: number) => Array.from({ length: n }, (_, i) => Math.sin(k * i + 1));

for (const target of targets) {
  for (const replicas of target === "js" ? [1, 3] : [2]) {
    Deno.test(`compilePlan() on ${target} trains ${replicas} networks with dropout as the oracle does`, async () => {
      const batch = 3;
      const objective = classification(mnistCnn({ widths: [3, 4, 7] }), batch);
      for (const optimizer of [adam({ learningRate: 0.01 }), nasgd({ alpha: 0.5 })]) {
        const program = right(lower(objective as AnyObjective, optimizer));
        const { wrong, compared } = await differences(program, {
          steps: 2,
          target,
          thetas: Array.from(
            { length: replicas },
            (_, r) => wave(program.arena.size, 0.7 + r).map((x) => 0.2 * x),
          ),
          seeds: [1, 2, 3].slice(0, replicas),
          slots: new Map([
            ["batch/x", wave(batch * 784, 0.3).map(Math.abs)],
            ["batch/y", [7, 0, 9]],
          ]),
        });
        assertEquals(wrong, []);
        assert(compared > 2);
        if (target === "wgsl") break;
      }
    });
  }

  Deno.test(`compilePlan() on ${target} trains wide layers of an odd size between as the oracle does`, async () => {
    const batch = 2;
    const objective = classification(mlp({ input: 784, hidden: [48, 690], classes: 3 }), batch);
    const program = right(lower(objective as AnyObjective, sgd({ learningRate: 0.1 })));
    const { wrong, compared } = await differences(program, {
      steps: 2,
      target,
      thetas: [wave(program.arena.size, 0.7).map((x) => 0.1 * x)],
      seeds: [1],
      slots: new Map([["batch/x", wave(batch * 784, 0.3)], ["batch/y", [2, 0]]]),
    });
    assertEquals(wrong, []);
    assert(compared > 2);
  });

  for (const kind of ["cpu", "gpu"] as const) {
    Deno.test(`compilePlan() on ${target} agrees with the oracle on large tensors at costs of a ${kind}`, async () => {
      const x = input("x", [100_003]), a = input("a", [3, 20_011]), b = input("b", [20_011, 5]);
      const m = input("m", [257, 263]), n = input("n", [263, 65]);
      const g = input("g", [60, 128]), h = input("h", [60, 784]);
      const outputs = [
        sum(square(tanh(x))),
        reduce("max", x),
        reduce("argmax", x),
        mul(add(x, 1), x),
        matmul(a, b),
        matmul(m, n),
        matmul(permute(g, [1, 0]), h),
        sum(m, [0]),
        sum(m, [1]),
      ];
      const inputs = new Map([x, a, b, m, n, g, h].map((node, k) => {
        if (node.op.kind !== "input") throw new RangeError("inputs only");
        const values = wave(sizeOf(node.shape), 0.1 + k);
        return [`${node.op.name}@0`, tensor(values, node.shape, "f32", "f32")] as const;
      }));
      const got = await run(outputs, inputs, target, { kind });
      evaluate(outputs, inputs).forEach((w, i) => {
        // Sums of many terms of both signs: relative to the terms.
        const apart = distance(got[i]!, w.data);
        assert(apart <= 2e-5, `output ${i} is ${apart} apart`);
      });
    });
  }
}
