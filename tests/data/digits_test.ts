import type { Split } from "../../src/data/dataset.ts";
import { digits } from "../../src/data/digits.ts";
import { SteepestError } from "../../src/errors.ts";
import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertNotEquals,
  assertThrows,
} from "../_assert.ts";

const pixels = 28 * 28;

/** Multinomial logistic regression by stochastic gradient descent: how far lines can part classes. */
function linearAccuracy(train: Split, test: Split, epochs: number): number {
  const weights = new Float64Array(10 * (pixels + 1));

  function scores({ images }: Split, example: number): number[] {
    return Array.from({ length: 10 }, (_, label) => {
      const row = label * (pixels + 1);
      let sum = weights[row + pixels]!;
      for (let i = 0; i < pixels; i++) {
        sum += weights[row + i]! * images[example * pixels + i]! / 255;
      }
      return sum;
    });
  }

  for (let step = 0; step < epochs * train.count; step++) {
    const example = step % train.count;
    const logits = scores(train, example);
    const largest = Math.max(...logits);
    const powers = logits.map((logit) => Math.exp(logit - largest));
    const total = powers.reduce((a, b) => a + b);
    powers.forEach((power, label) => {
      const slope = 0.02 * (power / total - (label === train.labels[example] ? 1 : 0));
      const row = label * (pixels + 1);
      for (let i = 0; i < pixels; i++) {
        weights[row + i]! -= slope * train.images[example * pixels + i]! / 255;
      }
      weights[row + pixels]! -= slope;
    });
  }
  let right = 0;
  for (let example = 0; example < test.count; example++) {
    const logits = scores(test, example);
    if (logits.indexOf(Math.max(...logits)) === test.labels[example]) right++;
  }
  return right / test.count;
}

Deno.test("digits() has the shape it is asked for", () => {
  const data = digits({ train: 30, test: 10 });
  assertEquals([data.name, data.classes, data.imageShape], ["digits", 10, [1, 28, 28]]);
  assertEquals([data.train.count, data.test.count], [30, 10]);
  assertEquals([data.train.images.length, data.test.images.length], [30 * 784, 10 * 784]);
  assertEquals([data.train.labels.length, data.test.labels.length], [30, 10]);
});

Deno.test("digits() has as many of each class, in no order", () => {
  const { train } = digits({ train: 200, test: 1 });
  const counts = new Uint32Array(10);
  for (const label of train.labels) counts[label]!++;
  assertEquals([...counts], Array(10).fill(20));
  assertNotEquals([...train.labels.subarray(0, 10)], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

Deno.test("digits() depends on the seed alone", () => {
  assertEquals(digits({ train: 20, test: 5, seed: 3 }), digits({ train: 20, test: 5, seed: 3 }));
  // A single image is a zero whatever the seed, so that only its drawing can differ.
  const [one, other] = [3, 4].map((seed) => digits({ train: 1, test: 1, seed }));
  assertEquals(one?.train.labels, other?.train.labels);
  assertNotEquals(one?.train.images, other?.train.images);
});

Deno.test("digits() draws the test images independently of the training images", () => {
  const { train, test } = digits({ train: 1, test: 1 });
  assertEquals(train.labels, test.labels);
  assertNotEquals(train.images, test.images);
  assertEquals(digits({ train: 40, test: 1 }).test, test);
});

Deno.test("digits() draws ink on a dark ground", () => {
  const { train, mean, deviation } = digits({ train: 100, test: 1 });
  for (let i = 0; i < train.count; i++) {
    const image = train.images.subarray(i * pixels, (i + 1) * pixels);
    assertGreater(Math.max(...image), 120);
    // The outermost pixels stay free of ink, so that no digit is cut off; the paper has a grain.
    const border = image.filter((_, at) => at < 28 || at >= pixels - 28);
    assertLess(border.reduce((a, b) => a + b) / border.length, 60);
  }
  assert(mean > 0.08 && mean < 0.16, `mean ${mean}`);
  assert(deviation > 0.18 && deviation < 0.32, `deviation ${deviation}`);
});

Deno.test("digits() can be learnt by a linear model, mostly and not wholly", () => {
  const { train, test } = digits({ train: 3000, test: 1000, seed: 1 });
  const accuracy = linearAccuracy(train, test, 4);
  console.log(`linear model: ${(100 * accuracy).toFixed(1)} %`);
  assertGreater(accuracy, 0.8);
  assertLess(accuracy, 0.985);
});

Deno.test("digits() refuses counts that are not counts", () => {
  for (const train of [0, -1, 2.5, NaN, 1e9]) {
    const error = assertThrows(() => digits({ train }), SteepestError, "digits/train");
    assertEquals(error.kind, "data");
  }
});
