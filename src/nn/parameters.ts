/**
 * The types of parameters: what a person writes, the tensors a builder sees, the values that come
 * back. The nesting is the same in all three.
 *
 * @module
 */
import type { Node, Shape } from "../tensor/node.ts";
import type { Initializer } from "./initial.ts";

/** Numbers in nested arrays, as deep as the tensor has axes. */
export type NestedNumbers = readonly number[] | readonly NestedNumbers[];

/** How one parameter starts: a scalar, given numbers, or an initializer that carries its shape. */
export type Initial = number | NestedNumbers | Initializer;

/** Named parameters, nested at will; `a: { b: 1 }` has the path `a/b`. */
export interface Parameters {
  /** A parameter, or a group of them. */
  readonly [name: string]: Initial | Parameters;
}

/** The parameters `P` as nodes of the graph. */
export type Tensors<P> = { readonly [K in keyof P]: P[K] extends Initial ? Node : Tensors<P[K]> };

/** A tensor on the host: row-major data. */
export interface Value {
  /** Its extents, outermost first; `[]` is a scalar. */
  readonly shape: Shape;
  /** The elements in row-major order, in the precision of the run. */
  readonly data: Float32Array | Float64Array;
}

/** The parameters `P` as values: plain numbers for scalars that were given as numbers. */
export type Values<P> = {
  readonly [K in keyof P]: P[K] extends number ? number
    : P[K] extends Initial ? Value
    : Values<P[K]>;
};
