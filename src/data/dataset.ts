/**
 * What a data set is: images of one byte a pixel with a label each, in two parts.
 *
 * @module
 */

import { failure } from "../errors.ts";
import { show } from "../errors/words.ts";

/** Labelled images, one after the other. */
export interface Split {
  /** How many there are. */
  readonly count: number;
  /** The pixels, row by row and image by image: `count · channels · height · width` bytes. */
  readonly images: Uint8Array<ArrayBuffer>;
  /** The classes, `count` bytes, each below the number of classes. */
  readonly labels: Uint8Array<ArrayBuffer>;
}

/** Images to learn from and images to be measured on. */
export interface Dataset {
  /** What the data set is called in reports. */
  readonly name: string;
  /** The number of classes. */
  readonly classes: number;
  /** The extents of one image. */
  readonly imageShape: readonly [channels: number, height: number, width: number];
  /** The images to learn from. */
  readonly train: Split;
  /** The images to be measured on. */
  readonly test: Split;
  /** The mean of the training pixels, which run from 0 to 1. */
  readonly mean: number;
  /** The standard deviation of the training pixels, which run from 0 to 1. */
  readonly deviation: number;
}

/** The mean and the standard deviation of bytes read as numbers from 0 to 1; what is no Uint8Array is a `data` error. */
export function pixelStatistics(
  pixels: Uint8Array,
): { readonly mean: number; readonly deviation: number } {
  if (!(pixels instanceof Uint8Array)) {
    throw failure("data", "pixels", show(pixels), "a Uint8Array");
  }
  // Through a histogram the sums are exact integers, so that their order does not matter.
  const histogram = new Uint32Array(256);
  for (const pixel of pixels) histogram[pixel] = (histogram[pixel] ?? 0) + 1;
  let sum = 0;
  let squares = 0;
  histogram.forEach((count, value) => {
    sum += count * value;
    squares += count * value * value;
  });
  const n = Math.max(1, pixels.length);
  const mean = sum / n;
  return { mean: mean / 255, deviation: Math.sqrt(Math.max(0, squares / n - mean * mean)) / 255 };
}
