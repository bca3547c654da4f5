/**
 * Initializers as data, and the values they stand for.
 *
 * A value depends on (seed, path, index) alone: renaming or adding a parameter changes no other.
 *
 * @module
 */
import { failure, issue } from "../errors.ts";
import { isRecord, ONE_SEED, refuse } from "../errors/options.ts";
import { show } from "../errors/words.ts";
import { show as showShape } from "../tensor/check.ts";
import { initializerIssues, streamNumber, valuesFrom } from "./initial_values.ts";
import { type Shape, sizeOf } from "../tensor/node.ts";

/** How a tensor starts. Build one with {@link zeros}, {@link uniform} and their like. */
export type Initializer =
  | { readonly kind: "filled"; readonly shape: Shape; readonly value: number }
  | { readonly kind: "values"; readonly shape: Shape; readonly values: readonly number[] }
  /** Uniform in [−bound, bound). */
  | { readonly kind: "uniform"; readonly shape: Shape; readonly bound: number }
  /** Normal with mean 0. */
  | { readonly kind: "normal"; readonly shape: Shape; readonly deviation: number };

function checked(initializer: Initializer, name: string, scale: number): Initializer {
  const { shape } = initializer;
  if (!Array.isArray(shape) || !shape.every((d) => Number.isInteger(d) && d >= 1)) {
    throw failure("shape", name, showShape(shape), "extents that are positive integers");
  }
  if (!Number.isFinite(scale)) throw failure("description", name, show(scale), "a finite number");
  return Object.freeze({ ...initializer, shape: Object.freeze([...shape]) });
}

/**
 * All elements `value`.
 *
 * @throws {SteepestError} of kind `shape`: an extent below 1; `description`: a value that is not finite.
 */
export function filled(shape: Shape, value: number): Initializer {
  return checked({ kind: "filled", shape, value }, "filled", value);
}

/** All elements 0; throws a `shape` error for an extent below 1. */
export function zeros(shape: Shape): Initializer {
  return checked({ kind: "filled", shape, value: 0 }, "zeros", 0);
}

/** All elements 1; throws a `shape` error for an extent below 1. */
export function ones(shape: Shape): Initializer {
  return checked({ kind: "filled", shape, value: 1 }, "ones", 1);
}

/** Uniform in [−bound, bound); throws as {@link filled} does. */
export function uniform(shape: Shape, bound: number): Initializer {
  return checked({ kind: "uniform", shape, bound }, "uniform", bound);
}

/** Normal with mean 0 and the given standard deviation; throws as {@link filled} does. */
export function normal(shape: Shape, deviation: number): Initializer {
  return checked({ kind: "normal", shape, deviation }, "normal", deviation);
}

/**
 * Uniform in ±1/√fanIn: what PyTorch gives the weights and biases of dense and convolutional
 * layers. For a bias `fanIn` is that of its layer.
 */
export function pytorchUniform(shape: Shape, fanIn: number): Initializer {
  if (typeof fanIn !== "number" || !(fanIn > 0)) {
    throw failure("description", "pytorchUniform", show(fanIn), "a positive fan-in");
  }
  return checked({ kind: "uniform", shape, bound: 1 / Math.sqrt(fanIn) }, "pytorchUniform", fanIn);
}

/**
 * Uniform in ±√(6 / (fanIn + fanOut)) for a weight [out, in, …]; the receptive field counts in both
 * fans (Glorot and Bengio 2010, equation 16).
 */
export function glorotUniform(shape: Shape): Initializer {
  if (!Array.isArray(shape) || shape.length < 2) {
    throw failure("shape", "glorotUniform", showShape(shape), "a weight [out, in, …]");
  }
  const [out = 1, into = 1, ...field]: Shape = shape;
  const bound = Math.sqrt(6 / ((out + into) * sizeOf(field)));
  return checked({ kind: "uniform", shape, bound }, "glorotUniform", bound);
}

/** A 32-bit hash of a name: the number of a random stream. */
export function streamOf(name: string): number {
  if (typeof name !== "string") throw failure("description", "stream", show(name), "a name");
  return streamNumber(name);
}

/**
 * The row-major values of an initializer for the parameter at `path`.
 *
 * @throws {SteepestError} of kind `description`: what is given is no initializer, seed (a u32) or path.
 *
 * @example
 * ```ts
 * import { initialValues, ones } from "@steepest/steepest";
 *
 * const values = initialValues(ones([3]), 7, "layer/bias");
 * if (values.join() !== "1,1,1") throw new Error("not as expected");
 * ```
 */
export function initialValues(initializer: Initializer, seed: number, path: string): Float64Array {
  const [isSeed, expected] = ONE_SEED;
  refuse([
    ...isRecord(initializer)
      ? initializerIssues("initialValues", initializer)
      : [issue("initialValues", show(initializer), "an initializer, such as what zeros() gives")],
    ...isSeed(seed) ? [] : [issue("initialValues/seed", show(seed), expected)],
    ...typeof path === "string" ? [] : [issue("initialValues/path", show(path), "a path")],
  ]);
  return valuesFrom(initializer, seed, path);
}
