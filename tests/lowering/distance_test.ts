/** `distanceAdapted` against the paper's loop, behind a gate, over parts, in copies and on the targets. */
import { empiricalFisher } from "../../src/optimizer/calculating.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { lower } from "../../src/lowering/lower.ts";
import { prodigy } from "../../src/optimizer/catalogue/prodigy.ts";
import { radam } from "../../src/optimizer/catalogue/radam.ts";
import { adadelta } from "../../src/optimizer/catalogue/adadelta.ts";
import { curvature } from "../../src/optimizer/curvature.ts";
import { addToRoot } from "../../src/optimizer/damping.ts";
import { gradientNorm } from "../../src/optimizer/length.ts";
import { rank } from "../../src/optimizer/predicate.ts";
import { plateau, signal } from "../../src/optimizer/signal.ts";
import { diagonal } from "../../src/optimizer/structure.ts";
import { ema, scale } from "../../src/optimizer/transforms.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { distanceAdapted, partition, skipNonFinite } from "../../src/optimizer/wrappers.ts";
import { stateSlots } from "../../src/taxonomy/state.ts";
import { assert, assertAlmostEquals, assertEquals } from "../_assert.ts";
import { targets } from "../compiler/_run_plan.ts";
import { differences } from "../compiler/_steps.ts";
import { follow, right } from "./_follow.ts";
import { PROBLEMS } from "./_functions.ts";

const wavy = PROBLEMS[2]!;

/** Mishchenko and Defazio 2023, Algorithm 4, without a growth bound: every θ and every d. */
function algorithm4(steps: number, d0: number, indices: readonly number[]) {
  const beta1 = 0.9, beta2 = 0.999, eps = 1e-8, root = Math.sqrt(beta2);
  const zeros = () => wavy.start.map(() => 0);
  const m = zeros(), v = zeros(), s = zeros();
  let x = [...wavy.start], r = 0, d = d0;
  const thetas = [x], distances = [d];
  for (let k = 0; k < steps; k++) {
    const g = wavy.g(x);
    const inner = indices.reduce((sum, i) => sum + g[i]! * (wavy.start[i]! - x[i]!), 0);
    r = root * r + (1 - root) * d ** 2 * inner;
    const next = [...x];
    for (const i of indices) {
      m[i] = beta1 * m[i]! + (1 - beta1) * d * g[i]!;
      v[i] = beta2 * v[i]! + (1 - beta2) * d ** 2 * g[i]! ** 2;
      s[i] = root * s[i]! + (1 - root) * d ** 2 * g[i]!;
      next[i] = x[i]! - d * m[i]! / (Math.sqrt(v[i]!) + d * eps);
    }
    d = Math.max(d, r / s.reduce((sum, si) => sum + Math.abs(si), 0));
    x = next;
    thetas.push(x);
    distances.push(d);
  }
  return { thetas, distances };
}

const ALL = [0, 1, 2, 3, 4, 5], MATRIX = [0, 1, 2, 3];

Deno.test("prodigy() is the paper's Algorithm 4", () => {
  const expected = algorithm4(120, 1e-6, ALL);
  const { thetas, records } = follow(wavy.objective, prodigy(), wavy.start, 120);
  assert(expected.distances.at(-1)! > 100 * 1e-6, "d has grown");
  thetas.forEach((theta, k) =>
    theta.forEach((x, i) => assertAlmostEquals(x, expected.thetas[k]![i]!, 1e-9, `step ${k}`))
  );
  records.forEach((record, k) =>
    assertAlmostEquals(
      record.get("record/distanceAdapted/distance")!,
      expected.distances[k]!,
      1e-9,
    )
  );
});

Deno.test("distanceAdapted() estimates the distance of its own part in a partition", () => {
  const expected = algorithm4(60, 1e-3, MATRIX);
  const optimizer = partition([{ where: rank(2), of: prodigy({ distance: 1e-3 }) }], scale(0));
  const { thetas } = follow(wavy.objective, optimizer, wavy.start, 60);
  thetas.forEach((theta, k) =>
    theta.forEach((x, i) => assertAlmostEquals(x, expected.thetas[k]![i]!, 1e-9, `step ${k}`))
  );
});

Deno.test("distanceAdapted() is the same behind a gate that stays open", () => {
  const open = follow(wavy.objective, skipNonFinite(prodigy()), wavy.start, 20);
  const bare = follow(wavy.objective, prodigy(), wavy.start, 20);
  assertEquals(open.thetas, bare.thetas);
});

Deno.test("signal() reads the distance of the innermost estimate", () => {
  const d = signal("distance");
  const nested = distanceAdapted({
    of: distanceAdapted({ of: scale(d), initial: 0.2 }),
    initial: 0.1,
  });
  const { thetas } = follow(wavy.objective, nested, wavy.start, 1);
  // d(0.1)·d(0.2)·0.2 of what comes in, which is 0.1·0.2·g.
  wavy.g(wavy.start).forEach((g, i) =>
    assertAlmostEquals(wavy.start[i]! - thetas[1]![i]!, 0.02 * 0.2 * 0.02 * g, 1e-12)
  );
});

Deno.test("curvature() keeps one state where the warm-up is the direction", () => {
  const optimizer = radam();
  const { slots } = right(lower(wavy.objective, optimizer));
  const state = slots.filter(({ role }) => role === "state").map(({ name }) => name).sort();
  assertEquals(state, [
    "state/0/curvature/direction/ema/mean",
    "state/0/curvature/direction/ema/weight",
    "state/0/curvature/iterative/0/mean",
    "state/0/curvature/iterative/0/weight",
  ]);
  assertEquals(state, stateSlots(optimizer).map(({ path }) => `state/${path}`).sort());
});

const COMPARED: Readonly<Record<string, Optimizer>> = {
  prodigy: prodigy({ distance: 1e-2, eps: 1e-2 }),
  gated: skipNonFinite(prodigy({ distance: 1e-2, growth: 1.1, weightDecay: 0.01 })),
  radam: radam({ learningRate: 0.05 }),
  "radam behind a gate": skipNonFinite(radam({ learningRate: 0.05 })),
  adadelta: adadelta({ eps: 1e-3 }),
  plateaus: chain(
    ema({ decay: plateau({ from: 0.9, factor: 0.5, patience: 1, cooldown: 2 }) }),
    scale(plateau({ from: 0.3, factor: 0.5, patience: 2, cooldown: 1 })),
  ),
  bounded: scale(signal("loss", { times: 0.1, min: 0, max: 0.1 })),
};

for (const target of targets) {
  Deno.test(`compilePlan() on ${target} steps with signals as the oracle does`, async () => {
    for (const [name, optimizer] of Object.entries(COMPARED)) {
      const { wrong, compared, excepted } = await differences(
        right(lower(wavy.objective, optimizer)),
        { steps: 9, target, thetas: [wavy.start, wavy.start.map((x) => 1.3 * x)] },
      );
      assertEquals(wrong, [], name);
      assert(excepted < 0.1 * compared, `${name}: ${excepted} of ${compared} excepted`);
    }
  });
}

Deno.test("gradientRegression() on steps is the same inside the sample of a stage with a period", () => {
  const inner = adadelta({ eps: 1e-3 });
  const stage = curvature({
    calculating: empiricalFisher({ of: inner }),
    structure: diagonal(),
    length: gradientNorm(),
    damping: addToRoot(1e-2),
    every: { sample: 3 },
  });
  const { thetas } = follow(wavy.objective, chain(stage, scale(0.01)), wavy.start, 10);
  const v = wavy.start.map(() => 0), a = wavy.start.map(() => 0), sample = wavy.start.map(() => 0);
  for (let t = 0; t < 10; t++) {
    wavy.g(thetas[t]!).forEach((g, i) => {
      if (t % 3 === 0) {
        v[i] = 0.9 * v[i]! + 0.1 * g * g;
        const d = Math.sqrt((a[i]! + 1e-3) / (v[i]! + 1e-3)) * g;
        a[i] = 0.9 * a[i]! + 0.1 * d * d;
        sample[i] = d * d;
      }
      const expected = thetas[t]![i]! - 0.01 * g / (Math.sqrt(sample[i]!) + 1e-2);
      assertAlmostEquals(thetas[t + 1]![i]!, expected, 1e-12, `step ${t}`);
    });
  }
});
