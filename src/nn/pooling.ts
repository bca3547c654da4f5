/**
 * Pooling of images. Windows that do not overlap are a reshape and a reduction, which fuse with the
 * layer before; others are a contraction.
 *
 * @module
 */
import { failure } from "../errors.ts";
import { refuse, unknownOptions } from "../errors/options.ts";
import { checkTensors } from "../tensor/check.ts";
import type { Node } from "../tensor/node.ts";
import {
  add,
  binary,
  broadcast,
  compare,
  contraction,
  div,
  iota,
  mean,
  mul,
  reduce,
  reshape,
  select,
  slice,
} from "../tensor/ops.ts";
import { forms, type Pair, pairOf, windowCount } from "./layers.ts";

/** The windows of a pooling layer. */
export interface PoolingOptions {
  /** Height and width of a window in pixels, ≥ 1. */
  readonly size: Pair;
  /**
   * Distance of neighbouring windows in pixels, ≥ 1.
   *
   * @default `size`
   */
  readonly stride?: Pair;
  /**
   * Rows and columns outside the image on each side, ≥ 0.
   *
   * @default 0
   */
  readonly padding?: Pair;
}

/** The smallest finite f32: outside the image, so that no pixel loses to a position that is not one. */
const LOWEST = -3.4028234663852886e38;

interface Windows {
  readonly size: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  /** Windows along height and width. */
  readonly counts: readonly [number, number];
  readonly disjoint: boolean;
}

function windowsOf(op: string, x: Node, options: PoolingOptions): Windows {
  checkTensors(op, x);
  refuse(unknownOptions(op, options, ["size", "stride", "padding"]));
  if (x.shape.length !== 4) {
    throw failure("shape", op, `[${x.shape.join(", ")}]`, "images [N, C, H, W]");
  }
  const size = pairOf(options.size, 1, `${op}/size`);
  const { stride: step = size, padding: around = 0 } = options;
  const stride = pairOf(step, 1, `${op}/stride`);
  const padding = pairOf(around, 0, `${op}/padding`);
  if (padding.some((p, i) => p >= size[i]!)) {
    throw failure("shape", `${op}/padding`, `${padding}`, "less than the size of a window");
  }
  const count = (i: 0 | 1) =>
    windowCount(
      x.shape[2 + i]!,
      size[i],
      stride[i],
      padding[i],
      1,
      `${op}/${i ? "width" : "height"}`,
    );
  return {
    size,
    stride,
    padding,
    counts: [count(0), count(1)],
    disjoint: padding.every((p) => p === 0) && stride.every((s, i) => s === size[i]),
  };
}

/** [N, C, OH, kh, OW, kw]; rows and columns that fill no window are left out. */
function disjointWindows(x: Node, { size: [kh, kw], counts: [oh, ow] }: Windows): Node {
  const [n, c] = [x.shape[0]!, x.shape[1]!];
  const whole = slice(x, [0, 0, 0, 0], [n, c, oh * kh, ow * kw]);
  return reshape(whole, [n, c, oh, kh, ow, kw]);
}

/** Σ over the window, or the windows themselves [N, C, OH, OW, kh, kw], by one contraction. */
function windowed(x: Node, windows: Windows, summed: boolean): Node {
  const { size, stride, padding, counts } = windows;
  const domain = [x.shape[0]!, x.shape[1]!, ...counts, ...size];
  const form = forms(6);
  const axes = [0, 1, 2, 3, ...(summed ? [] : [4, 5])];
  return contraction(
    domain,
    [x],
    [[
      form(0, [0, 1]),
      form(0, [1, 1]),
      form(0 - padding[0], [2, stride[0]], [4, 1]),
      form(0 - padding[1], [3, stride[1]], [5, 1]),
    ]],
    axes.map((a) => form(0, [a, 1])),
    axes.map((a) => domain[a]!),
  );
}

/** Whether tap (o, k) along image axis `i` lies in the image, as bool [counts[i], size[i]]. */
function inside(x: Node, windows: Windows, i: 0 | 1): Node {
  const shape = [windows.counts[i], windows.size[i]];
  const padding = windows.padding[i];
  const position = add(mul(iota(shape, 0), windows.stride[i]), iota(shape, 1));
  return binary(
    "and",
    compare("ge", position, padding),
    compare("lt", position, padding + x.shape[2 + i]!),
  );
}

/**
 * The maximum of each window, the first in row-major order where there are several (the derivative
 * goes there alone). Positions of the padding never win.
 *
 * @param x images [N, C, H, W]
 * @returns [N, C, OH, OW], with OH = ⌊(H + 2·padding − size) / stride⌋ + 1
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { input, maxPool2d } from "@steepest/steepest";
 *
 * assert.deepEqual(maxPool2d(input("x", [8, 3, 28, 28]), { size: 2 }).shape, [8, 3, 14, 14]);
 * ```
 */
export function maxPool2d(x: Node, options: PoolingOptions): Node {
  const windows = windowsOf("maxPool2d", x, options);
  if (windows.disjoint) return reduce("max", disjointWindows(x, windows), [3, 5]);
  const taps = windowed(x, windows, false);
  if (windows.padding.every((p) => p === 0)) return reduce("max", taps, [4, 5]);
  const real = binary(
    "and",
    broadcast(inside(x, windows, 0), taps.shape, [2, 4]),
    broadcast(inside(x, windows, 1), taps.shape, [3, 5]),
  );
  return reduce("max", select(real, taps, LOWEST), [4, 5]);
}

/**
 * The mean of each window; positions of the padding count as zeros.
 *
 * @param x images [N, C, H, W]
 * @returns [N, C, OH, OW], with OH = ⌊(H + 2·padding − size) / stride⌋ + 1
 */
export function averagePool2d(x: Node, options: PoolingOptions): Node {
  const windows = windowsOf("averagePool2d", x, options);
  if (windows.disjoint) return mean(disjointWindows(x, windows), [3, 5]);
  return div(windowed(x, windows, true), windows.size[0] * windows.size[1]);
}
