/** Small networks with their layers found, and the same layers as loops over numbers. */
import { type AnyObjective, type Problem, problemOf } from "../../src/lowering/problem.ts";
import { batchSlotsOf } from "../../src/lowering/lower.ts";
import { arenaOf } from "../../src/lowering/arena.ts";
import { conv2d, dense, flatten } from "../../src/nn/layers.ts";
import { tanh } from "../../src/nn/activations.ts";
import { zeros } from "../../src/nn/initial.ts";
import { categorical } from "../../src/objective/likelihood.ts";
import { objective } from "../../src/objective/objective.ts";
import { evaluate } from "../../src/reference/evaluate.ts";
import { tensor } from "../../src/reference/tensor.ts";
import type { Node } from "../../src/tensor/node.ts";

export type Matrix = readonly (readonly number[])[];

export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Numbers between −1 and 1 that repeat no pattern. */
export function numbers(n: number, seed: number): number[] {
  return range(n).map((i) => Math.sin((i + 1) * (i + 3.7) * 0.61 + seed));
}

/** How the convolution of {@link cnn} moves. */
export const WINDOW = { stride: [2, 1], padding: [1, 0], dilation: [1, 2] } as const;
export const EXAMPLES = 4;
const IMAGE = [2, 5, 6] as const, KERNEL = [3, 2, 2, 3] as const, CLASSES = 4;
/** Places of the convolution's windows. */
export const PLACES = [3, 2] as const;
const HIDDEN = KERNEL[0] * PLACES[0] * PLACES[1];

/** A convolution and a dense layer, both with a bias. */
export const cnn = objective({
  parameters: {
    dense: { bias: zeros([CLASSES]), weight: zeros([CLASSES, HIDDEN]) },
    conv: { weight: zeros([...KERNEL]), bias: zeros([KERNEL[0]]) },
  },
  batch: { x: [EXAMPLES, ...IMAGE], y: [EXAMPLES] },
  outputs: ({ conv, dense: top }, { x }) => {
    const s = conv2d(x, conv.weight, { bias: conv.bias, ...WINDOW });
    return dense(flatten(tanh(s)), top.weight, top.bias);
  },
  likelihood: categorical("y"),
});

/** A network at one point and batch. */
export interface At {
  readonly problem: Problem;
  readonly theta: readonly number[];
  readonly x: readonly number[];
  /** The elements of a parameter. */
  readonly parameter: (path: string) => number[];
  /** Values of nodes. */
  readonly values: (nodes: readonly Node[]) => readonly (readonly number[])[];
}

/** Where a network is evaluated. */
export interface AtOptions {
  readonly seed?: number;
  readonly step?: number;
  readonly theta?: readonly number[];
}

/** A network at numbers that mean nothing. */
export function at(
  network: AnyObjective,
  labels: readonly number[],
  { seed = 3, step = 2, theta: given }: AtOptions = {},
): At {
  const arena = arenaOf(network.leaves, () => "");
  const batch = batchSlotsOf(network);
  const problem = problemOf(network, arena, batch.node);
  const theta = given ?? numbers(arena.size, 1);
  const slot = (name: string) => batch.slots.find((s) => s.name === `batch/${name}`)!;
  const { shape, dtype } = slot("x");
  const x = numbers(shape.reduce((a, b) => a * b, 1), 5).map((v, i) => dtype === "u32" ? i % 3 : v);
  const inputs = new Map([
    ["theta@0", tensor(theta, [arena.size])],
    ["step@0", tensor([step], [], "u32")],
    ["seed@0", tensor([seed], [], "u32")],
    ["batch/x@0", tensor(x, shape, dtype)],
    ["batch/y@0", tensor(labels, slot("y").shape, slot("y").dtype)],
  ]);
  return {
    problem,
    theta,
    x,
    parameter: (path) => {
      const { offset, size } = arena.entries.find((e) => e.path === path)!;
      return theta.slice(offset, offset + size);
    },
    values: (nodes) => evaluate(nodes, inputs).map(({ data }) => [...data]),
  };
}

/** a aᵀ and g gᵀ, averaged, of one layer, and the mean of g aᵀ. */
export interface Factors {
  readonly a: Matrix;
  readonly g: Matrix;
  readonly gradient: Matrix;
}

/** Σ of the outer products of vectors, over `by`. */
export function outer(vectors: Matrix, by: number): Matrix {
  return vectors[0]!.map((_, i) =>
    vectors[0]!.map((_, j) => vectors.reduce((s, v) => s + v[i]! * v[j]!, 0) / by)
  );
}

function softmax(z: readonly number[]): number[] {
  const top = Math.max(...z), e = z.map((v) => Math.exp(v - top));
  const total = e.reduce((a, b) => a + b);
  return e.map((v) => v / total);
}

/** The factors of {@link cnn}, by the definitions: loops over examples, places, taps and units. */
export function naiveFactors(
  { x, parameter }: Pick<At, "x" | "parameter">,
  labelOf: (p: readonly number[], example: number) => number,
): { readonly conv: Factors; readonly dense: Factors } {
  const [channels, height, width] = IMAGE, [features, , kh, kw] = KERNEL;
  const w = parameter("conv/weight"), b = parameter("conv/bias");
  const v = parameter("dense/weight"), c = parameter("dense/bias");
  const patches: number[][] = [], dConv: number[][] = [], hidden: number[][] = [];
  const dDense: number[][] = [];
  for (let n = 0; n < EXAMPLES; n++) {
    const own: number[][] = [];
    for (let i = 0; i < PLACES[0]; i++) {
      for (let j = 0; j < PLACES[1]; j++) {
        const patch: number[] = [];
        for (let ch = 0; ch < channels; ch++) {
          for (let p = 0; p < kh; p++) {
            for (let q = 0; q < kw; q++) {
              const row = i * WINDOW.stride[0] + p * WINDOW.dilation[0] - WINDOW.padding[0];
              const col = j * WINDOW.stride[1] + q * WINDOW.dilation[1] - WINDOW.padding[1];
              const inside = row >= 0 && row < height && col >= 0 && col < width;
              patch.push(inside ? x[((n * channels + ch) * height + row) * width + col]! : 0);
            }
          }
        }
        own.push([...patch, 1]);
      }
    }
    const h = range(features).flatMap((o) =>
      own.map((patch) =>
        Math.tanh(
          patch.reduce((s, a, k) => s + a * [...w.slice(o * 12, o * 12 + 12), b[o]!][k]!, 0),
        )
      )
    );
    const p = softmax(
      range(CLASSES).map((o) => c[o]! + h.reduce((s, a, k) => s + a * v[o * HIDDEN + k]!, 0)),
    );
    const label = labelOf(p, n);
    const d = p.map((q, o) => q - (o === label ? 1 : 0));
    const dh = h.map((a, k) => (1 - a * a) * d.reduce((s, q, o) => s + q * v[o * HIDDEN + k]!, 0));
    own.forEach((patch, t) => {
      patches.push(patch);
      dConv.push(range(features).map((o) => dh[o * own.length + t]!));
    });
    hidden.push([...h, 1]);
    dDense.push(d);
  }
  const places = PLACES[0] * PLACES[1];
  const cross = (g: Matrix, a: Matrix): Matrix =>
    g[0]!.map((_, i) =>
      a[0]!.map((_, j) => g.reduce((s, row, r) => s + row[i]! * a[r]![j]!, 0) / EXAMPLES)
    );
  return {
    conv: {
      a: outer(patches, EXAMPLES),
      g: outer(dConv, EXAMPLES * places),
      gradient: cross(dConv, patches),
    },
    dense: {
      a: outer(hidden, EXAMPLES),
      g: outer(dDense, EXAMPLES),
      gradient: cross(dDense, hidden),
    },
  };
}
