/**
 * Constructors of the primitives that are not elementwise. Each checks its arguments and infers shape
 * and element type.
 *
 * @module
 */
import { failure } from "../errors.ts";
import { show as showValue } from "../errors/words.ts";
import {
  checkAxis,
  checkElements,
  checkLists,
  checkShape,
  checkTensors,
  checkType,
  checkWord,
  isTensor,
  shapeError,
  show,
} from "./check.ts";
import {
  type DType,
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
  if (typeof name !== "string" || name === "") {
    throw failure("description", "input", showValue(name), "a name");
  }
  checkShape(`input ${name}`, shape);
  checkType(`input ${name}`, dtype);
  if (!Number.isInteger(version) || version < 0) {
    throw failure("description", `input ${name}`, showValue(version), "a number of assignments");
  }
  return makeNode({ kind: "input", name, version }, [], shape, dtype);
}

/** A constant tensor: one value that fills the shape, or row-major values. */
export function constant(
  value: number | readonly number[],
  given?: Shape,
  dtype: DType = "f32",
): Node {
  const values = typeof value === "number" ? [value] : value;
  checkType("constant", dtype);
  checkElements("constant", values, dtype);
  const shape = given === undefined ? typeof value === "number" ? [] : [value.length] : given;
  checkShape("constant", shape);
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
  if (!isTensor(value)) shapeError(op, showValue(value), "a tensor or a number");
  return value;
}

/** The right-aligned common shape of several, where an extent 1 repeats; throws a `shape` error if there is none. */
export function broadcastShapes(op: string, shapes: readonly Shape[]): Shape {
  checkLists(op, "shapes", shapes);
  for (const shape of shapes) checkShape(op, shape);
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
  const node = lift(x, "f32", "broadcastTo");
  checkShape("broadcastTo", shape);
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
  checkTensors("broadcast", x);
  checkShape("broadcast", shape);
  checkLists("broadcast", "axes", axes);
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

const REDUCTIONS: { readonly [F in ReduceFn]: true } = { sum: true, max: true, argmax: true };

/** Combines f32 over distinct `axes` (default: all) and removes them; u32 for `argmax`. Throws a `shape` error. */
export function reduce(fn: ReduceFn, x: Node, axes?: readonly number[]): Node {
  checkWord("reduce", fn, REDUCTIONS);
  checkTensors(fn, x);
  if (axes !== undefined) checkLists(fn, "axes", axes);
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
  checkTensors("reshape", x);
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
  checkTensors("permute", x);
  checkLists("permute", "a permutation", order);
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
  given?: readonly number[],
): Node {
  checkTensors("slice", x);
  checkLists("slice", "a number for each axis", start, stop, given ?? []);
  const stride = given ?? start.map(() => 1);
  const ok = [start, stop, stride].every((v) => v.every(Number.isInteger)) &&
    start.length === x.shape.length && stop.length === start.length &&
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
  given?: readonly number[],
): Node {
  checkTensors("pad", x);
  checkLists("pad", "a number for each axis", low, high, given ?? []);
  const interior = given ?? low.map(() => 0);
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
  checkLists("concatenate", "a list of tensors", parts);
  const first = parts[0];
  if (parts.length === 0 || first === undefined) {
    return shapeError("concatenate", "no parts", "at least one part");
  }
  checkTensors("concatenate", ...parts);
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
