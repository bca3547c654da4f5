/** What the gradients of the examples of the CNN take where only the mean of their squares is asked for. */
import * as E from "fp-ts/lib/Either.js";
import { assertLess } from "../_assert.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { mnistCnn } from "../../src/nn/models.ts";
import { classification } from "../../src/objective/classification.ts";
import { empiricalFisher } from "../../src/optimizer/calculating.ts";
import { curvature } from "../../src/optimizer/curvature.ts";
import { gradientNorm } from "../../src/optimizer/length.ts";
import { diagonal, factored, type Structure } from "../../src/optimizer/structure.ts";
import { ema } from "../../src/optimizer/transforms.ts";
import { planOf } from "./_run_plan.ts";

const BATCH = 60;
const cnn = classification(mnistCnn(), BATCH) as unknown as AnyObjective;

function bytes(from: "batch" | "examples", structure: Structure) {
  const stage = curvature({
    calculating: empiricalFisher({ from }),
    structure,
    iterative: ema({ decay: 0.9 }),
    length: gradientNorm(),
  });
  const program = lower(cnn, stage);
  if (E.isLeft(program)) throw program.left;
  const sizes = planOf(program.right, "wgsl", 1).buffers.map(({ words }) => 4 * words);
  return { largest: Math.max(...sizes), total: sizes.reduce((a, b) => a + b) };
}

Deno.test("compilePlan() keeps no gradients of the examples of a dense layer for their squares", () => {
  const batch = bytes("batch", diagonal()), dense = 4 * BATCH * 50 * 320;
  for (const structure of [diagonal(), factored()]) {
    const { largest, total } = bytes("examples", structure);
    // A buffer is as large as any value in it, or larger: short-lived values share one.
    assertLess(largest, dense, structure.kind);
    assertLess(total, 3 * batch.total, structure.kind);
  }
});
