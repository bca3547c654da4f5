/**
 * How a target writes things down: the only place where WGSL and JavaScript kernels differ.
 *
 * @module
 */
import type { BinaryFn, CompareFn, DType, UnaryFn } from "../src/loops/scalar.ts";

/** A kernel's use of a buffer, numbered by its position. */
export interface BoundBuffer {
  readonly position: number;
  readonly access: "read" | "write";
  /** How the kernel sees the words: as f32 or u32, or as vectors of four. */
  readonly element: "f32" | "u32" | "vec4f" | "vec4u";
}

/** The words of a target language. */
export interface Syntax {
  readonly target: "wgsl" | "js";
  /** Whether four neighbouring words can be loaded and stored as one. */
  readonly vectors: boolean;
  constant(value: number, dtype: DType): string;
  unary(fn: UnaryFn, a: string): string;
  binary(fn: BinaryFn, a: string, b: string, dtype: DType): string;
  compare(fn: CompareFn, a: string, b: string): string;
  select(when: string, a: string, b: string): string;
  cast(a: string, from: DType, to: DType): string;
  random(seed: string, step: string, stream: number, index: string): string;
  /** A non-negative integer literal. */
  integer(value: number): string;
  /** ⌊a / by⌋ and the remainder for a that is not negative. */
  quotient(a: string, by: number): string;
  remainder(a: string, by: number): string;
  inside(index: string, extent: number): string;
  load(buffer: BoundBuffer, address: string, dtype: DType): string;
  loadVector(buffer: BoundBuffer, address: string): string;
  component(vector: string, lane: number): string;
  store(buffer: BoundBuffer, address: string, value: string, dtype: DType): string;
  storeVector(
    buffer: BoundBuffer,
    address: string,
    values: readonly string[],
    dtype: DType,
  ): string;
  declare(name: string, dtype: DType | "vec4f" | "vec4u" | "index", value: string): string;
  variable(name: string, dtype: DType, value: string): string;
  /** `first` … `last` of a loop with at least one iteration. */
  loop(name: string, times: number): readonly [string, string];
  branch(when: string): string;
  readonly otherwise: string;
  readonly close: string;
}
