/**
 * What a builder may ask about the step it is part of: whether this is training, and random numbers.
 *
 * @module
 */
import { failure } from "../errors.ts";
import { show } from "../errors/words.ts";
import type { Node, Shape } from "../tensor/node.ts";
import {
  add,
  binary,
  cast,
  compare,
  cos,
  log,
  mul,
  neg,
  randomBits,
  select,
  sqrt,
} from "../tensor/ops.ts";
import { streamOf } from "./initial.ts";

/**
 * Random tensors of one stream. They depend on (seed, stream, step, index) alone, so that every
 * product of one step sees the same numbers; two calls of equal shape give the same tensor, and
 * independent numbers need streams of different names.
 */
export interface RandomSource {
  /** Uniform u32 words. */
  bits(shape: Shape): Node;
  /** Uniform in [0, 1): multiples of 2⁻²⁴, the same on every backend. */
  uniform(shape: Shape): Node;
  /** −1 or 1. */
  rademacher(shape: Shape): Node;
  /** True with the given probability (rounded to a multiple of 2⁻²⁴). */
  bernoulli(probability: number, shape: Shape): Node;
  /** Standard normal; equal between backends to rounding only. */
  normal(shape: Shape): Node;
}

/** The circumstances a loss or model is built for. */
export interface Mode {
  /** Whether layers such as dropout are active. */
  readonly training: boolean;
  /** The random stream of this name. */
  random(stream: string): RandomSource;
}

function toUniform(bits: Node): Node {
  return mul(cast(binary("shiftRight", bits, 8), "f32"), 2 ** -24);
}

/** The random stream `name`, given the seed and step (u32 scalars). */
export function randomSource(seed: Node, step: Node, name: string): RandomSource {
  const stream = streamOf(name);
  const bits = (shape: Shape) => randomBits(seed, step, stream, shape);
  const uniform = (shape: Shape) => toUniform(bits(shape));
  return {
    bits,
    uniform,
    rademacher: (shape) => select(compare("lt", bits(shape), 2 ** 31), 1, -1),
    bernoulli: (probability, shape) => {
      if (typeof probability === "number" && probability >= 0 && probability <= 1) {
        return compare("lt", uniform(shape), probability);
      }
      throw failure("description", "bernoulli", show(probability), "a probability in [0, 1]");
    },
    normal: (shape) => {
      const angle = toUniform(randomBits(seed, step, streamOf(`${name}/angle`), shape));
      // 2⁻²⁵ above the multiples of 2⁻²⁴: the logarithm never sees 0.
      const radius = sqrt(mul(2, neg(log(add(uniform(shape), 2 ** -25)))));
      return mul(radius, cos(mul(2 * Math.PI, angle)));
    },
  };
}

/** A {@link Mode} whose random numbers come from the seed and step (u32 scalars). */
export function makeMode(training: boolean, seed: Node, step: Node): Mode {
  return { training, random: (name) => randomSource(seed, step, name) };
}
