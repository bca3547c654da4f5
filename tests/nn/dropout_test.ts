import { SteepestError } from "../../src/errors.ts";
import { channelDropout, dropout } from "../../src/nn/dropout.ts";
import { makeMode, randomSource } from "../../src/nn/mode.ts";
import { constant } from "../../src/tensor/ops.ts";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "../_assert.ts";
import { SEED, STEP, valuesOf } from "./_values.ts";

const random = randomSource(SEED, STEP, "layer/dropout");
const ones = constant(1, [40, 50]);

Deno.test("dropout() drops the given fraction and keeps the mean when the tensor is large", () => {
  const values = valuesOf(dropout(ones, 0.3, random));
  const kept = values.filter((v) => v !== 0);
  assert(kept.every((v) => Math.abs(v - 1 / 0.7) < 1e-12));
  // Five standard deviations of a binomial with 2000 trials.
  assertAlmostEquals(kept.length / values.length, 0.7, 5 * Math.sqrt(0.21 / 2000));
});

Deno.test("dropout() has one mask for stream, seed and step, and another when one of them differs", () => {
  const mask = dropout(ones, 0.5, random);
  assertEquals(dropout(ones, 0.5, randomSource(SEED, STEP, "layer/dropout")).hash, mask.hash);
  const other = dropout(ones, 0.5, randomSource(SEED, STEP, "another"));
  const base = valuesOf(mask);
  for (const changed of [valuesOf(other), valuesOf(mask, 6, 3), valuesOf(mask, 5, 4)]) {
    const equal = changed.filter((v, i) => v === base[i]).length / base.length;
    assertAlmostEquals(equal, 0.5, 5 * Math.sqrt(0.25 / 2000));
  }
});

Deno.test("makeMode() gives each name a stream of its own", () => {
  const { random: streamOf, training } = makeMode(true, SEED, STEP);
  assertEquals(training, true);
  assertEquals(streamOf("a").bits([4]).hash, randomSource(SEED, STEP, "a").bits([4]).hash);
  assertNotEquals(valuesOf(streamOf("a").bits([4])), valuesOf(streamOf("b").bits([4])));
});

Deno.test("channelDropout() treats the positions of a channel alike", () => {
  const values = valuesOf(channelDropout(constant(1, [30, 20, 2, 3]), 0.5, random));
  let kept = 0;
  for (let channel = 0; channel < 600; channel++) {
    const positions = values.slice(channel * 6, channel * 6 + 6);
    assert(positions.every((v) => v === positions[0]));
    kept += positions[0] === 2 ? 1 : 0;
  }
  assertAlmostEquals(kept / 600, 0.5, 5 * Math.sqrt(0.25 / 600));
});

Deno.test("dropout() is the identity when the rate is 0, and throws when it is no probability", () => {
  assertEquals(dropout(ones, 0, random), ones);
  for (const rate of [-0.1, 1, NaN]) {
    assertThrows(() => dropout(ones, rate, random), SteepestError, "dropout/rate");
  }
});

Deno.test("randomSource() has the moments of its distributions when there are many numbers", () => {
  const n = 4000;
  const moments = (values: readonly number[]) => {
    const mean = values.reduce((a, b) => a + b, 0) / n;
    return [mean, values.reduce((a, b) => a + (b - mean) ** 2, 0) / n] as const;
  };
  const uniform = valuesOf(random.uniform([n]));
  assert(uniform.every((v) => v >= 0 && v < 1 && Number.isInteger(v * 2 ** 24)));
  const signs = valuesOf(random.rademacher([n]));
  assert(signs.every((v) => v === 1 || v === -1));
  const cases = [[uniform, 0.5, 1 / 12], [signs, 0, 1], [
    valuesOf(random.normal([n])),
    0,
    1,
  ]] as const;
  for (const [values, expectedMean, expectedVariance] of cases) {
    const [mean, variance] = moments(values);
    assertAlmostEquals(mean, expectedMean, 5 * Math.sqrt(expectedVariance / n));
    assertAlmostEquals(variance, expectedVariance, 5 * expectedVariance * Math.sqrt(2 / n));
  }
});
