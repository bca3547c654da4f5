/** The two-loop recursion by products of pairs, judged by the plain one in double precision. */
import { assertEquals, assertLess } from "../_assert.ts";
import { run, targets } from "../compiler/_run_plan.ts";
import { batched } from "../../src/linalg/batched.ts";
import { twoLoop } from "../../src/linalg/secant.ts";
import { type Precision, type Tensor, tensor } from "../../src/reference/tensor.ts";
import type { Node } from "../../src/tensor/node.ts";
import { input } from "../../src/tensor/ops.ts";
import { evaluate } from "../../src/reference/evaluate.ts";
import { graded, numbers } from "./_matrices.ts";

type Vector = readonly number[];

const dot = (a: Vector, b: Vector): number => a.reduce((s, x, i) => s + x * b[i]!, 0);
const plus = (a: Vector, by: number, b: Vector): Vector => a.map((x, i) => x + by * b[i]!);

interface Pair {
  readonly s: Vector;
  readonly y: Vector;
}

/** Algorithm 7.4 of Nocedal and Wright, the oldest pair first in the list. */
function plain(pairs: readonly Pair[], scale: number, u: Vector): Vector {
  const alphas = new Map<Pair, number>();
  let q = u;
  for (const pair of pairs.toReversed()) {
    const alpha = dot(pair.s, q) / dot(pair.s, pair.y);
    alphas.set(pair, alpha);
    q = plus(q, -alpha, pair.y);
  }
  let r: Vector = q.map((x) => scale * x);
  for (const pair of pairs) {
    const beta = dot(pair.y, r) / dot(pair.s, pair.y);
    r = plus(r, alphas.get(pair)! - beta, pair.s);
  }
  return r;
}

/** Pairs in places, some of them without one, and what the recursion is asked. */
interface Case {
  readonly n: number;
  /** The pair in each place. */
  readonly places: readonly (Pair | undefined)[];
  readonly newest: number;
  readonly scale: number;
  readonly u: Vector;
}

const single = (x: Vector): Vector => x.map(Math.fround);

/** What the steps have of each eigenvector of value λ, besides noise. */
type Along = (lambda: number) => number;

/**
 * `count` pairs of matrices of about this condition, one for each, so that sᵢᵀyⱼ is not sⱼᵀyᵢ, in m places; the newest
 * is in place `newest`.
 */
function random(
  [n, m, count, newest]: readonly [number, number, number, number],
  condition: number,
  seed: number,
  along: Along = () => 1,
): Case {
  const next = numbers(seed), lambdas = graded(n, condition);
  const pairs = Array.from({ length: count }, (): Pair => {
    const s = lambdas.map((l) => along(l) * next()), most = Math.max(...s.map(Math.abs));
    const unit = single(s.map((x) => x / most));
    return { s: unit, y: single(unit.map((x, i) => (1 + next()) * lambdas[i]! * x)) };
  });
  const places = Array.from({ length: m }, (_, p) => pairs[count - 1 - (newest + m - p) % m]);
  const last = pairs.at(-1);
  const scale = last === undefined ? 0.5 : dot(last.s, last.y) / dot(last.y, last.y);
  return {
    n,
    places,
    newest,
    scale: Math.fround(scale),
    u: single(Array.from({ length: n }, next)),
  };
}

/** What the plain recursion gives; pairs without positive curvature are none. */
function wantedOf({ places, newest, scale, u }: Case): Vector {
  const byAge = places.map((_, age) => places[(newest + places.length - age) % places.length]);
  const pairs = byAge.toReversed().flatMap((pair) =>
    pair !== undefined && dot(pair.s, pair.y) > 0 ? [pair] : []
  );
  return plain(pairs, scale, u);
}

/** The tensors of cases, which differ in values alone, stacked where there are several. */
function tensorsOf(cases: readonly Case[], precision: Precision = "f32"): Map<string, Tensor> {
  const [{ n, places: { length: m } }] = cases as readonly [Case];
  const stack = (dtype: "f32" | "u32", shape: readonly number[], of: (it: Case) => Vector) =>
    tensor(
      cases.flatMap(of),
      [...cases.length > 1 ? [cases.length] : [], ...shape],
      dtype,
      precision,
    );
  const vectors = ({ places }: Case): Vector =>
    Array.from(
      { length: n },
      (_, k) =>
        (["s", "y"] as const).flatMap((which) => places.map((pair) => pair?.[which][k] ?? 0)),
    ).flat();
  return new Map([
    ["vectors@0", stack("f32", [n, 2 * m], vectors)],
    ["newest@0", stack("u32", [], ({ newest }) => [newest])],
    ["scale@0", stack("f32", [], ({ scale }) => [scale])],
    ["u@0", stack("f32", [n], ({ u }) => u)],
  ]);
}

function graphOf(n: number, m: number, copies = 1) {
  const of = (name: string, shape: readonly number[], dtype: "f32" | "u32" = "f32") =>
    input(name, [...copies > 1 ? [copies] : [], ...shape], dtype);
  const inputs = [
    of("vectors", [n, 2 * m]),
    of("newest", [], "u32"),
    of("scale", []),
    of("u", [n]),
  ] as const;
  const product = (vectors: Node, newest: Node, scale: Node, u: Node) =>
    twoLoop({ vectors, newest }, () => scale, u);
  return copies > 1
    ? batched((vectors, newest, scale, u) => [product(vectors!, newest!, scale!, u!)], inputs)[0]!
    : product(...inputs);
}

const apart = (found: Vector, wanted: Vector): number => {
  const rest = plus(found, -1, wanted);
  return Math.sqrt(dot(rest, rest) / dot(wanted, wanted));
};

function found(it: Case, precision: Precision): Vector {
  const graph = graphOf(it.n, it.places.length);
  return [...evaluate([graph], tensorsOf([it], precision), { precision })[0]!.data];
}

/** n, m, how many pairs there are, and the place of the newest. */
const HISTORIES: readonly (readonly [number, number, number, number])[] = [
  [7, 1, 1, 0],
  [7, 4, 0, 3],
  [7, 4, 1, 0],
  [20, 5, 3, 2],
  [20, 5, 5, 0],
  [20, 5, 5, 3],
  [31, 12, 12, 7],
  [31, 12, 9, 11],
  [9, 20, 20, 4],
];

Deno.test("twoLoop() is the plain recursion for histories of every length, age and filling", () => {
  for (const [i, history] of HISTORIES.entries()) {
    for (const condition of [10, 1e6]) {
      const it = random(history, condition, i + 1);
      assertLess(apart(found(it, "f64"), wantedOf(it)), 1e-12, `${history} at ${condition}`);
    }
  }
});

Deno.test("twoLoop() leaves out a pair without curvature, wherever it is", () => {
  const it = random([20, 5, 5, 3], 100, 3);
  for (const bent of it.places.keys()) {
    const places = it.places.map((pair, p) =>
      pair !== undefined && p === bent ? { s: pair.s, y: pair.y.map((x) => -x) } : pair
    );
    const other = { ...it, places };
    assertLess(apart(found(other, "f64"), wantedOf(other)), 1e-12);
  }
});

/** Steps that are as long along all eigenvectors, in H, or such that each product cancels. */
const ALONGS: readonly Along[] = [() => 1, (l) => 1 / Math.sqrt(l), (l) => 1 / l];

Deno.test("twoLoop() keeps single precision at a condition of 1e6", () => {
  for (const [i, along] of ALONGS.entries()) {
    for (const history of [[30, 10, 10, 4], [300, 10, 10, 0], [300, 20, 15, 14]] as const) {
      const it = random(history, 1e6, i + 11, along);
      assertLess(apart(found(it, "f32"), wantedOf(it)), 4e-6, `${history}, ${i}`);
    }
  }
});

for (const target of targets) {
  Deno.test(`twoLoop() of one and of copies on ${target}`, async () => {
    const one = random([300, 10, 10, 4], 1e6, 21);
    const [alone] = await run([graphOf(300, 10)], tensorsOf([one]), target);
    assertLess(apart([...alone!], wantedOf(one)), 4e-6);
    const cases = [random([50, 4, 4, 1], 100, 22), random([50, 4, 2, 3], 1e4, 23)];
    const [all] = await run([graphOf(50, 4, cases.length)], tensorsOf(cases), target);
    assertEquals(all!.length, 100);
    cases.forEach((it, i) =>
      assertLess(apart([...all!.slice(50 * i, 50 * (i + 1))], wantedOf(it)), 4e-6)
    );
  });
}
