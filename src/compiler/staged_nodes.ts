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

/** What an elementwise node is made of, below the views of it. */
const ELEMENTWISE: ReadonlySet<OpKind> = new Set(["unary", "binary", "compare", "select", "cast"]);

/** Operations of a node that are evaluated again by each of those who read it, at most. */
const FEW = 6;

/**
 * The sources of an elementwise node that has several elements for each of theirs, as the gradient of a
 * maximum pool: who reads them evaluates it from fewer words than it has.
 */
function spreadFrom(node: Node): readonly Node[] | undefined {
  const sources = new Map<string, Node>(), seen = new Set<string>();
  let operations = 0;
  const visit = (n: Node): void => {
    let source = n;
    while (isView(source.op.kind)) source = source.inputs[0]!;
    if (seen.has(source.hash) || operations > FEW) return;
    seen.add(source.hash);
    if (ELEMENTWISE.has(source.op.kind) && sizeOf(source.shape) === sizeOf(node.shape)) {
      operations++;
      source.inputs.forEach(visit);
    } else if (source.op.kind !== "constant" && source.op.kind !== "iota") {
      sources.set(source.hash, source);
    }
  };
  visit(node);
  const words = [...sources.values()].reduce((n, s) => n + sizeOf(s.shape), 0);
  return operations <= FEW && 2 * words <= sizeOf(node.shape) ? [...sources.values()] : undefined;
}

/**
 * Elementwise values that several products read are computed once and stored.
 *
 * @param spread Whether loads are what counts, so that values are stored where they are fewest.
 */
function operandsToStage(node: Node, spread: boolean): readonly Node[] {
  if (node.op.kind !== "contraction" && node.op.kind !== "scatterAdd") return [];
  // Overlap-add reads no element twice: storing them would be one more pass.
  const [only] = node.inputs;
  if (
    node.op.kind === "contraction" && node.inputs.length === 1 &&
    node.op.domain.reduce((n, d) => n * d, 1) <= sizeOf(only!.shape)
  ) return [];
  return node.inputs.flatMap(computed).flatMap((operand) => {
    const elementwise = spread && ELEMENTWISE.has(operand.op.kind);
    const sources = elementwise ? spreadFrom(operand) : undefined;
    return sources === undefined ? [operand] : sources.flatMap(computed);
  });
}

/**
 * The hashes of the nodes that are stored, of a graph in order.
 *
 * @param spread Whether loads are what counts, so that values are stored where they are fewest.
 */
export function stagedNodes(order: readonly Node[], spread: boolean): Set<string> {
  const staged = new Set<string>();
  const pieces = new Map<string, number>();
  for (const node of order) {
    if (alwaysStaged(node)) {
      staged.add(node.hash);
      for (const operand of operandsToStage(node, spread)) staged.add(operand.hash);
    }
    // A product that sums nothing, such as an outer one, reads an element of a factor again and again.
    if (node.op.kind === "contraction") {
      for (const factor of operandsToStage(node, spread)) {
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
