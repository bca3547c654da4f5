/**
 * Which nodes of a graph are stored; all others are evaluated by those who read them.
 *
 * @module
 */
import { indexAxis } from "../loops/index.ts";
import { type Node, type OpKind, sizeOf } from "../tensor/node.ts";
import { solveContraction } from "./solve_contraction.ts";

const VIEWS: ReadonlySet<OpKind> = new Set(["reshape", "permute", "broadcast", "slice", "pad"]);
const LEAVES: ReadonlySet<OpKind> = new Set(["input", "constant", "iota"]);

/** Elements of a value that are read one by one before it is stored. */
const MOST_PIECES = 16;

/** How often an element is read from where it is computed again each time. */
const REPEATED = 4;

/** Whether a node shows elements of another one, elsewhere. */
export function isView(kind: OpKind): boolean {
  return VIEWS.has(kind);
}

/** Whether a node is there without being computed. */
export function isLeaf(kind: OpKind): boolean {
  return LEAVES.has(kind);
}

/** What a node shows, if that is computed. */
function computed(node: Node): readonly Node[] {
  let source = node;
  while (isView(source.op.kind)) source = source.inputs[0]!;
  return isLeaf(source.op.kind) ? [] : [source];
}

/** Whether a node is stored (given that something reads it). */
function alwaysStaged(node: Node): boolean {
  const op = node.op;
  if (op.kind === "reduce") {
    return node.inputs[0]!.shape.length > 0 && sizeOf(node.inputs[0]!.shape) > sizeOf(node.shape);
  }
  if (op.kind === "scatterAdd" || op.kind === "concatenate") return true;
  if (op.kind !== "contraction") return false;
  let sums = false;
  solveContraction(op, node.shape.map((d) => indexAxis({ name: "o", extent: d })), (extent) => {
    sums ||= extent > 1;
    return { name: "r", extent };
  });
  return sums;
}

/** Elementwise values that several products read are computed once and stored. */
function operandsToStage(node: Node): readonly Node[] {
  if (node.op.kind !== "contraction" && node.op.kind !== "scatterAdd") return [];
  // Overlap-add reads no element twice: storing them would be one more pass.
  const [only] = node.inputs;
  if (
    node.op.kind === "contraction" && node.inputs.length === 1 &&
    node.op.domain.reduce((n, d) => n * d, 1) <= sizeOf(only!.shape)
  ) return [];
  return node.inputs.flatMap(computed);
}

/** The hashes of the nodes that are stored, of a graph in order. */
export function stagedNodes(order: readonly Node[]): Set<string> {
  const staged = new Set<string>();
  const pieces = new Map<string, number>();
  for (const node of order) {
    if (alwaysStaged(node)) {
      staged.add(node.hash);
      for (const operand of operandsToStage(node)) staged.add(operand.hash);
    }
    // A product that sums nothing, such as an outer one, reads an element of a factor again and again.
    if (node.op.kind === "contraction") {
      for (const factor of operandsToStage(node)) {
        if (sizeOf(node.shape) >= REPEATED * sizeOf(factor.shape)) staged.add(factor.hash);
      }
    }
    if (node.op.kind === "gather") {
      // An index that is itself computed is stored once instead of once per element of the row.
      for (const source of computed(node.inputs[1]!)) staged.add(source.hash);
    }
    if (node.op.kind === "slice" && sizeOf(node.shape) === 1) {
      // What is read element by element would be written out for each of them.
      const [source] = node.inputs, elements = (pieces.get(source!.hash) ?? 0) + 1;
      pieces.set(source!.hash, elements);
      if (elements > MOST_PIECES && !isLeaf(source!.op.kind)) staged.add(source!.hash);
    }
  }
  return staged;
}
