/**
 * The batch rule of `repeat`: one loop for all copies. A copy whose condition is false keeps its
 * values while others go on, so that it ends with what its solo run ends with.
 *
 * @module
 */
import { input, repeat, select } from "../tensor/ops.ts";
import type { Loop, Node, OpOf } from "../tensor/node.ts";
import { anyCopy, type Batched, lead, perCopy } from "./vmap_rules.ts";

/** `vmap` itself, given to the rule because a body is a graph. */
type Vectorize = (
  outputs: readonly Node[],
  batched: ReadonlyMap<string, Node>,
  size: number,
) => Batched[];

interface Body {
  readonly formals: readonly Node[];
  readonly next: readonly Batched[];
  readonly condition: Batched | undefined;
}

/** The body with batch axes on the formals that are flagged. */
function vectorizedBody(
  loop: Loop,
  flags: readonly boolean[],
  size: number,
  vectorize: Vectorize,
): Body {
  const formals = loop.formals.map((f, i) => flags[i] ? batchedFormal(f, size) : f);
  const replacements = new Map(
    loop.formals.flatMap((f, i) => flags[i] ? [[f.hash, formals[i]!] as const] : []),
  );
  const roots = loop.condition === undefined ? loop.next : [...loop.next, loop.condition];
  const values = vectorize(roots, replacements, size);
  return {
    formals,
    next: values.slice(0, loop.next.length),
    condition: loop.condition === undefined ? undefined : values[loop.next.length],
  };
}

/** A name of its own, because values of formals are told apart by name and version. */
function batchedFormal(formal: Node, size: number): Node {
  const op = formal.op;
  const name = op.kind === "input" ? op.name : formal.hash;
  const version = op.kind === "input" ? op.version : 0;
  return input(`${name}×${size}`, [size, ...formal.shape], formal.dtype, version);
}

/** The loop over all copies, and which of its formals are batched. */
function vectorizedLoop(
  loop: Loop,
  initial: readonly boolean[],
  size: number,
  vectorize: Vectorize,
): { readonly loop: Loop; readonly flags: readonly boolean[] } {
  // A carried value that turns batched in one iteration is batched from the first; this adds flags
  // until none is missing, at most one round for each carried value.
  let flags = initial;
  for (;;) {
    const body = vectorizedBody(loop, flags, size, vectorize);
    const perCopyEnd = body.condition?.batched === true;
    const wider = flags.map((f, i) =>
      f || (i < loop.next.length && (perCopyEnd || body.next[i]!.batched))
    );
    if (wider.every((f, i) => f === flags[i])) {
      return { loop: assembled(loop, body, flags, size), flags };
    }
    flags = wider;
  }
}

function assembled(loop: Loop, body: Body, flags: readonly boolean[], size: number): Loop {
  const { formals, condition } = body;
  const next = body.next.map((x, i) => flags[i] ? lead(x, size) : x.node);
  if (condition === undefined) return { times: loop.times, formals, next };
  if (!condition.batched) return { times: loop.times, formals, next, condition: condition.node };
  const frozen = next.map((x, i) => select(perCopy(condition.node, x.shape), x, formals[i]!));
  return { times: loop.times, formals, next: frozen, condition: anyCopy(condition.node) };
}

/** The batch rule of `repeat`, with the loops already transformed in one call of `vmap`. */
export function repeatRule(
  size: number,
  vectorize: Vectorize,
): (op: OpOf<"repeat">, inputs: readonly Batched[]) => Batched {
  const done = new Map<Loop, Map<string, ReturnType<typeof vectorizedLoop>>>();
  return (op, inputs) => {
    const initial = inputs.map((x) => x.batched);
    const variants = done.get(op.loop) ?? new Map<string, ReturnType<typeof vectorizedLoop>>();
    done.set(op.loop, variants);
    const key = initial.join();
    const variant = variants.get(key) ?? vectorizedLoop(op.loop, initial, size, vectorize);
    variants.set(key, variant);
    const values = inputs.map((x, i) => variant.flags[i] ? lead(x, size) : x.node);
    const carried = op.loop.next.length;
    const results = repeat(variant.loop, values.slice(0, carried), values.slice(carried));
    return { node: results[op.index]!, batched: variant.flags[op.index]! };
  };
}
