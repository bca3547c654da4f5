/**
 * Loops of the graph, written out: iteration after iteration as ordinary nodes, where that costs less
 * than a region of its own.
 *
 * @module
 */
import { type Loop, type Node, type OpKind, sameShape } from "../tensor/node.ts";
import { broadcastTo, select } from "../tensor/ops.ts";
import { substitute, topological } from "../tensor/walk.ts";

/**
 * Up to which size a loop is written out. Written out, iterations share kernels, which saves
 * dispatches; but every sum is a kernel to compile, again for each iteration.
 */
export interface WrittenOut {
  /** Nodes of all iterations. */
  readonly nodes: number;
  /** Sums of all iterations. */
  readonly sums: number;
}

/** What is written out unless a plan asks for something else. */
export const WRITTEN_OUT: WrittenOut = { nodes: 250, sums: 8 };

const SUMS: ReadonlySet<OpKind> = new Set(["reduce", "contraction", "scatterAdd", "concatenate"]);

/** What the body computes: the carried values, then the condition if there is one. */
export function bodyOf(loop: Loop): readonly Node[] {
  return loop.condition === undefined ? loop.next : [...loop.next, loop.condition];
}

/** The size of a loop when it is written out, with the loops in it. */
export function sizeWrittenOut(loop: Loop): WrittenOut {
  let nodes = 0, sums = 0;
  const inner = new Set<Loop>();
  for (const { op } of topological(bodyOf(loop))) {
    if (op.kind === "repeat") inner.add(op.loop);
    else {
      nodes++;
      if (SUMS.has(op.kind)) sums++;
    }
  }
  for (const other of inner) {
    const size = sizeWrittenOut(other);
    nodes += size.nodes;
    sums += size.sums;
  }
  return { nodes: nodes * loop.times, sums: sums * loop.times };
}

/** The carried values after all iterations. */
export function iterate(loop: Loop, inputs: readonly Node[]): readonly Node[] {
  const carried = loop.next.length;
  const roots = bodyOf(loop);
  let values: readonly Node[] = inputs.slice(0, carried);
  for (let i = 0; i < loop.times; i++) {
    const actual = [...values, ...inputs.slice(carried)];
    const body = substitute(roots, new Map(loop.formals.map((f, k) => [f.hash, actual[k]!])));
    values = keptUnless(body[carried], body.slice(0, carried), values);
  }
  return values;
}

/**
 * The next values where the condition holds, else the last ones. Values that are kept make the same
 * condition at the next iteration, so a loop that has stopped stays as it is.
 */
export function keptUnless(
  condition: Node | undefined,
  next: readonly Node[],
  last: readonly Node[],
): readonly Node[] {
  if (condition === undefined) return next;
  return next.map((x, k) =>
    select(
      sameShape(x.shape, condition.shape) ? condition : broadcastTo(condition, x.shape),
      x,
      last[k]!,
    )
  );
}
