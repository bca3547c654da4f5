import { categorical } from "../../src/objective/likelihood.ts";
import { type Objective, objective } from "../../src/objective/objective.ts";
import * as calculating from "../../src/optimizer/calculating.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { curvature } from "../../src/optimizer/curvature.ts";
import * as dampings from "../../src/optimizer/damping.ts";
import { latest, max, secantUpdate, sum } from "../../src/optimizer/iterative.ts";
import * as lengths from "../../src/optimizer/length.ts";
import { constant } from "../../src/optimizer/schedule.ts";
import {
  blockDiagonal,
  diagonal,
  eigenbasisOf,
  factored,
  full,
  lowRank,
  scalar,
} from "../../src/optimizer/structure.ts";
import { ema, scale } from "../../src/optimizer/transforms.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { matmul, tanh } from "../../src/tensor/ops.ts";
import { assert } from "../_assert.ts";
import { follow } from "./_follow.ts";

const network = objective({
  parameters: { w: [[0.1, -0.2, 0.3], [0.2, 0.1, -0.4]], v: [[0.3, 0.1], [-0.2, 0.4], [0.1, 0.2]] },
  batch: { x: [4, 2], y: [4] },
  outputs: ({ w, v }, { x }) => matmul(tanh(matmul(x, w)), v),
  likelihood: categorical("y"),
}) as Objective;

const START = [0.3, 0.1, -0.2, 0.4, 0.1, 0.2, 0.1, -0.2, 0.3, 0.2, 0.1, -0.4];

const SLOTS = new Map([
  ["batch/x", tensor([1, 2, -1, 0.5, 0.3, -0.7, 2, 1], [4, 2])],
  ["batch/y", tensor([0, 1, 1, 0], [4], "u32")],
]);

const CALCULATING = [
  calculating.hessian(),
  calculating.gaussNewton({ probes: 2 }),
  calculating.fisher(),
  calculating.fisher({ from: "examples" }),
  calculating.empiricalFisher(),
  calculating.empiricalFisher({ of: ema({ decay: 0.5 }) }),
  calculating.empiricalFisher({ from: "examples" }),
];

const STRUCTURES = [scalar(), diagonal(), diagonal({ average: "kernel" }), factored()];

const ITERATIVE = [
  latest(),
  ema({ decay: 0.9 }),
  ema({ decay: 0.9, debias: true, power: 2 }),
  ema({ decay: 0.9, power: 3, initial: 0.1 }),
  sum({ initial: 0.1 }),
  max({ decay: 0.99 }),
  [ema({ decay: 0.9, debias: true }), max()],
] as const;

const LENGTHS = [
  lengths.none(),
  lengths.normalized(),
  lengths.normalized({ per: "unit" }),
  lengths.gradientNorm(),
  lengths.power(0.75),
  lengths.eigenbasis(),
  lengths.clamped(0.5),
  lengths.clipped(0.5),
  lengths.clipped(0.5, { per: "tensor", norm: "rms" }),
  lengths.gradientNormClipped(0.5),
  lengths.eigenbasisClipped(0.5),
];

const DAMPINGS = [
  [dampings.abs(), dampings.add(1e-3)],
  [dampings.floor(1e-3)],
  [dampings.toSample(1e-3), dampings.add(1e-4)],
];

for (const calculated of CALCULATING) {
  const from = "from" in calculated ? ` from the ${calculated.from}` : "";
  const of = "of" in calculated ? ` of ${calculated.of.kind}` : "";
  Deno.test(`lower() combines ${calculated.kind}${from}${of} with every structure, accumulator and length`, () => {
    let count = 0;
    // Samples may be negative, and a negative λ is dropped: not every step would move.
    const indefinite = ["hessian", "gaussNewton"].includes(calculated.kind);
    for (const structure of STRUCTURES) {
      for (const iterative of ITERATIVE) {
        for (const length of LENGTHS) {
          const optimizer = curvature({
            calculating: calculated,
            structure,
            iterative,
            length,
            damping: DAMPINGS[indefinite ? 0 : count % DAMPINGS.length]!,
            every: { sample: 1 + count % 2 },
          });
          const { thetas } = follow(network, chain(optimizer, scale(1e-3)), START, 3, {
            slots: SLOTS,
            seed: count++,
          });
          const text = JSON.stringify({ structure, iterative, length });
          assert(thetas.flat().every(Number.isFinite), text);
          assert(thetas[3]!.some((x, i) => x !== START[i]), `no step: ${text}`);
        }
      }
    }
  });
}

for (const update of ["bfgs", "dfp", "sr1"] as const) {
  Deno.test(`lower() combines secantUpdate("${update}") with every structure of pairs and length`, () => {
    let count = 0;
    for (const window of [undefined, 1, 4]) {
      for (const length of LENGTHS) {
        if ("per" in length && length.per !== "global") continue;
        const optimizer = curvature({
          calculating: calculating.secant({ sameBatch: count % 2 === 0 }),
          structure: window === undefined ? full() : lowRank(),
          iterative: secantUpdate(update, window === undefined ? {} : { window }),
          length,
          damping: DAMPINGS[count % DAMPINGS.length]!,
          every: { sample: 1 + count % 2, factor: window === undefined ? 1 + count % 3 : 1 },
        });
        const { thetas } = follow(network, chain(optimizer, scale(1e-3)), START, 4, {
          slots: SLOTS,
          seed: count++,
        });
        const text = JSON.stringify({ window, length });
        assert(thetas.flat().every(Number.isFinite), text);
        assert(thetas[4]!.some((x, i) => x !== thetas[3]![i]), `no step: ${text}`);
      }
    }
  });
}

const MATRICES = [
  blockDiagonal({ per: "unit" }),
  full(),
  diagonal({ basis: eigenbasisOf(blockDiagonal({ per: "tensor" })) }),
  blockDiagonal({ per: 2 }),
];

Deno.test("lower() combines every calculation and length with matrices by block and their bases", () => {
  let count = 0;
  for (const calculated of CALCULATING) {
    for (const length of LENGTHS.filter((it) => !("per" in it) || it.per !== "unit")) {
      const structure = MATRICES[count % MATRICES.length]!;
      if (structure.kind === "full" && "per" in length && length.per !== "global") continue;
      const optimizer = curvature({
        calculating: calculated,
        structure,
        iterative: [latest(), ema({ decay: 0.9, debias: true }), sum({ initial: 0.1 })][count % 3]!,
        length,
        damping: DAMPINGS[0]!,
        every: { factor: 1 + count % 2 },
      });
      const { thetas } = follow(network, chain(optimizer, scale(1e-3)), START, 3, {
        slots: SLOTS,
        seed: count++,
      });
      const text = JSON.stringify({ calculated, structure, length });
      assert(thetas.flat().every(Number.isFinite), text);
      assert(thetas[3]!.some((x, i) => x !== START[i]), `no step: ${text}`);
    }
  }
});

Deno.test("lower() gives sign descent, a clip and plain descent when the curvature is constant", () => {
  const g = follow(network, scale(1), START, 1, { slots: SLOTS }).thetas[1]!
    .map((x, i) => START[i]! - x);
  const step = (length: lengths.Length, structure: ReturnType<typeof diagonal>) =>
    follow(
      network,
      curvature({ calculating: constant(1), structure, length }),
      START,
      1,
      { slots: SLOTS },
    ).thetas[1]!.map((x, i) => START[i]! - x);
  const near = (a: readonly number[], b: readonly number[]) =>
    assert(a.every((x, i) => Math.abs(x - b[i]!) < 1e-14), `${a} is not ${b}`);
  near(step(lengths.eigenbasis(), diagonal()), g.map(Math.sign));
  near(step(lengths.clamped(0.01), diagonal()), g.map((x) => Math.max(-0.01, Math.min(0.01, x))));
  near(step(lengths.none(), diagonal()), g);
});
