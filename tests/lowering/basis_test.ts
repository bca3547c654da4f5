/** A diagonal in the eigenbasis of another structure, against the algorithm written out in double precision. */
import { assert, assertEquals, assertLess, assertMatch, assertThrows } from "../_assert.ts";
import { SteepestError } from "../../src/errors.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { zeros } from "../../src/nn/initial.ts";
import { objective } from "../../src/objective/objective.ts";
import * as calculating from "../../src/optimizer/calculating.ts";
import { adam } from "../../src/optimizer/catalogue/adam.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { curvature, type CurvatureOptions } from "../../src/optimizer/curvature.ts";
import * as dampings from "../../src/optimizer/damping.ts";
import { hyperparameters } from "../../src/optimizer/hyperparameters.ts";
import { max, sum as total } from "../../src/optimizer/iterative.ts";
import * as lengths from "../../src/optimizer/length.ts";
import { cg, eigen, orthogonalIteration, type Solver } from "../../src/optimizer/solver.ts";
import {
  blockDiagonal,
  diagonal,
  type EigenbasisOf,
  eigenbasisOf,
  full,
  scalar,
} from "../../src/optimizer/structure.ts";
import { kronecker } from "../../src/optimizer/kronecker.ts";
import { ema, scale } from "../../src/optimizer/transforms.ts";
import { accumulate } from "../../src/optimizer/wrappers.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { explain } from "../../src/taxonomy/explain.ts";
import { stateSlots } from "../../src/taxonomy/state.ts";
import { add, constant, mul, sum } from "../../src/tensor/ops.ts";
import { regression, regressionData } from "../runtime/_objectives.ts";
import {
  apart,
  eigenOf,
  eye,
  type Matrix,
  onto,
  plus,
  power,
  range,
  scaled,
  times,
  transposed,
} from "./_matrices.ts";
import { follow } from "./_follow.ts";

const ROWS = 4, COLUMNS = 3;
const wave = (i: number): number => Math.sin(12.9898 * i * i + 0.7 * i);
const G = range(ROWS).map((i) => range(COLUMNS).map((j) => wave(COLUMNS * i + j + 1)));
/** Σ gθ + ½bθ² + ¼cθ⁴: the gradient turns, and factors of different steps do not commute. */
const BEND = range(ROWS * COLUMNS).map((i) => 0.3 + wave(i + 40) ** 2);
const bent = objective({
  parameters: { x: zeros([ROWS, COLUMNS]) },
  loss: ({ x }) => {
    const shape = [ROWS, COLUMNS], squares = mul(x, x);
    const own = sum(mul(constant(G.flat(), shape), x));
    const curved = sum(mul(constant(BEND, shape), mul(squares, add(0.5, mul(0.25, squares)))));
    return add(own, curved);
  },
}) as AnyObjective;
const gradientAt = (x: readonly number[]): Matrix =>
  G.map((row, i) =>
    row.map((g, j) => {
      const k = COLUMNS * i + j, at = x[k]!;
      return g + BEND[k]! * (at + at ** 3);
    })
  );

/** What is 0 but for rounding in the first basis is divided by ε. */
const DECAY = 0.8, FIRST = 0.7, SECOND = 0.9, EPSILON = 1e-3, RATE = 0.1;

function soap(solver: Solver, every: number, structure = kronecker(), rate = RATE) {
  return chain(
    curvature({
      calculating: calculating.empiricalFisher(),
      structure: diagonal({ basis: eigenbasisOf(structure, ema({ decay: DECAY })) }),
      iterative: ema({ decay: SECOND, debias: true }),
      length: lengths.gradientNorm(),
      direction: ema({ decay: FIRST, debias: true }),
      damping: dampings.addToRoot(EPSILON),
      solver,
      every: { factor: every },
    }),
    scale(rate),
  );
}

/** Orthonormal columns by Gram and Schmidt, twice. */
function orthonormal(a: Matrix): Matrix {
  const done: number[][] = [];
  for (const column of transposed(a)) {
    let x = [...column];
    for (const q of [...done, ...done]) {
      const along = q.reduce((s, y, i) => s + y * x[i]!, 0);
      x = x.map((y, i) => y - along * q[i]!);
    }
    const size = Math.hypot(...x);
    done.push(x.map((y) => y / size));
  }
  return transposed(done);
}

/** The authors' refresh: Q and what is kept in it are sorted, then Q ← qr(PQ). */
function refreshed(p: Matrix, q: Matrix): { readonly q: Matrix; readonly order: number[] } {
  const quotients = transposed(q).map((v) => onto(p, v).reduce((s, y, i) => s + y * v[i]!, 0));
  const order = range(p.length).sort((i, j) => quotients[j]! - quotients[i]!);
  const sorted = q.map((row) => order.map((i) => row[i]!));
  return { q: orthonormal(times(p, sorted)), order };
}

/** The path of SOAP on one matrix, as its authors write it. */
function naive(every: number, iterated: boolean, steps: number): number[][] {
  let x = range(ROWS * COLUMNS).map(() => 0);
  let left = eye(ROWS, 0), right = eye(COLUMNS, 0), ql = eye(ROWS), qr = eye(COLUMNS);
  let m = G.map((row) => row.map(() => 0)) as Matrix, v = m;
  const path = [x];
  for (let t = 0; t < steps; t++) {
    const g = gradientAt(x);
    if (t > 0) {
      const turned = times(transposed(ql), times(g, qr));
      m = plus(scaled(m, FIRST), scaled(g, 1 - FIRST));
      v = plus(scaled(v, SECOND), scaled(turned.map((row) => row.map((y) => y * y)), 1 - SECOND));
      const direction = times(transposed(ql), times(m, qr));
      const [first, second] = [1 - FIRST ** t, 1 - SECOND ** t];
      const step = direction.map((row, i) =>
        row.map((y, j) => y / first / (Math.sqrt(v[i]![j]! / second) + EPSILON))
      );
      const back = times(ql, times(step, transposed(qr))).flat();
      x = x.map((y, k) => y - RATE * back[k]!);
    }
    left = plus(scaled(left, DECAY), scaled(times(g, transposed(g)), 1 - DECAY));
    right = plus(scaled(right, DECAY), scaled(times(transposed(g), g), 1 - DECAY));
    if (t === 0 || (t % every === 0 && !iterated)) {
      ql = eigenOf(left).vectors;
      qr = eigenOf(right).vectors;
    } else if (t % every === 0) {
      const [a, b] = [refreshed(left, ql), refreshed(right, qr)];
      v = a.order.map((i) => b.order.map((j) => v[i]![j]!));
      [ql, qr] = [a.q, b.q];
    }
    path.push(x);
  }
  return path;
}

for (const every of [1, 3]) {
  for (const solver of [orthogonalIteration(), eigen()]) {
    Deno.test(`eigenbasisOf(kronecker()) is SOAP with ${solver.kind} every ${every} steps`, () => {
      const steps = 9, start = range(ROWS * COLUMNS).map(() => 0);
      const { thetas } = follow(bent, soap(solver, every), start, steps);
      const expected = naive(every, solver.kind === "orthogonalIteration", steps);
      thetas.slice(2).forEach((x, t) =>
        assertLess(apart(x, expected[t + 2]!), 1e-8, `step ${t + 2}`)
      );
      assertEquals(thetas[1], start, "no basis, no step");
    });
  }
}

Deno.test("eigenbasisOf() in a gate takes the steps that it takes outside", () => {
  const start = range(ROWS * COLUMNS).map(() => 0);
  const inside = accumulate(1, soap(orthogonalIteration(), 2));
  const outside = follow(bent, soap(orthogonalIteration(), 2), start, 6).thetas[6]!;
  assertLess(apart(follow(bent, inside, start, 6).thetas[6]!, outside), 1e-12);
});

Deno.test("eigenbasisOf() of factors that are all diagonal is Adam, a step later", () => {
  const start = range(ROWS * COLUMNS).map((i) => wave(i)), steps = 6;
  const frozen = soap(eigen(), 2, kronecker({ largest: 1 }));
  const plain = adam({ learningRate: RATE, beta1: FIRST, beta2: SECOND, eps: EPSILON });
  const late = follow(bent, frozen, start, steps + 1).thetas;
  follow(bent, plain, start, steps).thetas.forEach((x, t) =>
    assertLess(apart(late[t + 1]!, x), 1e-13)
  );
});

const START = range(15).map((i) => Math.sin(i));
const SLOTS = new Map([
  ["batch/x", tensor(regressionData.x, [40, 5])],
  ["batch/y", tensor(regressionData.y, [40], "u32")],
]);

/** The gradients of the examples of softmax regression at the start. */
const gradients = range(40).map((n) => {
  const x = range(5).map((i) => regressionData.x[5 * n + i]!);
  const z = range(3).map((c) => x.reduce((s, xi, i) => s + xi * START[3 * i + c]!, 0));
  const sizes = z.map((v) => Math.exp(v)), whole = sizes.reduce((a, b) => a + b);
  const e = sizes.map((v, c) => v / whole - (regressionData.y[n] === c ? 1 : 0));
  return x.flatMap((xi) => e.map((ec) => xi * ec));
});
const MEAN = range(15).map((i) => gradients.reduce((s, g) => s + g[i]! / 40, 0));
const FISHER = gradients.reduce<Matrix>(
  (f, g) => plus(f, scaled(g.map((a) => g.map((b) => a * b)), 1 / 40)),
  eye(15, 0),
);

/** What the second step subtracts, in a basis of the first one. */
function secondStep(basis: EigenbasisOf, options: Partial<CurvatureOptions> = {}): number[] {
  const stage = curvature({
    calculating: calculating.empiricalFisher({ from: "examples" }),
    structure: diagonal({ basis }),
    length: lengths.gradientNorm(),
    damping: dampings.add(0.01),
    ...options,
  });
  const { thetas } = follow(regression as AnyObjective, stage, START, 2, { slots: SLOTS });
  assertEquals(thetas[1], START);
  return thetas[2]!.map((x, i) => START[i]! - x);
}

Deno.test("eigenbasisOf(full()) has the whole matrix where θ has not moved", () => {
  const expected = onto(power(plus(FISHER, eye(15, 0.01)), -0.5), MEAN);
  assertLess(apart(secondStep(eigenbasisOf(full())), expected), 1e-9);
  assertLess(apart(secondStep(eigenbasisOf(full(), total())), expected), 1e-9);
});

Deno.test("eigenbasisOf(blockDiagonal()) has the blocks where θ has not moved", () => {
  const expected = [[0, 4], [4, 8], [8, 12], [12, 15]].flatMap(([first, end]) => {
    const own = FISHER.slice(first, end).map((row) => row.slice(first, end));
    return onto(power(plus(own, eye(own.length, 0.01)), -0.5), MEAN.slice(first, end));
  });
  assertLess(apart(secondStep(eigenbasisOf(blockDiagonal({ per: 4 }))), expected), 1e-9);
});

/** The gradients as matrices. */
const matrices = gradients.map((g) => range(5).map((i) => g.slice(3 * i, 3 * i + 3)));

/** The second step with the mean squares of the examples in the eigenbases of two factors. */
function expectedIn(left: Matrix, right: Matrix): number[] {
  const [ql, qr] = [eigenOf(left).vectors, eigenOf(right).vectors];
  const turn = (g: Matrix) => times(transposed(ql), times(g, qr));
  const squares = matrices.map((g) => turn(g).map((row) => row.map((y) => y * y / 40)))
    .reduce<Matrix>((a, b) => plus(a, b), eye(5, 0).map((row) => row.slice(0, 3)));
  const mean = range(5).map((i) => MEAN.slice(3 * i, 3 * i + 3));
  const scaledMean = turn(mean).map((row, i) =>
    row.map((y, j) => y / Math.sqrt(squares[i]![j]! + 0.01))
  );
  return times(ql, times(scaledMean, transposed(qr))).flat();
}

const summed = (f: (g: Matrix, n: number) => Matrix, n: number): Matrix =>
  matrices.reduce<Matrix>((s, g, i) => plus(s, f(g, i)), eye(n, 0));

Deno.test("eigenbasisOf(kronecker()) has the examples' squares in the basis of the factors", () => {
  const left = summed((g) => times(g, transposed(g)), 5);
  const right = summed((g) => times(transposed(g), g), 3);
  assertLess(apart(secondStep(eigenbasisOf(kronecker())), expectedIn(left, right)), 1e-9);
});

Deno.test("eigenbasisOf(kronecker()) of layers is E-KFAC", () => {
  const column = (x: readonly number[]) => x.map((y) => [y]);
  const inputs = range(40).map((n) => column(range(5).map((i) => regressionData.x[5 * n + i]!)));
  // What the outer product leaves of the cotangent, the input being known.
  const cotangents = matrices.map((g, n) => {
    const x = inputs[n]!.flat(), size = x.reduce((s, y) => s + y * y, 0);
    return column(onto(transposed(g), x).map((y) => y / size));
  });
  const a = summed((_, n) => times(inputs[n]!, transposed(inputs[n]!)), 5);
  const g = summed((_, n) => times(cotangents[n]!, transposed(cotangents[n]!)), 3);
  const found = secondStep(eigenbasisOf(kronecker({ of: "layers" }), ema({ decay: 0.95 })));
  assertLess(apart(found, expectedIn(a, g)), 1e-9);
});

Deno.test("eigenbasisOf(full()) of a Hessian is Newton's method, whatever the probes", () => {
  const newton = (structure: CurvatureOptions["structure"], steps: number) =>
    follow(
      regression as AnyObjective,
      curvature({
        calculating: calculating.hessian(),
        structure,
        damping: [dampings.abs(), dampings.add(0.1)],
      }),
      START,
      steps,
      { slots: SLOTS },
    ).thetas[steps]!;
  const found = newton(diagonal({ basis: eigenbasisOf(full()) }), 2);
  assertLess(apart(found, newton(full(), 1)), 1e-9);
});

Deno.test("a stage in a basis puts out what its warm-up does where it has none", () => {
  const start = range(ROWS * COLUMNS).map(() => 0);
  const stage = curvature({
    calculating: calculating.empiricalFisher(),
    structure: diagonal({ basis: eigenbasisOf(kronecker()) }),
    length: lengths.gradientNorm(),
    damping: dampings.add(0.1),
    warmup: { steps: 1, use: scale(0.5) },
  });
  const { thetas } = follow(bent, stage, start, 1);
  assertLess(apart(thetas[1]!, G.flat().map((g) => -0.5 * g)), 1e-12);
});

Deno.test("eigenbasisOf() keeps a centred variance in the basis, and its mean outside", () => {
  const start = range(ROWS * COLUMNS).map(() => 0), decay = 0.5;
  const stage = curvature({
    calculating: calculating.empiricalFisher(),
    structure: diagonal({ basis: eigenbasisOf(full(), total({ initial: 0 })) }),
    iterative: ema({ decay, centred: true }),
    length: lengths.gradientNorm(),
    damping: dampings.add(0.1),
  });
  // From m = 0 the variance of one sample s is β(1 − β)s² where s is the one direction that the basis knows.
  const g = G.flat(), size = Math.hypot(...g);
  const expected = g.map((y) => -y / Math.sqrt(decay * (1 - decay) * size ** 2 + 0.1));
  const { thetas } = follow(bent, stage, start, 2);
  assertLess(apart(thetas[2]!, expected), 1e-9);
});

const fails = (build: () => unknown): string[] =>
  assertThrows(build, SteepestError).issues.map(({ path }) => path);

Deno.test("eigenbasisOf() refuses what has no basis, and a stage what a basis does not allow", () => {
  assertEquals(fails(() => eigenbasisOf(scalar() as never)), ["eigenbasisOf/structure"]);
  assertEquals(fails(() => eigenbasisOf(full(), max())), ["eigenbasisOf/iterative/0"]);
  assertEquals(fails(() => eigenbasisOf(full(), ema({ decay: 0.9, centred: true }))), [
    "eigenbasisOf/iterative/0",
  ]);
  const stage = (options: Partial<CurvatureOptions>) => () =>
    curvature({
      calculating: calculating.empiricalFisher(),
      structure: diagonal({ basis: eigenbasisOf(kronecker()) }),
      ...options,
    });
  assertEquals(fails(stage({ calculating: calculating.hessian() })), ["curvature/structure"]);
  assertEquals(fails(stage({ every: { sample: 2 } })), ["curvature/every/sample"]);
  assertEquals(fails(stage({ solver: cg() })), ["curvature/solver"]);
  assertEquals(fails(stage({ length: lengths.clipped(1, { per: "unit" }) })), [
    "curvature/length/per",
  ]);
  assertEquals(
    fails(stage({
      structure: diagonal({ average: "kernel", basis: eigenbasisOf(kronecker()) }),
    })),
    ["curvature/structure/average"],
  );
  const plain = () =>
    curvature({
      calculating: calculating.empiricalFisher(),
      structure: diagonal(),
      solver: orthogonalIteration(),
    });
  assertEquals(fails(plain), ["curvature/solver"]);
});

Deno.test("what is kept for a basis is listed, with its hyperparameters and in words", () => {
  const optimizer = soap(orthogonalIteration(), 4);
  const { slots } = follow(bent, optimizer, range(ROWS * COLUMNS).map(() => 0), 0).program;
  const names = slots.filter(({ role }) => role === "state").map(({ name }) => name);
  for (const { path } of stateSlots(optimizer)) {
    assert(names.some((name) => name.startsWith(`state/${path}`)), `${path} of ${names}`);
  }
  const decays = hyperparameters(optimizer).filter(({ path }) => path.endsWith("decay"));
  assertEquals(decays.map(({ path, value }) => [path, value]), [
    ["0/curvature/structure/basis/iterative/0/decay", DECAY],
    ["0/curvature/iterative/0/decay", SECOND],
    ["0/curvature/direction/ema/decay", FIRST],
  ]);
  assertMatch(explain(optimizer), /in the eigenbasis, as it was before this step, of \(⊗ L/);
  assertMatch(explain(optimizer), /by 1 step of orthogonal iteration/);
});
