/**
 * Layers with parameters: each is one contraction and the addition of a bias.
 *
 * @module
 */
import { failure } from "../errors.ts";
import { refuse, unknownOptions } from "../errors/options.ts";
import { show as showValue } from "../errors/words.ts";
import { checkTensors, show } from "../tensor/check.ts";
import type { Affine, Node } from "../tensor/node.ts";
import { add, broadcast, contraction, reshape } from "../tensor/ops.ts";

/** One number for both axes of an image, or one for each: [height, width]. */
export type Pair = number | readonly [number, number];

/** Both numbers of a {@link Pair}, checked to be integers of at least `least`. */
export function pairOf(value: Pair, least: number, path: string): readonly [number, number] {
  const pair = typeof value === "number" ? [value, value] as const : value;
  const fits = Array.isArray(pair) && pair.length === 2 &&
    pair.every((v) => Number.isInteger(v) && v >= least);
  if (!fits) {
    const found = Array.isArray(value) ? show(value) : showValue(value);
    throw failure("description", path, found, `one or two integers of at least ${least}`);
  }
  return pair;
}

/** How {@link conv2d} moves over the image. */
export interface ConvolutionOptions {
  /**
   * One number per output channel: [O].
   *
   * @default none
   */
  readonly bias?: Node;
  /**
   * Distance of neighbouring windows in pixels, ≥ 1.
   *
   * @default 1
   */
  readonly stride?: Pair;
  /**
   * Rows and columns of zeros on each side, ≥ 0.
   *
   * @default 0
   */
  readonly padding?: Pair;
  /**
   * Distance of neighbouring taps of a window in pixels, ≥ 1.
   *
   * @default 1
   */
  readonly dilation?: Pair;
  /**
   * Output channel o sees the input channels of its group only; a divisor of C and O.
   *
   * @default 1
   */
  readonly groups?: number;
}

const CONVOLUTION: readonly (keyof ConvolutionOptions)[] = [
  "bias",
  "stride",
  "padding",
  "dilation",
  "groups",
];

/** Affine forms over `rank` domain axes: `form([axis, factor], …)` or `form(constant, …)`. */
export function forms(
  rank: number,
): (constant: number, ...terms: readonly (readonly [number, number])[]) => Affine {
  return (constant, ...terms) => {
    const factors = new Array<number>(rank).fill(0);
    for (const [axis, factor] of terms) factors[axis] = factor;
    return { constant, factors };
  };
}

/** How many windows of `size` fit: ⌊(extent + 2·padding − dilation·(size − 1) − 1) / stride⌋ + 1. */
export function windowCount(
  extent: number,
  size: number,
  stride: number,
  padding: number,
  dilation: number,
  path: string,
): number {
  const room = extent + 2 * padding - dilation * (size - 1) - 1;
  if (room < 0) {
    throw failure(
      "shape",
      path,
      `a window of ${dilation * (size - 1) + 1} on ${extent} with padding ${padding}`,
      "a window inside the padded image",
    );
  }
  return Math.floor(room / stride) + 1;
}

/**
 * Cross-correlation of images, as deep learning's "convolution":
 * y[n, o, i, j] = bias[o] + Σ x[n, c, s·i − p + d·a, s·j − p + d·b] · w[o, c, a, b].
 * Taps outside the image contribute nothing.
 *
 * @param x images [N, C, H, W]
 * @param w weights [O, C / groups, kh, kw]
 * @returns [N, O, OH, OW]
 * @throws SteepestError `shape` where extents do not fit
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { conv2d, input } from "@steepest/steepest";
 *
 * const images = input("x", [8, 3, 28, 28]), weights = input("w", [16, 3, 5, 5]);
 * assert.deepEqual(conv2d(images, weights, { padding: 2, stride: 2 }).shape, [8, 16, 14, 14]);
 * ```
 */
export function conv2d(x: Node, w: Node, options: ConvolutionOptions = {}): Node {
  checkTensors("conv2d", x, w);
  refuse(unknownOptions("conv2d", options, CONVOLUTION));
  const { bias, stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  const [s, p, d] = [
    pairOf(stride, 1, "conv2d/stride"),
    pairOf(padding, 0, "conv2d/padding"),
    pairOf(dilation, 1, "conv2d/dilation"),
  ];
  const [n, c, h, wide] = x.shape;
  const [o, perGroup, kh, kw] = w.shape;
  const fits = x.shape.length === 4 && w.shape.length === 4 && Number.isInteger(groups) &&
    groups >= 1 && perGroup! * groups === c && o! % groups === 0;
  if (!fits) {
    throw failure(
      "shape",
      "conv2d",
      `x ${show(x.shape)}, w ${show(w.shape)}, ${showValue(groups)} groups`,
      "x [N, C, H, W], w [O, C / groups, kh, kw], groups that divide C and O",
    );
  }
  const oh = windowCount(h!, kh!, s[0], p[0], d[0], "conv2d/height");
  const ow = windowCount(wide!, kw!, s[1], p[1], d[1], "conv2d/width");
  const each = o! / groups;
  // Without groups there is no group axis: a domain axis of extent 1 would only hide the shape.
  const grouped = groups > 1;
  const domain = [n!, each, oh, ow, perGroup!, kh!, kw!, ...(grouped ? [groups] : [])];
  const form = forms(domain.length);
  const group = (size: number): (readonly [number, number])[] => grouped ? [[7, size]] : [];
  const channel = form(0, [1, 1], ...group(each));
  const y = contraction(
    domain,
    [x, w],
    [
      [
        form(0, [0, 1]),
        form(0, [4, 1], ...group(perGroup!)),
        form(0 - p[0], [2, s[0]], [5, d[0]]),
        form(0 - p[1], [3, s[1]], [6, d[1]]),
      ],
      [channel, form(0, [4, 1]), form(0, [5, 1]), form(0, [6, 1])],
    ],
    [form(0, [0, 1]), channel, form(0, [2, 1]), form(0, [3, 1])],
    [n!, o!, oh, ow],
  );
  return bias === undefined ? y : addBias(y, bias, "conv2d");
}

function addBias(y: Node, bias: Node, path: string): Node {
  checkTensors(`${path}/bias`, bias);
  if (bias.shape.length !== 1 || bias.shape[0] !== y.shape[1]) {
    throw failure("shape", `${path}/bias`, show(bias.shape), `[${y.shape[1]}]`);
  }
  return add(y, broadcast(bias, y.shape, [1]));
}

/**
 * A dense layer: y = x·wᵀ + b.
 *
 * @param x rows [N, in]
 * @param w weights [out, in]
 * @param b bias [out]; none if not given
 * @returns [N, out]
 * @throws SteepestError `shape` where extents do not fit
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { dense, minimize, objective, sgd, sum } from "@steepest/steepest";
 *
 * const f = objective({ parameters: { w: [[1, 2]], b: [3] }, loss: ({ w, b }) => sum(dense(w, w, b)) });
 * const run = await minimize(f, sgd(), { steps: 0, backend: "reference", precision: "f64" });
 * assert.equal(run.losses[0], 1 + 4 + 3);
 * ```
 */
export function dense(x: Node, w: Node, b?: Node): Node {
  checkTensors("dense", x, w);
  const [n, into] = x.shape, [out, into2] = w.shape;
  if (x.shape.length !== 2 || w.shape.length !== 2 || into !== into2) {
    throw failure(
      "shape",
      "dense",
      `x ${show(x.shape)}, w ${show(w.shape)}`,
      "x [N, in], w [out, in]",
    );
  }
  const form = forms(3);
  const [row, unit, feature] = [form(0, [0, 1]), form(0, [1, 1]), form(0, [2, 1])];
  const y = contraction([n!, out!, into!], [x, w], [[row, feature], [unit, feature]], [row, unit], [
    n!,
    out!,
  ]);
  return b === undefined ? y : addBias(y, b, "dense");
}

/**
 * All axes after the first as one: [N, …] → [N, size]. A vector [N] becomes [N, 1].
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { flatten, input } from "@steepest/steepest";
 *
 * assert.deepEqual(flatten(input("x", [8, 3, 4])).shape, [8, 12]);
 * ```
 */
export function flatten(x: Node): Node {
  checkTensors("flatten", x);
  const [n, ...rest] = x.shape;
  if (n === undefined) throw failure("shape", "flatten", "a scalar", "a tensor with a batch axis");
  return reshape(x, [n, rest.reduce((a, b) => a * b, 1)]);
}
