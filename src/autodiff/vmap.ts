/**
 * Batching: the graph that computes many copies at once, as the stacked results of solo graphs.
 *
 * @module
 */
import { type Issue, issue, SteepestError } from "../errors.ts";
import { type Node, type Op, sameShape } from "../tensor/node.ts";
import { topological, withInputs } from "../tensor/walk.ts";
import { BATCH_RULES, type Batched } from "./vmap_rules.ts";
import { repeatRule } from "./vmap_repeat.ts";

/** What {@link vmap} returns, output by output. */
interface Vectorized {
  /** Of shape [size, ...shape] where batched; otherwise shared by all copies. */
  readonly nodes: readonly Node[];
  /** Whether the output depends on a batched node. */
  readonly batched: readonly boolean[];
}

/**
 * `outputs` for `size` copies. `batched` maps the hash of a node of the graph (usually an input) to
 * its replacement of shape [size, ...shape]; everything that depends on none of them is computed
 * once and shared.
 *
 * @throws SteepestError of kind `shape` where a replacement has another shape or element type.
 */
export function vmap(
  outputs: readonly Node[],
  batched: ReadonlyMap<string, Node>,
  size: number,
): Vectorized {
  const values = vectorize(outputs, batched, size);
  return { nodes: values.map((v) => v.node), batched: values.map((v) => v.batched) };
}

function vectorize(
  outputs: readonly Node[],
  batched: ReadonlyMap<string, Node>,
  size: number,
): Batched[] {
  const done = new Map<string, Batched>();
  const issues: Issue[] = [];
  const repeated = repeatRule(size, vectorize);
  for (const node of topological(outputs)) {
    const replacement = batched.get(node.hash);
    if (replacement !== undefined) {
      issues.push(...checkReplacement(node, replacement, size));
      done.set(node.hash, { node: replacement, batched: true });
      continue;
    }
    if (issues.length > 0) continue;
    done.set(node.hash, applied(node, node.inputs.map((x) => done.get(x.hash)!), size, repeated));
  }
  if (issues.length > 0) throw new SteepestError("shape", issues);
  return outputs.map((o) => done.get(o.hash)!);
}

function applied(
  node: Node,
  inputs: readonly Batched[],
  size: number,
  repeated: ReturnType<typeof repeatRule>,
): Batched {
  const op = node.op;
  if (!inputs.some((x) => x.batched)) {
    return { node: withInputs(node, inputs.map((x) => x.node)), batched: false };
  }
  if (op.kind === "repeat") return repeated(op, inputs);
  const rule = BATCH_RULES[op.kind] as (
    op: Op,
    node: Node,
    inputs: readonly Batched[],
    size: number,
  ) => Node;
  return { node: rule(op, node, inputs, size), batched: true };
}

function checkReplacement(node: Node, replacement: Node, size: number): Issue[] {
  const shape = [size, ...node.shape];
  if (sameShape(replacement.shape, shape) && replacement.dtype === node.dtype) return [];
  const path = node.op.kind === "input" ? `vmap/${node.op.name}` : `vmap/${node.op.kind}`;
  return [issue(path, `${replacement.dtype}[${replacement.shape}]`, `${node.dtype}[${shape}]`)];
}
