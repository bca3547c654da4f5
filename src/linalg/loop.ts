/**
 * Loops written as functions: the formal inputs of a `repeat`, and what its body takes from outside,
 * are found instead of declared.
 *
 * @module
 */
import type { Loop, Node, OpKind } from "../tensor/node.ts";
import { input, repeat } from "../tensor/ops.ts";
import { rewrite, topological, withInputs } from "../tensor/walk.ts";

/** What {@link loop} runs. */
interface LoopOptions {
  /** How many iterations at most. */
  readonly times: number;
  /** The values before the first iteration. */
  readonly initial: readonly Node[];
  /** The values after an iteration from those before it; it may use any node around it. */
  readonly body: (...carried: readonly Node[]) => readonly Node[];
  /** A bool scalar of the values; the loop ends at the first iteration that begins with false. */
  readonly condition?: (...carried: readonly Node[]) => Node;
}

/** Loops that are being written at this moment, one inside the other: they name the formals. */
let depth = 0;

function written({ initial, body, condition }: LoopOptions): {
  readonly formals: readonly Node[];
  readonly next: readonly Node[];
  readonly goesOn: Node | undefined;
} {
  const formals = initial.map((x, i) => input(`carried ${depth}.${i}`, x.shape, x.dtype));
  depth++;
  try {
    return { formals, next: body(...formals), goesOn: condition?.(...formals) };
  } finally {
    depth--;
  }
}

/** Cheaper to compute where they are read than to store: what only repeats or moves values. */
const VIEWS: ReadonlySet<OpKind> = new Set(["reshape", "permute", "broadcast", "slice", "pad"]);
/** What is worth storing even where it depends on no input. */
const COSTLY: ReadonlySet<OpKind> = new Set(["reduce", "contraction", "scatterAdd", "repeat"]);

/** The body closed over its formals: what does not depend on them becomes a constant of the loop. */
function closed(
  roots: readonly Node[],
  formals: readonly Node[],
): { readonly roots: Node[]; readonly formals: Node[]; readonly outer: Node[] } {
  const inner = new Set(formals.map((f) => f.hash));
  const cheap = new Set<string>();
  for (const node of topological(roots)) {
    if (node.inputs.some((x) => inner.has(x.hash))) inner.add(node.hash);
    else if (
      node.op.kind !== "input" && !COSTLY.has(node.op.kind) &&
      node.inputs.every((x) => cheap.has(x.hash))
    ) cheap.add(node.hash);
  }
  const taken = new Map<string, { readonly outer: Node; readonly formal: Node }>();
  const take = (node: Node): Node => {
    if (inner.has(node.hash) || cheap.has(node.hash)) return node;
    if (VIEWS.has(node.op.kind)) return withInputs(node, node.inputs.map(take));
    const known = taken.get(node.hash);
    if (known !== undefined) return known.formal;
    const formal = input(`constant ${depth}.${taken.size}`, node.shape, node.dtype);
    taken.set(node.hash, { outer: node, formal });
    return formal;
  };
  const reads = new Map<string, Node>();
  for (const node of topological(roots)) {
    if (!inner.has(node.hash)) continue;
    for (const x of node.inputs) if (!inner.has(x.hash)) reads.set(x.hash, take(x));
  }
  for (const root of roots) if (!inner.has(root.hash)) reads.set(root.hash, take(root));
  const own = rewrite(roots, (node, original) => reads.get(original.hash) ?? node);
  const constants = [...taken.values()];
  return {
    roots: own,
    formals: [...formals, ...constants.map((c) => c.formal)],
    outer: constants.map((c) => c.outer),
  };
}

/**
 * The carried values after at most `times` iterations of `body`.
 *
 * What the body uses of the graph around it and does not depend on carried values is computed once,
 * before the loop: in an iteration with Hessian-vector products that is the whole primal pass.
 * Differentiating the result is a typed error, as for every `repeat`.
 */
export function loop(options: LoopOptions): Node[] {
  const { formals, next, goesOn } = written(options);
  const body = closed(goesOn === undefined ? next : [...next, goesOn], formals);
  const condition = body.roots[next.length];
  const result: Loop = {
    times: options.times,
    formals: body.formals,
    next: body.roots.slice(0, next.length),
    ...(condition === undefined ? {} : { condition }),
  };
  return repeat(result, options.initial, body.outer);
}
