import fc from "fast-check";
import { applyLength } from "../../src/lowering/curvature/length.ts";
import { spectrumOf } from "../../src/lowering/curvature/spectrum.ts";
import type { Collector, Scope } from "../../src/lowering/scope.ts";
import * as lengths from "../../src/optimizer/length.ts";
import { evaluate } from "../../src/reference/evaluate.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { constant } from "../../src/tensor/ops.ts";
import { assert, assertAlmostEquals, assertEquals } from "../_assert.ts";
import { PROBLEMS } from "./_functions.ts";
import { arenaOf } from "../../src/lowering/arena.ts";
import { problemOf } from "../../src/lowering/problem.ts";

/** A scope for a stage of its own: its numbers are read back from the slots. */
function stageScope(): Scope {
  const { objective } = PROBLEMS[0]!;
  const arena = arenaOf(objective.leaves, () => "");
  const problem = problemOf(objective, arena, () => constant(0));
  const collector: Collector = {
    slots: new Map(),
    regions: new Map(),
    hypers: new Map(),
    places: new Set(),
    factors: new Map(),
    bounds: [],
    evaluation: [],
    issues: [],
  };
  return {
    problem,
    space: arena,
    path: "",
    clock: constant(0),
    period: 1,
    signals: new Map(),
    phase: "sample",
    ownPace: false,
    collector,
    apply: (_, u) => u,
  };
}

/** d of a length on u and λ (one number, or one a coordinate), in f64. */
function stepOf(
  length: lengths.Length,
  u: readonly number[],
  lambda: readonly number[] | number,
  toRoot?: number,
): number[] {
  const scope = stageScope();
  const spectrum = spectrumOf(
    constant(lambda, typeof lambda === "number" ? [] : [lambda.length]),
    toRoot === undefined ? undefined : constant(toRoot),
    "any",
  );
  const node = applyLength(length, constant(u), spectrum, scope);
  const values = new Map(
    [...scope.collector.slots.values()].filter(({ role }) => role === "hyper")
      .map(({ name, initial }) => [`${name}@0`, tensor(initial as number, [])]),
  );
  return [...evaluate([node], values)[0]!.data];
}

const number = fc.double({ min: -3, max: 3, noNaN: true }).filter((x) => Math.abs(x) > 1e-3);
const positive = fc.double({ min: 0.05, max: 5, noNaN: true });
const drawn = fc.array(fc.tuple(number, positive), { minLength: 2, maxLength: 7 });
const options = { seed: 11, numRuns: 100 };

function inH(d: readonly number[], lambda: readonly number[]): number {
  return Math.sqrt(d.reduce((s, x, i) => s + x * x * lambda[i]!, 0));
}

Deno.test("applyLength() keeps the lengths of the unified view on random spectra", () => {
  const C = 0.4;
  fc.assert(
    fc.property(drawn, (pairs) => {
      const u = pairs.map(([x]) => x), lambda = pairs.map(([, l]) => l);
      const at = (length: lengths.Length) => stepOf(length, u, lambda);
      const close = (a: number, b: number) => assertAlmostEquals(a, b, 1e-10 * (1 + Math.abs(b)));
      const coordinate = (d: number[], i: number) => Math.abs(d[i]!) * Math.sqrt(lambda[i]!);
      const newton = at(lengths.none());
      newton.forEach((d, i) => close(d, u[i]! / lambda[i]!));
      close(inH(at(lengths.normalized()), lambda), 1);
      at(lengths.gradientNorm()).forEach((_, i, d) => close(coordinate(d, i), Math.abs(u[i]!)));
      at(lengths.eigenbasis()).forEach((_, i, d) => close(coordinate(d, i), 1));
      at(lengths.power(0.25)).forEach((d, i) => close(d, u[i]! / lambda[i]! ** 0.25));
      close(inH(at(lengths.clipped(C)), lambda), Math.min(inH(newton, lambda), C));
      at(lengths.clamped(C)).forEach((d, i) =>
        close(d, Math.max(-C, Math.min(C, u[i]! / lambda[i]!)))
      );
      at(lengths.gradientNormClipped(C)).forEach((x, i, d) => {
        const free = Math.abs(u[i]!) / Math.sqrt(lambda[i]!);
        close(coordinate(d, i), Math.min(free, C * Math.abs(u[i]!)));
        assert(x * u[i]! > 0);
      });
      at(lengths.eigenbasisClipped(C)).forEach((x, i, d) => {
        const free = Math.abs(u[i]!) / Math.sqrt(lambda[i]!);
        close(coordinate(d, i), Math.min(free, C));
        assert(x * u[i]! > 0);
      });
    }),
    options,
  );
});

Deno.test("applyLength() treats one number like a constant spectrum", () => {
  const all: readonly lengths.Length[] = [
    lengths.none(),
    lengths.normalized(),
    lengths.gradientNorm(),
    lengths.power(2),
    lengths.eigenbasis(),
    lengths.clamped(0.3),
    lengths.clipped(0.3),
    lengths.gradientNormClipped(0.3),
    lengths.eigenbasisClipped(0.3),
  ];
  const u = [1, -0.2, 0.05];
  for (const length of all) {
    const spread = stepOf(length, u, [0.7, 0.7, 0.7]);
    stepOf(length, u, 0.7).forEach((d, i) => assertAlmostEquals(d, spread[i]!, 1e-14));
  }
});

Deno.test("applyLength() gives no step along û = 0, and drops λ ≤ 0", () => {
  assertEquals(stepOf(lengths.eigenbasis(), [0, 2], [1, 4]), [0, 0.5]);
  assertEquals(stepOf(lengths.normalized(), [0, 0], [1, 4]), [0, 0]);
  assertEquals(stepOf(lengths.clipped(1), [0, 0], [1, 4]), [0, 0]);
  assertEquals(stepOf(lengths.none(), [1, 1, 1], [-1, 0, 2]), [0, 0, 0.5]);
  assertEquals(stepOf(lengths.gradientNorm(), [1, 1, 1], [-1, 0, 4]), [0, 0, 0.5]);
  // With ε on the root λ = 0 has a root, as Adam's first coordinates do.
  assertEquals(stepOf(lengths.gradientNorm(), [0, 1], [0, 1], 1), [0, 0.5]);
});

Deno.test("applyLength() lets NaN through, so that it is seen", () => {
  assert(stepOf(lengths.gradientNorm(), [1, 1], [NaN, 1], 1e-8).some(Number.isNaN));
});

Deno.test("applyLength() reproduces the diagonal rows of the reference problem", () => {
  // H = MᵀM + I/20 with M_ij = sin(.37(6i + j + 1)²), g_i = cos(2i + .5); ε = .3, α = .7.
  const n = 6, range = Array.from({ length: n }, (_, i) => i);
  const M = range.map((i) => range.map((j) => Math.sin(0.37 * (6 * i + j + 1) ** 2)));
  const H = range.map((i) =>
    range.map((j) => range.reduce((s, k) => s + M[k]![i]! * M[k]![j]!, i === j ? 0.05 : 0))
  );
  const g = range.map((i) => Math.cos(2 * i + 0.5));
  const lambda = range.map((i) => H[i]![i]!);
  const squared = (d: readonly number[]) =>
    d.reduce((s, x, i) => s + x * d.reduce((t, y, j) => t + H[i]![j]! * y, 0), 0);
  const rows: readonly [lengths.Length, number, number, number][] = [
    [lengths.none(), 0.7, 0.600727, 0.628826],
    [lengths.normalized(), 0.3, 0.298844, 0.088346],
    [lengths.gradientNorm(), 0.3, 0.456186, 0.260910],
    [lengths.eigenbasis(), 0.3, 0.423649, 0.697863],
  ];
  for (const [length, factor, gain, norm] of rows) {
    const d = stepOf(length, g, lambda).map((x) => factor * x);
    const delta = d.reduce((s, x, i) => s + x * g[i]!, 0) - squared(d) / 2;
    assertAlmostEquals(delta, gain, 1e-6, length.kind);
    assertAlmostEquals(squared(d), norm, 1e-6, length.kind);
  }
});
