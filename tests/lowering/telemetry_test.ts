/** Telemetry against the definitions, in loops over numbers. */
import * as E from "fp-ts/lib/Either.js";
import { lower } from "../../src/lowering/lower.ts";
import { adam } from "../../src/optimizer/catalogue/adam.ts";
import { nasgd } from "../../src/optimizer/catalogue/nasgd.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import { add, chain, identity } from "../../src/optimizer/combinators.ts";
import { clipByGlobalNorm, clipByValue } from "../../src/optimizer/derived.ts";
import { path } from "../../src/optimizer/predicate.ts";
import { cosineDecay, exponentialDecay } from "../../src/optimizer/schedule.ts";
import { TELEMETRY_NAMES, type TelemetryName } from "../../src/optimizer/telemetry.ts";
import { ema, newtonRaphson, scale, trace } from "../../src/optimizer/transforms.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { graft, partition, skipNonFinite } from "../../src/optimizer/wrappers.ts";
import { assert, assertAlmostEquals, assertEquals, assertGreater } from "../_assert.ts";
import { follow } from "./_follow.ts";
import { type Problem, PROBLEMS, type Vector } from "./_functions.ts";

const dot = (a: Vector, b: Vector) => a.reduce((s, x, i) => s + x * b[i]!, 0);
const [, , wavy] = PROBLEMS as readonly [Problem, Problem, Problem];

/** The Hessian, column by column. */
function hessian(p: Problem, x: Vector): readonly Vector[] {
  return x.map((_, j) => p.hessianTimes(x, x.map((_, i) => i === j ? 1 : 0)));
}

/** The definitions, from θ before and after the step. */
function naive(p: Problem, x: Vector, after: Vector): Partial<Record<TelemetryName, number>> {
  const g = p.g(x), u = x.map((xi, i) => xi - after[i]!);
  const sharpness = hessian(p, x).reduce((s, column, j) => s + u[j]! * dot(column, u), 0);
  return {
    loss: p.f(x),
    gradientNorm: Math.hypot(...g),
    updateNorm: Math.hypot(...u),
    cosine: dot(g, u) / (Math.hypot(...g) * Math.hypot(...u)),
    equivalentLearningRate: dot(g, u) / dot(g, g),
    equivalentAlpha: p.f(x) > 0 ? dot(g, u) / p.f(x) : 0,
    directionalSharpness: sharpness,
    normalizedSharpness: sharpness / dot(u, u),
  };
}

const OPTIMIZERS: readonly Optimizer[] = [
  sgd({ learningRate: 1e-3 }),
  sgd({ learningRate: 1e-3, momentum: 0.9 }),
  nasgd({ alpha: 0.7 }),
  adam({ learningRate: 0.01 }),
  chain(clipByGlobalNorm(1), adam({ learningRate: 0.01 })),
];

Deno.test("lower() records what every name of telemetry means", () => {
  let compared = 0;
  for (const problem of PROBLEMS) {
    for (const optimizer of OPTIMIZERS) {
      const { records, thetas } = follow(problem.objective, optimizer, problem.start, 6, {
        telemetry: TELEMETRY_NAMES,
      });
      records.forEach((row, k) => {
        for (const [name, wanted] of Object.entries(naive(problem, thetas[k]!, thetas[k + 1]!))) {
          const found = row.get(`record/${name}`)!;
          const size = 1e-9 * Math.max(1, Math.abs(wanted));
          assertAlmostEquals(found, wanted, size, `${name} of ${problem.name} at ${k}`);
          compared++;
        }
      });
    }
  }
  assertEquals(compared, 3 * 5 * 6 * 8);
});

Deno.test("lower() gives the equivalents of the paper for NaSGD and SGD", () => {
  const names = ["equivalentAlpha", "equivalentLearningRate", "learningRate"] as const;
  const [quadratic] = PROBLEMS;
  const told = (optimizer: Optimizer) =>
    follow(quadratic!.objective, optimizer, quadratic!.start, 8, { telemetry: names });
  // NaSGD's step is η·g with η = α·f/‖g‖², and SGD's is that of α = η·‖g‖²/f.
  const newton = told(nasgd({ alpha: 0.7, cap: 100 }));
  newton.records.forEach((row, k) => {
    const x = newton.thetas[k]!, g = quadratic!.g(x);
    const eta = 0.7 * quadratic!.f(x) / dot(g, g);
    assertAlmostEquals(row.get("record/equivalentAlpha")!, 0.7, 1e-12);
    assertAlmostEquals(row.get("record/equivalentLearningRate")!, eta, 1e-12);
    assertAlmostEquals(row.get("record/learningRate")!, eta, 1e-12);
  });
  const plain = told(sgd({ learningRate: 0.01 }));
  plain.records.forEach((row, k) => {
    const x = plain.thetas[k]!, g = quadratic!.g(x);
    const alpha = 0.01 * dot(g, g) / quadratic!.f(x);
    assertAlmostEquals(row.get("record/equivalentLearningRate")!, 0.01, 1e-12);
    assertAlmostEquals(row.get("record/learningRate")!, 0.01, 1e-12);
    assertAlmostEquals(row.get("record/equivalentAlpha")!, alpha, 1e-12);
  });
  // L is the one of the Newton–Raphson step.
  const above = told(newtonRaphson({ alpha: 0.4, lowerBound: -3, cap: 100 }));
  assertAlmostEquals(above.records[3]!.get("record/equivalentAlpha")!, 0.4, 1e-12);
});

Deno.test("lower() tells the rate that ends the flow, at its step", () => {
  const decay = exponentialDecay({ from: 0.1, factor: 0.5, steps: 1 });
  const cases: readonly (readonly [Optimizer, Readonly<Record<string, number>>])[] = [
    [identity(), { learningRate: 1 }],
    [scale(decay), { learningRate: 0.025 }],
    [chain(scale(2), scale(decay)), { learningRate: 0.05 }],
    [chain(scale(0.1), trace({ decay: 0.9 })), { learningRate: 0.1 }],
    // A curvature stage forgets how long u was.
    [chain(scale(5), adam({ learningRate: decay })), { learningRate: 0.025 }],
    [chain(scale(0.1), clipByValue(100)), { learningRate: 0.1 }],
    [skipNonFinite(adam({ learningRate: decay })), { learningRate: 0.025 }],
    [
      graft({ direction: scale(3), magnitude: scale(decay), per: "global" }),
      { learningRate: 0.025 },
    ],
    [add(scale(0.2), chain(ema({ decay: 0.5 }), scale(0.3))), {
      learningRate: 0.3,
      "add/0/learningRate": 0.2,
      "add/1/learningRate": 0.3,
    }],
    [chain(partition([{ where: path("a"), of: scale(0.2) }], scale(0.3)), scale(decay)), {
      learningRate: 0.3 * 0.025,
      "0/partition/parts/0/learningRate": 0.2 * 0.025,
      "0/partition/rest/learningRate": 0.3 * 0.025,
    }],
    // A part that no parameter goes to has no rate.
    [partition([{ where: path("*"), of: scale(0.2) }], scale(0.3)), { learningRate: 0.2 }],
  ];
  for (const [optimizer, wanted] of cases) {
    const { records } = follow(wavy.objective, optimizer, wavy.start, 3, {
      telemetry: ["learningRate"],
    });
    const rates = [...records[2]!].filter(([name]) => name.endsWith("learningRate"));
    assertEquals(
      rates.map(([name]) => name.slice("record/".length)).toSorted(),
      Object.keys(wanted).toSorted(),
    );
    for (const [name, value] of rates) {
      assertAlmostEquals(value, wanted[name.slice("record/".length)]!, 1e-12);
    }
  }
});

Deno.test("lower() totals the counts of all transforms, 0 where there are none", () => {
  const optimizer = add(
    chain(clipByGlobalNorm(1e-3), newtonRaphson({ cap: 1e-6 })),
    chain(clipByGlobalNorm(1e-3), newtonRaphson({ cap: 1e-6 })),
    chain(scale(-1), newtonRaphson()),
  );
  const names = ["clipped", "capped", "noStep", "skipped", "dropped"] as const;
  const { records } = follow(wavy.objective, optimizer, wavy.start, 1, { telemetry: names });
  assertEquals(names.map((name) => records[0]!.get(`record/${name}`)), [2, 2, 1, 0, 0]);
  assertEquals(records[0]!.get("record/add/0/0/curvature/clipped"), 1);
});

Deno.test("lower() refuses unknown names of telemetry, all at once, and says what was meant", () => {
  const names = ["gradientNrom", "loss", "sharp", 3] as unknown as readonly TelemetryName[];
  const wrong = lower(wavy.objective, scale(1), { telemetry: names });
  assert(E.isLeft(wrong));
  assertEquals(wrong.left.kind, "description");
  assertEquals(wrong.left.issues.map(({ path }) => path), [
    "telemetry/0",
    "telemetry/2",
    "telemetry/3",
  ]);
  assert(wrong.left.message.includes('"gradientNorm"'), wrong.left.message);
  const flag = lower(wavy.objective, scale(1), {
    telemetry: true as unknown as readonly TelemetryName[],
  });
  assert(E.isLeft(flag));
  assertEquals(flag.left.issues[0]!.expected, "a list of names");
});

Deno.test("lower() records a name once and nothing that was not asked for", () => {
  const { records } = follow(
    wavy.objective,
    scale(cosineDecay({ from: 1, steps: 9 })),
    wavy.start,
    1,
    {
      telemetry: ["cosine", "cosine"],
    },
  );
  assertEquals([...records[0]!.keys()], ["record/loss", "record/cosine"]);
  assertGreater(records[0]!.get("record/cosine")!, 0.999);
});
