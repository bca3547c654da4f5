/**
 * Expressions at the points of boxes, remembered: a kernel is often written twice, as vectors and then
 * with some buffers as words, with the same expressions.
 *
 * @module
 */
import type { Index } from "../src/loops/index.ts";
import { type Scalar, scalarNear } from "../src/loops/scalar.ts";

type Near = ReturnType<typeof scalarNear>;

const known = new WeakMap<Scalar, Map<string, Near>>();

/** An expression at points near `origin`; axes of one name that differ in extent reach to other values. */
export function nearOf(root: Scalar, origin: ReadonlyMap<string, Index>): Near {
  const key = [...origin].map(([name, x]) => `${name}=${x.key}:${x.low}:${x.high}`).join();
  const boxes = known.get(root) ?? new Map<string, Near>();
  known.set(root, boxes);
  const near = boxes.get(key) ?? scalarNear(root, origin);
  boxes.set(key, near);
  return near;
}
