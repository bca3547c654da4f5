/** The rows of Table 1 with the whole matrix, on problem A of the notes: six parameters, a fixed H. */
import { assertAlmostEquals, assertEquals, assertMatch } from "../_assert.ts";
import * as E from "fp-ts/lib/Either.js";
import { lower } from "../../src/lowering/lower.ts";
import { objective } from "../../src/objective/objective.ts";
import { hessian } from "../../src/optimizer/calculating.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { curvature } from "../../src/optimizer/curvature.ts";
import * as lengths from "../../src/optimizer/length.ts";
import { full } from "../../src/optimizer/structure.ts";
import { scale } from "../../src/optimizer/transforms.ts";
import { initialValues, stepRunner } from "../../src/reference/step.ts";
import { zeros } from "../../src/nn/initial.ts";
import { add, constant, matmul, mul, reshape, sum } from "../../src/tensor/ops.ts";

const N = 6;
const each = <T>(f: (i: number) => T): T[] => Array.from({ length: N }, (_, i) => f(i));
const M = each((i) => each((j) => Math.sin(0.37 * (6 * i + j + 1) ** 2)));
const H = each((i) =>
  each((j) => M.reduce((s, row) => s + row[i]! * row[j]!, 0) + (i === j ? 0.05 : 0))
);
const G = each((i) => Math.cos(2 * i + 0.5));

/** gᵀθ + ½θᵀHθ at θ = 0. */
const quadratic = objective({
  parameters: { x: zeros([N]) },
  loss: ({ x }) => {
    const column = reshape(x, [N, 1]);
    const hx = matmul(constant(H.flat(), [N, N]), column);
    return add(sum(mul(constant(G), x)), mul(0.5, sum(mul(column, hx))));
  },
});

const times = (d: readonly number[]) => H.map((row) => row.reduce((s, h, j) => s + h * d[j]!, 0));
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((s, x, i) => s + x * b[i]!, 0);

/** The step d, with f(θ) − f(θ + d) and ‖d‖²_H. */
function stepOf(length: lengths.Length, rate: number) {
  const stage = curvature({ calculating: hessian(), structure: full(), length });
  const program = lower(quadratic, chain(stage, scale(rate)));
  if (E.isLeft(program)) throw program.left;
  const values = initialValues(program.right, each(() => 0));
  const d = [...stepRunner(program.right, "f64")(values, 0).values.get("theta")!.data];
  return { decrease: -(dot(G, d) + 0.5 * dot(d, times(d))), squared: dot(d, times(d)) };
}

const ALPHA = 0.7, EPSILON = 0.3, C = EPSILON / ALPHA;

/** Length, rate, decrease and ‖d‖²_H as the notes print them. */
const ROWS: readonly (readonly [string, lengths.Length, number, number, number])[] = [
  ["Newton", lengths.none(), 1, 1.923726, 3.847452],
  ["damped Newton", lengths.none(), ALPHA, 1.750591, 1.885252],
  ["normalized", lengths.normalized(), EPSILON, 0.543448, 0.09],
  ["gradient-norm", lengths.gradientNorm(), EPSILON, 0.714671, 0.269882],
  ["eigenbasis", lengths.eigenbasis(), EPSILON, 0.877892, 0.54],
  ["clipped", lengths.clipped(C), ALPHA, 0.543448, 0.09],
  ["gradient-norm clipped", lengths.gradientNormClipped(C), ALPHA, 0.713823, 0.265525],
  ["eigenbasis clipped", lengths.eigenbasisClipped(C), ALPHA, 0.890399, 0.360591],
];

for (const [name, length, rate, decrease, squared] of ROWS) {
  Deno.test(`full() gives the ${name} row of Table 1 its decrease and its length`, () => {
    const found = stepOf(length, rate);
    assertAlmostEquals(found.decrease, decrease, 1e-6);
    assertAlmostEquals(found.squared, squared, 1e-6);
  });
}

Deno.test("full() refuses more parameters than it can store, with their number", () => {
  const large = objective({ parameters: { x: zeros([5000]) }, loss: ({ x }) => sum(mul(x, x)) });
  const program = lower(large, curvature({ calculating: hessian(), structure: full() }));
  assertEquals(E.isLeft(program), true);
  if (E.isRight(program)) return;
  assertEquals(program.left.kind, "limit");
  assertMatch(program.left.message, /at most 4096, found full\(\) over 5000 parameters/);
});
