/**
 * Tensors of the reference evaluator: a shape and row-major values.
 *
 * @module
 */
import { failure } from "../errors.ts";
import { type DType, type Shape, sizeOf } from "../tensor/node.ts";

/** Row-major values of a tensor: f32 in a float array, u32 in a Uint32Array, bool in a Uint8Array. */
export interface Tensor {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly data: Float64Array | Float32Array | Uint32Array | Uint8Array;
}

/** How f32 is computed: in double precision, or rounded to single after every operation. */
export type Precision = "f64" | "f32";

const STORAGE: {
  readonly [D in DType]: (n: number, precision: Precision) => Tensor["data"];
} = {
  f32: (n, precision) => precision === "f64" ? new Float64Array(n) : new Float32Array(n),
  u32: (n) => new Uint32Array(n),
  bool: (n) => new Uint8Array(n),
};

/** A tensor of zeros. */
export function zeros(shape: Shape, dtype: DType, precision: Precision): Tensor {
  return { shape, dtype, data: STORAGE[dtype](sizeOf(shape), precision) };
}

/** A tensor of given row-major values; one value fills the shape. */
export function tensor(
  values: number | ArrayLike<number>,
  shape: Shape = typeof values === "number" ? [] : [values.length],
  dtype: DType = "f32",
  precision: Precision = "f64",
): Tensor {
  const result = zeros(shape, dtype, precision);
  if (typeof values === "number") result.data.fill(values);
  else if (values.length === result.data.length) result.data.set(values);
  else {
    throw failure(
      "shape",
      "tensor",
      `${values.length} values`,
      `${result.data.length} values for [${shape.join(", ")}]`,
    );
  }
  return result;
}
