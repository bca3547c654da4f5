import * as E from "fp-ts/lib/Either.js";
import { assert, assertEquals, assertThrows } from "../_assert.ts";
import { SteepestError } from "../../src/errors.ts";
import { empiricalFisher, gradientRegression } from "../../src/optimizer/calculating.ts";
import { adafactor } from "../../src/optimizer/catalogue/adafactor.ts";
import { lars } from "../../src/optimizer/catalogue/layerwise.ts";
import { chain, identity } from "../../src/optimizer/combinators.ts";
import { curvature } from "../../src/optimizer/curvature.ts";
import { decode, encode } from "../../src/optimizer/codec.ts";
import {
  adaptiveGradientClip,
  clipByBlockRms,
  clipByGlobalNorm,
  clipByUnitNorm,
  normalize,
} from "../../src/optimizer/derived.ts";
import { hyperparameters } from "../../src/optimizer/hyperparameters.ts";
import { clipped, normalized } from "../../src/optimizer/length.ts";
import { scaleByParameterNorm, trustRatio } from "../../src/optimizer/parameter_norms.ts";
import { powerDecay } from "../../src/optimizer/annealing.ts";
import { constant } from "../../src/optimizer/schedule.ts";
import { factored, scalar } from "../../src/optimizer/structure.ts";
import { ema, scale, trace, weightDecay } from "../../src/optimizer/transforms.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { classify, classifyStages } from "../../src/taxonomy/classify.ts";
import { explain } from "../../src/taxonomy/explain.ts";
import { stateSlots } from "../../src/taxonomy/state.ts";

/** Where a description is refused. */
function refused(build: () => Optimizer): string[] {
  return assertThrows(build, SteepestError).issues.map(({ path }) => path);
}

Deno.test("norms by block survive the codec, and are global where nothing is said", () => {
  const all: readonly Optimizer[] = [
    clipByBlockRms(1),
    clipByUnitNorm(0.1),
    adaptiveGradientClip(),
    normalize(),
    trustRatio({ decay: 0.1, min: 0.1, max: 2, direction: weightDecay(0.1) }),
    scaleByParameterNorm({ per: "unit", norm: "euclidean", floor: 0 }),
    adafactor(),
  ];
  for (const optimizer of all) {
    assertEquals(decode(JSON.parse(encode(optimizer))), E.right(optimizer));
  }
  const written = { kind: "curvature", calculating: { kind: "constant", value: 1 } };
  const plain = { ...written, structure: { kind: "scalar" }, length: { kind: "normalized" } };
  assertEquals(decode({ version: 1, ...plain }), E.right(normalize()));
  assertEquals(normalized(), { kind: "normalized", per: "global", norm: "euclidean" });
  assertEquals(clipByGlobalNorm(1).length, clipped(1, { per: "global", norm: "euclidean" }));
});

Deno.test("trustRatio() and scaleByParameterNorm() refuse what has no meaning", () => {
  assertEquals(refused(() => trustRatio({ min: 2, max: 1 })), ["trustRatio/min"]);
  assertEquals(refused(() => trustRatio({ coefficient: -1, max: 0 })), [
    "trustRatio/coefficient",
    "trustRatio/max",
  ]);
  assertEquals(refused(() => scaleByParameterNorm({ floor: -1 })), ["scaleByParameterNorm/floor"]);
  const unknown = { version: 1, kind: "trustRatio", per: "layer" };
  assert(E.isLeft(decode(unknown)));
});

Deno.test("factored() is refused where there is nothing to factor", () => {
  assertEquals(
    refused(() => curvature({ calculating: constant(1), structure: factored() })),
    ["curvature/structure"],
  );
  assertEquals(
    refused(() =>
      curvature({
        calculating: gradientRegression(),
        structure: factored(),
        iterative: ema({ decay: 0.9, initial: { parameters: 1, gradients: 1 } }),
      })
    ),
    ["curvature/structure"],
  );
});

Deno.test("powerDecay() may tend to 1 as a decay, and not start there", () => {
  assertEquals(ema({ decay: powerDecay({ from: 0, to: 1, power: 0.8 }) }).kind, "ema");
  assertThrows(() => ema({ decay: powerDecay({ from: 1, to: 0, power: 0.8 }) }), SteepestError);
  assertThrows(() => ema({ decay: powerDecay({ from: 0, to: 1.1, power: 0.8 }) }), SteepestError);
  assertThrows(() => powerDecay({ from: 1, power: 0 }), SteepestError);
});

Deno.test("classify() and explain() say over what a norm is", () => {
  assertEquals(classify(clipByUnitNorm(1)).length, "‖d‖_H′ ≤ ε, by unit");
  assertEquals(classify(adafactor()).structure, "rank-1 diagonal");
  const text = explain(adafactor());
  assert(text.includes("1/curvature: λ = 1; one λ for all; u ← min(1, 1/√(mean û²/λ) by tensor)"));
  assert(text.includes("State: 0 × θ, 1 × rows and columns of θ, 0 scalars"));
  assert(text.includes("0/curvature/iterative/0/mean (rows and columns)"));
  assert(explain(lars()).includes("ρ = 0.001·‖θ‖/(‖u‖ + 0.0005·‖θ‖) by tensor"));
  assert(explain(chain(weightDecay(1), trustRatio(), scale(1))).includes("times the rate"));
  const inside = curvature({ calculating: empiricalFisher(), structure: scalar() });
  assertEquals(classifyStages(trustRatio({ direction: inside })).map(({ path }) => path), [
    "trustRatio/direction/curvature",
  ]);
});

Deno.test("trustRatio() shows what stands inside it", () => {
  const optimizer = trustRatio({ coefficient: 0.1, max: 2, direction: trace({ decay: 0.9 }) });
  assertEquals(stateSlots(optimizer), [
    { path: "trustRatio/direction/trace/velocity", size: "parameters" },
  ]);
  const kinds = hyperparameters(optimizer).map(({ path, kind }) => `${path} ${kind}`);
  assertEquals(kinds.slice(0, 6).toSorted(), [
    "trustRatio/coefficient value",
    "trustRatio/decay value",
    "trustRatio/eps value",
    "trustRatio/floor value",
    "trustRatio/max value",
    "trustRatio/per structural",
  ]);
  assertEquals(trustRatio().direction, identity());
});
