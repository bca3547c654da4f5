import { assertEquals } from "../_assert.ts";
import {
  type Calculating,
  empiricalFisher,
  fisher,
  gaussNewton,
  hessian,
} from "../../src/optimizer/calculating.ts";
import { catalogue } from "../../src/optimizer/catalogue/registry.ts";
import { add, chain, identity } from "../../src/optimizer/combinators.ts";
import { curvature } from "../../src/optimizer/curvature.ts";
import { clipByGlobalNorm } from "../../src/optimizer/derived.ts";
import { clamped, gradientNorm, power } from "../../src/optimizer/length.ts";
import { matrices } from "../../src/optimizer/predicate.ts";
import { constant, cosineDecay } from "../../src/optimizer/schedule.ts";
import { diagonal, scalar } from "../../src/optimizer/structure.ts";
import { kronecker } from "../../src/optimizer/kronecker.ts";
import { ema, scale, weightDecay } from "../../src/optimizer/transforms.ts";
import { partition } from "../../src/optimizer/wrappers.ts";
import { classify, classifyStages } from "../../src/taxonomy/classify.ts";

Deno.test("classify() places a new optimizer", () => {
  const mine = chain(
    clipByGlobalNorm(1),
    curvature({
      calculating: hessian({ probes: 1 }),
      structure: diagonal(),
      iterative: ema({ decay: 0.99 }),
      length: clamped(0.04),
      direction: ema({ decay: 0.96 }),
      every: { sample: 10 },
    }),
    weightDecay(0.1, matrices()),
    scale(cosineDecay({ from: 3e-4, steps: 10_000, warmup: 500 })),
  );
  assertEquals(classify(mine), {
    length: "≤ (elementwise)",
    calculating: "H",
    structure: "diagonal",
    iterative: "Monte Carlo, momentum",
  });
});

/** Rows of Table 1 as [length, calculating, structure, iterative]. */
const ROWS: Readonly<Record<string, readonly [string, string, string, string]>> = {
  newton: ["", "", "", ""],
  naturalGradient: ["", "F", "", ""],
  normalizedNaturalGradient: ["‖d‖_H = ε", "", "", ""],
  gradientNormNormalized: ["‖d_i‖_H = ε|g_i|", "", "", ""],
  sgd: ["", "", "LI", ""],
  normalizedDescent: ["‖d‖_H′ = ε", "", "LI", ""],
  signDescent: ["‖d_i‖_H′ = ε", "", "LI", ""],
  adam: ["‖d_i‖_H′ = ε|g_i|", "F̃", "diagonal", "momentum"],
  adagrad: ["‖d_i‖_H′ = ε|g_i|", "F̃", "diagonal", "momentum"],
  shampoo: ["‖d_i‖_H′ = ε|g_i|", "F̃", "L^{-1/4} g R^{-1/4}", "momentum"],
  kfac: ["‖d‖_H′ ≤ ε", "F", "block-diagonal", "a ⟂ ∂L/∂s, momentum"],
  adahessian: ["", "H", "diagonal", "Monte Carlo, momentum"],
};

Deno.test("classify() derives the printed rows of Table 1", () => {
  for (const [name, [length, calculating, structure, iterative]] of Object.entries(ROWS)) {
    const built = catalogue[name]?.build() ?? identity();
    assertEquals(classify(built), { length, calculating, structure, iterative }, name);
  }
  const eigenbasis = catalogue["eigenbasisNormalized"]?.build({ structure: "full" });
  assertEquals(classify(eigenbasis ?? identity()), {
    length: "‖d_i‖_H = ε",
    calculating: "",
    structure: "",
    iterative: "",
  });
  assertEquals(classify(catalogue["sophia"]?.build({ variant: "G" }) ?? identity()), {
    length: "≤ (elementwise)",
    calculating: "F",
    structure: "diagonal",
    iterative: "momentum",
  });
});

Deno.test("classify() derives the clipped and the diagonal forms of the whole matrix", () => {
  const clipped: Readonly<Record<string, string>> = {
    normalizedNaturalGradient: "‖d‖_H ≤ ε",
    gradientNormNormalized: "‖d_i‖_H ≤ ε|g_i|",
    eigenbasisNormalized: "‖d_i‖_H ≤ ε",
  };
  for (const [name, length] of Object.entries(clipped)) {
    const build = catalogue[name]!.build;
    assertEquals(classify(build({ clip: 2, structure: "full" })).length, length);
    const diagonal = classify(build({ clip: 2, structure: "diagonal", calculating: "fisher" }));
    assertEquals(diagonal, {
      length: length.replace("H", "H′"),
      calculating: "F",
      structure: "diagonal",
      iterative: "",
    });
  }
});

Deno.test("classify() gives K-FAC its printed row with given labels, and F with sampled ones", () => {
  const row = (calculating: Calculating) =>
    classify(curvature({
      calculating,
      structure: kronecker({ of: "layers" }),
      iterative: ema({ decay: 0.95, debias: true }),
    }));
  const printed = {
    length: "",
    calculating: "F̃",
    structure: "block-diagonal",
    iterative: "a ⟂ ∂L/∂s, momentum",
  };
  assertEquals(row(empiricalFisher({ from: "examples" })), printed);
  assertEquals(row(fisher()), { ...printed, calculating: "F" });
});

Deno.test("classify() reduces lengths that a constant curvature makes a rate", () => {
  for (const length of [gradientNorm(), power(0.3)]) {
    const stage = curvature({ calculating: constant(4), structure: scalar(), length });
    assertEquals(classify(stage), { length: "", calculating: "", structure: "LI", iterative: "" });
  }
});

Deno.test("classifyStages() gives a row a branch, and none to samples or directions", () => {
  const inner = curvature({ calculating: hessian(), structure: diagonal() });
  const stage = curvature({
    calculating: gaussNewton(),
    structure: scalar(),
    direction: inner,
  });
  const optimizer = add(partition([{ where: matrices(), of: stage }], inner), stage);
  assertEquals(classifyStages(optimizer).map(({ path, row }) => [path, row.calculating]), [
    ["add/0/partition/parts/0/curvature", "G"],
    ["add/0/partition/rest/curvature", "H"],
    ["add/1/curvature", "G"],
  ]);
});
