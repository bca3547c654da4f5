/**
 * The typed tensor graph: immutable nodes over a small set of primitives that is closed under
 * differentiation.
 *
 * A node knows its shape, its element type and a structural hash; equal hashes mean equal values,
 * so passes may unify nodes whenever they like. Constructors are in `ops.ts`.
 *
 * @module
 */

/** Element type of a tensor. Only `f32` has derivatives. */
export type DType = "f32" | "u32" | "bool";

/** Extents of a tensor, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

/** `constant + Σ factors[i] · domain[i]`: one coordinate as an affine form of the domain axes. */
export interface Affine {
  /** The coordinate at the origin of the domain. */
  readonly constant: number;
  /** One factor per domain axis. */
  readonly factors: readonly number[];
}

/** One {@link Affine} per tensor dimension: where in the tensor a point of the domain lies. */
export type AffineMap = readonly Affine[];

/**
 * Elementwise functions of one argument. `not` is bool → bool, `isFinite` is f32 → bool. `stop` is
 * the identity with derivative zero: differentiation treats it as a constant, evaluation, lowering
 * and simplification of graphs that are no longer differentiated see through it.
 */
export type UnaryFn =
  | "neg"
  | "abs"
  | "sign"
  | "exp"
  | "expm1"
  | "log"
  | "log1p"
  | "sqrt"
  | "sin"
  | "cos"
  | "tanh"
  | "erf"
  | "floor"
  | "stop"
  | "not"
  | "isFinite";

/**
 * Elementwise functions of two arguments of equal type. `rem` and the bit functions are for u32
 * (`and`, `or`, `xor` also for bool); u32 arithmetic wraps at 2³².
 */
export type BinaryFn =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "pow"
  | "max"
  | "min"
  | "rem"
  | "and"
  | "or"
  | "xor"
  | "shiftLeft"
  | "shiftRight";

/** Elementwise comparisons; the result is bool. */
export type CompareFn = "eq" | "ne" | "lt" | "le" | "gt" | "ge";

/** How a reduction combines: `argmax` gives the u32 row-major index of the first maximum. */
export type ReduceFn = "sum" | "max" | "argmax";

/** What a node computes, without its inputs. */
export type Op =
  /** A value given from outside: a slot of the step (`version` counts its assignments). */
  | { readonly kind: "input"; readonly name: string; readonly version: number }
  /** Row-major values; a single value fills any shape. */
  | { readonly kind: "constant"; readonly values: readonly number[] }
  /** The index along `axis`, as u32. */
  | { readonly kind: "iota"; readonly axis: number }
  /** `fn` of each element. */
  | { readonly kind: "unary"; readonly fn: UnaryFn }
  /** `fn` of each pair of elements; the shapes are equal. */
  | { readonly kind: "binary"; readonly fn: BinaryFn }
  /** Whether `fn` holds of each pair of elements; the shapes are equal. */
  | { readonly kind: "compare"; readonly fn: CompareFn }
  /** `select(condition, a, b)`: a where true, else b. */
  | { readonly kind: "select" }
  /** Conversion to the node's dtype: f32→u32 truncates and saturates, bool→number is 0 or 1. */
  | { readonly kind: "cast" }
  /** Removes `axes` (ascending); argmax flattens several axes in row-major order. */
  | { readonly kind: "reduce"; readonly fn: ReduceFn; readonly axes: readonly number[] }
  /** The same elements in row-major order, under the node's shape. */
  | { readonly kind: "reshape" }
  /** Output axis i is input axis order[i]. */
  | { readonly kind: "permute"; readonly order: readonly number[] }
  /** Input axis i becomes output axis axes[i] (ascending); the others repeat the value. */
  | { readonly kind: "broadcast"; readonly axes: readonly number[] }
  /** Elements start, start + stride, … along each axis; the extents are the node's shape. */
  | {
    readonly kind: "slice";
    readonly start: readonly number[];
    readonly stride: readonly number[];
  }
  /** Zeros around (`low`, then what fills the node's shape) and `interior` zeros between elements. */
  | { readonly kind: "pad"; readonly low: readonly number[]; readonly interior: readonly number[] }
  /** The inputs one after the other along `axis`; their other extents are equal. */
  | { readonly kind: "concatenate"; readonly axis: number }
  /**
   * out[output(d)] = Σ over the points d of the domain of Π inputs[i][maps[i](d)].
   * Points where an input or the output is outside its tensor contribute nothing.
   */
  | {
    readonly kind: "contraction";
    readonly domain: Shape;
    readonly maps: readonly AffineMap[];
    readonly output: AffineMap;
  }
  /** `gather(table, indices)`: rows of the table; shape indices.shape + table.shape[1:]. Indices beyond are clamped. */
  | { readonly kind: "gather" }
  /** `scatterAdd(indices, updates)`: out[indices[i]] += updates[i], rows in order; indices beyond are dropped. */
  | { readonly kind: "scatterAdd" }
  /**
   * `randomBits(seed, step)`: u32 bits, a function of (seed, stream, step, logical row-major index).
   * Where `seed`, `step` or both have shape [R], the node has shape [R, ...solo] and holds R copies:
   * copy r takes seed[r] and step[r] (a scalar serves all copies), and its logical index counts
   * within the copy, so that each copy has the bits of its solo run.
   */
  | { readonly kind: "randomBits"; readonly stream: number }
  /**
   * A bounded loop. Inputs are the initial carried values followed by constants of the loop;
   * the node is carried value `index` after `times` iterations (fewer once `condition` is false).
   */
  | { readonly kind: "repeat"; readonly loop: Loop; readonly index: number };

/** The body of a `repeat`: graphs over formal inputs, closed apart from them. */
export interface Loop {
  /** How many iterations at most. */
  readonly times: number;
  /** Formal inputs of the body: carried values, then constants. */
  readonly formals: readonly Node[];
  /** The carried values after one iteration. */
  readonly next: readonly Node[];
  /** A bool scalar of the formals; the loop stops at the first iteration that begins with false. */
  readonly condition?: Node;
}

/** The name of a primitive. */
export type OpKind = Op["kind"];

/** The attributes of the primitive `K`. */
export type OpOf<K extends OpKind> = Extract<Op, { readonly kind: K }>;

/** A value of the graph. */
export interface Node {
  /** What it computes. */
  readonly op: Op;
  /** What it computes from, in the order of the primitive's arguments. */
  readonly inputs: readonly Node[];
  /** Extents of the value. */
  readonly shape: Shape;
  /** Element type of the value. */
  readonly dtype: DType;
  /** Structural: equal for nodes that compute the same value from the same inputs. */
  readonly hash: string;
}

/** Number of elements of a shape. */
export function sizeOf(shape: Shape): number {
  let n = 1;
  for (const d of shape) n *= d;
  return n;
}

/** Row-major strides of a shape. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let s = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = s;
    s *= shape[i]!;
  }
  return strides;
}

/** Whether two shapes are equal. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((d, i) => d === b[i]);
}

/** 64 bits in two 32-bit lanes (FNV-1a and a shifted multiply), so that no bigint is needed. */
export function hashText(text: string): string {
  let a = 0x811c9dc5, b = 0x9dc5811c;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    a = Math.imul(a ^ c, 0x01000193);
    b = Math.imul(b ^ (c + (i & 0xff)), 0x85ebca6b);
    b ^= b >>> 13;
  }
  return (a >>> 0).toString(16).padStart(8, "0") + (b >>> 0).toString(16).padStart(8, "0");
}

const loopKeys = new WeakMap<Loop, string>();

function loopKey(loop: Loop): string {
  let key = loopKeys.get(loop);
  if (key === undefined) {
    const hashes = (nodes: readonly Node[]) => nodes.map((n) => n.hash).join(",");
    key = `${loop.times};${hashes(loop.formals)};${hashes(loop.next)};${
      loop.condition?.hash ?? ""
    }`;
    loopKeys.set(loop, key);
  }
  return key;
}

function opKey(op: Op): string {
  if (op.kind === "repeat") return `repeat;${op.index};${loopKey(op.loop)}`;
  if (op.kind === "constant") {
    return `constant;${op.values.map((v) => Object.is(v, -0) ? "-0" : String(v))}`;
  }
  return JSON.stringify(op);
}

/** Builds a node; use the constructors of `ops.ts`, which check and infer shapes. */
export function makeNode(op: Op, inputs: readonly Node[], shape: Shape, dtype: DType): Node {
  const hash = hashText(`${opKey(op)}|${shape}|${dtype}|${inputs.map((n) => n.hash)}`);
  return Object.freeze({
    op,
    inputs: Object.freeze([...inputs]),
    shape: Object.freeze([...shape]),
    dtype,
    hash,
  });
}
