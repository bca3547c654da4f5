/** Layers that are found in the graph, against loops over numbers. */
import { assertEquals, assertLess } from "../_assert.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import type { Layer } from "../../src/lowering/layers/find.ts";
import { conv2d, dense } from "../../src/nn/layers.ts";
import { tanh } from "../../src/nn/activations.ts";
import { zeros } from "../../src/nn/initial.ts";
import { mnistCnn } from "../../src/nn/models.ts";
import type { Tensors } from "../../src/nn/parameters.ts";
import { categorical } from "../../src/objective/likelihood.ts";
import { objective } from "../../src/objective/objective.ts";
import type { Node, Shape } from "../../src/tensor/node.ts";
import {
  add,
  cast,
  contraction,
  gather,
  matmul,
  mul,
  permute,
  reshape,
  sum,
  transpose,
} from "../../src/tensor/ops.ts";
import { subspace } from "../../src/lowering/arena.ts";
import { type At, at, cnn, naiveFactors, outer, PLACES, range } from "./_networks.ts";

const LABELS = [2, 0, 3, 2];

function found(network: AnyObjective): {
  readonly here: At;
  readonly layers: readonly Layer[];
  readonly unfit: readonly string[];
} {
  const here = at(network, LABELS);
  const { layers, unfit } = here.problem.layers!(here.problem.arena);
  return { here, layers, unfit: unfit.map(({ path, found }) => `${path} ${found}`) };
}

/** Σ of the outer products of the rows of a flat matrix, over `by`. */
function gram(flat: readonly number[], rows: number, by: number): number[] {
  const n = flat.length / rows;
  return outer(range(rows).map((r) => flat.slice(r * n, (r + 1) * n)), by).flat();
}

function apart(found: readonly number[], expected: readonly number[]): number {
  assertEquals(found.length, expected.length);
  return Math.max(...found.map((x, i) => Math.abs(x - expected[i]!)));
}

for (const labels of ["given", "sampled"] as const) {
  Deno.test(`layers have the factors of their papers under ${labels} labels`, () => {
    const { here, layers, unfit } = found(cnn as AnyObjective);
    assertEquals(unfit, []);
    assertEquals(layers.map(({ path, bias }) => [path, bias]), [
      ["dense/weight", "dense/bias"],
      ["conv/weight", "conv/bias"],
    ]);
    const levels = here.values([here.problem.random("optimizer/labels").uniform([4])])[0]!;
    const drawn = (p: readonly number[], n: number): number => {
      const upTo = range(p.length).map((k) => p.slice(0, k + 1).reduce((a, b) => a + b));
      return upTo.findIndex((total) => total > levels[n]!);
    };
    const naive = naiveFactors(here, labels === "given" ? (_, n) => LABELS[n]! : drawn);
    for (const { layer, a, g, products } of here.problem.layerRows!(labels, layers)!) {
      const [as, gs, all] = here.values([a, g, products]);
      const convolved = layer.path === "conv/weight";
      const places = convolved ? PLACES[0] * PLACES[1] : 1, rows = 4 * places;
      assertEquals([layer.positions, a.shape[0], g.shape[0]], [places, rows, rows]);
      const { a: wantedA, g: wantedG } = convolved ? naive.conv : naive.dense;
      assertLess(apart(gram(as!, rows, 4), wantedA.flat()), 1e-12);
      assertLess(apart(all!.map((x) => x / 4), wantedA.flat()), 1e-12);
      assertLess(apart(gram(gs!, rows, 4 * places), wantedG.flat()), 1e-12);
    }
  });
}

Deno.test("layers take a vector as matrices, and give it back as it was", () => {
  const { here, layers } = found(cnn as AnyObjective);
  const { theta, arena } = here.problem;
  for (const layer of layers) {
    const matrix = layer.take(theta);
    assertEquals(matrix.shape, [layer.units, layer.features]);
    const [rows, ...parts] = here.values([matrix, ...layer.give(matrix).map(([, part]) => part)]);
    const name = layer.path.split("/")[0]!;
    assertEquals(parts, [here.parameter(`${name}/weight`), here.parameter(`${name}/bias`)]);
    const inputs = layer.features - 1;
    assertEquals(
      range(layer.units).map((o) => rows!.slice(o * (inputs + 1), (o + 1) * (inputs + 1))),
      range(layer.units).map((o) => [
        ...here.parameter(`${name}/weight`).slice(o * inputs, (o + 1) * inputs),
        here.parameter(`${name}/bias`)[o]!,
      ]),
    );
  }
  assertEquals(layers.reduce((n, { units, features }) => n + units * features, 0), arena.size);
});

/** The mean over rows of g aᵀ is the gradient of the weight. */
function gradientsAgree({ here, layers }: ReturnType<typeof found>): void {
  const { problem: { gradient, layerRows } } = here;
  for (const { layer, a, g } of layerRows!("given", layers)!) {
    const [whole, product] = here.values([layer.take(gradient), matmul(transpose(g), a)]);
    assertLess(apart(product!.map((x) => x / 4), whole!), 1e-12);
  }
}

Deno.test("layers have Σ g aᵀ for the gradient of their weight and bias", () =>
  gradientsAgree(found(cnn as AnyObjective)));

type Sizes = Readonly<Record<string, Shape>>;

/** A classifier of four examples [4, 3] from parameters of some shapes. */
function network<S extends Sizes>(
  shapes: S,
  outputs: (
    parameters: Tensors<{ readonly [K in keyof S]: ReturnType<typeof zeros> }>,
    x: Node,
  ) => Node,
): AnyObjective {
  const parameters = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, zeros([...shape])]),
  ) as { readonly [K in keyof S]: ReturnType<typeof zeros> };
  const built = objective({
    parameters,
    batch: { x: [4, 3], y: [4] },
    outputs: (p, { x }) => outputs(p, x),
    likelihood: categorical("y"),
  });
  return built as unknown as AnyObjective;
}

Deno.test("layers are found through views: transposed, reshaped, with a row for a bias", () => {
  const viewed = network(
    { v: [6, 4], w: [2, 9], b: [1, 4] },
    ({ v, w, b }, x) => {
      const first = matmul(x, permute(reshape(w, [6, 3]), [1, 0]));
      return add(matmul(tanh(first), v), b);
    },
  );
  const all = found(viewed);
  assertEquals(all.unfit, []);
  assertEquals(all.layers.map(({ path, bias }) => [path, bias]), [["v", "b"], ["w", undefined]]);
  gradientsAgree(all);
  for (const layer of all.layers) {
    const { here } = all;
    const parts = here.values(layer.give(layer.take(here.problem.theta)).map(([, part]) => part));
    const paths = [layer.path, ...(layer.bias === undefined ? [] : [layer.bias])];
    assertEquals(parts, paths.map(here.parameter));
  }
});

Deno.test("layers with several rows an example count them as positions", () => {
  const sequence = network({ w: [2, 1], v: [6, 4] }, ({ w, v }, x) => {
    const steps = dense(reshape(x, [12, 1]), w);
    return matmul(reshape(tanh(steps), [4, 6]), v);
  });
  const { layers } = found(sequence);
  assertEquals(layers.map(({ path, positions }) => [path, positions]), [["v", 1], ["w", 3]]);
});

Deno.test("layers sum the products of what they meet, in windows of any kind", () => {
  const windows = [
    { stride: 2, padding: 1 },
    { stride: [1, 2], padding: [2, 0] },
    { dilation: 2, padding: [1, 2] },
    {},
  ] as const;
  for (const options of windows) {
    for (const biased of [true, false]) {
      const problem = network({ w: [4, 3, 2, 3], b: [4], m: [3, 60] }, ({ w, b, m }, x) => {
        const images = reshape(matmul(x, m), [4, 3, 4, 5]);
        const convolved = conv2d(images, w, { ...options, ...biased ? { bias: b } : {} });
        return sum(convolved, [2, 3]);
      });
      const { here, layers } = found(problem);
      for (const { a, products } of here.problem.layerRows!("given", layers)!) {
        const [rows, all] = here.values([a, products]);
        assertLess(0.1, apart(rows!, rows!.map(() => 0)));
        assertLess(apart(all!, gram(rows!, a.shape[0]!, 1)), 1e-12);
      }
    }
  }
});

Deno.test("layers leave a bias alone whose weight is not in the space", () => {
  const { here } = found(cnn as AnyObjective);
  const space = subspace(here.problem.arena, ({ path }) => path !== "dense/weight");
  const { layers, unfit } = here.problem.layers!(space);
  assertEquals(layers.map(({ path }) => path), ["conv/weight"]);
  assertEquals(unfit.map(({ path }) => path), ["dense/bias"]);
});

Deno.test("layers leave the weight alone whose bias is not in the space", () => {
  const { here } = found(cnn as AnyObjective);
  const space = subspace(here.problem.arena, ({ path }) => path !== "dense/bias");
  const { layers, unfit } = here.problem.layers!(space);
  assertEquals(layers.map(({ bias, features }) => [bias, features]), [
    [undefined, 18],
    ["conv/bias", 13],
  ]);
  assertEquals(unfit, []);
});

const UNFIT: readonly (readonly [string, AnyObjective, readonly string[]])[] = [
  [
    "a weight of two products",
    network({ w: [3, 3], v: [3, 4] }, ({ w, v }, x) => matmul(tanh(matmul(matmul(x, w), w)), v)),
    ["w has 2 uses"],
  ],
  [
    "a parameter that nothing reads",
    network({ w: [3, 4], none: [2] }, ({ w }, x) => matmul(x, w)),
    ["none has 0 uses"],
  ],
  [
    "a scale",
    network({ w: [3, 4], scale: [4] }, ({ w, scale }, x) => mul(matmul(x, w), scale)),
    ["scale is an input of broadcast"],
  ],
  [
    "a bias of what is read elsewhere",
    network({ w: [3, 4], b: [4] }, ({ w, b }, x) => {
      const s = matmul(x, w);
      return mul(s, add(s, b));
    }),
    ["b is an input of broadcast"],
  ],
  [
    "a bias along rows",
    network({ w: [3, 4], b: [4, 1] }, ({ w, b }, x) => add(matmul(x, w), b)),
    ["b is an input of broadcast"],
  ],
  [
    "a product of parameters",
    network({ w: [3, 2], v: [2, 4] }, ({ w, v }, x) => matmul(x, matmul(w, v))),
    ["v meets nothing of the examples", "w meets nothing of the examples"],
  ],
  [
    "an embedding",
    network({ w: [3, 4] }, ({ w }, x) => reshape(gather(w, cast(x, "u32")), [4, 12])),
    ["w is an input of gather"],
  ],
  [
    "a convolution in groups",
    network({ w: [3, 1, 1, 1] }, ({ w }, x) => {
      const images = reshape(x, [4, 3, 1, 1]);
      return reshape(conv2d(images, w, { groups: 3 }), [4, 3]);
    }),
    ["w meets its inputs in groups or windows"],
  ],
  [
    "a weight of which only a part is read",
    network({ w: [3, 4] }, ({ w }, x) => {
      const form = (constant: number, axis: number) => ({
        constant,
        factors: [0, 1, 2].map((j) => axis === j ? 1 : 0),
      });
      const [n, unit, feature] = [0, 1, 2].map((axis) => form(0, axis));
      return contraction([4, 4, 3], [x, w], [[n!, feature!], [form(1, 2), unit!]], [n!, unit!], [
        4,
        4,
      ]);
    }),
    ["w meets its inputs in groups or windows"],
  ],
  [
    "one weight a unit",
    network({ w: [3] }, ({ w }, x) => {
      const axis = (i: number) => ({ constant: 0, factors: [0, 1].map((j) => i === j ? 1 : 0) });
      const both = [axis(0), axis(1)];
      return contraction([4, 3], [x, w], [both, [axis(1)]], both, [4, 3]);
    }),
    ["w meets each of its inputs in one unit only"],
  ],
];

for (const [what, problem, expected] of UNFIT) {
  Deno.test(`layers have no place for ${what}`, () => assertEquals(found(problem).unfit, expected));
}

Deno.test("layers of the MNIST CNN are four, with dropout, pooling and windows on the way", () => {
  const model = mnistCnn();
  const built = objective({
    parameters: model.parameters,
    batch: { x: [4, 1, 28, 28], y: [4] },
    outputs: (p, { x }, mode) => model.outputs(p, x, mode),
    likelihood: categorical("y"),
  });
  const { layers, unfit } = found(built as AnyObjective);
  assertEquals(unfit, []);
  assertEquals(
    layers.map(({ path, units, features, positions }) => [path, units, features, positions]),
    [
      ["conv2/weight", 20, 251, 64],
      ["dense1/weight", 50, 321, 1],
      ["dense2/weight", 10, 51, 1],
      ["conv1/weight", 10, 26, 576],
    ],
  );
});
