/** Helpers of the tests in this room: graphs of given values, and their values. */
import { evaluate } from "../../src/reference/evaluate.ts";
import { type Tensor, tensor } from "../../src/reference/tensor.ts";
import { type Node, type Shape, sizeOf } from "../../src/tensor/node.ts";
import { constant, input } from "../../src/tensor/ops.ts";

/** Values that look random and repeat: the same for the same seed. */
export function noise(shape: Shape, seed = 1): Node {
  let state = seed * 2654435761 >>> 0;
  const values = Array.from({ length: sizeOf(shape) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.round((state / 2 ** 31 - 1) * 1024) / 1024;
  });
  return constant(values, shape);
}

/** The values of a graph without inputs, apart from the random seed 5 and step 3. */
export function valuesOf(
  node: Node,
  seed = 5,
  step = 3,
  more: readonly [string, Tensor][] = [],
): number[] {
  const inputs = new Map<string, Tensor>([
    ["seed@0", tensor(seed, [], "u32")],
    ["step@0", tensor(step, [], "u32")],
    ...more,
  ]);
  return [...evaluate([node], inputs)[0]!.data];
}

/** The input nodes that {@link valuesOf} gives values to. */
export const SEED: Node = input("seed", [], "u32");
export const STEP: Node = input("step", [], "u32");

/** The largest difference of two lists of equal length; infinite where they differ in length. */
export function distance(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return Infinity;
  return a.reduce((worst, v, i) => Math.max(worst, Math.abs(v - b[i]!)), 0);
}
