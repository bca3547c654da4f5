/**
 * What is kept of a sample.
 *
 * @module
 */
import type { Structure, StructureKind } from "../../optimizer/structure.ts";
import type { OfKind } from "../../optimizer/types.ts";
import type { Node } from "../../tensor/node.ts";
import { broadcast, mean } from "../../tensor/ops.ts";
import { perTensor, type Space } from "../arena.ts";

/** The statistic that a structure keeps of samples of the diagonal. */
type Rule<K extends StructureKind> = (
  structure: OfKind<Structure, K>,
  sample: Node,
  space: Space,
) => Node;

/** Axes of a convolution's window: those after the two of channels. */
const windowAxes = (rank: number): number[] => Array.from({ length: rank }, (_, i) => i).slice(2);

/** The mean over the window, repeated over it. */
function averaged(x: Node): Node {
  const window = windowAxes(x.shape.length);
  if (window.length === 0) return x;
  return broadcast(mean(x, window), x.shape, [0, 1]);
}

const RULES: { readonly [K in StructureKind]: Rule<K> } = {
  scalar: (_, sample) => mean(sample),
  diagonal: ({ average }, sample, space) =>
    average === "none" ? sample : perTensor([sample], space, ([part]) => averaged(part!)),
};

/** What the structure keeps of a sample of the diagonal: one number, or one a coordinate. */
export function project(structure: Structure, sample: Node, space: Space): Node {
  return (RULES[structure.kind] as (it: Structure, sample: Node, space: Space) => Node)(
    structure,
    sample,
    space,
  );
}
