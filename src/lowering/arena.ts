/**
 * The dense layout of parameters in one flat vector, and the vectors over some of them.
 *
 * @module
 */
import type { Leaf } from "../objective/leaves.ts";
import { type Node, type Shape, sizeOf } from "../tensor/node.ts";
import { binary, compare, concatenate, constant, iota, reshape, slice } from "../tensor/ops.ts";
import type { Arena, ArenaEntry } from "./program.ts";

/** Some parameters laid end to end: the arena itself, or the part that a partition selects. */
export type Space = Arena;

/** A run of consecutive elements. */
export interface Range {
  readonly start: number;
  readonly stop: number;
}

function laidOut(parameters: readonly { readonly path: string; readonly shape: Shape }[]): Space {
  let size = 0;
  const entries = parameters.map(({ path, shape }): ArenaEntry => {
    const entry = { path, shape, offset: size, size: sizeOf(shape) };
    size += entry.size;
    return entry;
  });
  return { size, entries };
}

/**
 * The arena of an objective. Parameters whose size is a multiple of 4 come first, so that they start
 * at multiples of 4; members of one group (a string the caller chooses) are adjacent within that.
 */
export function arenaOf(leaves: readonly Leaf[], group: (leaf: Leaf) => string): Arena {
  const groups = [...new Set(leaves.map(group))];
  const rank = (leaf: Leaf) =>
    (sizeOf(leaf.shape) % 4 === 0 ? 0 : groups.length) + groups.indexOf(group(leaf));
  return laidOut(leaves.toSorted((a, b) => rank(a) - rank(b)));
}

/** The part of a space whose entries satisfy a predicate, in the same order. */
export function subspace(space: Space, keep: (entry: ArenaEntry) => boolean): Space {
  return laidOut(space.entries.filter(keep));
}

/** Consecutive ranges in one. */
function mergeRanges(ranges: readonly Range[]): readonly Range[] {
  const merged: { start: number; stop: number }[] = [];
  for (const { start, stop } of ranges) {
    const last = merged.at(-1);
    if (last !== undefined && last.stop === start) last.stop = stop;
    else merged.push({ start, stop });
  }
  return merged;
}

/** The ranges of entries that satisfy a predicate. */
export function rangesOf(space: Space, keep: (entry: ArenaEntry) => boolean): readonly Range[] {
  return mergeRanges(
    space.entries.filter(keep).map(({ offset, size }) => ({ start: offset, stop: offset + size })),
  );
}

/** True at the elements of the ranges: comparisons of the index, no data. */
export function within(ranges: readonly Range[], size: number): Node {
  const index = iota([size], 0);
  const inside = ranges.map(({ start, stop }) =>
    binary("and", compare("ge", index, start), compare("lt", index, stop))
  );
  const [first, ...rest] = inside;
  if (first === undefined) return constant(0, [size], "bool");
  return rest.reduce((a, b) => binary("or", a, b), first);
}

/** One parameter of a flat vector, in its own shape. */
export function parameterOf(flat: Node, { shape, offset, size }: ArenaEntry): Node {
  return reshape(slice(flat, [offset], [offset + size]), shape);
}

/** The elements of every parameter of a flat vector, in the order of the space. */
export function slices(flat: Node, space: Space): Node[] {
  return space.entries.map(({ offset, size }) => slice(flat, [offset], [offset + size]));
}

/** The flat vector of tensors in the order of the space. */
export function flatten(tensors: readonly Node[]): Node {
  return concatenate(tensors.map((t) => reshape(t, [sizeOf(t.shape)])), 0);
}

/** What a vector over `from` holds of the parameters of `to`. */
export function restrict(flat: Node, from: Space, to: Space): Node {
  const kept = new Set(to.entries.map(({ path }) => path));
  const parts = rangesOf(from, ({ path }) => kept.has(path))
    .map(({ start, stop }) => slice(flat, [start], [stop]));
  return concatenate(parts, 0);
}

/** A vector over `whole` from vectors over spaces that together hold its parameters. */
export function assemble(
  parts: readonly { readonly space: Space; readonly flat: Node }[],
  whole: Space,
): Node {
  const pieces: { flat: Node; start: number; stop: number }[] = [];
  for (const { path } of whole.entries) {
    for (const { space, flat } of parts) {
      const entry = space.entries.find((e) => e.path === path);
      if (entry === undefined) continue;
      const last = pieces.at(-1);
      if (last !== undefined && last.flat === flat && last.stop === entry.offset) {
        last.stop += entry.size;
      } else pieces.push({ flat, start: entry.offset, stop: entry.offset + entry.size });
    }
  }
  return concatenate(pieces.map(({ flat, start, stop }) => slice(flat, [start], [stop])), 0);
}

/** A vector that is `f` of each parameter's own vector: for norms and averages by tensor. */
export function perTensor(
  vectors: readonly Node[],
  space: Space,
  f: (parts: readonly Node[], entry: ArenaEntry) => Node,
): Node {
  return flatten(
    space.entries.map((entry) => f(vectors.map((v) => parameterOf(v, entry)), entry)),
  );
}
