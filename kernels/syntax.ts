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
  /** Absent where it is a storage buffer. */
  readonly window?: BoundWindow;
}

/** A uniform buffer: vectors of a larger buffer, whose addresses a kernel goes on using. */
export interface BoundWindow {
  /** Name of the address of the first one. */
  readonly first: string;
  readonly vectors: number;
}

/** An operand of several lanes: a vector, or one number for all of them. */
export interface Operand {
  readonly text: string;
  readonly wide: boolean;
}

/** What a target says of two to four values at once; its operands are as wide as the result. */
export interface LaneSyntax {
  /** Values side by side. */
  join(lanes: readonly string[], dtype: DType, width: number): string;
  /** The text for one lane of a vector. */
  lane(vector: string, lane: number): string;
  /** Of a vector that has a name. */
  unary(fn: UnaryFn, a: string, width: number): string;
  binary(fn: BinaryFn, a: Operand, b: Operand, dtype: DType, width: number): string;
  compare(fn: CompareFn, a: Operand, b: Operand, dtype: DType, width: number): string;
  select(when: Operand, a: Operand, b: Operand, dtype: DType, width: number): string;
  cast(a: string, from: DType, to: DType, width: number): string;
  /** What loaded words mean. */
  fromWords(words: string, element: "vec4f" | "vec4u", dtype: DType, width: number): string;
  store(buffer: BoundBuffer, address: string, vector: string, dtype: DType): string;
  /** A vector of sums, which begin with 0. */
  sums(name: string, width: number): string;
}

/** Memory that the threads of a workgroup share: one array for each factor of a product. */
export interface SharedSyntax {
  /** Waits until all threads have come here. */
  readonly barrier: string;
  load(memory: 0 | 1, address: string): string;
  store(memory: 0 | 1, address: string, value: string): string;
}

/** The words of a target language. */
export interface Syntax {
  readonly target: "wgsl" | "js";
  /** Absent where threads share nothing. */
  readonly shared?: SharedSyntax;
  /** An array of a thread's own; absent where it is no cheaper than what it would save. */
  readonly registers?: (name: string, dtype: DType, count: number) => string;
  /** What it says of four neighbours at once; absent where there are no vectors. */
  readonly lanes?: LaneSyntax;
  /** Whether a test spares what it rules out, and every addition of an address counts. */
  readonly scalar: boolean;
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
  /** What a loaded word means. */
  fromWord(word: string, element: BoundBuffer["element"], dtype: DType): string;
  store(buffer: BoundBuffer, address: string, value: string, dtype: DType): string;
  declare(name: string, dtype: DType | "vec4f" | "vec4u" | "index", value: string): string;
  variable(name: string, dtype: DType, value: string): string;
  /** Adds to a variable. */
  accumulate(name: string, value: string, dtype: DType): string;
  /** The statement that ends a sum of f32, where it has been kept in more than single precision. */
  total(name: string): string | undefined;
  /** `first` … `last` of a loop with at least one iteration. */
  loop(name: string, times: number): readonly [string, string];
  /** `first` … `last` of a loop of `name` from one number on, by steps, as long as it is below another. */
  walk(name: string, from: string, step: number, below: string): readonly [string, string];
  /** Ends the loop around when the condition holds. */
  leave(when: string): string;
  atLeast(a: string, b: string): string;
  /** Stores one word, also into a buffer that is seen as vectors. */
  storeWord(buffer: BoundBuffer, address: string, value: string): string;
  branch(when: string): string;
  readonly otherwise: string;
  readonly close: string;
}
