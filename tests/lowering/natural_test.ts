/** What the rows of Table 1 promise of their steps, on random positive definite matrices, and which matrices agree. */
import { assert, assertAlmostEquals, assertEquals, assertLess } from "../_assert.ts";
import * as E from "fp-ts/lib/Either.js";
import fc from "fast-check";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { zeros } from "../../src/nn/initial.ts";
import { objective } from "../../src/objective/objective.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { gaussNewtonDescent, newton } from "../../src/optimizer/catalogue/newton.ts";
import * as normalized from "../../src/optimizer/catalogue/normalized_natural.ts";
import { initialValues, stepRunner } from "../../src/reference/step.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { add, constant, matmul, mul, reshape, sum } from "../../src/tensor/ops.ts";
import { regression, regressionData } from "../runtime/_objectives.ts";

const N = 4;
const range = Array.from({ length: N }, (_, i) => i);
type Vector = readonly number[];

const dot = (a: Vector, b: Vector) => a.reduce((s, x, i) => s + x * b[i]!, 0);

/** H = Q diag(λ) Qᵀ, with Q a product of two reflections. */
interface Quadratic {
  readonly lambda: Vector;
  readonly q: readonly Vector[];
  readonly g: Vector;
}

function basis(directions: readonly Vector[]): Vector[] {
  const identity = range.map((i) => range.map((j): number => i === j ? 1 : 0));
  return directions.reduce((q, v) => {
    const scale = 2 / dot(v, v);
    return q.map((row) => row.map((x, j) => x - scale * dot(row, v) * v[j]!));
  }, identity);
}

const numbers = (min: number, max: number) =>
  fc.array(fc.integer({ min: 100 * min, max: 100 * max }), { minLength: N, maxLength: N })
    .map((x) => x.map((v) => v / 100 || 0.01));

/** Eigenvalues that are apart, so that the basis is one. */
const quadratics: fc.Arbitrary<Quadratic> = fc.record({
  lambda: fc.array(fc.double({ min: 1.2, max: 3, noNaN: true }), { minLength: N, maxLength: N })
    .map((ratios) => range.map((i) => ratios.slice(0, i + 1).reduce((a, b) => a * b, 0.1))),
  q: fc.tuple(numbers(0.1, 1), numbers(-1, -0.1)).map((pair) => basis(pair)),
  g: numbers(-2, 2),
});

/** −d in the eigenbasis of H, at θ = 0 of gᵀθ + ½θᵀHθ, and ĝ. */
function stepOf({ lambda, q, g }: Quadratic, optimizer: Optimizer) {
  const h = range.flatMap((i) => range.map((j) => dot(lambda.map((l, k) => l * q[i]![k]!), q[j]!)));
  const bowl = objective({
    parameters: { x: zeros([N]) },
    loss: ({ x }) => {
      const column = reshape(x, [N, 1]);
      const curved = sum(mul(column, matmul(constant(h, [N, N]), column)));
      return add(sum(mul(constant([...g]), x)), mul(0.5, curved));
    },
  });
  const program = lower(bowl, optimizer);
  if (E.isLeft(program)) throw program.left;
  const start = initialValues(program.right, range.map(() => 0));
  const theta = stepRunner(program.right, "f64")(start, 0).values.get("theta")!.data;
  const along = (x: Vector) => range.map((k) => dot(q.map((row) => row[k]!), x));
  return { d: along([...theta].map((x) => -x)), g: along(g), lambda };
}

/** ‖d_i‖_H. */
const lengthsOf = ({ d, lambda }: ReturnType<typeof stepOf>) =>
  d.map((x, i) => Math.sqrt(lambda[i]!) * Math.abs(x));

const EPSILON = 0.3, ALPHA = 0.7;

function check(property: (quadratic: Quadratic) => void): void {
  fc.assert(fc.property(quadratics, property), { seed: 7, numRuns: 25 });
}

function close(found: Vector, expected: Vector): void {
  found.forEach((x, i) => assertAlmostEquals(x, expected[i]!, 1e-7 * (1 + Math.abs(expected[i]!))));
}

Deno.test("normalizedNaturalGradient() has ‖d‖_H = ε, and at most that where it is clipped", () =>
  check((quadratic) => {
    const exact = { eps: 0, every: 1 };
    const whole = stepOf(quadratic, newton({ ...exact, learningRate: ALPHA }));
    const size = Math.hypot(...lengthsOf(whole));
    const step = normalized.normalizedNaturalGradient;
    const always = stepOf(quadratic, step({ ...exact, learningRate: EPSILON }));
    assertAlmostEquals(Math.hypot(...lengthsOf(always)), EPSILON, 1e-8);
    close(always.d, whole.d.map((x) => x * EPSILON / size));
    const clip = (alpha: number) =>
      stepOf(quadratic, step({ ...exact, learningRate: alpha, clip: EPSILON / alpha }));
    close(clip(ALPHA).d, whole.d.map((x) => x * Math.min(1, EPSILON / size)));
    close(clip(1e6).d, always.d);
  }));

Deno.test("gradientNormNormalized() has ‖d_i‖_H = ε|ĝ_i|, and at most that where it is clipped", () =>
  check((quadratic) => {
    const exact = { eps: 0, every: 1 }, step = normalized.gradientNormNormalized;
    const always = stepOf(quadratic, step({ ...exact, learningRate: EPSILON }));
    close(lengthsOf(always), always.g.map((x) => EPSILON * Math.abs(x)));
    const clip = (alpha: number) =>
      stepOf(quadratic, step({ ...exact, learningRate: alpha, clip: EPSILON / alpha }));
    const some = clip(ALPHA);
    close(
      lengthsOf(some),
      some.g.map((x, i) => Math.abs(x) * Math.min(ALPHA / Math.sqrt(some.lambda[i]!), EPSILON)),
    );
    close(clip(1e6).d, always.d);
  }));

Deno.test("eigenbasisNormalized() has ‖d_i‖_H = ε, and at most that where it is clipped", () =>
  check((quadratic) => {
    const step = normalized.eigenbasisNormalized;
    const always = stepOf(
      quadratic,
      step({ structure: "full", every: 1, eps: 0, learningRate: EPSILON }),
    );
    const moves = always.g.map((x) => Math.abs(x) > 1e-9);
    close(
      lengthsOf(always).filter((_, i) => moves[i]),
      moves.filter((moved) => moved).map(() => EPSILON),
    );
    close(
      always.d.map((x, i) => moves[i] ? Math.sign(x) : 0),
      always.g.map((x, i) => moves[i] ? Math.sign(x) : 0),
    );
    const clip = (alpha: number) =>
      stepOf(
        quadratic,
        step({ structure: "full", every: 1, eps: 0, learningRate: alpha, clip: EPSILON / alpha }),
      );
    const some = clip(ALPHA);
    close(
      lengthsOf(some),
      some.g.map((x, i) => Math.min(ALPHA * Math.abs(x) / Math.sqrt(some.lambda[i]!), EPSILON)),
    );
  }));

Deno.test("newton() takes the steps of Gauss–Newton on softmax regression, whose Hessian is singular", () => {
  const start = Array.from({ length: 15 }, (_, i) => Math.sin(i));
  const [first, second] = [newton, gaussNewtonDescent].map((build) => {
    const program = lower(regression as AnyObjective, build({ every: 1, eps: 0, learningRate: 1 }));
    if (E.isLeft(program)) throw program.left;
    const shapes = new Map(program.right.slots.map((slot) => [slot.name, slot]));
    const values = new Map(initialValues(program.right, start));
    for (const [name, data] of Object.entries(regressionData)) {
      const { shape, dtype } = shapes.get(`batch/${name}`)!;
      values.set(`batch/${name}`, tensor(data, shape, dtype, "f64"));
    }
    const { values: after, records } = stepRunner(program.right, "f64")(values, 0);
    // Waves of two frequencies span four features, and what is added to all classes does nothing: of 15 directions 8
    // have curvature, and no step is taken along the others.
    const dropped = [...records].find(([name]) => name.endsWith("dropped"))?.[1];
    assertEquals(dropped, 7);
    return [...after.get("theta")!.data];
  });
  assert(first!.some((x, i) => Math.abs(x - start[i]!) > 0.1));
  first!.forEach((x, i) => assertLess(Math.abs(x - second![i]!), 1e-9));
});
