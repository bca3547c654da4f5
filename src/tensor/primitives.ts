/**
 * Constructors of the primitives that are not elementwise. Each checks its arguments and infers shape
 * and element type.
 *
 * @module
 */
import { checkAxis, checkShape, shapeError, show } from "./check.ts";
import {
  type AffineMap,
  type DType,
  type Loop,
  makeNode,
  type Node,
  type ReduceFn,
  sameShape,
  type Shape,
  sizeOf,
} from "./node.ts";

/** What an elementwise operator accepts: a tensor, or a number that becomes a scalar constant. */
export type TensorLike = Node | number;

/** A value given from outside under `name`; `version` counts the assignments before it. */
export function input(name: string, shape: Shape, dtype: DType = "f32", version = 0): Node {
  checkShape(`input ${name}`, shape);
  return makeNode({ kind: "input", name, version }, [], shape, dtype);
}

/** A constant tensor: one value that fills the shape, or row-major values. */
export function constant(
  value: number | readonly number[],
  shape: Shape = typeof value === "number" ? [] : [value.length],
  dtype: DType = "f32",
): Node {
  checkShape("constant", shape);
  const values = typeof value === "number" ? [value] : value;
  if (values.length !== 1 && values.length !== sizeOf(shape)) {
    shapeError(
      "constant",
      `${values.length} values`,
      `1 or ${sizeOf(shape)} values for ${show(shape)}`,
    );
  }
  return makeNode({ kind: "constant", values }, [], shape, dtype);
}

/** The index along `axis` as u32. */
export function iota(shape: Shape, axis: number): Node {
  checkShape("iota", shape);
  checkAxis("iota", axis, shape);
  return makeNode({ kind: "iota", axis }, [], shape, "u32");
}

/** A tensor for a tensor or number; numbers take the element type `dtype`. Throws a `shape` error for anything else. */
export function lift(value: TensorLike, dtype: DType = "f32", op = "operand"): Node {
  if (typeof value === "number") return constant(value, [], dtype);
  if (value?.op === undefined) shapeError(op, `${value}`, "a tensor or a number");
  return value;
}

/** The right-aligned common shape of several, where an extent 1 repeats; throws a `shape` error if there is none. */
export function broadcastShapes(op: string, shapes: readonly Shape[]): Shape {
  const rank = Math.max(...shapes.map((s) => s.length));
  return Array.from({ length: rank }, (_, i) => {
    let extent = 1;
    for (const s of shapes) {
      const d = s[i - rank + s.length] ?? 1;
      if (d !== 1 && extent !== 1 && d !== extent) {
        shapeError(op, shapes.map(show).join(" and "), "shapes that broadcast");
      }
      if (d !== 1) extent = d;
    }
    return extent;
  });
}

/** Right-aligned broadcast of `x` to `shape`; throws a `shape` error where an extent is neither equal nor 1. */
export function broadcastTo(x: TensorLike, shape: Shape): Node {
  const node = lift(x);
  if (sameShape(node.shape, shape)) return node;
  if (node.op.kind === "constant" && node.op.values.length === 1) {
    return constant(node.op.values[0]!, shape, node.dtype);
  }
  const offset = shape.length - node.shape.length;
  if (offset < 0) {
    shapeError("broadcastTo", show(node.shape), `a shape that broadcasts to ${show(shape)}`);
  }
  const kept: number[] = [];
  node.shape.forEach((d, i) => {
    if (d === shape[i + offset]) kept.push(i);
    else if (d !== 1) {
      shapeError("broadcastTo", show(node.shape), `a shape that broadcasts to ${show(shape)}`);
    }
  });
  const squeezed = reshape(node, kept.map((i) => node.shape[i]!));
  return broadcast(squeezed, shape, kept.map((i) => i + offset));
}

/** Input axis i becomes axis axes[i] of `shape`, ascending and of equal extent (or a `shape` error); others repeat. */
export function broadcast(x: Node, shape: Shape, axes: readonly number[]): Node {
  checkShape("broadcast", shape);
  const ok = axes.length === x.shape.length &&
    axes.every((a, i) => shape[a] === x.shape[i] && (i === 0 || a > axes[i - 1]!));
  if (!ok) {
    shapeError(
      "broadcast",
      `${show(x.shape)} along axes ${show(axes)}`,
      `ascending axes of ${show(shape)} with equal extents`,
    );
  }
  if (sameShape(x.shape, shape)) return x;
  return makeNode({ kind: "broadcast", axes }, [x], shape, x.dtype);
}

/** Combines f32 over distinct `axes` (default: all) and removes them; u32 for `argmax`. Throws a `shape` error. */
export function reduce(fn: ReduceFn, x: Node, axes?: readonly number[]): Node {
  const over = axes === undefined ? x.shape.map((_, i) => i) : [...axes].sort((a, b) => a - b);
  over.forEach((a, i) => {
    checkAxis(fn, a, x.shape);
    if (a === over[i - 1]) shapeError(fn, `axis ${a} twice`, "distinct axes");
  });
  if (x.dtype !== "f32") shapeError(fn, x.dtype, "f32");
  if (over.length === 0 && fn !== "argmax") return x;
  const shape = x.shape.filter((_, i) => !over.includes(i));
  return makeNode({ kind: "reduce", fn, axes: over }, [x], shape, fn === "argmax" ? "u32" : "f32");
}

/** The same elements in row-major order under another shape; throws a `shape` error where their numbers differ. */
export function reshape(x: Node, shape: Shape): Node {
  checkShape("reshape", shape);
  if (sameShape(x.shape, shape)) return x;
  if (sizeOf(shape) !== sizeOf(x.shape)) {
    shapeError("reshape", `${show(x.shape)} to ${show(shape)}`, "equal numbers of elements");
  }
  const source = x.op.kind === "reshape" ? x.inputs[0]! : x;
  if (sameShape(source.shape, shape)) return source;
  return makeNode({ kind: "reshape" }, [source], shape, x.dtype);
}

/** Output axis i is input axis order[i]; throws a `shape` error for what is no permutation. */
export function permute(x: Node, order: readonly number[]): Node {
  if (!sameShape([...order].sort((a, b) => a - b), x.shape.map((_, i) => i))) {
    shapeError("permute", show(order), `a permutation of the axes of ${show(x.shape)}`);
  }
  if (order.every((a, i) => a === i)) return x;
  return makeNode({ kind: "permute", order }, [x], order.map((a) => x.shape[a]!), x.dtype);
}

/** Elements start, start + stride, … below `stop` along each axis; throws a `shape` error for an empty range. */
export function slice(
  x: Node,
  start: readonly number[],
  stop: readonly number[],
  stride: readonly number[] = start.map(() => 1),
): Node {
  const ok = start.length === x.shape.length && stop.length === start.length &&
    stride.length === start.length &&
    x.shape.every((d, i) =>
      start[i]! >= 0 && stop[i]! > start[i]! && stop[i]! <= d && stride[i]! >= 1
    );
  if (!ok) {
    shapeError(
      "slice",
      `${show(start)} to ${show(stop)} by ${show(stride)}`,
      `a non-empty range of ${show(x.shape)}`,
    );
  }
  const shape = start.map((s, i) => Math.ceil((stop[i]! - s) / stride[i]!));
  if (sameShape(shape, x.shape)) return x;
  return makeNode({ kind: "slice", start, stride }, [x], shape, x.dtype);
}

/** `low` and `high` zeros around each axis, `interior` zeros (default 0) between elements; none may be negative. */
export function pad(
  x: Node,
  low: readonly number[],
  high: readonly number[],
  interior: readonly number[] = low.map(() => 0),
): Node {
  const ok = [low, high, interior].every((p) =>
    p.length === x.shape.length && p.every((v) => Number.isInteger(v) && v >= 0)
  );
  if (!ok) {
    shapeError(
      "pad",
      `${show(low)}, ${show(high)}, ${show(interior)}`,
      `non-negative amounts for ${show(x.shape)}`,
    );
  }
  const shape = x.shape.map((d, i) => low[i]! + d + (d - 1) * interior[i]! + high[i]!);
  if (sameShape(shape, x.shape)) return x;
  return makeNode({ kind: "pad", low, interior }, [x], shape, x.dtype);
}

/** Joins tensors along `axis`; throws a `shape` error where element types or other extents differ. */
export function concatenate(parts: readonly Node[], axis: number): Node {
  const first = parts[0];
  if (first === undefined) return shapeError("concatenate", "no parts", "at least one part");
  checkAxis("concatenate", axis, first.shape);
  for (const p of parts) {
    const ok = p.dtype === first.dtype && p.shape.length === first.shape.length &&
      p.shape.every((d, i) => i === axis || d === first.shape[i]);
    if (!ok) {
      shapeError(
        "concatenate",
        `${show(first.shape)} and ${show(p.shape)}`,
        `equal extents apart from axis ${axis}`,
      );
    }
  }
  if (parts.length === 1) return first;
  const total = parts.reduce((n, p) => n + p.shape[axis]!, 0);
  return makeNode(
    { kind: "concatenate", axis },
    parts,
    first.shape.map((d, i) => i === axis ? total : d),
    first.dtype,
  );
}

/**
 * One or two tensors multiplied over a shared domain and summed; see {@link Op}.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { contraction, minimize, objective, sgd } from "@steepest/steepest";
 *
 * const i = [{ constant: 0, factors: [1] }];
 * const f = objective({
 *   parameters: { x: [3, 4] },
 *   loss: ({ x }) => contraction([2], [x, x], [i, i], [], []), // Σᵢ xᵢ·xᵢ
 * });
 * const run = await minimize(f, sgd(), { steps: 0, backend: "reference", precision: "f64" });
 * assert.equal(run.losses[0], 25);
 * ```
 */
export function contraction(
  domain: Shape,
  inputs: readonly Node[],
  maps: readonly AffineMap[],
  output: AffineMap,
  shape: Shape,
): Node {
  checkShape("contraction", domain);
  checkShape("contraction", shape);
  if (inputs.length < 1 || inputs.length > 2 || maps.length !== inputs.length) {
    shapeError(
      "contraction",
      `${inputs.length} inputs and ${maps.length} maps`,
      "one or two inputs, a map each",
    );
  }
  const fits = (map: AffineMap, rank: number) =>
    map.length === rank &&
    map.every((a) =>
      a.factors.length === domain.length && [a.constant, ...a.factors].every(Number.isInteger)
    );
  inputs.forEach((x, i) => {
    if (x.dtype !== "f32") shapeError("contraction", x.dtype, "f32");
    if (!fits(maps[i]!, x.shape.length)) {
      shapeError(
        "contraction",
        `a map of ${maps[i]!.length} dimensions for ${show(x.shape)}`,
        `integer maps of ${domain.length} domain axes`,
      );
    }
  });
  if (!fits(output, shape.length)) {
    shapeError(
      "contraction",
      `an output map of ${output.length} dimensions for ${show(shape)}`,
      `integer maps of ${domain.length} domain axes`,
    );
  }
  return makeNode({ kind: "contraction", domain, maps, output }, inputs, shape, "f32");
}

/**
 * Rows of `table` at u32 `indices`; an index beyond the table takes its last row.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { constant, gather, minimize, objective, sgd, sum } from "@steepest/steepest";
 *
 * const indices = constant([1, 1], [2], "u32");
 * const f = objective({ parameters: { x: [3, 4] }, loss: ({ x }) => sum(gather(x, indices)) });
 * const run = await minimize(f, sgd(), { steps: 0, backend: "reference", precision: "f64" });
 * assert.equal(run.losses[0], 8);
 * ```
 */
export function gather(table: Node, indices: Node): Node {
  if (indices.dtype !== "u32") shapeError("gather", indices.dtype, "u32 indices");
  if (table.shape.length === 0) shapeError("gather", "a scalar", "a table with rows");
  return makeNode(
    { kind: "gather" },
    [table, indices],
    [...indices.shape, ...table.shape.slice(1)],
    table.dtype,
  );
}

/**
 * A tensor of `rows` rows where row indices[i] is the sum of the updates[i]; others are 0.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { constant, input, scatterAdd } from "@steepest/steepest";
 *
 * const indices = constant([0, 2, 0], [3], "u32");
 * assert.deepEqual(scatterAdd(indices, input("updates", [3, 5]), 4).shape, [4, 5]);
 * ```
 */
export function scatterAdd(indices: Node, updates: Node, rows: number): Node {
  if (indices.dtype !== "u32" || updates.dtype !== "f32") {
    shapeError(
      "scatterAdd",
      `${indices.dtype} and ${updates.dtype}`,
      "u32 indices and f32 updates",
    );
  }
  if (!sameShape(indices.shape, updates.shape.slice(0, indices.shape.length))) {
    shapeError(
      "scatterAdd",
      `${show(indices.shape)} and ${show(updates.shape)}`,
      "updates that begin with the shape of the indices",
    );
  }
  const shape = [rows, ...updates.shape.slice(indices.shape.length)];
  checkShape("scatterAdd", shape);
  return makeNode({ kind: "scatterAdd" }, [indices, updates], shape, "f32");
}

/**
 * u32 bits that depend on (seed, stream, step, logical index) alone. Scalars give `shape`; a seed or
 * step of shape [R] gives [R, ...shape], each copy with the bits of its solo run.
 */
export function randomBits(seed: Node, step: Node, stream: number, shape: Shape): Node {
  checkShape("randomBits", shape);
  const copies = seed.shape.length > 0 ? seed.shape : step.shape;
  const fits = (x: Node) =>
    x.dtype === "u32" && (x.shape.length === 0 || sameShape(x.shape, copies));
  if (!fits(seed) || !fits(step) || copies.length > 1) {
    shapeError(
      "randomBits",
      `${seed.dtype}${show(seed.shape)} and ${step.dtype}${show(step.shape)}`,
      "u32 scalars, or u32 vectors of one length",
    );
  }
  return makeNode({ kind: "randomBits", stream }, [seed, step], [...copies, ...shape], "u32");
}

/**
 * The carried values after a bounded loop; see {@link Loop}.
 *
 * A derivative through it is an error of kind `shape`: say `stopGradient` of what goes in.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { input, minimize, mul, objective, repeat, sgd, stopGradient } from "@steepest/steepest";
 *
 * const formal = input("carried", []);
 * const doubling = { times: 3, formals: [formal], next: [mul(2, formal)] };
 * const f = objective({
 *   parameters: { x: 3 },
 *   loss: ({ x }) => mul(x, repeat(doubling, [stopGradient(x)])[0]!),
 * });
 * const run = await minimize(f, sgd(), { steps: 0, backend: "reference", precision: "f64" });
 * assert.equal(run.losses[0], 72);
 * ```
 */
export function repeat(
  loop: Loop,
  initial: readonly Node[],
  constants: readonly Node[] = [],
): Node[] {
  const actual = [...initial, ...constants];
  const same = (a: readonly Node[], b: readonly Node[]) =>
    a.length === b.length &&
    a.every((x, i) => sameShape(x.shape, b[i]!.shape) && x.dtype === b[i]!.dtype);
  if (!same(actual, loop.formals) || !same(initial, loop.next)) {
    shapeError(
      "repeat",
      actual.map((n) => show(n.shape)).join(", "),
      "values that match the formals, and a body that returns the carried ones",
    );
  }
  return loop.next.map((n, index) =>
    makeNode({ kind: "repeat", loop, index }, actual, n.shape, n.dtype)
  );
}
