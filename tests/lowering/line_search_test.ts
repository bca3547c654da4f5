import * as E from "fp-ts/lib/Either.js";
import { lower } from "../../src/lowering/lower.ts";
import { objective } from "../../src/objective/objective.ts";
import { decode, encode } from "../../src/optimizer/codec.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { average, lookahead } from "../../src/optimizer/last.ts";
import { lineSearch, type LineSearchOptions } from "../../src/optimizer/line_search.ts";
import { path } from "../../src/optimizer/predicate.ts";
import { linear } from "../../src/optimizer/schedule.ts";
import { scale, trace } from "../../src/optimizer/transforms.ts";
import { partition } from "../../src/optimizer/wrappers.ts";
import { needs } from "../../src/optimizer/needs.ts";
import { add, log, square, sub } from "../../src/tensor/ops.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "../_assert.ts";
import { follow } from "./_follow.ts";
import { PROBLEMS, type Vector } from "./_functions.ts";

const [, rosenbrock, wavy] = PROBLEMS;

const dot = (a: Vector, b: Vector): number => a.reduce((s, x, i) => s + x * b[i]!, 0);

function told(row: ReadonlyMap<string, number>, place = "") {
  const at = (name: string) => row.get(`record/${place}lineSearch/${name}`)!;
  return {
    trials: at("trials"),
    alpha: at("alpha"),
    noStep: at("noStep"),
    unmet: at("unmet"),
  };
}

Deno.test("lineSearch() by backtracking takes the first α that decreases the loss enough", () => {
  for (const { objective, f, g, start, name } of PROBLEMS) {
    for (const [c1, decrease] of [[1e-4, 0.5], [0.3, 0.8], [0.3, 0.1]] as const) {
      const options: LineSearchOptions = { initial: 4, c1, decrease, trials: 40 };
      const run = follow(objective, chain(trace({ decay: 0.5 }), lineSearch(options)), start, 6);
      const v = start.map(() => 0);
      run.records.forEach((row, t) => {
        const theta = run.thetas[t]!, gradient = g(theta);
        const u = v.map((x, i) => (v[i] = 0.5 * x + gradient[i]!));
        const slope = dot(gradient, u);
        const seen = told(row, "1/");
        const what = `${name}, c1 ${c1}, step ${t}`;
        assertEquals(seen.noStep, slope > 0 ? 0 : 1, what);
        let alpha = 4, trials = 1;
        const at = () => theta.map((x, i) => x - alpha * u[i]!);
        while (slope > 0 && f(at()) > f(theta) - c1 * alpha * slope) {
          alpha *= decrease;
          trials++;
        }
        if (slope <= 0) alpha = trials = 0;
        assertAlmostEquals(seen.alpha, alpha, 1e-12, what);
        assertEquals([seen.trials, seen.unmet], [trials, 0], what);
        at().forEach((x, i) => assertAlmostEquals(run.thetas[t + 1]![i]!, x, 1e-9, what));
      });
    }
  }
});

Deno.test("lineSearch() takes steps that have the strong Wolfe conditions", () => {
  const trials: number[] = [];
  for (const { objective, f, g, start, name } of PROBLEMS) {
    for (const initial of [1e-3, 0.1, 30]) {
      for (const [c1, c2] of [[1e-4, 0.9], [1e-3, 0.1]] as const) {
        const options = { method: "strongWolfe", initial, c1, c2, trials: 40 } as const;
        const run = follow(objective, lineSearch(options), start, 6);
        run.records.forEach((row, t) => {
          const theta = run.thetas[t]!, next = run.thetas[t + 1]!, u = g(theta);
          const seen = told(row), what = `${name}, ${initial}, ${c2}, step ${t}`;
          trials.push(seen.trials);
          assertEquals([seen.noStep, seen.unmet], [0, 0], what);
          const slack = 1e-12 * Math.abs(f(theta)) + 1e-14;
          assert(f(next) <= f(theta) - c1 * seen.alpha * dot(u, u) + slack, what);
          assert(Math.abs(dot(g(next), u)) <= c2 * dot(u, u) + slack, what);
        });
      }
    }
  }
  assert(Math.max(...trials) > 5 && Math.min(...trials) === 1, "many trials, and one alone");
});

Deno.test("lineSearch() says what happens where no trial suffices, and counts it", () => {
  const { objective, f, g, start } = rosenbrock!;
  const along = (alpha: number) => start.map((x, i) => x - alpha * g(start)[i]!);
  // 0.008, 0.004, 0.002, 0.001: the last one and the one before are below f(θ), and none far enough.
  const alphas = [0.008, 0.004, 0.002, 0.001];
  const best = alphas.toSorted((a, b) => f(along(a)) - f(along(b)))[0]!;
  assert(f(along(best)) < f(start));
  const wanted = { none: 0, last: 0.001, best };
  for (const [otherwise, alpha] of Object.entries(wanted)) {
    const optimizer = lineSearch({
      initial: 0.008,
      c1: 1,
      trials: 4,
      otherwise: otherwise as keyof typeof wanted,
    });
    const { records } = follow(objective, optimizer, start, 1);
    assertEquals(told(records[0]!), { trials: 4, alpha, noStep: 0, unmet: 1 });
  }
  const far = lineSearch({ initial: 1, trials: 1, otherwise: "best" });
  assertEquals(told(follow(objective, far, start, 1).records[0]!).alpha, 0, "none is below f(θ)");
});

Deno.test("lineSearch() makes no step and no trial where u goes up", () => {
  const { objective, start } = wavy!;
  for (const method of ["backtracking", "strongWolfe"] as const) {
    const run = follow(objective, chain(scale(-1), lineSearch({ method })), start, 1);
    assertEquals(told(run.records[0]!, "1/"), { trials: 0, alpha: 0, noStep: 1, unmet: 0 });
    assertEquals(run.thetas[1], [...start]);
  }
});

Deno.test("lineSearch() takes a loss that is not finite for a trial that is too long", () => {
  // −log(1 − x²) + (x − 0.5)²: nothing beyond 1.
  const barrier = objective({
    parameters: { x: 0.9 },
    loss: ({ x }) => add(sub(0, log(sub(1, square(x)))), square(sub(x, 0.5))),
  });
  for (const method of ["backtracking", "strongWolfe"] as const) {
    const run = follow(barrier, lineSearch({ method, initial: 10, trials: 30 }), [0.9], 3);
    assert(run.records.some((row) => told(row).trials > 3));
    assert(run.records.every((row) => told(row).unmet === 0));
    const losses = run.records.map((row) => row.get("record/loss")!);
    assert(losses.every((x, k) => Number.isFinite(x) && (k === 0 || x < losses[k - 1]!)), method);
  }
});

Deno.test("lineSearch() does not take a loss of −∞ for a good one", () => {
  const hole = objective({ parameters: { x: 1 }, loss: ({ x }) => log(x) });
  for (const method of ["backtracking", "strongWolfe"] as const) {
    const search = lineSearch({ method, trials: 1, otherwise: "best" });
    const { records } = follow(hole, search, [1], 1);
    assertEquals(told(records[0]!), { trials: 1, alpha: 0, noStep: 0, unmet: 1 });
  }
});

Deno.test("lineSearch() begins with a bounded trial at the first step alone", () => {
  const { objective, g, start } = wavy!;
  const options = { initial: 0.1, c1: 0, first: "bounded" } as const;
  const { records } = follow(objective, chain(scale(100), lineSearch(options)), start, 2);
  const whole = 100 * g(start).reduce((s, x) => s + Math.abs(x), 0);
  assertAlmostEquals(told(records[0]!, "1/").alpha, 0.1 / whole, 1e-12);
  assert(told(records[1]!, "1/").alpha > 1e-3);
});

Deno.test("lineSearch() in a part leaves the other parameters at θ, and has schedules", () => {
  const { objective, f, g, start } = wavy!;
  const search = lineSearch({ initial: linear({ from: 8, to: 2, steps: 3 }), c1: 0.5, trials: 30 });
  const optimizer = partition([{ where: path("a"), of: search }], scale(0));
  const run = follow(objective, optimizer, start, 3);
  run.records.forEach((row, t) => {
    const theta = run.thetas[t]!, u = g(theta).map((x, i) => i < 4 ? x : 0);
    const { alpha } = told(row, "partition/parts/0/");
    const at = (a: number) => theta.map((x, i) => x - a * u[i]!);
    const enough = (a: number) => f(at(a)) <= f(theta) - 0.5 * a * dot(u, u);
    assertAlmostEquals(Math.log2((8 - 2 * t) / alpha) % 1, 0, 1e-9);
    assert(enough(alpha) && !enough(2 * alpha), `step ${t}`);
    at(alpha).forEach((x, i) => assertAlmostEquals(run.thetas[t + 1]![i]!, x, 1e-12));
  });
});

Deno.test("lineSearch() ends the flow, before other last transforms alone", () => {
  const bowl = objective({ parameters: { x: 1 }, loss: ({ x }) => square(x) });
  const ends = chain(scale(1), lineSearch(), average());
  assert(E.isRight(lower(bowl, ends)));
  for (const wrong of [chain(lineSearch(), scale(1)), chain(lineSearch(), trace({ decay: 0.5 }))]) {
    assert(E.isLeft(lower(bowl, wrong)));
  }
  assert(E.isRight(lower(bowl, chain(lineSearch(), lookahead()))));
});

Deno.test("lineSearch() has the numbers of its method, and refuses those of the other", () => {
  assertEquals(lineSearch().decrease, 0.5);
  const wolfe = lineSearch({ method: "strongWolfe", trials: 4 });
  assertEquals([wolfe.c2, "decrease" in wolfe], [0.9, false]);
  assertEquals(decode(JSON.parse(encode(wolfe))), E.right(wolfe));
  const faults: readonly LineSearchOptions[] = [
    { c2: 0.9 },
    { method: "strongWolfe", decrease: 0.5 },
    { method: "strongWolfe", c1: 0.9, c2: 0.1 },
    { trials: 0 },
    { decrease: 1 },
    { initial: 0 },
  ];
  for (const options of faults) assertThrows(() => lineSearch(options));
});

Deno.test("needs() of lineSearch() are as many losses or slopes as it makes trials", () => {
  assertEquals(needs(chain(scale(1), lineSearch({ trials: 7 }))), [
    { path: "1/lineSearch", what: "lossElsewhere", every: 1, count: 7 },
  ]);
  const [need] = needs(lineSearch({ method: "strongWolfe" }));
  assertEquals([need?.what, need?.count], ["slopeElsewhere", 10]);
});
