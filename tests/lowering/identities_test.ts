/** What the unified view promises: on random matrices, on softmax regression, and on the CNN for each Ritz pair. */
import fc from "fast-check";
import { digits } from "../../src/data/digits.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { zeros } from "../../src/nn/initial.ts";
import { mnistCnn } from "../../src/nn/models.ts";
import { classification } from "../../src/objective/classification.ts";
import { objective } from "../../src/objective/objective.ts";
import { fisher, gaussNewton, hessian } from "../../src/optimizer/calculating.ts";
import type { CurvatureOptions } from "../../src/optimizer/curvature.ts";
import { abs, add as plus } from "../../src/optimizer/damping.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import * as lengths from "../../src/optimizer/length.ts";
import { cg, lanczos } from "../../src/optimizer/solver.ts";
import { full } from "../../src/optimizer/structure.ts";
import {
  add,
  concatenate,
  constant,
  div,
  input,
  matmul,
  mul,
  reshape,
  square,
  sum,
  transpose,
} from "../../src/tensor/ops.ts";
import { assertAlmostEquals, assertEquals, assertLess } from "../_assert.ts";
import { regression, regressionData } from "../runtime/_objectives.ts";
import { planOf, start, type Target, targets } from "../compiler/_run_plan.ts";
import * as curved from "./_curved.ts";
import { follow } from "./_follow.ts";

type Vector = curved.Vector;

const N = 5;
const range = Array.from({ length: N }, (_, i) => i);
const unit = (n: number) =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j): number => i === j ? 1 : 0));

interface Quadratic {
  readonly h: readonly Vector[];
  readonly g: Vector;
}

const quadratics: fc.Arbitrary<Quadratic> = fc.record({
  rows: fc.array(
    fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: N, maxLength: N }),
    { minLength: N, maxLength: N },
  ),
  g: fc.array(fc.double({ min: 0.1, max: 2, noNaN: true }), { minLength: N, maxLength: N }),
}).map(({ rows, g }) => ({
  // The diagonal keeps eigenvalues positive and apart, so that there is one basis.
  h: range.map((i) =>
    range.map((j) => rows.reduce((s, row) => s + row[i]! * row[j]!, i === j ? 0.2 + 0.3 * i : 0))
  ),
  g: g.map((x, i) => i % 2 === 0 ? x : -x),
}));

/** gᵀθ + ½θᵀHθ at θ = 0. */
function bowl({ h, g }: Quadratic): curved.Point {
  const of = objective({
    parameters: { x: zeros([N]) },
    loss: ({ x }) => {
      const column = reshape(x, [N, 1]);
      const curve = sum(mul(column, matmul(constant(h.flat(), [N, N]), column)));
      return add(sum(mul(constant([...g]), x)), mul(0.5, curve));
    },
  });
  return { of: of as AnyObjective, theta: range.map(() => 0), batch: {} };
}

const EXACT = 1e-7;

Deno.test("the lengths keep what they promise on random positive definite matrices", async () => {
  await fc.assert(
    fc.asyncProperty(quadratics, async ({ h, g }) => {
      const product: curved.Times = (v) => h.map((row) => curved.dot(row, v));
      await curved.assertIdentities({
        g,
        pairs: curved.pairsIn(unit(N), product),
        step: curved.oracleSteps(bowl({ h, g }), { calculating: hessian(), structure: full() }),
        squared: (d) => curved.dot(d, product(d)),
      }, EXACT);
    }),
    { seed: 3, numRuns: 6 },
  );
});

Deno.test("gradient descent descends most with η = ‖g‖²/‖g‖²_H, which one conjugate gradient takes", () => {
  fc.assert(
    fc.property(quadratics, ({ h, g }) => {
      const point = bowl({ h, g }), squared = curved.dot(g, g);
      const inH = curved.dot(g, h.map((row) => curved.dot(row, g)));
      const decrease = (learningRate: number) => {
        const { thetas: [, theta] } = follow(point.of, sgd({ learningRate }), point.theta, 1);
        const d = theta!;
        return -curved.dot(g, d) - 0.5 * curved.dot(d, h.map((row) => curved.dot(row, d)));
      };
      const eta = squared / inH, best = decrease(eta);
      assertAlmostEquals(best, squared ** 2 / (2 * inH), 1e-9 * best);
      for (const off of [0.9, 1.1]) assertLess(decrease(off * eta), (1 - 0.9 * 0.01) * best);
      const once = { calculating: hessian(), structure: full(), solver: cg({ steps: 1 }) };
      const d = curved.oracleSteps(point, once)(lengths.none(), 1) as Vector;
      d.forEach((x, i) => assertAlmostEquals(x, eta * g[i]!, 1e-9));
    }),
    { seed: 4, numRuns: 20 },
  );
});

const SOFTMAX: curved.Point = {
  of: regression as AnyObjective,
  theta: Array.from({ length: 15 }, (_, i) => Math.sin(i)),
  batch: regressionData,
};

/** G·v or H·v at a point, by the products of the objective alone. */
function productAt(point: curved.Point, which: "gaussNewton" | "hessian"): curved.Times {
  const product = curved.graphAt(point, ({ gaussNewtonTimes, hessianTimes, arena }) => {
    const direction = input("v", [arena.size]);
    return which === "hessian"
      ? hessianTimes(direction, arena)
      : gaussNewtonTimes!(direction, arena);
  });
  return (v) => product({ v });
}

const gradientAt = (point: curved.Point) => curved.graphAt(point, ({ gradient }) => gradient)();

Deno.test("the lengths keep what they promise on softmax regression, whose Hessian is singular", async () => {
  const product = productAt(SOFTMAX, "hessian");
  const all = curved.pairsIn(unit(15), product);
  const largest = Math.max(...all.map(({ lambda }) => lambda));
  // Single precision could not tell the others from 0, and the stage takes them for it.
  const pairs = all.filter(({ lambda }) => lambda > 15 * 2 ** -23 * largest);
  assertEquals(pairs.length, 8);
  await curved.assertIdentities({
    g: gradientAt(SOFTMAX),
    pairs,
    step: curved.oracleSteps(SOFTMAX, { calculating: hessian(), structure: full() }),
    squared: (d) => curved.dot(d, product(d)),
  }, EXACT);
});

/** The CNN of the first paper with fewer features, on drawn digits. */
function cnn(batchSize: number): curved.Point {
  const model = mnistCnn({ widths: [2, 3, 4], dropout: false });
  const of = classification(model, batchSize) as unknown as AnyObjective;
  const { train } = digits({ train: batchSize, test: 1 });
  const x = Float64Array.from(train.images, (byte) => byte / 255);
  return { of, theta: curved.startOf(of, 1), batch: { x, y: train.labels } };
}

const BATCH = 4;
const CNN = cnn(BATCH);

/** The same with larger parameters, under which labels are not equally likely. */
function decided(point: curved.Point): curved.Point {
  return { ...point, theta: curved.times(3, point.theta) };
}

/** Products a step: as many Ritz pairs. */
const STEPS = 4;

/** (F·v) of labels that the stage draws at its first step. */
function fisherAt(point: curved.Point): curved.Times {
  const flat = curved.graphAt(
    point,
    ({ examples, arena }) => concatenate(examples!("sampled", arena)!, 1),
  )();
  const n = point.theta.length;
  const rows = Array.from({ length: BATCH }, (_, k) => flat.slice(k * n, (k + 1) * n));
  return (v) => {
    const weights = rows.map((row) => curved.dot(row, v) / BATCH);
    return v.map((_, i) => weights.reduce((s, w, k) => s + w * rows[k]![i]!, 0));
  };
}

const KRYLOV:
  readonly (readonly [string, CurvatureOptions, curved.Times, (l: number) => number])[] = [
    [
      "G",
      { calculating: gaussNewton(), structure: full() },
      productAt(CNN, "gaussNewton"),
      (l) => l,
    ],
    [
      "|H| + ε",
      { calculating: hessian(), structure: full(), damping: [abs(), plus(0.1)] },
      productAt(CNN, "hessian"),
      (l) => Math.abs(l) + 0.1,
    ],
    [
      "F + ε",
      { calculating: fisher({ from: "examples" }), structure: full(), damping: plus(0.1) },
      fisherAt(CNN),
      (l) => l + 0.1,
    ],
  ];

for (const [name, options, product, damped] of KRYLOV) {
  Deno.test(`the lengths keep what they promise for each Ritz pair of ${name} of the CNN`, async () => {
    const g = gradientAt(CNN);
    const ritz = curved.pairsIn(curved.krylovBasis(product, g, STEPS), product);
    const solver = lanczos({ steps: STEPS });
    await curved.assertIdentities({
      g,
      pairs: ritz.map(({ lambda, vector }) => ({ lambda: damped(lambda), vector })),
      step: curved.oracleSteps(CNN, { ...options, solver }),
      ...(name === "G" ? { squared: (d: Vector) => curved.dot(d, product(d)) } : {}),
    }, EXACT);
  });
}

/** The step of a compiled stage on the CNN. */
async function compiledStep(target: Target, length: lengths.Length, rate: number): Promise<Vector> {
  const solver = lanczos({ steps: STEPS });
  const stage = { calculating: gaussNewton(), structure: full(), solver };
  const plan = planOf(curved.programOf(CNN.of, stage, length, rate), target);
  const batch = Object.entries(CNN.batch).map(([name, x]) => [`batch/${name}`, x] as const);
  const executor = await start(plan, new Map([...batch, ["theta", CNN.theta]]));
  try {
    const before = await executor.read("theta");
    executor.step(1);
    const after = await executor.read("theta");
    return [...before].map((x, i) => x - after[i]!);
  } finally {
    executor.dispose();
  }
}

for (const target of targets) {
  Deno.test(`steps on ${target} are as long as they promise for each Ritz pair of G of the CNN`, async () => {
    const product = productAt(CNN, "gaussNewton"), g = gradientAt(CNN), epsilon = 0.3;
    const pairs = curved.pairsIn(curved.krylovBasis(product, g, STEPS), product);
    const lambda = pairs.map((pair) => pair.lambda);
    // An eigenvalue is known to the last bits of the largest one, and a product in single precision loses a few of them.
    const tolerance = 32 * 2 ** -23 * Math.max(...lambda) / Math.min(...lambda);
    assertLess(tolerance, 0.05);
    const whole = await compiledStep(target, lengths.normalized(), epsilon);
    const inG = Math.sqrt(curved.dot(whole, product(whole)));
    assertLess(Math.abs(inG / epsilon - 1), tolerance);
    const each = await compiledStep(target, lengths.eigenbasis(), epsilon);
    for (const { lambda, vector } of pairs) {
      const along = Math.sqrt(lambda) * Math.abs(curved.dot(vector, each));
      assertLess(Math.abs(along / epsilon - 1), tolerance);
    }
  });
}

Deno.test("the Fisher matrix of the CNN is its Gauss–Newton matrix, label by label", () => {
  const point = decided(cnn(1)), n = point.theta.length;
  const v = Array.from({ length: n }, (_, i) => Math.sin(1 + 3 * i));
  const product = Array.from({ length: 10 }, (_, label) => {
    const one = { ...point, batch: { ...point.batch, y: [label] } };
    const [loss] = curved.graphAt(one, (problem) => problem.loss)();
    const g = gradientAt(one);
    return curved.times(Math.exp(-loss!) * curved.dot(g, v), g);
  }).reduce((total, part) => total.map((x, i) => x + part[i]!));
  const expected = productAt(point, "gaussNewton")(v);
  const largest = Math.max(...expected.map(Math.abs));
  product.forEach((x, i) => assertLess(Math.abs(x - expected[i]!), 1e-10 * largest));
});

Deno.test("fisher() of labels that are drawn approaches the Gauss–Newton matrix on the CNN", () => {
  const point = decided(CNN), n = point.theta.length, draws = 120;
  const directions = [
    gradientAt(point),
    ...[1, 2].map((k) => Array.from({ length: n }, (_, i) => Math.sin(k + (2 + k) * i))),
  ];
  /** vᵀFv of each direction, of labels that are given or drawn. */
  const forms = (labels: "given" | "sampled") =>
    curved.graphAt(point, ({ examples, arena }) => {
      const rows = concatenate(examples!(labels, arena)!, 1);
      const columns = constant(directions.flat(), [directions.length, n]);
      return div(sum(square(matmul(rows, transpose(columns))), [0]), BATCH);
    });
  const sampled = forms("sampled"), [...empirical] = forms("given")();
  const found = Array.from({ length: draws }, (_, seed) => sampled({ seed }));
  const product = productAt(point, "gaussNewton");
  directions.forEach((v, k) => {
    const expected = curved.dot(v, product(v));
    const mean = found.reduce((s, each) => s + each[k]!, 0) / draws;
    const spread = found.reduce((s, each) => s + (each[k]! - mean) ** 2, 0) / (draws - 1);
    const error = Math.sqrt(spread / draws);
    // Four standard errors: by chance alone once in 5000 such tests, and the seeds are fixed.
    assertLess(Math.abs(mean - expected), 4 * error);
    // The bound tells F from the empirical Fisher matrix.
    assertLess(4 * error, Math.abs(empirical[k]! - expected));
  });
});
