/**
 * Sums of which at most one term is not zero, as what a label chooses among classes.
 *
 * @module
 */
import { makeNode, type Node, type Shape } from "./node.ts";
import { broadcast, compare, constant, neg, reduce, select } from "./ops.ts";

const ELEMENTWISE: ReadonlySet<string> = new Set([
  "unary",
  "binary",
  "compare",
  "select",
  "cast",
]);

/** The value of a node at any place along an axis, if it is the same at all of them. */
function across(node: Node, axis: number): Node | undefined {
  const { op, inputs, dtype } = node;
  const shape: Shape = node.shape.filter((_, i) => i !== axis);
  if (op.kind === "constant" && op.values.length === 1) {
    return constant(op.values[0]!, shape, dtype);
  }
  if (op.kind === "broadcast" && !op.axes.includes(axis)) {
    return broadcast(inputs[0]!, shape, op.axes.map((a) => a > axis ? a - 1 : a));
  }
  if (!ELEMENTWISE.has(op.kind)) return undefined;
  const narrow = inputs.map((x) => across(x, axis));
  return narrow.every((x) => x !== undefined) ? makeNode(op, narrow, shape, dtype) : undefined;
}

/**
 * Σⱼ (j = k ? a : 0) is (k < n ? a : 0), for j from 0 to n − 1 and k and a that do not depend on j.
 *
 * @param axes What is summed over.
 */
export function sumOfChosen(x: Node, axes: readonly number[]): Node | undefined {
  if (x.op.kind === "unary" && x.op.fn === "neg") {
    const sum = sumOfChosen(x.inputs[0]!, axes);
    return sum === undefined ? undefined : neg(sum);
  }
  const [when, a, zero] = x.inputs;
  if (x.op.kind !== "select" || when?.op.kind !== "compare" || when.op.fn !== "eq") {
    return undefined;
  }
  if (zero?.op.kind !== "constant" || !zero.op.values.every((v) => v === 0)) return undefined;
  for (const [place, chosen] of [when.inputs, when.inputs.toReversed()]) {
    if (place?.op.kind !== "iota" || !axes.includes(place.op.axis)) continue;
    const { axis } = place.op;
    const k = across(chosen!, axis), term = across(a!, axis);
    if (k === undefined || term === undefined) continue;
    const only = select(compare("lt", k, x.shape[axis]!), term, constant(0, term.shape, x.dtype));
    const rest = axes.flatMap((i) => i === axis ? [] : [i > axis ? i - 1 : i]);
    return rest.length === 0 ? only : reduce("sum", only, rest);
  }
  return undefined;
}
