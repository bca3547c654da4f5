/**
 * Initializers as data, and the values they stand for.
 *
 * A value depends on (seed, path, index) alone: renaming or adding a parameter changes no other.
 *
 * @module
 */
import { failure } from "../errors.ts";
import { type Shape, sizeOf } from "../tensor/node.ts";
import { mixBits, randomKey, randomWord } from "../tensor/random.ts";

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
    const found = Array.isArray(shape) ? `[${shape.join(", ")}]` : String(shape);
    throw failure("shape", name, found, "extents that are positive integers");
  }
  if (!Number.isFinite(scale)) throw failure("description", name, `${scale}`, "a finite number");
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
  if (!(fanIn > 0)) throw failure("description", "pytorchUniform", `${fanIn}`, "a positive fan-in");
  return checked({ kind: "uniform", shape, bound: 1 / Math.sqrt(fanIn) }, "pytorchUniform", fanIn);
}

/**
 * Uniform in ±√(6 / (fanIn + fanOut)) for a weight [out, in, …]; the receptive field counts in both
 * fans (Glorot and Bengio 2010, equation 16).
 */
export function glorotUniform(shape: Shape): Initializer {
  const [out, into, ...field] = shape;
  if (out === undefined || into === undefined) {
    throw failure("shape", "glorotUniform", `[${shape.join(", ")}]`, "a weight [out, in, …]");
  }
  const bound = Math.sqrt(6 / ((out + into) * sizeOf(field)));
  return checked({ kind: "uniform", shape, bound }, "glorotUniform", bound);
}

/** A 32-bit hash of a name: the number of a random stream. */
export function streamOf(name: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
  return mixBits(h);
}

/** No step of a run has this number, so initial values share no draw with a step. */
const BEFORE_STEPS = -1;

/**
 * The row-major values of an initializer for the parameter at `path`.
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
  const size = sizeOf(initializer.shape);
  const key = randomKey(seed, streamOf(path), BEFORE_STEPS);
  const uniformAt = (counter: number) => (randomWord(key, counter) + 0.5) / 2 ** 32;
  switch (initializer.kind) {
    case "filled":
      return new Float64Array(size).fill(initializer.value);
    case "values":
      return Float64Array.from(initializer.values);
    case "uniform":
      return Float64Array.from(
        { length: size },
        (_, i) => initializer.bound * (2 * uniformAt(i) - 1),
      );
    case "normal":
      return Float64Array.from({ length: size }, (_, i) => {
        const radius = Math.sqrt(-2 * Math.log(uniformAt(2 * i)));
        return initializer.deviation * radius *
          Math.cos(2 * Math.PI * uniformAt(2 * i + 1));
      });
  }
}
