/** Shampoo's step with the length of another, and steps by the shape of a tensor, written out in double precision. */
import { assertLess } from "../_assert.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { zeros } from "../../src/nn/initial.ts";
import { objective } from "../../src/objective/objective.ts";
import { shampoo, type ShampooOptions } from "../../src/optimizer/catalogue/shampoo.ts";
import { scaleByShape } from "../../src/optimizer/parameter_norms.ts";
import { sizeOf } from "../../src/tensor/node.ts";
import { add, constant, mul, sum } from "../../src/tensor/ops.ts";
import { follow } from "./_follow.ts";
import { eye, type Matrix, plus, power, range, times, transposed } from "./_matrices.ts";

const SHAPES = { a: [6, 2], b: [2, 6], c: [4], d: [2, 3, 2], e: [] } as const;
const SIZES = Object.values(SHAPES).map((shape) => sizeOf(shape));
const TOTAL = SIZES.reduce((s, n) => s + n);
const SLOPE = range(TOTAL).map((i) => Math.cos(i * i + 1));
const BEND = range(TOTAL).map((i) => 0.3 + Math.sin(i) ** 2);

/** The flat vector's part of each tensor. */
function parts(flat: readonly number[]): number[][] {
  return SIZES.map((n, i) => {
    const from = SIZES.slice(0, i).reduce((s, k) => s + k, 0);
    return flat.slice(from, from + n);
  });
}

/** A gradient of SLOPE + BEND·θ. */
const bowl = objective({
  parameters: {
    a: zeros([6, 2]),
    b: zeros([2, 6]),
    c: zeros([4]),
    d: zeros([2, 3, 2]),
    e: zeros([]),
  },
  loss: (all) =>
    Object.values(all).map((x, i) => {
      const of = (numbers: readonly number[]) => constant(parts(numbers)[i]!, x.shape);
      return add(sum(mul(of(SLOPE), x)), mul(0.5, sum(mul(of(BEND), mul(x, x)))));
    }).reduce((a, b) => add(a, b)),
}) as unknown as AnyObjective;

function apart(found: readonly number[], expected: readonly number[]): number {
  const size = Math.max(...expected.map(Math.abs));
  return Math.max(...found.map((x, i) => Math.abs(x - expected[i]!))) / size;
}

/** c of tensors in the order of SHAPES. */
const FACTORS = {
  tall: [3, 1, 4, 1, 1],
  aspect: [3, 1 / 3, 4, 1 / 3, 1],
  longest: [6, 6, 4, 6, 1],
} as const;

for (const factor of ["tall", "aspect", "longest"] as const) {
  Deno.test(`scaleByShape() multiplies by √c of every tensor: ${factor}`, () => {
    const { thetas } = follow(bowl, scaleByShape(factor), SLOPE.map(() => 0), 1);
    const expected = parts(SLOPE).flatMap((g, i) =>
      g.map((x) => -Math.sqrt(FACTORS[factor][i]!) * x)
    );
    assertLess(apart(thetas[1]!, expected), 1e-14);
  });
}

/** A tensor as the matrix with an axis as its rows, and back. */
function unfold(x: readonly number[], shape: readonly number[], axis: number): Matrix {
  const stride = sizeOf(shape.slice(axis + 1)), n = shape[axis]!;
  const rest = range(x.length / n);
  return range(n).map((i) =>
    rest.map((k) => x[(Math.floor(k / stride) * n + i) * stride + k % stride]!)
  );
}
function fold(matrix: Matrix, shape: readonly number[], axis: number): number[] {
  const stride = sizeOf(shape.slice(axis + 1)), n = shape[axis]!;
  return range(sizeOf(shape)).map((at) => {
    const i = Math.floor(at / stride) % n;
    return matrix[i]![Math.floor(at / stride / n) * stride + at % stride]!;
  });
}

const MU = 0.9, RATE = 0.05, EPSILON = 0.1, EVERY = 2, STEPS = 5;

/** What a length is borrowed from, after each gradient of one tensor in turn. */
type Magnitude = () => (g: readonly number[]) => readonly number[];

const MAGNITUDES: {
  readonly [G in Exclude<NonNullable<ShampooOptions["graft"]>, "none">]: Magnitude;
} = {
  gradient: () => (g) => g,
  adagrad: () => {
    const squares: number[] = [];
    return (g) => g.map((x, i) => x / (Math.sqrt(squares[i] = (squares[i] ?? 0) + x * x) + 1e-10));
  },
  adam: () => {
    const m: number[] = [], v: number[] = [];
    let t = 0;
    return (g) => {
      t++;
      return g.map((x, i) => {
        m[i] = 0.9 * (m[i] ?? 0) + 0.1 * x;
        v[i] = 0.999 * (v[i] ?? 0) + 0.001 * x * x;
        return m[i] / (1 - 0.9 ** t) / (Math.sqrt(v[i] / (1 - 0.999 ** t)) + 1e-8);
      });
    };
  },
};

/** The path of one tensor. */
function shampooPath(
  shape: readonly number[],
  slope: readonly number[],
  bend: readonly number[],
  magnitude: Magnitude | undefined,
): number[] {
  const axes = shape.length === 0 ? [1] : shape;
  const lengthOf = magnitude?.();
  let factors = axes.map((n) => eye(n, EPSILON)), roots: Matrix[] = [];
  let x = slope.map(() => 0), velocity = x;
  for (let t = 0; t < STEPS; t++) {
    const g = slope.map((s, i) => s + bend[i]! * x[i]!);
    factors = factors.map((l, axis) => {
      const rows = unfold(g, axes, axis);
      return plus(l, times(rows, transposed(rows)));
    });
    if (t % EVERY === 0) roots = factors.map((l) => power(l, -1 / (2 * axes.length)));
    const d = roots.reduce<number[]>(
      (u, root, axis) => fold(times(root, unfold(u, axes, axis)), axes, axis),
      g,
    );
    const wanted = lengthOf?.(g) ?? d;
    const by = Math.hypot(...wanted) / Math.hypot(...d);
    velocity = velocity.map((v, i) => MU * v + by * d[i]!);
    x = x.map((xi, i) => xi - RATE * velocity[i]!);
  }
  return x;
}

for (const graft of ["none", "gradient", "adagrad", "adam"] as const) {
  Deno.test(`shampoo() is its direction with the length of another, tensor by tensor: ${graft}`, () => {
    const options = { learningRate: RATE, momentum: MU, initial: EPSILON, every: EVERY };
    const { thetas } = follow(bowl, shampoo({ ...options, graft }), SLOPE.map(() => 0), STEPS);
    const slopes = parts(SLOPE), bends = parts(BEND), found = parts(thetas[STEPS]!);
    for (const [i, [name, shape]] of Object.entries(SHAPES).entries()) {
      const borrowed = graft === "none" ? undefined : MAGNITUDES[graft];
      const expected = shampooPath(shape, slopes[i]!, bends[i]!, borrowed);
      assertLess(apart(found[i]!, expected), 1e-9, name);
    }
  });
}
