/**
 * What every constructor checks.
 *
 * @module
 */
import { failure } from "../errors.ts";
import type { Shape } from "./node.ts";

/** Fails with a typed error of kind `shape` that names the operation. */
export function shapeError(op: string, found: string, expected: string): never {
  throw failure("shape", op, found, expected);
}

/** A shape as text. */
export const show = (shape: Shape): string => `[${shape.join(", ")}]`;

/** Fails unless all extents are positive integers. */
export function checkShape(op: string, shape: Shape): void {
  if (!shape.every((d) => Number.isInteger(d) && d >= 1)) {
    shapeError(op, show(shape), "extents that are positive integers");
  }
}

/** Fails unless `axis` is one of the shape. */
export function checkAxis(op: string, axis: number, shape: Shape): void {
  if (!Number.isInteger(axis) || axis < 0 || axis >= shape.length) {
    shapeError(op, `axis ${axis}`, `an axis of ${show(shape)}`);
  }
}
