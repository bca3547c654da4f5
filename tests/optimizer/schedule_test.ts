import fc from "fast-check";
import { assert, assertAlmostEquals, assertEquals } from "../_assert.ts";
import * as s from "../../src/optimizer/schedule.ts";
import * as annealing from "../../src/optimizer/annealing.ts";
import { isSignal } from "../../src/optimizer/is_signal.ts";
import { scheduleAt } from "../../src/optimizer/schedule_at.ts";
import { extremes } from "../../src/optimizer/schema/hyper.ts";
import { all, any, matches, matrices, not, path, rank } from "../../src/optimizer/predicate.ts";
import { hyperArbitrary } from "./_arbitrary.ts";

Deno.test("scheduleAt() gives each schedule its values at the corners", () => {
  const table: readonly (readonly [number | s.Schedule, number, number])[] = [
    [3, 5, 3],
    [s.constant(2), 9, 2],
    [s.linear({ from: 1, to: 3, steps: 4 }), 2, 2],
    [s.linear({ from: 1, to: 3, steps: 4 }), 9, 3],
    [s.cosineDecay({ from: 1, steps: 10 }), 0, 1],
    [s.cosineDecay({ from: 1, steps: 10 }), 5, 0.5],
    [s.cosineDecay({ from: 1, to: 0.1, steps: 10 }), 10, 0.1],
    [s.cosineDecay({ from: 1, steps: 10, warmup: 4 }), 0, 0.25],
    [s.cosineDecay({ from: 1, steps: 10, warmup: 4 }), 4, 1],
    [s.exponentialDecay({ from: 1, factor: 0.5, steps: 2 }), 4, 0.25],
    [s.stepDecay({ from: 1, factor: 0.5, steps: 2 }), 3, 0.5],
    [annealing.powerDecay({ from: 1, power: 0.5 }), 3, 0.5],
    [annealing.powerDecay({ from: 0, to: 1, power: 0.8 }), 0, 0],
    [annealing.powerDecay({ from: 0, to: 1, power: 2 }), 1, 0.75],
    [annealing.powerDecay({ from: 0.01, power: 0.5, steps: 10_000 }), 30_000, 0.005],
    [s.piecewise({ from: 1, changes: [{ at: 2, value: 5 }, { at: 4, value: 7 }] }), 1, 1],
    [s.piecewise({ from: 1, changes: [{ at: 2, value: 5 }, { at: 4, value: 7 }] }), 3, 5],
    [s.warmup({ to: 2, steps: 4 }), 0, 0.5],
    [s.warmup({ to: 2, steps: 4 }), 8, 2],
    [s.oneCycle({ peak: 1, steps: 10, rise: 0.5, divide: 10, finalDivide: 100 }), 0, 0.1],
    [s.oneCycle({ peak: 1, steps: 10, rise: 0.5, divide: 10, finalDivide: 100 }), 5, 1],
    [s.oneCycle({ peak: 1, steps: 10, rise: 0.5, divide: 10, finalDivide: 100 }), 10, 0.01],
    [s.unbiased({ by: 1, decay: 0.5 }), 0, 2],
    [s.unbiased({ by: 1, decay: 0.5, lead: 1 }), 0, 4 / 3],
    [s.join({ of: [s.constant(1), s.linear({ from: 0, to: 4, steps: 4 })], at: [3] }), 2, 1],
    [s.join({ of: [s.constant(1), s.linear({ from: 0, to: 4, steps: 4 })], at: [3] }), 4, 1],
    [s.join({ of: [s.constant(1), s.linear({ from: 0, to: 4, steps: 4 })], at: [3] }), 5, 2],
  ];
  for (const [schedule, t, expected] of table) {
    assertAlmostEquals(scheduleAt(schedule, t), expected, 1e-12);
  }
});

Deno.test("scheduleAt() never leaves the extremes by which a range is checked", () => {
  const all: fc.Arbitrary<s.Schedule> = fc.oneof(
    hyperArbitrary(-1, 2).filter((x): x is s.Schedule => typeof x !== "number" && !isSignal(x)),
    fc.constantFrom<s.Schedule>(
      s.cosineDecay({ from: -2, to: 1, steps: 40, warmup: 7 }),
      s.oneCycle({ peak: 3, steps: 30 }),
      s.stepDecay({ from: 2, factor: 0.3, steps: 4 }),
      s.exponentialDecay({ from: -2, factor: 0.1, steps: 4 }),
      s.unbiased({ by: 0.1, decay: 0.9 }),
      annealing.powerDecay({ from: -2, to: 1, power: 0.3, steps: 7 }),
      s.warmup({ to: 2, steps: 9 }),
      annealing.polynomial({ from: 2, to: -1, steps: 30, power: 0.7 }),
      annealing.inverseSqrt({ peak: -3, warmup: 7 }),
      annealing.rectification({ decay: 0.9 }),
    ),
  );
  fc.assert(
    fc.property(all, fc.nat(120), (schedule, t) => {
      const x = scheduleAt(schedule, t);
      const ends = extremes(schedule);
      assert(x >= Math.min(...ends) - 1e-12 && x <= Math.max(...ends) + 1e-12, `${x}`);
    }),
    { seed: 11, numRuns: 500 },
  );
});

Deno.test("matches() looks at rank and path", () => {
  const w = { path: "layers/0/w", shape: [3, 4] };
  const b = { path: "layers/0/b", shape: [4] };
  assertEquals([w, b].map((it) => matches(matrices(), it)), [true, false]);
  assertEquals([w, b].map((it) => matches(rank(1), it)), [false, true]);
  assertEquals([w, b].map((it) => matches(path("layers/*/w"), it)), [true, false]);
  assertEquals([w, b].map((it) => matches(path("*/b"), it)), [false, false]);
  assertEquals([w, b].map((it) => matches(path("**/b"), it)), [false, true]);
  assertEquals([w, b].map((it) => matches(path("layers/0/?"), it)), [true, true]);
  assertEquals([w, b].map((it) => matches(not(matrices()), it)), [false, true]);
  assertEquals([w, b].map((it) => matches(all(), it)), [true, true]);
  assertEquals([w, b].map((it) => matches(any(), it)), [false, false]);
  assertEquals([w, b].map((it) => matches(any(rank(1), path("layers.0.w")), it)), [false, true]);
});
