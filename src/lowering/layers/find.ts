/**
 * Layers of a model, found in its graph: nothing says where they are but the contractions in which
 * parameters meet what depends on the examples.
 *
 * @module
 */
import type { Node } from "../../tensor/node.ts";
import { concatenate, reshape, slice } from "../../tensor/ops.ts";
import { topological } from "../../tensor/walk.ts";
import type { Space } from "../arena.ts";
import type { ArenaEntry } from "../program.ts";
import { extentOf, type Product, productOf, weightMatrix, weightOfMatrix } from "./product.ts";
import { back, type Readers, readersOf, through, type Use, usesOf } from "./views.ts";

/** A parameter of a layer, and how the layer sees it. */
interface Part {
  readonly entry: ArenaEntry;
  readonly views: readonly Node[];
}

/** s = W̄ā in every row: a weight, with a bias as the column of a further feature that is always 1. */
export interface Layer {
  /** The path of the weight. */
  readonly path: string;
  /** The path of the bias, where one is added to s and to nothing else. */
  readonly bias?: string;
  /** s and what it is the product of. */
  readonly product: Product;
  /** How many rows of s belong to one example: 1 for a dense layer, the places of a convolution. */
  readonly positions: number;
  /** The order of a aᵀ: features, and one more with a bias. */
  readonly features: number;
  /** The order of g gᵀ. */
  readonly units: number;
  /** What a flat vector over the space holds of the layer, [units, features]. */
  readonly take: (flat: Node) => Node;
  /** A matrix [units, features] as the elements of each parameter, by path. */
  readonly give: (matrix: Node) => readonly (readonly [string, Node])[];
}

/** A parameter that no layer has. */
interface Unfit {
  readonly path: string;
  /** What it is instead. */
  readonly found: string;
}

/** The layers of the parameters of a space, in its order, and what is left over. */
export interface Found {
  readonly layers: readonly Layer[];
  readonly unfit: readonly Unfit[];
}

/** The graph in which layers are sought. */
export interface Network {
  readonly loss: Node;
  readonly batchSize: number;
  /** Nodes of the batch. */
  readonly batch: readonly Node[];
  /** The parameters in the order of the space, as the loss sees them. */
  readonly parameters: readonly Node[];
}

/** A weight with the contraction that it is in. */
interface Weight extends Part {
  readonly product: Product;
}

/** All that depends on the batch, by hash. */
function dependants(order: readonly Node[], batch: readonly Node[]): ReadonlySet<string> {
  const found = new Set(batch.map(({ hash }) => hash));
  for (const node of order) {
    if (node.inputs.some(({ hash }) => found.has(hash))) found.add(node.hash);
  }
  return found;
}

/** A use as that of a weight; a text that says why it is none. */
function weightOf(
  { reader, input, views }: Use,
  entry: ArenaEntry,
  ofBatch: ReadonlySet<string>,
  batchSize: number,
): Weight | string {
  if (reader.op.kind !== "contraction") return `is an input of ${reader.op.kind}`;
  const product = productOf(reader, input);
  if (typeof product === "string") return product;
  if (!ofBatch.has(reader.inputs[1 - input]!.hash)) return "meets nothing of the examples";
  if (extentOf(product, product.rows) % batchSize !== 0) {
    return `meets ${extentOf(product, product.rows)} rows, which are not of ${batchSize} examples`;
  }
  return { entry, views, product };
}

/** The node that a parameter is added to along its units; undefined where it is added otherwise. */
function biased({ reader }: Use, readers: Readers): Node | undefined {
  const sums = usesOf(reader, readers);
  const [only] = sums;
  const { op } = reader;
  if (op.kind !== "broadcast" || sums.length !== 1 || only!.views.length > 0) return undefined;
  const { op: sum, inputs } = only!.reader;
  if (sum.kind !== "binary" || sum.fn !== "add") return undefined;
  const s = inputs[1 - only!.input]!;
  // What reads s beside the sum has another cotangent for it.
  return readers.get(s.hash)!.length === 1 ? s : undefined;
}

/** The dimensions of s that are units. */
function unitDimensions({ node, units }: Product): readonly number[] {
  const { op } = node;
  if (op.kind !== "contraction") return [];
  return op.output.flatMap(({ factors }, i) =>
    units.some((axis) => factors[axis] !== 0) ? [i] : []
  );
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((x, i) => x === b[i]);
}

/** The elements of an entry in a flat vector. */
const elements = (flat: Node, { offset, size }: ArenaEntry): Node =>
  slice(flat, [offset], [offset + size]);

function layerOf(
  { entry, views, product }: Weight,
  bias: Part | undefined,
  batchSize: number,
): Layer {
  const units = extentOf(product, product.units), inputs = extentOf(product, product.features);
  return {
    path: entry.path,
    ...(bias === undefined ? {} : { bias: bias.entry.path }),
    product,
    positions: extentOf(product, product.rows) / batchSize,
    features: bias === undefined ? inputs : inputs + 1,
    units,
    take: (flat) => {
      const weight = weightMatrix(product, through(views, elements(flat, entry)));
      if (bias === undefined) return weight;
      const column = reshape(through(bias.views, elements(flat, bias.entry)), [units, 1]);
      return concatenate([weight, column], 1);
    },
    give: (matrix) => {
      const weight = slice(matrix, [0, 0], [units, inputs]);
      const own = [entry.path, back(views, weightOfMatrix(product, weight))] as const;
      if (bias === undefined) return [own];
      const column = slice(matrix, [0, inputs], [units, inputs + 1]);
      const shape = bias.views.at(-1)?.shape ?? [bias.entry.size];
      return [own, [bias.entry.path, back(bias.views, reshape(column, shape))]];
    },
  };
}

/**
 * The layers that the parameters of a space are in. A weight is used once, in a contraction with what depends
 * on the examples: a matrix product, or a convolution of any stride, padding and dilation. A bias is used once,
 * added to the result of such a contraction along its units, and to nothing else. All other parameters are unfit: those in groups of
 * channels, those that are shared by two layers, scales, embeddings.
 */
export function findLayers(network: Network, space: Space): Found {
  const { loss, batchSize, batch, parameters } = network;
  const order = topological([loss]);
  const readers = readersOf(order), ofBatch = dependants(order, batch);
  const weights: Weight[] = [], others: { entry: ArenaEntry; use: Use; found: string }[] = [];
  const unfit: Unfit[] = [];
  parameters.forEach((node, i) => {
    const entry = space.entries[i]!, uses = usesOf(node, readers);
    const [use] = uses;
    if (use === undefined || uses.length > 1) {
      unfit.push({ path: entry.path, found: `has ${uses.length} uses` });
      return;
    }
    const weight = weightOf(use, entry, ofBatch, batchSize);
    if (typeof weight === "string") others.push({ entry, use, found: weight });
    else weights.push(weight);
  });
  const biases = new Map<string, Part>();
  for (const { entry, use, found } of others) {
    const s = biased(use, readers);
    const weight = weights.find(({ product }) => product.node.hash === s?.hash);
    const along = use.reader.op.kind === "broadcast" ? use.reader.op.axes : [];
    if (weight !== undefined && sameNumbers(along, unitDimensions(weight.product))) {
      biases.set(weight.entry.path, { entry, views: use.views });
    } else unfit.push({ path: entry.path, found });
  }
  return {
    layers: weights.map((weight) => layerOf(weight, biases.get(weight.entry.path), batchSize)),
    unfit,
  };
}
