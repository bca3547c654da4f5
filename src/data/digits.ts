/**
 * Procedural digits: written with a pen that is never the same twice, so that there is something
 * to train on where nothing has been downloaded.
 *
 * @module
 */

import { optionIssues, refuse, type Rules, whole } from "../errors/options.ts";
import { type Dataset, pixelStatistics, type Split } from "./dataset.ts";
import { glyphs, type Point, type Stroke } from "./glyphs.ts";
import { hash, mix, uniform } from "./hash.ts";
import { roundKeys, shuffled } from "./shuffle.ts";

/** The options of {@link digits}. */
export interface DigitsOptions {
  /**
   * The number of training images, from 1 to a million.
   *
   * @default 10 000
   */
  readonly train?: number;
  /**
   * The number of test images, from 1 to a million.
   *
   * @default 2 000
   */
  readonly test?: number;
  /**
   * Another seed, other digits.
   *
   * @default 0
   */
  readonly seed?: number;
}

const side = 28;
const pixels = side * side;

/** The straight pieces that a curve is drawn with, between two of its points. */
const piecesPerSpan = 4;

/** Sets the digits apart from all other uses of a seed. */
const domain = 0x64696769;

/** The numbers that make one image what it is, drawn in order from the image's key. */
type Draw = (low: number, high: number) => number;

function drawFrom(key: number): Draw {
  let counter = 0;
  return (low, high) => low + (high - low) * uniform(key, counter++);
}

/** A point of the Catmull–Rom curve between `b` and `c`. */
function between(a: Point, b: Point, c: Point, d: Point, t: number): Point {
  function along(axis: 0 | 1): number {
    const [p, q, r, s] = [a[axis], b[axis], c[axis], d[axis]];
    return q + 0.5 * t * (r - p + t * (2 * p - 5 * q + 4 * r - s + t * (3 * (q - r) + s - p)));
  }
  return [along(0), along(1)];
}

/** The corners of the polyline that a stroke is drawn as. */
function corners({ smooth, points }: Stroke): readonly Point[] {
  const first = points[0];
  if (!smooth || first === undefined) return points;
  const drawn: Point[] = [first];
  for (let i = 0; i + 1 < points.length; i++) {
    const b = points[i] ?? first;
    const c = points[i + 1] ?? first;
    for (let piece = 1; piece <= piecesPerSpan; piece++) {
      drawn.push(between(points[i - 1] ?? b, b, c, points[i + 2] ?? c, piece / piecesPerSpan));
    }
  }
  return drawn;
}

/** Lowers `squares` to each pixel centre's squared distance from the segment, where that is below `reach`². */
function drawSegment(squares: Float32Array, from: Point, to: Point, reach: number): void {
  const [x0, y0] = from;
  const [dx, dy] = [to[0] - x0, to[1] - y0];
  const squaredLength = dx * dx + dy * dy;
  const top = Math.max(0, Math.ceil(Math.min(y0, y0 + dy) - reach));
  const bottom = Math.min(side - 1, Math.floor(Math.max(y0, y0 + dy) + reach));
  const left = Math.max(0, Math.ceil(Math.min(x0, x0 + dx) - reach));
  const right = Math.min(side - 1, Math.floor(Math.max(x0, x0 + dx) + reach));
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const along = ((x - x0) * dx + (y - y0) * dy) / (squaredLength || 1);
      const t = Math.min(1, Math.max(0, along));
      const [offX, offY] = [x - x0 - t * dx, y - y0 - t * dy];
      const square = offX * offX + offY * offY;
      const at = y * side + x;
      if (square < (squares[at] ?? 0)) squares[at] = square;
    }
  }
}

/** Where a point of the box lands in the image: turned, sheared, stretched and shifted. */
function randomPlacement(draw: Draw): (point: Point) => Point {
  const angle = draw(-0.3, 0.3);
  const shear = draw(-0.3, 0.4);
  const width = draw(5.5, 10);
  const height = draw(7, 10.5);
  const centreX = (side - 1) / 2 + draw(-2.5, 2.5);
  const centreY = (side - 1) / 2 + draw(-2, 2);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return ([x, y]) => {
    const u = width * (x - shear * y);
    const v = height * y;
    return [centreX + cos * u - sin * v, centreY + sin * u + cos * v];
  };
}

/** Writes the digit `label` with the randomness of `key`. */
function drawDigit(image: Uint8Array, squares: Float32Array, label: number, key: number): void {
  const draw = drawFrom(key);
  const hands = glyphs[label] ?? [];
  const strokes = hands[Math.floor(draw(0, hands.length))] ?? [];
  const place = randomPlacement(draw);
  const wobble = draw(0.02, 0.11);
  const halfWidth = draw(0.7, 1.7);
  const softness = draw(0.8, 1.4);
  const ink = draw(200, 255);
  const noise = draw(4, 24);
  const reach = halfWidth + softness;

  squares.fill(reach * reach);
  for (const { smooth, points } of strokes) {
    const moved = points.map(([x, y]): Point =>
      place([x + draw(-wobble, wobble), y + draw(-wobble, wobble)])
    );
    const drawn = corners({ smooth, points: moved });
    for (let i = 0; i + 1 < drawn.length; i++) {
      const [from, to] = [drawn[i], drawn[i + 1]];
      if (from && to) drawSegment(squares, from, to, reach);
    }
  }
  for (let i = 0; i < pixels; i++) {
    const edge = Math.min(1, (reach - Math.sqrt(squares[i] ?? 0)) / (2 * softness));
    const covered = edge * edge * (3 - 2 * edge);
    const grain = (mix(key ^ Math.imul(i + 1, 0x9e3779b9)) / 0x80000000 - 1) * noise;
    image[i] = Math.min(255, Math.max(0, Math.round(covered * ink + grain)));
  }
}

function drawSplit(count: number, seed: number, part: number): Split {
  const images = new Uint8Array(count * pixels);
  const labels = new Uint8Array(count);
  const squares = new Float32Array(pixels);
  const keys = count === 0 ? new Uint32Array(0) : roundKeys(hash(domain, seed, part), 0, count);
  for (let i = 0; i < count; i++) {
    // As many of each class as of any other, in no order.
    const label = shuffled(i, count, keys) % glyphs.length;
    labels[i] = label;
    const image = images.subarray(i * pixels, (i + 1) * pixels);
    drawDigit(image, squares, label, hash(domain, seed, part, i));
  }
  return { count, images, labels };
}

const RULES: Rules<DigitsOptions> = {
  train: whole(1, 1_000_000),
  test: whole(1, 1_000_000),
  seed: [Number.isInteger, "an integer"],
};

/**
 * A data set of drawn digits in the format of MNIST: 28 × 28 pixels, ten classes, equally frequent.
 *
 * Each image is one of a few ways to write the digit, its points moved at random, turned, sheared,
 * stretched and shifted, drawn with a pen of random width and ink, on grainy paper. It is a function
 * of the seed and of the place in the data set, equal on every machine up to the rounding of the sine.
 * A linear model learns most of it and not all, as with MNIST; numbers on it say nothing about MNIST.
 *
 * @throws SteepestError of kind "data" if a count is not an integer from 1 to a million, or an option is unknown.
 *
 * @example
 * ```ts
 * import { digits } from "@steepest/steepest";
 *
 * const data = digits({ train: 100, test: 20, seed: 1 });
 * if (data.train.images.length !== 100 * 28 * 28) throw new Error("not as expected");
 * ```
 */
export function digits(options: DigitsOptions = {}): Dataset {
  refuse(optionIssues("digits", options, RULES), "data");
  const { train: learnt = 10_000, test: measured = 2_000, seed = 0 } = options;
  const train = drawSplit(learnt, seed, 0);
  const test = drawSplit(measured, seed, 1);
  return {
    name: "digits",
    classes: glyphs.length,
    imageShape: [1, side, side],
    train,
    test,
    ...pixelStatistics(train.images),
  };
}
