/**
 * How each primitive with batched inputs becomes a primitive with one more leading axis. `repeat`
 * is in `vmap_repeat.ts`.
 *
 * @module
 */
import {
  binary,
  broadcast,
  compare,
  concatenate,
  constant,
  contraction,
  gather,
  iota,
  permute,
  randomBits,
  reduce,
  reshape,
  scatterAdd,
  select,
} from "../tensor/ops.ts";
import {
  type Affine,
  makeNode,
  type Node,
  type Op,
  type OpKind,
  type OpOf,
  type Shape,
  sizeOf,
} from "../tensor/node.ts";
import { spread } from "./algebra.ts";
import { clamped, padLike, sliceLike, staysWithin } from "./structure.ts";

/** A value under `vmap`: with a leading batch axis, or shared by all copies. */
export interface Batched {
  readonly node: Node;
  readonly batched: boolean;
}

/**
 * The batched form of `node` from its inputs, at least one of which is batched; the result has
 * shape [size, ...node.shape].
 */
type BatchRule<K extends OpKind> = (
  op: OpOf<K>,
  node: Node,
  inputs: readonly Batched[],
  size: number,
) => Node;

/** The value with its batch axis; a shared value is repeated. */
export function lead(x: Batched, size: number): Node {
  if (x.batched) return x.node;
  return spread(x.node, [size, ...x.node.shape], x.node.shape.map((_, i) => i + 1));
}

const after = (axes: readonly number[]): number[] => axes.map((a) => a + 1);

/** The same operation on inputs that all have the batch axis. */
function elementwise(op: Op, node: Node, inputs: readonly Batched[], size: number): Node {
  return makeNode(op, inputs.map((x) => lead(x, size)), [size, ...node.shape], node.dtype);
}

/** u32 of `shape`: the number of the copy (axis 0) times `factor`. */
function copyOffset(shape: Shape, factor: number): Node {
  const copies = binary("mul", iota([shape[0]!], 0), factor);
  return broadcast(copies, shape, [0]);
}

/** One table of the rows of all copies, and indices into it that stay in their copy. */
function batchedGather(inputs: readonly Batched[], size: number): Node {
  const [table, indices] = inputs;
  if (!table!.batched) return gather(table!.node, indices!.node);
  const [, rows, ...rest] = table!.node.shape;
  const all = lead(indices!, size);
  const own = clamped(all, rows!);
  const shifted = binary("add", own, copyOffset(own.shape, rows!));
  return gather(reshape(table!.node, [size * rows!, ...rest]), shifted);
}

/** As {@link batchedGather}; an index that a copy drops goes beyond the rows of all copies. */
function batchedScatterAdd(node: Node, inputs: readonly Batched[], size: number): Node {
  const indices = lead(inputs[0]!, size), updates = lead(inputs[1]!, size);
  const rows = node.shape[0]!, total = size * rows;
  const shifted = binary("add", indices, copyOffset(indices.shape, rows));
  const kept = staysWithin(indices, rows)
    ? shifted
    : select(compare("lt", indices, rows), shifted, constant(total, [], "u32"));
  return reshape(scatterAdd(kept, updates, total), [size, ...node.shape]);
}

/** All copies of all copies: a seed or step of shape [size · q] where the node had q copies. */
function batchedBits(
  op: OpOf<"randomBits">,
  node: Node,
  inputs: readonly Batched[],
  size: number,
): Node {
  const inner = node.inputs.find((x) => x.shape.length > 0)?.shape ?? [];
  const copies = [size, ...inner];
  const flat = (x: Batched, original: Node): Node => {
    if (!x.batched && original.shape.length === 0) return x.node;
    const own = lead(x, size);
    return reshape(spread(own, copies, own.shape.map((_, i) => i)), [sizeOf(copies)]);
  };
  const [seed, step] = inputs.map((x, i) => flat(x, node.inputs[i]!));
  const bits = randomBits(seed!, step!, op.stream, node.shape.slice(inner.length));
  return reshape(bits, [size, ...node.shape]);
}

/** A domain with the copy in front: batched tensors are addressed by it, shared ones are not. */
function batchedContraction(
  op: OpOf<"contraction">,
  node: Node,
  inputs: readonly Batched[],
  size: number,
): Node {
  const domain = [size, ...op.domain];
  const copy: Affine = { constant: 0, factors: domain.map((_, i) => i === 0 ? 1 : 0) };
  const extended = (map: readonly Affine[], batched: boolean): Affine[] => {
    const own = map.map((a) => ({ constant: a.constant, factors: [0, ...a.factors] }));
    return batched ? [copy, ...own] : own;
  };
  return contraction(
    domain,
    inputs.map((x) => x.node),
    op.maps.map((m, i) => extended(m, inputs[i]!.batched)),
    extended(op.output, true),
    [size, ...node.shape],
  );
}

/** A primitive without inputs is never batched. */
const leaf = (_op: Op, node: Node): Node => node;

/** The rules of all primitives but `repeat`, whose outputs need not all be batched. */
export const BATCH_RULES: { readonly [K in Exclude<OpKind, "repeat">]: BatchRule<K> } = {
  input: leaf,
  constant: leaf,
  iota: leaf,
  unary: elementwise,
  binary: elementwise,
  compare: elementwise,
  select: elementwise,
  cast: elementwise,
  reduce: (op, _node, [x]) => reduce(op.fn, x!.node, after(op.axes)),
  reshape: (_op, node, [x], size) => reshape(x!.node, [size, ...node.shape]),
  permute: (op, _node, [x]) => permute(x!.node, [0, ...after(op.order)]),
  broadcast: (op, node, [x], size) =>
    broadcast(x!.node, [size, ...node.shape], [0, ...after(op.axes)]),
  slice: (op, node, [x], size) =>
    sliceLike(
      x!.node,
      { kind: "slice", start: [0, ...op.start], stride: [1, ...op.stride] },
      [size, ...node.shape],
    ),
  pad: (op, node, [x], size) =>
    padLike(
      x!.node,
      { kind: "pad", low: [0, ...op.low], interior: [0, ...op.interior] },
      [size, ...node.shape],
    ),
  concatenate: (op, _node, inputs, size) =>
    concatenate(inputs.map((x) => lead(x, size)), op.axis + 1),
  contraction: batchedContraction,
  gather: (_op, _node, inputs, size) => batchedGather(inputs, size),
  scatterAdd: (_op, node, inputs, size) => batchedScatterAdd(node, inputs, size),
  randomBits: batchedBits,
};

/** The condition of each copy (shape [size]) at every element of a batched value. */
export function perCopy(condition: Node, shape: Shape): Node {
  return broadcast(condition, shape, [0]);
}

/** Whether a condition holds for some copy. */
export function anyCopy(condition: Node): Node {
  const count = select(condition, constant(1), constant(0));
  return compare("gt", reduce("max", count), 0);
}
