/** Secant updates on the oracle: the matrices of Nocedal and Wright, the recursion, every length. */

import * as E from "fp-ts/lib/Either.js";
import { lower } from "../../src/lowering/lower.ts";
import { zeros } from "../../src/nn/initial.ts";
import { type Objective, objective } from "../../src/objective/objective.ts";
import { secant } from "../../src/optimizer/calculating.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { curvature, type CurvatureOptions } from "../../src/optimizer/curvature.ts";
import * as dampings from "../../src/optimizer/damping.ts";
import { secantUpdate, type SecantUpdateOptions } from "../../src/optimizer/iterative.ts";
import * as lengths from "../../src/optimizer/length.ts";
import { auto, eigen } from "../../src/optimizer/solver.ts";
import { full, lowRank } from "../../src/optimizer/structure.ts";
import { scale } from "../../src/optimizer/transforms.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { add, constant, matmul, mul, reshape, sum } from "../../src/tensor/ops.ts";
import { initialValues, type SlotValues, stepRunner } from "../../src/reference/step.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { assert, assertEquals, assertLess, assertMatch } from "../_assert.ts";
import { follow, right } from "./_follow.ts";
import {
  dot,
  eigenpairsAlong,
  type Matrix,
  noise,
  randomMatrix,
  scaledIdentity,
  solve,
  times,
  UPDATES,
} from "./_secants.ts";

type Name = keyof typeof UPDATES;

/** ½xᵀHx + cᵀx. */
function quadratic(h: Matrix, c: readonly number[]): Objective {
  const n = c.length;
  return objective({
    parameters: { x: new Array<number>(n).fill(0) },
    loss: ({ x }) => {
      const column = reshape(x, [n, 1]);
      return add(
        mul(0.5, sum(mul(column, matmul(constant(h.flat(), [n, n]), column)))),
        sum(mul(constant([...c]), x)),
      );
    },
  }) as Objective;
}

interface Naive {
  readonly thetas: number[][];
  /** H′ at each step. */
  readonly matrices: number[][][];
}

/** The steps of a secant method with the rate η; no pair is left out. */
function naive(
  name: Name,
  gradient: (x: readonly number[]) => number[],
  start: readonly number[],
  steps: number,
  rate: number,
  { scaled, initial = 1 }: SecantUpdateOptions,
): Naive {
  let x = [...start], g = gradient(x), b = scaledIdentity(x.length, initial);
  const thetas = [x], matrices: number[][][] = [b];
  for (let k = 0; k < steps; k++) {
    const d = solve(b, g);
    const next = x.map((xi, i) => xi - rate * d[i]!), after = gradient(next);
    const s = next.map((xi, i) => xi - x[i]!), y = after.map((gi, i) => gi - g[i]!);
    if (k === 0 && scaled) b = scaledIdentity(x.length, dot(y, y) / dot(s, y));
    b = UPDATES[name](b, s, y);
    [x, g] = [next, after];
    thetas.push(x);
    matrices.push(b);
  }
  return { thetas, matrices };
}

const N = 7, STEPS = 5;

/** A quadratic function and where to start on it. */
function random(seed: number) {
  const next = noise(seed + 10), c = Array.from({ length: N }, next);
  const h = randomMatrix(N, seed, 0.5);
  return {
    h,
    c,
    start: Array.from({ length: N }, next),
    gradient: (x: readonly number[]) => times(h, x).map((v, i) => v + c[i]!),
  };
}

const apart = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((x, i) => Math.abs(x - b[i]!))) / Math.max(...b.map(Math.abs));

function stage(
  update: Name,
  options: SecantUpdateOptions,
  rest: Partial<CurvatureOptions> = {},
): Optimizer {
  return curvature({
    calculating: secant(),
    structure: options.window === undefined ? full() : lowRank(),
    iterative: secantUpdate(update, options),
    ...rest,
  });
}

for (const update of ["bfgs", "dfp", "sr1"] as const) {
  for (const scaled of update === "sr1" ? [false] : [true, false]) {
    for (const window of scaled ? [undefined] : [undefined, STEPS]) {
      const title = `${window === undefined ? "full" : "lowRank"}${scaled ? ", scaled" : ""}`;
      Deno.test(`secantUpdate("${update}") with ${title} takes the steps of whole matrices`, () => {
        for (const seed of [1, 2, 3]) {
          const { h, c, start, gradient } = random(seed);
          // Above all eigenvalues, from where a rank-1 update stays positive definite.
          const options = { scaled, initial: 10, skip: 0 };
          const wanted = naive(update, gradient, start, STEPS, 0.5, options);
          for (const solver of [auto(), eigen()]) {
            const secants = { ...options, ...(window === undefined ? {} : { window }) };
            const optimizer = chain(stage(update, secants, { solver }), scale(0.5));
            const { thetas } = follow(quadratic(h, c), optimizer, start, STEPS);
            const worst = Math.max(...thetas.map((x, k) => apart(x, wanted.thetas[k]!)));
            assertLess(worst, 1e-9);
          }
        }
      });
    }
  }
}

/** A length by what it does to û of eigenvalues λ. */
type LengthOf = (u: readonly number[], lambda: readonly number[]) => number[];

const C = 0.3;
const inH = (u: readonly number[], lambda: readonly number[]): number =>
  Math.sqrt(u.reduce((sum, x, i) => sum + x * x / lambda[i]!, 0));

const LENGTHS: readonly (readonly [lengths.Length, LengthOf])[] = [
  [lengths.none(), (u, l) => u.map((x, i) => x / l[i]!)],
  [lengths.normalized(), (u, l) => u.map((x, i) => x / l[i]! / inH(u, l))],
  [lengths.gradientNorm(), (u, l) => u.map((x, i) => x / Math.sqrt(l[i]!))],
  [lengths.power(0.75), (u, l) => u.map((x, i) => x / l[i]! ** 0.75)],
  [lengths.eigenbasis(), (u, l) => u.map((x, i) => Math.sign(x) / Math.sqrt(l[i]!))],
  [lengths.clamped(C), (u, l) => u.map((x, i) => Math.max(-C, Math.min(C, x / l[i]!)))],
  [lengths.clipped(C), (u, l) => u.map((x, i) => Math.min(1, C / inH(u, l)) * x / l[i]!)],
  [
    lengths.gradientNormClipped(C),
    (u, l) => u.map((x, i) => Math.min(1, C * Math.sqrt(l[i]!)) * x / l[i]!),
  ],
  [
    lengths.eigenbasisClipped(C),
    (u, l) => u.map((x, i) => Math.min(1, C * Math.sqrt(l[i]!) / Math.abs(x)) * x / l[i]!),
  ],
];

/** Lengths that depend on the basis where an eigenvalue repeats. */
const BY_ELEMENT: ReadonlySet<string> = new Set(["eigenbasis", "clamped", "eigenbasisClipped"]);

/** H′ from what is seen of θ, with the newest `window` pairs. */
function seen(
  update: Name,
  thetas: readonly (readonly number[])[],
  gradient: (x: readonly number[]) => number[],
  { window = Infinity, scaled, initial = 1 }: SecantUpdateOptions,
): number[][] {
  const n = thetas[0]!.length;
  const pairs = thetas.slice(1).map((x, k) => {
    const g = gradient(x), before = gradient(thetas[k]!);
    return {
      s: x.map((xi, i) => xi - thetas[k]![i]!),
      y: g.map((gi, i) => gi - before[i]!),
    };
  });
  const last = (window === Infinity ? pairs[0] : pairs.at(-1)) ?? { s: [], y: [] };
  const gamma = scaled && pairs.length > 0 ? dot(last.y, last.y) / dot(last.s, last.y) : initial;
  return pairs.slice(-Math.min(window, pairs.length) || pairs.length)
    .reduce((b, { s, y }) => UPDATES[update](b, s, y), scaledIdentity(n, gamma));
}

for (const update of ["bfgs", "dfp", "sr1"] as const) {
  for (const window of [undefined, 2, 4]) {
    const where = window === undefined ? "full" : `lowRank, window ${window}`;
    Deno.test(`every length of secantUpdate("${update}") with ${where} is that of a dense eigenbasis`, () => {
      const { h, c, start, gradient } = random(4);
      const options = { scaled: update !== "sr1", initial: 10, skip: 0 };
      const secants = { ...options, ...(window === undefined ? {} : { window }) };
      for (const [length, naiveLength] of LENGTHS) {
        for (const solver of [auto(), eigen()]) {
          const optimizer = chain(stage(update, secants, { length, solver }), scale(0.3));
          const { thetas } = follow(quadratic(h, c), optimizer, start, 5);
          for (let k = 1; k < 5; k++) {
            const u = gradient(thetas[k]!);
            const b = seen(update, thetas.slice(0, k + 1), gradient, secants);
            const pairs = eigenpairsAlong(b, u);
            const d = naiveLength(
              pairs.map(({ vector }) => dot(vector, u)),
              pairs.map(({ value }) => value),
            );
            const wanted = u.map((_, i) =>
              pairs.reduce((x, { vector }, j) => x + d[j]! * vector[i]!, 0)
            );
            const found = u.map((_, i) => (thetas[k]![i]! - thetas[k + 1]![i]!) / 0.3);
            // A stored matrix has any basis where an eigenvalue repeats; the span of the pairs of a rank-1 update has
            // an eigenvector of γ beside each of its own.
            const own = (window !== undefined && update !== "sr1") || pairs.length === N ||
              !BY_ELEMENT.has(length.kind);
            if (own) assertLess(apart(found, wanted), 1e-8, `${length.kind} at ${k}`);
          }
        }
      }
    });
  }
}

Deno.test("a secant update leaves out pairs without curvature, and says so", () => {
  // Curvature −1 along x at the start of a double well.
  const h = [[-1, 0], [0, 2]];
  for (const [update, rejected] of [["bfgs", 1], ["dfp", 1], ["sr1", 0]] as const) {
    for (const window of [undefined, 3]) {
      const secants = { initial: 2, ...(window === undefined ? {} : { window }) };
      const optimizer = chain(stage(update, secants), scale(0.1));
      const { records, thetas } = follow(quadratic(h, [0, 0]), optimizer, [1, 1e-3], 2, {
        telemetry: ["rejected"],
      });
      assertEquals(records.map((at) => at.get("record/rejected")), [0, rejected]);
      assert(thetas.flat().every(Number.isFinite));
    }
  }
});

Deno.test("a negative λ of a rank-1 update is dropped and counted, or taken as the damping says", () => {
  const h = [[-1, 0], [0, 2]], start = [1, 1e-3];
  const run = (damping: readonly dampings.Damping[]) =>
    follow(
      quadratic(h, [0, 0]),
      chain(stage("sr1", { initial: 3, window: 4 }, { damping }), scale(0.1)),
      start,
      3,
      { telemetry: ["dropped"] },
    );
  const dropped = run([]), repelled = run([dampings.abs()]);
  assertEquals(dropped.records.map((at) => at.get("record/dropped")), [0, 1, 1]);
  assertEquals(repelled.records.map((at) => at.get("record/dropped")), [0, 0, 0]);
  const moved = ({ thetas }: typeof dropped) => thetas[3]![0]! - thetas[1]![0]!;
  assertLess(Math.abs(moved(dropped)), 1e-6);
  // |λ| = 1: x′ = x + 0.1·x twice.
  assertLess(Math.abs(repelled.thetas[3]![0]! / repelled.thetas[1]![0]! - 1.21), 1e-3);
});

Deno.test("secant({ sameBatch }) takes both gradients on the batch of the step", () => {
  const moving = objective({
    parameters: { x: [1, 2] },
    batch: { at: [2] },
    loss: ({ x }, { at }) => mul(0.5, sum(mul(mul(at, x), x))),
  }) as Objective;
  const walk = (sameBatch: boolean) => {
    const optimizer = chain(
      curvature({
        calculating: secant({ sameBatch }),
        structure: full(),
        iterative: secantUpdate("bfgs", { scaled: false, initial: 4 }),
      }),
      scale(0.5),
    );
    const program = right(lower(moving, optimizer));
    const run = stepRunner(program, "f64");
    let values: SlotValues = initialValues(program, [1, 2], { precision: "f64", seed: 0 });
    for (const [step, at] of [[1, 1], [0.5, 0.6]].entries()) {
      const batch = tensor(at, [2], "f32", "f64");
      values = run(new Map([...values, ["batch/at", batch]]), step).values;
    }
    return [...values.get("state/0/curvature/iterative/0/inverse")!.data];
  };
  const s = [-1 / 8, -2 / 8];
  const inverse = (y: readonly number[]) => {
    const b = UPDATES.bfgs(scaledIdentity(2, 4), s, y);
    return [0, 1].flatMap((i) => solve(b, scaledIdentity(2, 1)[i]!));
  };
  assertLess(apart(walk(true), inverse([0.5 * s[0]!, 0.6 * s[1]!])), 1e-12);
  const before = [1, 2], after = [0.5 * (1 + s[0]!), 0.6 * (2 + s[1]!)];
  assertLess(apart(walk(false), inverse(after.map((g, i) => g - before[i]!))), 1e-12);
});

Deno.test("the damping toSample(ε) makes of a pair that of H + ε", () => {
  const { h, c, start } = random(5);
  const shifted = h.map((row, i) => row.map((x, j) => x + (i === j ? 0.7 : 0)));
  const optimizer = chain(
    stage("bfgs", { scaled: false }, { damping: dampings.toSample(0.7) }),
    scale(0.1),
  );
  const { thetas, values } = follow(quadratic(h, c), optimizer, start, 4);
  const b = seen("bfgs", thetas.slice(0, 4), (x) => times(shifted, x), { scaled: false });
  const found = [...values.get("state/0/curvature/iterative/0/inverse")!.data];
  assertLess(
    apart(found, scaledIdentity(N, 1).flatMap((e) => solve(b, e))),
    1e-9,
  );
});

Deno.test("a secant update goes on every so many steps", () => {
  const { h, c, start, gradient } = random(6);
  for (const window of [undefined, 6]) {
    const secants = { scaled: false, initial: 10, ...(window === undefined ? {} : { window }) };
    const optimizer = chain(stage("bfgs", secants, { every: { sample: 2 } }), scale(0.3));
    const { thetas } = follow(quadratic(h, c), optimizer, start, 6);
    for (const k of [3, 4, 5]) {
      const taken = thetas.slice(0, k + 1).filter((_, i) => i % 2 === 0);
      const d = solve(seen("bfgs", taken, gradient, secants), gradient(thetas[k]!));
      const found = d.map((_, i) => (thetas[k]![i]! - thetas[k + 1]![i]!) / 0.3);
      assertLess(apart(found, d), 1e-9);
    }
  }
});

Deno.test("full() with secants refuses more parameters than it can store, with their number", () => {
  const large = objective({ parameters: { x: zeros([5000]) }, loss: ({ x }) => sum(mul(x, x)) });
  const program = lower(large, stage("bfgs", {}));
  assert(E.isLeft(program) && program.left.kind === "limit");
  assertMatch(program.left.message, /at most 4096, found full\(\) over 5000 parameters/);
});
