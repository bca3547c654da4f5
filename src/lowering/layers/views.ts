/**
 * Parameters under other shapes: chains of reshapes and permutations, which move elements and lose none.
 *
 * @module
 */
import type { Node } from "../../tensor/node.ts";
import { permute, reshape } from "../../tensor/ops.ts";

/** Whether a node is its input with elements in other places. */
export function isView({ op }: Node): boolean {
  return op.kind === "reshape" || op.kind === "permute";
}

/** What reads a node: the reader, and as which of its inputs. */
export interface Use {
  readonly reader: Node;
  readonly input: number;
  /** The views on the way, from the node to what is read. */
  readonly views: readonly Node[];
}

/** Who reads whom, by hash. */
export type Readers = ReadonlyMap<
  string,
  readonly { readonly reader: Node; readonly input: number }[]
>;

/** The readers of every node of a graph. */
export function readersOf(order: readonly Node[]): Readers {
  const readers = new Map<string, { reader: Node; input: number }[]>();
  for (const reader of order) {
    reader.inputs.forEach((x, input) => {
      const known = readers.get(x.hash);
      if (known === undefined) readers.set(x.hash, [{ reader, input }]);
      else known.push({ reader, input });
    });
  }
  return readers;
}

/** Every use of a node or of a view of it. */
export function usesOf(node: Node, readers: Readers, views: readonly Node[] = []): Use[] {
  return (readers.get(node.hash) ?? []).flatMap(({ reader, input }) =>
    isView(reader) ? usesOf(reader, readers, [...views, reader]) : [{ reader, input, views }]
  );
}

/** Another tensor of the first one's shape, seen through the same views. */
export function through(views: readonly Node[], x: Node): Node {
  return views.reduce(
    (value, { op, shape }) =>
      op.kind === "permute" ? permute(value, op.order) : reshape(value, shape),
    x,
  );
}

/** The tensor whose view is `x`. */
export function back(views: readonly Node[], x: Node): Node {
  return views.reduceRight((value, { op, inputs }) => {
    if (op.kind !== "permute") return reshape(value, inputs[0]!.shape);
    return permute(value, op.order.map((_, i) => op.order.indexOf(i)));
  }, x);
}
