/**
 * What asks whether a number is positive asks its positive part instead, where that is computed anyway:
 * a derivative then reads what the forward pass stored, and the number itself need not be stored.
 *
 * @module
 */
import type { Node } from "../tensor/node.ts";
import { compare, select } from "../tensor/ops.ts";
import { rewrite, topological, withInputs } from "../tensor/walk.ts";

/** Whether all elements are the constant 0. */
function isZero({ op, inputs }: Node): boolean {
  if (op.kind === "broadcast" || op.kind === "reshape") return isZero(inputs[0]!);
  return op.kind === "constant" && op.values.every((v) => v === 0);
}

/** x where x > 0, else 0: its condition, if a node is that. */
function conditionOf({ op, inputs: [when, positive, otherwise] }: Node): Node | undefined {
  if (op.kind !== "select" || when?.op.kind !== "compare" || when.op.fn !== "gt") return undefined;
  const [x, zero] = when.inputs;
  return x!.hash === positive!.hash && zero!.hash === otherwise!.hash && isZero(zero!)
    ? when
    : undefined;
}

/** Replaces x > 0 by (x > 0 ? x : 0) > 0, which is the same for every x, also one that is no number. */
export function askPositiveParts(roots: readonly Node[]): Node[] {
  const parts = new Set<string>();
  const rectified = new Set<string>();
  for (const node of topological(roots)) {
    const when = conditionOf(node);
    if (when === undefined) continue;
    parts.add(node.hash);
    rectified.add(when.hash);
  }
  return rewrite(roots, (node, original) => {
    if (parts.has(original.hash)) return node;
    return withInputs(
      node,
      node.inputs.map((x, i) => {
        if (!rectified.has(original.inputs[i]!.hash)) return x;
        const [of, zero] = x.inputs;
        return compare("gt", select(x, of!, zero!), zero!);
      }),
    );
  });
}
