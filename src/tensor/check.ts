/**
 * What every constructor checks.
 *
 * @module
 */
import { failure } from "../errors.ts";
import { show as showValue } from "../errors/words.ts";
import type { DType, Node, Shape } from "./node.ts";

/** Fails with a typed error of kind `shape` that names the operation. */
export function shapeError(op: string, found: string, expected: string): never {
  throw failure("shape", op, found, expected);
}

/** A shape, or what stands in its place, as text. */
export const show = (shape: unknown): string =>
  Array.isArray(shape)
    ? `[${shape.map((d) => typeof d === "number" ? `${d}` : showValue(d)).join(", ")}]`
    : showValue(shape);

/** Whether something is a node of the graph. */
export function isTensor(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "op" in value && "inputs" in value;
}

/** Fails unless all of them are nodes of the graph. */
export function checkTensors(op: string, ...values: readonly unknown[]): void {
  const wrong = values.findIndex((value) => !isTensor(value));
  if (wrong >= 0) shapeError(op, showValue(values[wrong]), "a tensor");
}

/** Fails unless all of them are lists. */
export function checkLists(op: string, expected: string, ...values: readonly unknown[]): void {
  const wrong = values.findIndex((value) => !Array.isArray(value));
  if (wrong >= 0) shapeError(op, showValue(values[wrong]), expected);
}

/** Fails unless all extents are positive integers. */
export function checkShape(op: string, shape: Shape): void {
  if (!Array.isArray(shape) || !shape.every((d) => Number.isInteger(d) && d >= 1)) {
    shapeError(op, show(shape), "extents that are positive integers");
  }
}

/** Fails unless `axis` is one of the shape. */
export function checkAxis(op: string, axis: number, shape: Shape): void {
  if (!Number.isInteger(axis) || axis < 0 || axis >= shape.length) {
    const found = typeof axis === "number" ? `axis ${axis}` : showValue(axis);
    shapeError(op, found, `an axis of ${show(shape)}`);
  }
}

/** Fails unless the word is one of a table's. */
export function checkWord(op: string, word: string, table: object): void {
  if (typeof word === "string" && Object.hasOwn(table, word)) return;
  shapeError(op, showValue(word), `one of ${Object.keys(table).join(", ")}`);
}

/** What the elements of a constant may be. */
const ELEMENTS: {
  readonly [D in DType]: readonly [holds: (value: unknown) => boolean, expected: string];
} = {
  f32: [(x) => typeof x === "number", "numbers"],
  u32: [Number.isInteger, "integers, taken modulo 2³²"],
  bool: [(x) => x === 0 || x === 1, "0 and 1"],
};

/** Fails unless it is the name of an element type. */
export function checkType(op: string, dtype: DType): void {
  checkWord(op, dtype, ELEMENTS);
}

/** Fails unless all values are of the element type. */
export function checkElements(op: string, values: readonly number[], dtype: DType): void {
  checkLists(op, "numbers", values);
  const [holds, expected] = ELEMENTS[dtype];
  const wrong = values.findIndex((value) => !holds(value));
  if (wrong >= 0) shapeError(op, `${showValue(values[wrong])} at element ${wrong}`, expected);
}
