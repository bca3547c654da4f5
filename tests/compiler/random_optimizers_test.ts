import * as E from "fp-ts/lib/Either.js";
import fc from "fast-check";
import { compilePlan } from "../../src/compiler/compile_plan.ts";
import { DEFAULT_ADAPTER } from "../../src/loops/adapter.ts";
import { lower } from "../../src/lowering/lower.ts";
import { categorical } from "../../src/objective/likelihood.ts";
import { type Objective, objective } from "../../src/objective/objective.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { scale } from "../../src/optimizer/transforms.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { jsExecutor } from "../../src/runtime/js_executor.ts";
import { matmul, tanh } from "../../src/tensor/ops.ts";
import { assert } from "../_assert.ts";
import { follow, right } from "../lowering/_follow.ts";
import { optimizerArbitrary } from "../optimizer/_arbitrary.ts";

const network = objective({
  parameters: { w: [[0.1, -0.2, 0.3], [0.2, 0.1, -0.4]], v: [[0.3, 0.1], [-0.2, 0.4], [0.1, 0.2]] },
  batch: { x: [4, 2], y: [4] },
  outputs: ({ w, v }, { x }) => matmul(tanh(matmul(x, w)), v),
  likelihood: categorical("y"),
}) as Objective;

const X = [1, 2, -1, 0.5, 0.3, -0.7, 2, 1], Y = [0, 1, 1, 0];
const THETA = [0.3, 0.1, -0.2, 0.4, 0.1, 0.2, 0.1, -0.2, 0.3, 0.2, 0.1, -0.4];
const STEPS = 3;

for (const [where, doubled] of [["in place", Infinity], ["that change places", 1]] as const) {
  Deno.test(`compilePlan() agrees with the oracle when optimizers are drawn at random, with slots ${where}`, async () => {
    const slots = new Map([
      ["batch/x", tensor(X, [4, 2])],
      ["batch/y", tensor(Y, [4], "u32")],
    ]);
    let compared = 0, changing = 0;
    await fc.assert(
      fc.asyncProperty(optimizerArbitrary({ depth: 2, jumps: false }), async (drawn) => {
        const optimizer = chain(drawn, scale(1e-3));
        const lowered = lower(network, optimizer);
        // Masks that match nothing are refused.
        if (E.isLeft(lowered)) return;
        const plan = right(
          compilePlan(lowered.right, {
            replicas: 1,
            target: "js",
            adapter: DEFAULT_ADAPTER,
            doubled,
          }),
        );
        changing += plan.swaps.length;
        const values = new Map([["theta", THETA], ["batch/x", X], ["batch/y", Y]]);
        const executor = jsExecutor(plan, values);
        executor.step(STEPS);
        const found = await executor.read("theta");
        executor.dispose();
        const { thetas } = follow(network, optimizer, THETA, STEPS, { slots, precision: "f32" });
        const expected = thetas[STEPS]!;
        const moved = Math.max(...expected.map((x, i) => Math.abs(x - THETA[i]!)));
        // Rounding of θ itself, and of an update relative to the largest one.
        const allowed = 1e-4 * moved + 3e-7;
        expected.forEach((x, i) =>
          assert(Math.abs(x - found[i]!) <= allowed, `${i}: ${found[i]}, expected ${x}`)
        );
        compared++;
      }),
      { seed: 17, numRuns: 80 },
    );
    assert(compared > 40, `${compared} of 80 were compared`);
    assert((changing > compared) === (doubled === 1), `${changing} pairs of buffers`);
  });
}
