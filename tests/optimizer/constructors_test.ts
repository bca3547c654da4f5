import { assert, assertEquals, assertThrows } from "../_assert.ts";
import { SteepestError } from "../../src/errors.ts";
import {
  empiricalFisher,
  fisher,
  gradientRegression,
  hessian,
} from "../../src/optimizer/calculating.ts";
import { identity } from "../../src/optimizer/combinators.ts";
import { curvature } from "../../src/optimizer/curvature.ts";
import { add, addToRoot, floor, toSample } from "../../src/optimizer/damping.ts";
import { latest, max, sum } from "../../src/optimizer/iterative.ts";
import { clipped, gradientNorm, none, power } from "../../src/optimizer/length.ts";
import { inverseSqrt, polynomial, rectification, restarts } from "../../src/optimizer/annealing.ts";
import { radam } from "../../src/optimizer/catalogue/radam.ts";
import { clipByGlobalNorm } from "../../src/optimizer/derived.ts";
import { constant, cosineDecay, type Hyper, join, linear } from "../../src/optimizer/schedule.ts";
import { plateau, signal } from "../../src/optimizer/signal.ts";
import { diagonal, scalar } from "../../src/optimizer/structure.ts";
import { ema, newtonRaphson, scale, trace, weightDecay } from "../../src/optimizer/transforms.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { distanceAdapted, skipNonFinite } from "../../src/optimizer/wrappers.ts";

function pathsOf(build: () => unknown): readonly string[] {
  const error = assertThrows(build, SteepestError);
  assertEquals(error.kind, "description");
  return error.issues.map(({ path }) => path);
}

Deno.test("constructors refuse values out of range, with the path", () => {
  assertEquals(pathsOf(() => ema({ decay: 1 })), ["ema/decay"]);
  assertEquals(pathsOf(() => ema({ decay: -0.1, read: 2 })), ["ema/decay", "ema/read"]);
  assertEquals(pathsOf(() => trace({ decay: NaN, dampening: 2 })), [
    "trace/decay",
    "trace/dampening",
  ]);
  assertEquals(pathsOf(() => scale(Infinity)), ["scale/by"]);
  assertEquals(pathsOf(() => weightDecay(-1)), ["weightDecay/decay"]);
  assertEquals(pathsOf(() => newtonRaphson({ alpha: -1, cap: 0 })), [
    "newtonRaphson/alpha",
    "newtonRaphson/cap",
  ]);
  assertEquals(pathsOf(() => hessian({ probes: 1.5 })), ["hessian/probes"]);
  assertEquals(pathsOf(() => floor(-1)), ["floor/eps"]);
});

Deno.test("constructors refuse schedules that leave the range", () => {
  assertEquals(pathsOf(() => ema({ decay: linear({ from: 0.9, to: 1, steps: 5 }) })), [
    "ema/decay",
  ]);
  assertEquals(pathsOf(() => cosineDecay({ from: 1, steps: 5, warmup: 5 })), [
    "cosineDecay/warmup",
  ]);
  assertEquals(
    pathsOf(() => join({ of: [constant(1), constant(2)], at: [3, 3] })).includes("join/at"),
    true,
  );
});

Deno.test("constructors refuse signals that leave the range", () => {
  const wrong: readonly (readonly [Hyper, string])[] = [
    [signal("loss", { max: 0.9 }), "a signal that reaches −∞"],
    [signal("distance"), "a signal that reaches ∞"],
    [signal("loss", { min: 0, max: 1 }), "a signal that reaches 1"],
    [plateau({ from: 2 }), "a signal that reaches 2"],
  ];
  for (const [decay, found] of wrong) {
    const error = assertThrows(() => ema({ decay }), SteepestError);
    assertEquals(error.issues.map(({ path, found }) => [path, found]), [["ema/decay", found]]);
  }
  assertEquals(ema({ decay: signal("loss", { min: 0, max: 0.9 }) }).kind, "ema");
  // A distance is positive; a negative multiple of it is not.
  assertEquals(clipByGlobalNorm(signal("distance")).kind, "curvature");
  assertEquals(pathsOf(() => clipByGlobalNorm(signal("distance", { times: -1 }))), [
    "clipped/limit",
  ]);
});

Deno.test("constructors of schedules and signals refuse fields that do not fit, with the path", () => {
  const piece = linear({ from: 1, to: 0, steps: 5 });
  const table: readonly (readonly [string, () => unknown])[] = [
    ["plateau/to", () => plateau({ from: 1, to: 2 })],
    ["plateau/patience", () => plateau({ from: 1, patience: 0 })],
    ["plateau/factor", () => plateau({ from: 1, factor: 0 })],
    ["plateau/of", () => plateau({ from: 1, of: "lost" as "loss" })],
    ["signal/of", () => signal("distant" as "distance")],
    ["signal/min", () => signal("loss", { min: 1, max: 0 })],
    ["polynomial/power", () => polynomial({ from: 1, steps: 5, power: 0 })],
    ["powerDecay/steps", () => inverseSqrt({ peak: 1, warmup: 0 })],
    ["restarts/growth", () => restarts({ of: piece, steps: 5, growth: 1.5 })],
    ["restarts/of", () => restarts({ of: 1 as unknown as typeof piece, steps: 5 })],
    ["restarts/of/kind", () => restarts({ of: signal("loss") as never, steps: 5 })],
    ["rectification/decay", () => rectification({ decay: 0.6 })],
    ["rectification/after", () => rectification({ decay: 0.9, after: 3 })],
    ["distanceAdapted/initial", () => distanceAdapted({ of: identity(), initial: 0 })],
    ["distanceAdapted/growth", () => distanceAdapted({ of: identity(), growth: 0.5 })],
    ["rectification/decay", () => radam({ beta2: 0.5 })],
  ];
  for (const [path, build] of table) assertEquals(pathsOf(build), [path]);
});

Deno.test("ema() is both a transform and an accumulator", () => {
  const both = ema({ decay: 0.9 });
  assertEquals(
    curvature({ calculating: empiricalFisher(), structure: diagonal(), iterative: both })
      .iterative,
    [both],
  );
  assertEquals(ema({ decay: 0.9, power: 1, initial: 0, centred: false }), both);
});

Deno.test("curvature() has one form for equal stages", () => {
  const slots = { calculating: empiricalFisher(), structure: diagonal() };
  assertEquals(
    curvature({ ...slots, iterative: [latest(), max(), latest()], length: power(0.5) }),
    curvature({ ...slots, iterative: max({ decay: 1 }), length: gradientNorm() }),
  );
  assertEquals(
    curvature({ ...slots, damping: [addToRoot(1), add(2), toSample(3)] }),
    curvature({ ...slots, damping: [toSample(3), add(2), addToRoot(1)] }),
  );
  assertEquals(curvature({ ...slots, length: none() }), curvature({ ...slots, length: power(1) }));
});

Deno.test("curvature() refuses combinations whose statistic does not exist", () => {
  const structure = diagonal();
  const prior = { parameters: 1, gradients: 1 };
  const regression = gradientRegression();
  const table: readonly (readonly [string, () => unknown])[] = [
    [
      "curvature/iterative",
      () => curvature({ calculating: regression, structure, iterative: sum() }),
    ],
    ["curvature/structure", () =>
      curvature({
        calculating: regression,
        structure: scalar(),
        iterative: ema({ decay: 0.9, initial: prior }),
      })],
    ["curvature/iterative/0/initial", () =>
      curvature({
        calculating: hessian(),
        structure,
        iterative: ema({ decay: 0.9, initial: prior }),
      })],
    ["curvature/iterative/0/centred", () =>
      curvature({
        calculating: fisher(),
        structure,
        iterative: ema({ decay: 0.9, centred: true }),
      })],
    [
      "curvature/iterative",
      () => curvature({ calculating: constant(1), structure, iterative: sum() }),
    ],
    [
      "curvature/damping",
      () =>
        curvature({ calculating: hessian(), structure, length: clipped(1), damping: addToRoot(1) }),
    ],
    [
      "curvature/every/factor",
      () => curvature({ calculating: hessian(), structure, every: { factor: 2 } }),
    ],
    ["empiricalFisher/of", () => empiricalFisher({ of: scale(2), from: "examples" })],
    ["gradientRegression/confidence", () => gradientRegression({ confidence: 1 })],
    ["gradientRegression/of", () => gradientRegression({ estimate: "slope", of: "steps" })],
    [
      "gradientRegression/centred",
      () => gradientRegression({ estimate: "slope", centred: false }),
    ],
    ["curvature/every/sample", () =>
      curvature({
        calculating: gradientRegression({ of: "steps" }),
        structure,
        iterative: ema({ decay: 0.9, initial: prior }),
        every: { sample: 2 },
      })],
    ["ema/debias", () => ema({ decay: 0.9, debias: true, initial: 1 })],
  ];
  for (const [path, build] of table) assertEquals(pathsOf(build), [path]);
});

Deno.test("constructors bound how deep a description nests", () => {
  const paths = pathsOf(() => {
    let deep: Optimizer = identity();
    for (let i = 0; i < 1000; i++) deep = skipNonFinite(deep);
  });
  assertEquals(paths, ["skipNonFinite"]);
});

Deno.test("a constant is a schedule, and a curvature", () => {
  const one = constant(2);
  assertEquals(scale(one).by, one);
  const stage = curvature({ calculating: one, structure: scalar() });
  assert(stage.calculating.kind === "constant");
  assertEquals(stage.calculating.value, 2);
  const falling = constant(linear({ from: 2, to: 1, steps: 3 }));
  assertEquals(curvature({ calculating: falling, structure: scalar() }).calculating, falling);
  assertEquals(pathsOf(() => curvature({ calculating: constant(0), structure: scalar() })), [
    "curvature/calculating/value",
  ]);
});
