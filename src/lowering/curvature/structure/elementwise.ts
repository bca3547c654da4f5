/**
 * Structures with a λ for each coordinate, or one for all: statistics of the diagonal.
 *
 * @module
 */
import type { Structure, StructureKind } from "../../../optimizer/structure.ts";
import type { OfKind } from "../../../optimizer/types.ts";
import type { Node } from "../../../tensor/node.ts";
import { broadcast, compare, div, mean, mul, reshape, select, slice } from "../../../tensor/ops.ts";
import { flatten, perTensor, slices, type Space } from "../../arena.ts";
import type { ArenaEntry } from "../../program.ts";
import { inPlace } from "../operator.ts";
import type { SampleRule } from "./rule.ts";

interface Projection<K extends StructureKind> {
  /** The statistic that is kept of a diagonal. */
  project(structure: OfKind<Structure, K>, diagonal: Node, space: Space): Node;
  /** λ of a statistic: one number, or one a coordinate. */
  expand(statistic: Node, space: Space): Node;
}

/** A tensor of rank 2 or more as matrices over its last two axes: how many, rows, columns. */
function matricesOf({ shape, size }: ArenaEntry): readonly [number, number, number] | undefined {
  const [rows, columns] = shape.slice(-2);
  if (rows === undefined || columns === undefined) return undefined;
  return [size / (rows * columns), rows, columns];
}

/** Row means, then column means, of every matrix of a tensor. */
function means(x: Node, entry: ArenaEntry): Node {
  const matrices = matricesOf(entry);
  if (matrices === undefined) return x;
  const matrix = reshape(x, matrices);
  return flatten([mean(matrix, [2]), mean(matrix, [1])]);
}

/** R Cᵀ/mean(R) for every matrix; R/mean(R) first, because R·C of small numbers is 0 in single precision. */
function product(statistic: Node, [count, rows, columns]: readonly [number, number, number]): Node {
  const split = count * rows, end = split + count * columns;
  const row = reshape(slice(statistic, [0], [split]), [count, rows]);
  const column = reshape(slice(statistic, [split], [end]), [count, columns]);
  const whole = broadcast(mean(row, [1]), [count, rows], [0]);
  const some = compare("ne", whole, 0);
  const share = select(some, div(row, select(some, whole, 1)), 0);
  const shape = [count, rows, columns];
  return mul(broadcast(share, shape, [0, 1]), broadcast(column, shape, [0, 2]));
}

/** λ from the means of every tensor. */
function products(statistic: Node, space: Space): Node {
  let start = 0;
  return flatten(space.entries.map((entry) => {
    const matrices = matricesOf(entry);
    const [count, rows, columns] = matrices ?? [1, entry.size, 0];
    const own = slice(statistic, [start], [start += count * (rows + columns)]);
    return matrices === undefined ? own : product(own, matrices);
  }));
}

const asItIs = (statistic: Node): Node => statistic;

/** Axes of a convolution's window: those after the two of channels. */
const windowAxes = (rank: number): number[] => Array.from({ length: rank }, (_, i) => i).slice(2);

/** The mean over the window, repeated over it. */
function averaged(x: Node): Node {
  const window = windowAxes(x.shape.length);
  if (window.length === 0) return x;
  return broadcast(mean(x, window), x.shape, [0, 1]);
}

/** A statistic of 1 everywhere is that of the identity: projections are means. */
function elementwise<K extends StructureKind>(
  { project, expand }: Projection<K>,
): SampleRule<K> {
  return {
    statistic: (structure, sample, { space }) => project(structure, sample.diagonal(), space),
    identity: () => 1,
    operator: (_, statistic, { spectrum }, { space }) =>
      inPlace(spectrum(expand(statistic, space))),
  };
}

/** λI. */
export const scalarRule: SampleRule<"scalar"> = elementwise({
  project: (_, diagonal) => mean(diagonal),
  expand: asItIs,
});

/** diag(λ). */
export const diagonalRule: SampleRule<"diagonal"> = elementwise({
  project: ({ average }, diagonal, space) =>
    average === "none" ? diagonal : perTensor([diagonal], space, ([part]) => averaged(part!)),
  expand: asItIs,
});

/** diag(λ) of rank 1 in every matrix. */
export const factoredRule: SampleRule<"factored"> = elementwise({
  project: (_, diagonal, space) =>
    flatten(slices(diagonal, space).map((part, i) => means(part, space.entries[i]!))),
  expand: products,
});
