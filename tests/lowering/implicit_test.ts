/** Solvers that know products alone take the steps of the stored matrix. */
import { assertEquals, assertLess, assertThrows } from "../_assert.ts";
import * as E from "fp-ts/lib/Either.js";
import { SteepestError } from "../../src/errors.ts";
import { mnistCnn } from "../../src/nn/models.ts";
import { classification } from "../../src/objective/classification.ts";
import { compile } from "../../src/runtime/compile.ts";
import { getOrThrow } from "../../src/runtime/program.ts";
import { lower } from "../../src/lowering/lower.ts";
import { objective } from "../../src/objective/objective.ts";
import { fisher, gaussNewton, hessian } from "../../src/optimizer/calculating.ts";
import { curvature, type CurvatureOptions } from "../../src/optimizer/curvature.ts";
import * as dampings from "../../src/optimizer/damping.ts";
import { ema } from "../../src/optimizer/transforms.ts";
import * as lengths from "../../src/optimizer/length.ts";
import { cg, lanczos, type Solver } from "../../src/optimizer/solver.ts";
import { full } from "../../src/optimizer/structure.ts";
import { initialValues, stepRunner } from "../../src/reference/step.ts";
import { tensor } from "../../src/reference/tensor.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { targets } from "../compiler/_run_plan.ts";
import { differences } from "../compiler/_steps.ts";
import { regression, regressionData } from "../runtime/_objectives.ts";
import { square, sub } from "../../src/tensor/ops.ts";

const START = Array.from({ length: 15 }, (_, i) => Math.sin(i));
const SLOTS = new Map([["batch/x", regressionData.x], ["batch/y", regressionData.y]]);

function programOf(
  options: Partial<CurvatureOptions>,
  of: AnyObjective = regression as AnyObjective,
) {
  const stage = curvature({ calculating: hessian(), structure: full(), ...options });
  const program = lower(of, stage);
  if (E.isLeft(program)) throw program.left;
  return program.right;
}

function stepOf(options: Partial<CurvatureOptions>): Float64Array {
  const program = programOf(options), values = new Map(initialValues(program, START));
  for (const { name, shape, dtype } of program.slots) {
    const data = SLOTS.get(name);
    if (data !== undefined) values.set(name, tensor(data, shape, dtype, "f64"));
  }
  return Float64Array.from(stepRunner(program, "f64")(values, 0).values.get("theta")!.data);
}

const CASES: readonly (readonly [string, Solver, Partial<CurvatureOptions>])[] = [
  ["cg, none", cg({ steps: 15, tolerance: 0 }), { length: lengths.none() }],
  ["cg, normalized", cg({ steps: 15, tolerance: 0 }), {
    calculating: gaussNewton(),
    length: lengths.normalized(),
  }],
  ["cg, clipped", cg({ steps: 15, tolerance: 0 }), {
    calculating: fisher({ from: "examples" }),
    length: lengths.clipped(0.5),
  }],
  ["lanczos, gradient norm", lanczos({ steps: 10 }), { length: lengths.gradientNorm() }],
  ["lanczos, normalized", lanczos({ steps: 10 }), {
    calculating: gaussNewton(),
    length: lengths.normalized(),
  }],
];

for (const [name, solver, options] of CASES) {
  const damped = { ...options, damping: dampings.add(0.1) };
  Deno.test(`full() with ${name} takes the step of the stored matrix`, () => {
    const found = stepOf({ ...damped, solver }), expected = stepOf(damped);
    found.forEach((x, i) => assertLess(Math.abs(x - expected[i]!), 1e-6));
  });
  for (const target of targets) {
    Deno.test(`full() with ${name} on ${target} takes the oracle's steps`, async () => {
      const { wrong } = await differences(programOf({ ...damped, solver }), {
        steps: 2,
        target,
        thetas: [START],
        seeds: [3],
        slots: SLOTS,
      });
      assertEquals(wrong, []);
    });
  }
}

Deno.test("cg() steps the network of the first paper, whose matrix is too large to store", async () => {
  const batch = 4;
  const network = classification(mnistCnn(), batch);
  const optimizer = curvature({
    calculating: gaussNewton(),
    structure: full(),
    damping: dampings.add(1),
    solver: cg({ steps: 3 }),
  });
  const data = {
    x: Float32Array.from({ length: batch * 784 }, (_, i) => Math.sin(i * i)),
    y: Uint32Array.from({ length: batch }, (_, i) => i),
  };
  using program = getOrThrow(await compile(network, optimizer, { backend: "js", data })());
  program.step(3);
  const losses = await program.losses();
  assertLess(losses[2]!, losses[0]!);
});

Deno.test("cg() takes no step along negative curvature, and says so", () => {
  const dome = objective({ parameters: { x: 1 }, loss: ({ x }) => sub(0, square(x)) });
  const program = programOf({ solver: cg() }, dome as AnyObjective);
  const { values, records } = stepRunner(program, "f64")(initialValues(program, [1]), 0);
  assertEquals(values.get("theta")!.data[0], 1);
  assertEquals(records.get("record/curvature/truncated"), 1);
});

Deno.test("curvature() refuses what products alone cannot give", () => {
  const refused: readonly Partial<CurvatureOptions>[] = [
    { solver: cg(), length: lengths.gradientNorm() },
    { solver: cg(), damping: dampings.abs() },
    { solver: lanczos(), iterative: ema({ decay: 0.9 }) },
    { solver: lanczos(), every: { sample: 2 } },
  ];
  for (const options of refused) {
    assertThrows(
      () => curvature({ calculating: hessian(), structure: full(), ...options }),
      SteepestError,
    );
  }
});
