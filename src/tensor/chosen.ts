/**
 * What an index chooses along an axis: elements j with j = k, for a k that does not depend on j.
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
function across(
  node: Node,
  axis: number,
  known: Map<string, Node | undefined> = new Map(),
): Node | undefined {
  if (!known.has(node.hash)) known.set(node.hash, narrowed(node, axis, known));
  return known.get(node.hash);
}

function narrowed(
  node: Node,
  axis: number,
  known: Map<string, Node | undefined>,
): Node | undefined {
  const { op, inputs, dtype } = node;
  const shape: Shape = node.shape.filter((_, i) => i !== axis);
  if (op.kind === "constant" && op.values.length === 1) {
    return constant(op.values[0]!, shape, dtype);
  }
  if (op.kind === "broadcast" && !op.axes.includes(axis)) {
    return broadcast(inputs[0]!, shape, op.axes.map((a) => a > axis ? a - 1 : a));
  }
  if (!ELEMENTWISE.has(op.kind)) return undefined;
  const narrow: Node[] = [];
  for (const x of inputs) {
    const one = across(x, axis, known);
    if (one === undefined) return undefined;
    narrow.push(one);
  }
  return makeNode(op, narrow, shape, dtype);
}

/** A place along an axis. */
export interface Choice {
  readonly axis: number;
  /** Which one, at each place along the other axes: u32. */
  readonly at: Node;
}

/** The place at which a condition holds, if it is that an index along an axis is there. */
export function choiceOf({ op, inputs: [a, b] }: Node): Choice | undefined {
  if (op.kind !== "compare" || op.fn !== "eq") return undefined;
  for (const [index, place] of [[a!, b!], [b!, a!]] as const) {
    if (index.op.kind !== "iota") continue;
    const { axis } = index.op, at = across(place, axis);
    if (at !== undefined) return { axis, at };
  }
  return undefined;
}

/**
 * Σⱼ (j = k ? a : 0) is (k < n ? a : 0), for j from 0 to n − 1 and an a that does not depend on j.
 *
 * @param axes What is summed over.
 */
export function sumOfChosen(x: Node, axes: readonly number[]): Node | undefined {
  if (x.op.kind === "unary" && x.op.fn === "neg") {
    const sum = sumOfChosen(x.inputs[0]!, axes);
    return sum === undefined ? undefined : neg(sum);
  }
  const [when, a, zero] = x.inputs;
  if (x.op.kind !== "select" || zero!.op.kind !== "constant") return undefined;
  const choice = choiceOf(when!);
  if (choice === undefined || !axes.includes(choice.axis)) return undefined;
  const { axis, at } = choice, term = across(a!, axis);
  if (term === undefined || zero!.op.values.some((v) => v !== 0)) return undefined;
  const only = select(compare("lt", at, x.shape[axis]!), term, constant(0, term.shape, x.dtype));
  const rest = axes.flatMap((i) => i === axis ? [] : [i > axis ? i - 1 : i]);
  return rest.length === 0 ? only : reduce("sum", only, rest);
}
