import fc from "fast-check";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "../_assert.ts";
import { lower } from "../../src/lowering/lower.ts";
import { SteepestError } from "../../src/errors.ts";
import { newton } from "../../src/optimizer/catalogue/newton.ts";
import { objective } from "../../src/objective/objective.ts";
import { catalogue } from "../../src/optimizer/catalogue/registry.ts";
import { sophia } from "../../src/optimizer/catalogue/sophia.ts";
import { chain, identity } from "../../src/optimizer/combinators.ts";
import { cosineRestarts, polynomial } from "../../src/optimizer/annealing.ts";
import { hyperparameters } from "../../src/optimizer/hyperparameters.ts";
import { average, lookahead, scheduleFree } from "../../src/optimizer/last.ts";
import type { Hyper } from "../../src/optimizer/schedule.ts";
import { plateau, signal } from "../../src/optimizer/signal.ts";
import { scale, trace, weightDecay } from "../../src/optimizer/transforms.ts";
import { accumulate } from "../../src/optimizer/wrappers.ts";
import { getOrThrow } from "../../src/runtime/program.ts";
import { costInGradients, explain } from "../../src/taxonomy/explain.ts";
import { stateSlots } from "../../src/taxonomy/state.ts";
import { optimizerArbitrary } from "../optimizer/_arbitrary.ts";

Deno.test("explain() says everything about AdamW", () => {
  assertEquals(
    explain(catalogue["adamw"]?.build() ?? identity()),
    `Step (u starts as the gradient g, and θ ← θ − u ends it)
  0/curvature: x = u ⊙ u; one λ a coordinate; debiased average with decay 0.999; λ^p ← λ^p + 1e-8; u ← û/√λ, û = direction(u)
    0/curvature/direction/ema: m ← βm + (1 − β)u, β = 0.9; u ← m, divided by its weight
  1/weightDecay: u ← u + 0.01·θ on everything (decoupled, times the rate)
  2/scale: u ← ηu, η = 0.001
Table 1
  length ‖d_i‖_H′ = ε|g_i| | calculating F̃ | structure diagonal | iterative momentum
State: 2 × θ, 2 scalars
  0/curvature/iterative/0/mean
  0/curvature/iterative/0/weight (scalar)
  0/curvature/direction/ema/mean
  0/curvature/direction/ema/weight (scalar)
Needs beyond the gradient
  none
Cost
  1 gradients a step
Hyperparameters
  0/curvature/iterative/0/decay = 0.999 (value)
  0/curvature/damping/0/eps = 1e-8 (value)
  0/curvature/every/sample = 1 (rhythm)
  0/curvature/every/factor = 1 (rhythm)
  0/curvature/direction/ema/decay = 0.9 (value)
  1/weightDecay/decay = 0.01 (value)
  2/scale/by = 0.001 (value)`,
  );
});

Deno.test("explain() says what the place of a weight decay makes of it", () => {
  const [decay, rate, momentum] = [weightDecay(0.1), scale(0.1), trace({ decay: 0.9 })];
  assert(explain(chain(decay, momentum, rate)).includes("an L2 penalty"));
  assert(explain(chain(momentum, decay, rate)).includes("decoupled, times the rate"));
  assert(explain(chain(momentum, rate, decay)).includes("decoupled, without the rate"));
});

Deno.test("explain() prints schedules and signals in words", () => {
  const words: readonly (readonly [Hyper, string])[] = [
    [polynomial({ from: 1, steps: 9, power: 2 }), "1 → 0 over 9 steps, with the power 2"],
    [
      cosineRestarts({ from: 1, steps: 9, growth: 2 }),
      "(cosine 1 → 0 over 9 steps) again every 9 steps, each time 2 times as long",
    ],
    [signal("loss", { times: 2, max: 5 }), "2 × the loss, at most 5"],
    [
      plateau({ from: 1, factor: 0.5, patience: 3, to: 0.1, cooldown: 2, threshold: 0 }),
      "1, times 0.5 after 3 steps in which the loss has not fallen, at least 0.1, 2 of rest after each",
    ],
    [
      plateau({ from: 1, window: 10 }),
      "1, times 0.1 after 10 means of 10 steps in which the loss has not fallen by a part of 0.0001",
    ],
  ];
  for (const [by, text] of words) {
    assert(explain(scale(by)).includes(`scale/by = ${text} (value)`), explain(scale(by)));
  }
});

Deno.test("costInGradients() spreads samples over their period", () => {
  assertEquals(costInGradients(sophia({ variant: "H", every: 10 })), 1.19);
  assertEquals(costInGradients(sophia({ variant: "G", every: 10 })), 1.06);
  // What is behind this gate is computed at every step, whether or not it is kept.
  assertEquals(costInGradients(accumulate(2, sophia({ variant: "H", every: 10 }))), 2.9);
  assertEquals(costInGradients(scale(1)), 1);
});

Deno.test("explain() says what a stored matrix costs by the number of parameters, and what its solver does", () => {
  const text = explain(newton({ every: 10 }));
  for (
    const line of [
      "0/curvature/calculating: n × Hessian-vector product, every 10 steps",
      "1 + 0.19·n gradients a step, n the parameters of the stage",
      "0/curvature: eigenvectors of an n × n matrix, n the parameters of the stage, every 10 steps",
    ]
  ) assertStringIncludes(text, line);
  assertEquals(costInGradients(newton({ every: 10 }), [], 50), 1 + 1.9 * 50 / 10);
  const error = assertThrows(() => costInGradients(newton()), SteepestError);
  assertEquals(error.issues.map(({ path }) => path), ["0/curvature/calculating"]);
  const implicit = explain(newton({ structure: "krylov", products: 5 }));
  assertStringIncludes(implicit, "5 × Hessian-vector product, every step");
  assertStringIncludes(implicit, "a basis of 5 vectors as large as θ");
});

Deno.test("explain() mentions every value and every state of a random optimizer", () => {
  fc.assert(
    fc.property(optimizerArbitrary({ matrices: true }), (optimizer) => {
      const text = explain(optimizer);
      for (const { path, kind } of hyperparameters(optimizer)) {
        if (kind !== "structural") assert(text.includes(`  ${path} = `), path);
      }
      const states = stateSlots(optimizer).map(({ path }) => path);
      assertEquals(new Set(states).size, states.length);
      for (const path of states) assert(text.includes(`  ${path}`), path);
    }),
    { seed: 13, numRuns: 150 },
  );
});

Deno.test("explain() tells what telemetry takes, each sum and product once", () => {
  const telemetry = ["cosine", "directionalSharpness", "normalizedSharpness"] as const;
  assertEquals(costInGradients(scale(1), telemetry), 2.9);
  const text = explain(scale(1), { telemetry });
  for (
    const line of [
      "telemetry/directionalSharpness: 1 × Hessian-vector product, every step",
      "2.9 gradients a step",
      "normalizedSharpness = uᵀHu/‖u‖² (uᵀu, uᵀHu)",
      "4 sums over the parameters: gᵀg, uᵀu, gᵀu, uᵀHu; 12 bytes of records a step",
    ]
  ) assert(text.includes(`  ${line}\n`), line);
});

Deno.test("explain() says how often what is behind a gate runs, and what is evaluated", () => {
  const text = explain(accumulate(
    3,
    chain(scale(0.1), lookahead({ steps: 21 }), average({ decay: 0.9, start: 4 })),
  ));
  assertStringIncludes(text, "the mean of 3 u goes on at every 3rd step");
  assertStringIncludes(text, "θ ← s at every 21st step; evaluated at s");
  assertStringIncludes(text, "debiased average with decay 0.9 of θ − u from step 4 on");
  assertStringIncludes(text, "State: 3 × θ, 4 scalars");
  assertStringIncludes(text, "accumulate/steps = 3 (rhythm)");
});

Deno.test("explain() tells the state that lowering gives gates and last transforms", () => {
  const optimizer = chain(
    accumulate(2, scale(0.1)),
    lookahead(),
    average(),
    scheduleFree({ rate: 0.1 }),
  );
  const lowered = lower(objective({ parameters: { x: 1 }, loss: ({ x }) => x }), optimizer);
  const slots = getOrThrow(lowered).slots.filter(({ role }) => role === "state");
  assertEquals(
    stateSlots(optimizer).map(({ path }) => `state/${path}`).toSorted(),
    slots.map(({ name }) => name).toSorted(),
  );
});
