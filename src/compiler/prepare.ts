/**
 * Rewrites of the tensor graph before it becomes loops.
 *
 * @module
 */
import { type Affine, makeNode, type Node, type Shape } from "../tensor/node.ts";
import { rewrite, topological } from "../tensor/walk.ts";

/** How axes of `from` are cut into axes of `to`, or undefined if some are joined. */
function cuts(from: Shape, to: Shape): number[][] | undefined {
  const result: number[][] = [];
  let j = 0;
  for (const extent of from) {
    const parts: number[] = [];
    let product = 1;
    while (product < extent && j < to.length) {
      parts.push(j);
      product *= to[j++]!;
    }
    if (product !== extent) return undefined;
    result.push(parts);
  }
  while (j < to.length && to[j] === 1) result[result.length - 1]?.push(j++);
  return j === to.length && from.length > 0 ? result : undefined;
}

/**
 * A contraction whose output is then cut into more axes, as a contraction with those axes.
 *
 * A dense layer's input gradient is read as an image by the pooling below it; with the axes in the
 * domain, the unpooling can follow in the same kernel.
 */
function absorb(node: Node): Node | undefined {
  if (node.op.kind !== "reshape") return undefined;
  const source = node.inputs[0]!;
  const op = source.op;
  if (op.kind !== "contraction") return undefined;
  const parts = cuts(source.shape, node.shape);
  if (parts === undefined) return undefined;
  const ownAxis = op.output.map((a) => {
    const used = a.factors.flatMap((f, i) => f !== 0 ? [i] : []);
    const axis = used[0];
    const plain = used.length === 1 && a.constant === 0 && a.factors[axis!] === 1;
    const alone = plain && op.output.every((b) => b === a || b.factors[axis!] === 0);
    return alone ? axis! : undefined;
  });
  if (
    source.shape.some((d, i) => d > 1 && (ownAxis[i] === undefined || op.domain[ownAxis[i]!] !== d))
  ) return undefined;
  const domain: number[] = [];
  // For each old domain axis: the new axes it becomes, with their factors.
  const becomes: { readonly axis: number; readonly factor: number }[][] = op.domain.map(
    (extent, i) => {
      const outer = ownAxis.indexOf(i);
      const to = outer < 0 || source.shape[outer] === 1
        ? [extent]
        : parts[outer]!.map((j) => node.shape[j]!);
      let factor = extent;
      return to.map((d) => {
        factor /= d;
        domain.push(d);
        return { axis: domain.length - 1, factor };
      });
    },
  );
  const affine = (a: Affine): Affine => {
    const factors = domain.map(() => 0);
    a.factors.forEach((f, i) => becomes[i]!.forEach((b) => factors[b.axis]! += f * b.factor));
    return { constant: a.constant, factors };
  };
  const output: Affine[] = node.shape.map(() => ({ constant: 0, factors: domain.map(() => 0) }));
  parts.forEach((to, i) => {
    if (source.shape[i] === 1) return;
    to.forEach((j, k) => {
      const axis = becomes[ownAxis[i]!]![k]!.axis;
      output[j] = { constant: 0, factors: domain.map((_, x) => x === axis ? 1 : 0) };
    });
  });
  return makeNode(
    { kind: "contraction", domain, maps: op.maps.map((m) => m.map(affine)), output },
    source.inputs,
    node.shape,
    node.dtype,
  );
}

/** Cuts contractions where all who read them do, so that nothing is computed twice. */
export function prepare(roots: readonly Node[]): Node[] {
  const readers = new Map<string, number>();
  for (const node of topological(roots)) {
    for (const x of node.inputs) readers.set(x.hash, (readers.get(x.hash) ?? 0) + 1);
  }
  for (const root of roots) readers.set(root.hash, (readers.get(root.hash) ?? 0) + 1);
  return rewrite(roots, (node, original) => {
    const source = original.inputs[0];
    if (original.op.kind !== "reshape" || source === undefined || readers.get(source.hash) !== 1) {
      return node;
    }
    return absorb(node) ?? node;
  });
}
