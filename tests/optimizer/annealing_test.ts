/** Schedules against the formulas that PyTorch and optax document, written out. */
import * as a from "../../src/optimizer/annealing.ts";
import * as s from "../../src/optimizer/schedule.ts";
import { scheduleAt } from "../../src/optimizer/schedule_at.ts";
import { assert, assertAlmostEquals, assertEquals } from "../_assert.ts";

const STEPS = 70;

/** A schedule here, and the formula of the other library as a function of the step from 0 on. */
type Pair = readonly [what: string, schedule: s.Schedule, formula: (t: number) => number];

const cosine = (x: number) => (1 + Math.cos(Math.PI * x)) / 2;

/** PyTorch's `CosineAnnealingWarmRestarts`: T_cur and T_i by its recurrence. */
function warmRestarts(base: number, least: number, first: number, mult: number): number[] {
  const values: number[] = [];
  for (let t = 0, now = 0, length = first; t < STEPS; t++, now++) {
    if (now >= length) {
      now -= length;
      length *= mult;
    }
    values.push(least + (base - least) * cosine(now / length));
  }
  return values;
}

/** optax's `linear_schedule`, `polynomial_schedule` with power 1. */
const line = (from: number, to: number, steps: number) => (t: number) =>
  (from - to) * (1 - Math.min(t, steps) / steps) + to;

const PAIRS: readonly Pair[] = [
  [
    "optax.polynomial_schedule(2, 0.5, 3, 20)",
    a.polynomial({ from: 2, to: 0.5, steps: 20, power: 3 }),
    (t) => (2 - 0.5) * (1 - Math.min(t, 20) / 20) ** 3 + 0.5,
  ],
  [
    "torch PolynomialLR(total_iters=30, power=0.9)",
    a.polynomial({ from: 0.1, steps: 30, power: 0.9 }),
    (t) => 0.1 * (1 - Math.min(t, 30) / 30) ** 0.9,
  ],
  [
    "optax.polynomial_schedule with transition_begin=5",
    s.join({ of: [s.constant(2), a.polynomial({ from: 2, steps: 20, power: 2 })], at: [5] }),
    (t) => 2 * (1 - Math.min(Math.max(t - 5, 0), 20) / 20) ** 2,
  ],
  [
    "Vaswani et al. 2017, d_model = 512, warm-up 10",
    a.inverseSqrt({ peak: 512 ** -0.5 * 10 ** -0.5, warmup: 10 }),
    (t) => 512 ** -0.5 * Math.min((t + 1) ** -0.5, (t + 1) * 10 ** -1.5),
  ],
  [
    "torch CosineAnnealingWarmRestarts(T_0=10, T_mult=2, eta_min=0.01)",
    a.cosineRestarts({ from: 0.1, to: 0.01, steps: 10, growth: 2 }),
    (t) => warmRestarts(0.1, 0.01, 10, 2)[t]!,
  ],
  [
    "torch CosineAnnealingWarmRestarts(T_0=7)",
    a.cosineRestarts({ from: 0.1, steps: 7 }),
    (t) => warmRestarts(0.1, 0, 7, 1)[t]!,
  ],
  [
    "optax.sgdr_schedule of two cycles, each a warm-up from 0 and a cosine",
    s.join({
      of: [
        s.linear({ from: 0, to: 1, steps: 5 }),
        s.cosineDecay({ from: 1, steps: 20 }),
        s.linear({ from: 0, to: 0.5, steps: 5 }),
        s.cosineDecay({ from: 0.5, to: 0.1, steps: 30 }),
      ],
      at: [5, 25, 30],
    }),
    (t) =>
      t < 5
        ? line(0, 1, 5)(t)
        : t < 25
        ? cosine(Math.min(t - 5, 20) / 20)
        : t < 30
        ? line(0, 0.5, 5)(t - 25)
        : 0.1 + 0.4 * cosine(Math.min(t - 30, 30) / 30),
  ],
  [
    "torch CyclicLR(0.1, 1, step_size_up=4, step_size_down=6), triangular",
    a.restarts({
      of: s.join({
        of: [s.linear({ from: 0.1, to: 1, steps: 4 }), s.linear({ from: 1, to: 0.1, steps: 6 })],
        at: [4],
      }),
      steps: 10,
    }),
    (t) => {
      const x = (t / 10) % 1;
      return 0.1 + 0.9 * (x <= 0.4 ? x / 0.4 : (x - 1) / (0.4 - 1));
    },
  ],
  [
    "torch LinearLR(start_factor=1/3, total_iters=5)",
    s.linear({ from: 0.3 / 3, to: 0.3, steps: 5 }),
    (t) => 0.3 * (1 / 3 + (1 - 1 / 3) * Math.min(t, 5) / 5),
  ],
  [
    "optax.warmup_cosine_decay_schedule(0, 1, 10, 60, 0.1)",
    s.join({
      of: [s.linear({ from: 0, to: 1, steps: 10 }), s.cosineDecay({ from: 1, to: 0.1, steps: 50 })],
      at: [10],
    }),
    (t) => t < 10 ? t / 10 : 0.1 + 0.9 * cosine(Math.min(t - 10, 50) / 50),
  ],
  [
    "torch MultiStepLR(milestones=[20, 40], gamma=0.1)",
    s.piecewise({ from: 1, changes: [{ at: 20, value: 0.1 }, { at: 40, value: 0.01 }] }),
    (t) => t < 20 ? 1 : t < 40 ? 0.1 : 0.01,
  ],
];

for (const [what, schedule, formula] of PAIRS) {
  Deno.test(`scheduleAt() follows ${what}`, () => {
    for (let t = 0; t < STEPS; t++) {
      assertAlmostEquals(scheduleAt(schedule, t), formula(t), 1e-12, `at ${t}`);
    }
  });
}

/** Liu et al. 2019, Algorithm 2, with the threshold of PyTorch and optax; undefined: not rectified. */
function rectified(beta: number, n: number, threshold: number): number | undefined {
  const limit = 2 / (1 - beta) - 1;
  const rho = limit - 2 * n * beta ** n / (1 - beta ** n);
  return rho > threshold
    ? Math.sqrt((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho))
    : undefined;
}

Deno.test("rectification() is RAdam's r from the first step at which ρ is large enough", () => {
  for (const beta of [0.9, 0.99, 0.999, 0.9999]) {
    for (const [after, threshold] of [[4, 4], [5, 5]] as const) {
      const schedule = a.rectification({ decay: beta, after });
      for (let t = 0; t < STEPS; t++) {
        const expected = rectified(beta, t + 1, threshold) ?? 1;
        assertAlmostEquals(scheduleAt(schedule, t), expected, 1e-12, `${beta} at ${t}`);
      }
    }
  }
  // It tends to 1.
  assert(scheduleAt(a.rectification({ decay: 0.9 }), 1000) > 1 - 1e-12);
});

Deno.test("restarts() begins exactly where cycles begin, however late", () => {
  const saw = a.restarts({ of: s.linear({ from: 1, to: 0, steps: 3 }), steps: 3, growth: 2 });
  for (let i = 0, begin = 0; i < 20; begin += 3 * 2 ** i, i++) {
    assertEquals(scheduleAt(saw, begin), 1);
    if (begin > 0) assert(scheduleAt(saw, begin - 1) < 0.5);
  }
});
