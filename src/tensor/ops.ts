/**
 * All constructors of the tensor graph: the primitives, and arithmetic made of them.
 *
 * @module
 */
export * from "./primitives.ts";
export * from "./compound.ts";
export * from "./elementwise.ts";
export * from "./arithmetic.ts";
