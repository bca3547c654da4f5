/** `gainAdapted` against the rules written as loops, where it stands and where it does not know. */
import * as E from "fp-ts/lib/Either.js";
import { lower } from "../../src/lowering/lower.ts";
import { objective } from "../../src/objective/objective.ts";
import { hessian } from "../../src/optimizer/calculating.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { decode, encode } from "../../src/optimizer/codec.ts";
import { curvature } from "../../src/optimizer/curvature.ts";
import * as dampings from "../../src/optimizer/damping.ts";
import { gainAdapted, type GainAdaptedOptions } from "../../src/optimizer/gain_adapted.ts";
import { lineSearch } from "../../src/optimizer/line_search.ts";
import { needs } from "../../src/optimizer/needs.ts";
import { path } from "../../src/optimizer/predicate.ts";
import { constant } from "../../src/optimizer/schedule.ts";
import { signal } from "../../src/optimizer/signal.ts";
import { cg } from "../../src/optimizer/solver.ts";
import { diagonal, full } from "../../src/optimizer/structure.ts";
import { scale } from "../../src/optimizer/transforms.ts";
import { masked } from "../../src/optimizer/wrappers.ts";
import { log, square, sub } from "../../src/tensor/ops.ts";
import { stateSlots } from "../../src/taxonomy/state.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "../_assert.ts";
import { follow } from "./_follow.ts";
import { PROBLEMS, type Vector } from "./_functions.ts";

const dot = (a: Vector, b: Vector): number => a.reduce((s, x, i) => s + x * b[i]!, 0);

/** u/(½ + μ). */
const divided = curvature({
  calculating: constant(0.5),
  structure: diagonal(),
  damping: dampings.add(signal("damping")),
});

interface Step {
  readonly mu: number;
  readonly nu: number;
}

const RULES: readonly {
  readonly options: Omit<GainAdaptedOptions, "of">;
  readonly next: (at: Step, rho: number) => Step;
}[] = [
  {
    options: {},
    next: ({ mu, nu }, rho) => ({ mu: mu * (rho < 0.25 ? 1.5 : rho > 0.75 ? 2 / 3 : 1), nu }),
  },
  {
    // Marquardt's: where ρ = 0 does not occur, a step is good or bad.
    options: { low: 0, high: 0, grow: 10, shrink: 0.1, least: 0.5, most: 50 },
    next: ({ mu, nu }, rho) => ({
      mu: Math.min(50, Math.max(0.5, mu * (rho > 0 ? 0.1 : 10))),
      nu,
    }),
  },
  {
    options: { rule: "nielsen" },
    next: ({ mu, nu }, rho) =>
      rho > 0
        ? { mu: mu * Math.max(1 / 3, 1 - (2 * rho - 1) ** 3), nu: 2 }
        : { mu: mu * nu, nu: 2 * nu },
  },
];

Deno.test("gainAdapted() changes μ by its rule, and rejects what makes the loss more", () => {
  let rejected = 0, good = 0, middling = 0;
  for (const { objective, f, g, hessianTimes, start, name } of PROBLEMS) {
    for (const { options, next } of RULES) {
      for (const [rejects, initial] of [[true, 1], [false, 1], [true, 30]] as const) {
        const optimizer = gainAdapted({
          ...options,
          of: divided,
          model: "hessian",
          rejects,
          initial,
        });
        const run = follow(objective, optimizer, start, 12);
        let at: Step = { mu: initial, nu: 2 };
        for (const [t, row] of run.records.entries()) {
          const theta = run.thetas[t]!, what = `${name}, ${JSON.stringify(options)}, step ${t}`;
          if (at.mu > 1e9 || !theta.every((x) => Math.abs(x) < 1e3)) break;
          const gradient = g(theta), u = gradient.map((x) => x / (0.5 + at.mu));
          const promised = dot(gradient, u) - dot(u, hessianTimes(theta, u)) / 2;
          const reached = f(theta) - f(theta.map((x, i) => x - u[i]!));
          const rho = promised > 0 ? reached / promised : 0;
          assertAlmostEquals(row.get("record/gainAdapted/damping")! / at.mu, 1, 1e-9, what);
          assertAlmostEquals(row.get("record/gainAdapted/gain")!, rho, 1e-7, what);
          const moves = !rejects || rho > 0;
          run.thetas[t + 1]!.forEach((x, i) =>
            assertAlmostEquals(x, theta[i]! - (moves ? u[i]! : 0), 1e-9, what)
          );
          if (rejects) assertEquals(row.get("record/gainAdapted/rejected"), moves ? 0 : 1, what);
          if (rho <= 0) rejected++;
          else if (rho > 0.75) good++;
          else middling++;
          at = next(at, rho);
        }
      }
    }
  }
  assert(Math.min(rejected, good, middling) > 10, `${[rejected, good, middling]} of each`);
});

Deno.test("gainAdapted() keeps μ where there is no step, and rejects what is not finite", () => {
  const flat = objective({ parameters: { x: 0 }, loss: ({ x }) => square(x) });
  const still = follow(flat, gainAdapted({ of: scale(1), model: "hessian" }), [0], 3);
  assertEquals(
    still.records.map((row) => [
      row.get("record/gainAdapted/damping"),
      row.get("record/gainAdapted/rejected"),
    ]),
    [[1, 0], [1, 0], [1, 0]],
  );
  const edge = objective({ parameters: { x: 1 }, loss: ({ x }) => sub(x, log(x)) });
  const far = follow(edge, gainAdapted({ of: scale(10), model: "hessian" }), [3], 1);
  assertEquals(far.thetas[1], [3]);
  assertEquals(far.records[0]!.get("record/gainAdapted/rejected"), 1);
  assertAlmostEquals(far.values.get("state/gainAdapted/damping")!.data[0]!, 1.5, 1e-12);
});

Deno.test("gainAdapted() finds a step of its own for each part", () => {
  const { objective, start } = PROBLEMS[2]!;
  const of = masked(gainAdapted({ of: scale(0.5), model: "hessian" }), path("a"));
  const run = follow(objective, chain(scale(0.1), of), start, 2);
  assert(run.thetas[1]!.some((x, i) => i < 4 && x !== start[i]));
});

Deno.test("gainAdapted() gives its damping to what is inside, and to nothing else", () => {
  const bowl = objective({ parameters: { x: 1 }, loss: ({ x }) => square(x) });
  const model = "hessian" as const;
  assert(E.isRight(lower(bowl, gainAdapted({ of: divided, model }))));
  const outside = lower(bowl, chain(gainAdapted({ of: scale(1), model }), divided));
  assert(E.isLeft(outside) && outside.left.issues[0]!.path === "1/curvature/damping/0/eps");
  const without = lower(bowl, gainAdapted({ of: divided }));
  assert(E.isLeft(without));
  assertEquals([without.left.kind, without.left.issues[0]!.path], ["need", "gainAdapted/model"]);
});

Deno.test("gainAdapted() is data, with state and needs that are told", () => {
  const of = curvature({
    calculating: hessian(),
    structure: full(),
    damping: dampings.add(signal("damping")),
    solver: cg({ steps: 5, warmStart: 0.9, progress: 1e-3 }),
  });
  const optimizer = chain(
    gainAdapted({ of, model: "hessian", rule: "nielsen" }),
    lineSearch({ trials: 3 }),
  );
  assertEquals(decode(JSON.parse(encode(optimizer))), E.right(optimizer));
  const { program } = follow(PROBLEMS[0]!.objective, optimizer, [1, 1], 1);
  assertEquals(
    stateSlots(optimizer).map((slot) => `state/${slot.path}`).toSorted(),
    program.slots.filter(({ role }) => role === "state").map(({ name }) => name).toSorted(),
  );
  assertEquals(needs(optimizer).map(({ path, what, count }) => [path, what, count]), [
    ["0/gainAdapted/model", "hessianVector", 1],
    ["0/gainAdapted", "lossElsewhere", 1],
    ["0/gainAdapted/curvature/calculating", "hessianVector", 6],
    ["1/lineSearch", "lossElsewhere", 3],
  ]);
  assertThrows(() => gainAdapted({ of, rule: "nielsen", low: 0.1 }));
  assertThrows(() => gainAdapted({ of, grow: 0.5 }));
});
