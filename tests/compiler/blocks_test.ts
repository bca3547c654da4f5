/** Norms by block and factored statistics on tensors of odd shapes: one compiled step is the oracle's. */
import { assertEquals } from "../_assert.ts";
import { lower } from "../../src/lowering/lower.ts";
import { empiricalFisher, hessian } from "../../src/optimizer/calculating.ts";
import { adafactor } from "../../src/optimizer/catalogue/adafactor.ts";
import { lamb, lars } from "../../src/optimizer/catalogue/layerwise.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { curvature } from "../../src/optimizer/curvature.ts";
import { abs, addToRoot, floor } from "../../src/optimizer/damping.ts";
import { adaptiveGradientClip, clipByUnitNorm } from "../../src/optimizer/derived.ts";
import { clipped, gradientNorm, none, normalized } from "../../src/optimizer/length.ts";
import { scaleByParameterNorm } from "../../src/optimizer/parameter_norms.ts";
import { rank } from "../../src/optimizer/predicate.ts";
import { factored, scalar } from "../../src/optimizer/structure.ts";
import { ema, scale } from "../../src/optimizer/transforms.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { graft, masked } from "../../src/optimizer/wrappers.ts";
import { shapes, START } from "../lowering/_blocks.ts";
import { planOf, right, start, targets } from "./_run_plan.ts";
import { differences } from "./_steps.ts";

const stage = curvature({
  calculating: empiricalFisher(),
  structure: factored(),
  iterative: ema({ decay: 0.7, centred: true, debias: true }),
  length: gradientNorm(),
  direction: ema({ decay: 0.5 }),
  damping: addToRoot(0.01),
});

const OPTIMIZERS: Readonly<Record<string, Optimizer>> = {
  lars: lars({ coefficient: 0.1 }),
  lamb: lamb({ learningRate: 0.1 }),
  adafactor: adafactor({ learningRate: 0.1, weightDecay: 0.01 }),
  "a centred factored stage": chain(stage, scale(0.01)),
  "a factored Hessian every third step": chain(
    curvature({
      calculating: hessian({ probes: 2 }),
      structure: factored(),
      iterative: ema({ decay: 0.5, power: 2 }),
      length: none(),
      damping: [abs(), floor(0.2)],
      every: { sample: 3 },
    }),
    clipByUnitNorm(0.1),
  ),
  "lengths by unit after a scalar stage": chain(
    curvature({
      calculating: empiricalFisher(),
      structure: scalar(),
      length: clipped(0.4, { per: "unit", norm: "rms" }),
      damping: floor(0.1),
    }),
    scaleByParameterNorm({ per: "unit" }),
    scale(0.1),
  ),
  "blocks of a part": masked(
    chain(
      adaptiveGradientClip(0.1),
      graft({
        direction: curvature({
          calculating: empiricalFisher(),
          structure: factored(),
          length: normalized({ per: "tensor" }),
          damping: floor(0.1),
        }),
        magnitude: scale(0.1),
        per: "unit",
      }),
    ),
    rank({ atLeast: 2 }),
  ),
};

for (const target of targets) {
  for (const [name, optimizer] of Object.entries(OPTIMIZERS)) {
    Deno.test(`compilePlan() on ${target} agrees with the oracle on ${name}`, async () => {
      const { wrong } = await differences(right(lower(shapes, optimizer)), {
        steps: 4,
        target,
        thetas: [1, 0.7, 1.2].map((c) => START.map((x) => c * x)),
        seeds: [1, 2, 3],
      });
      assertEquals(wrong, []);
    });
  }
}

for (const target of targets) {
  Deno.test(`compilePlan() on ${target} gives copies with norms by block the bits of solo runs`, async () => {
    for (const name of ["lamb", "adafactor"]) {
      const program = right(lower(shapes, OPTIMIZERS[name]!));
      const run = async (copies: readonly number[]): Promise<Float64Array> => {
        const theta = copies.flatMap((c) => START.map((x) => c * x));
        const executor = await start(
          planOf(program, target, copies.length),
          new Map([["theta", theta]]),
        );
        try {
          executor.step(4);
          await executor.settled();
          return await executor.read("theta");
        } finally {
          executor.dispose();
        }
      };
      const together = await run([1, 0.7, 1.2]);
      for (const [r, c] of [1, 0.7, 1.2].entries()) {
        const own = together.slice(r * START.length, (r + 1) * START.length);
        assertEquals(own, await run([c]), `copy ${r} of ${name}`);
      }
    }
  });
}
