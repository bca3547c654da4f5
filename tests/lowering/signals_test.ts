/** Signals against loops over numbers, on every evaluator, behind gates, in copies and in regions. */
import * as E from "fp-ts/lib/Either.js";
import { lower } from "../../src/lowering/lower.ts";
import { type Objective, objective } from "../../src/objective/objective.ts";
import { empiricalFisher } from "../../src/optimizer/calculating.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { curvature } from "../../src/optimizer/curvature.ts";
import { gradientNorm } from "../../src/optimizer/length.ts";
import type { Hyper } from "../../src/optimizer/schedule.ts";
import { type Plateau, plateau, signal } from "../../src/optimizer/signal.ts";
import { diagonal } from "../../src/optimizer/structure.ts";
import { ema, scale } from "../../src/optimizer/transforms.ts";
import { partition, skipNonFinite } from "../../src/optimizer/wrappers.ts";
import { rank } from "../../src/optimizer/predicate.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { initialValues, stepRunner } from "../../src/reference/step.ts";
import { stateSlots } from "../../src/taxonomy/state.ts";
import { mul, sum } from "../../src/tensor/ops.ts";
import { compile } from "../../src/runtime/compile.ts";
import { assert, assertAlmostEquals, assertEquals } from "../_assert.ts";
import { planOf, start, targets } from "../compiler/_run_plan.ts";
import { follow, right } from "./_follow.ts";
import { PROBLEMS } from "./_functions.ts";

const wavy = PROBLEMS[2]!;

/** A loss f·θ, which is what the batch says where θ is 1, and so is its gradient. */
const told = objective({
  parameters: { x: [0] },
  batch: { f: [] },
  loss: ({ x }, { f }) => mul(f, sum(x)),
}) as Objective;

/** The values of a plateau on losses, as optax's `reduce_on_plateau` writes it. */
function plateauLoop(s: Plateau, losses: readonly number[]): number[] {
  let best = Infinity, count = 0, cooldown = 0, seen = 0, mean = 0, factor = 1;
  return losses.map((loss) => {
    mean = (seen * mean + loss) / (seen + 1);
    seen++;
    if (seen === s.window) {
      const improved = mean < best - s.threshold * (best === Infinity ? 0 : Math.abs(best));
      if (improved) best = mean;
      count = improved ? 0 : count + 1;
      if (cooldown > 0) {
        cooldown--;
        count = 0;
      } else if (count === s.patience) {
        factor *= s.factor;
        count = 0;
        cooldown = s.cooldown;
      }
      seen = 0;
      mean = 0;
    }
    return Math.max(s.to, s.from * factor);
  });
}

const LOSSES = [5, 4, 4, 4.5, 3, 3, 3, 3, 3, 3, -1, -1.00001, -1, -1, -2, NaN, NaN, 7, 7, 7, 7, 7];

const PLATEAUS: readonly Plateau[] = [
  plateau({ from: 1, factor: 0.5, patience: 2 }),
  plateau({ from: 0.3, factor: 0.1, patience: 1, to: 0.004 }),
  plateau({ from: 1, factor: 0.5, patience: 2, cooldown: 3, threshold: 0 }),
  plateau({ from: 1, factor: 0.9, patience: 1, window: 3, threshold: 0.2 }),
  plateau({ from: 2, factor: 0.5, patience: 3, window: 2, cooldown: 1 }),
];

/** The values of a rate when the losses are chosen: θ is put back to 1, and moves by −rate·loss. */
function rates(rate: Hyper, losses: readonly number[], gated = false): number[] {
  const optimizer = gated ? skipNonFinite(scale(rate)) : scale(rate);
  const program = right(lower(told, optimizer));
  const run = stepRunner(program);
  let values = initialValues(program, [1]);
  return losses.map((loss, step) => {
    values = new Map([...values, ["theta", tensor([1], [1])], ["batch/f", tensor(loss, [])]]);
    values = run(values, step).values;
    return (1 - values.get("theta")!.data[0]!) / loss;
  });
}

Deno.test("plateau() falls as a loop over the losses says", () => {
  for (const s of PLATEAUS) {
    const expected = plateauLoop(s, LOSSES);
    assert(new Set(expected).size > 1, "the loop never reduced");
    rates(s, LOSSES).forEach((rate, t) => {
      if (Number.isNaN(LOSSES[t])) return;
      assertAlmostEquals(rate, expected[t]!, 1e-12, `${JSON.stringify(s)} at ${t}`);
    });
  }
});

Deno.test("plateau() observes nothing behind a gate that is shut", () => {
  const finite = LOSSES.filter(Number.isFinite);
  for (const s of PLATEAUS) {
    const open = plateauLoop(s, finite);
    const gated = rates(s, LOSSES, true).filter((_, t) => Number.isFinite(LOSSES[t]));
    gated.forEach((rate, t) => assertAlmostEquals(rate, open[t]!, 1e-12, `${t}`));
  }
});

Deno.test("plateau() observes at the steps at which its stage takes samples", () => {
  const decay = plateau({ from: 0.9, factor: 0.5, patience: 1, threshold: 0 });
  const stage = curvature({
    calculating: empiricalFisher(),
    structure: diagonal(),
    iterative: ema({ decay }),
    length: gradientNorm(),
    every: { sample: 2 },
  });
  const { thetas } = follow(wavy.objective, chain(stage, scale(-0.03)), wavy.start, 9);
  const v = wavy.start.map(() => 0);
  const losses = thetas.slice(0, 9).map((x) => wavy.f(x)).filter((_, t) => t % 2 === 0);
  const betas = plateauLoop(decay, losses);
  assert(new Set(betas).size > 1, "uphill is a plateau");
  for (let t = 0; t < 9; t++) {
    const g = wavy.g(thetas[t]!);
    if (t % 2 === 0) {
      const beta = betas[t / 2]!;
      g.forEach((gi, i) => v[i] = beta * v[i]! + (1 - beta) * gi * gi);
    }
    g.forEach((gi, i) =>
      assertAlmostEquals(thetas[t + 1]![i]!, thetas[t]![i]! + 0.03 * gi / Math.sqrt(v[i]!), 1e-10)
    );
  }
});

Deno.test("signal() gives the loss, times a number, within bounds", () => {
  const losses = [0.5, 2, -3, 8];
  const bounded = signal("loss", { times: 0.5, min: -1, max: 2 });
  rates(bounded, losses).forEach((rate, t) =>
    assertAlmostEquals(rate, Math.min(2, Math.max(-1, 0.5 * losses[t]!)), 1e-12)
  );
});

Deno.test("hyper() keeps one signal a hyperparameter, with the state that stateSlots() lists", () => {
  const optimizer = partition([{ where: rank(2), of: scale(PLATEAUS[0]!) }], scale(PLATEAUS[1]!));
  const program = right(lower(wavy.objective, optimizer));
  const listed = stateSlots(optimizer).map(({ path }) => `state/${path}`).sort();
  const made = program.slots.filter(({ role }) => role === "state").map(({ name }) => name).sort();
  assertEquals(listed, made);
  assertEquals(listed.length, 12);
});

Deno.test("lower() reports a signal that nothing provides, with its path", () => {
  const result = lower(
    wavy.objective,
    chain(ema({ decay: signal("distance", { max: 0.9 }) }), scale(signal("distance"))),
  );
  assert(E.isLeft(result));
  assertEquals(result.left.kind, "description");
  assertEquals(result.left.issues.map(({ path }) => path), ["0/ema/decay", "1/scale/by"]);
  assert(result.left.issues[0]!.found.includes('"distance"'));
  assert(result.left.issues[0]!.expected.includes("loss"));
});

Deno.test("set() changes the numbers of a plateau in each copy", async () => {
  // Uphill is a plateau from the second step on.
  const s = plateau({ from: 1e-12, factor: 0.5, patience: 1 });
  const optimizer = chain(scale(-1), scale(s));
  using program = right(
    await compile(wavy.objective, optimizer, {
      backend: "reference",
      replicas: 2,
      precision: "f64",
    })(),
  );
  program.step(3);
  right(program.set({ "1/scale/by/from": [0.01, 0.02] }));
  program.step(1);
  const { size } = program.program.arena;
  const flat = await program.flatParameters();
  // The first observation is a new least one, the other three are plateaus.
  [0.01, 0.02].forEach((from, r) => {
    const rate = from * 0.5 ** 3;
    wavy.g(wavy.start).forEach((gi, i) =>
      assertAlmostEquals(flat[r * size + i]!, wavy.start[i]! + rate * gi, 1e-9, `copy ${r}`)
    );
  });
});

for (const target of targets) {
  Deno.test(`compilePlan() on ${target} gives each copy the plateau of its own loss`, async () => {
    // From far away the rate is too large and the loss rises: only the second copy meets a plateau.
    const s = plateau({ from: 0.05, factor: 0.5, patience: 2 });
    const program = right(lower(wavy.objective, scale(s)));
    const thetas = [wavy.start, wavy.start.map((x) => 40 * x)];
    const executor = await start(
      planOf(program, target, 2),
      new Map([["theta", thetas.flat()]]),
    );
    try {
      executor.step(8);
      const left = await executor.read("state/scale/by/left");
      const expected = thetas.map((theta) =>
        follow(wavy.objective, scale(s), theta, 8).values.get("state/scale/by/left")!.data[0]!
      );
      assert(expected[0] !== expected[1], `${expected}`);
      expected.forEach((x, r) => assertAlmostEquals(left[r]!, x, 1e-6));
    } finally {
      executor.dispose();
    }
  });
}
