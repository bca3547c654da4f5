/**
 * What factors there are: the parameters a stage sees as tensors, and the matrices along their axes.
 *
 * @module
 */
import { identity } from "../../../../linalg/matrices.ts";
import type { Kronecker } from "../../../../optimizer/kronecker.ts";
import type { Node, Shape } from "../../../../tensor/node.ts";
import { constant, reshape, slice } from "../../../../tensor/ops.ts";
import { flatten } from "../../../arena.ts";
import type { Scope } from "../../../scope.ts";
import type { Sample } from "../../sample.ts";

/** The factor of one axis. */
export interface Axis {
  /** Which axis of its tensor. */
  readonly axis: number;
  readonly extent: number;
  /** Whether only the diagonal is kept. */
  readonly diagonal: boolean;
}

/** Some coordinates as one tensor, on which H′ is ⊗ᵢ Lᵢ^exponent. */
export interface Block {
  /** Names what is kept of it. */
  readonly path: string;
  readonly shape: Shape;
  /** The axes that it has factors along; along others H′ is the identity. */
  readonly axes: readonly Axis[];
  /** The power of every factor. */
  readonly exponent: number;
}

/** All coordinates of a space, in blocks. */
export interface Factoring {
  readonly blocks: readonly Block[];
  /** A flat vector as the tensors of the blocks. */
  readonly split: (flat: Node) => readonly Node[];
  /** The flat vector with these tensors. */
  readonly join: (tensors: readonly Node[]) => Node;
}

/** The matrix, or its diagonal, of each axis of each block. */
export type FactorMatrices = readonly (readonly Node[])[];

/** A factor with where it belongs. */
export interface Factor extends Axis {
  readonly block: Block;
  /** The matrix, or its diagonal. */
  readonly matrix: Node;
}

/** The factors of each block, in the order of its axes. */
export function factorsOf(
  { blocks }: Factoring,
  matrices: FactorMatrices,
): readonly (readonly Factor[])[] {
  return blocks.map((block, i) =>
    block.axes.map((axis, j): Factor => ({ ...axis, block, matrix: matrices[i]![j]! }))
  );
}

/** What the factors are of. */
export interface FactorRule {
  /** The blocks of what the stage sees. */
  readonly factoring: (structure: Kronecker, scope: Scope) => Factoring;
  /** The factors of a sample; undefined where it does not have them. */
  readonly ofSample: (
    structure: Kronecker,
    sample: Sample,
    scope: Scope,
  ) => FactorMatrices | undefined;
}

/** How the factor of an axis is kept. */
const keptShape = ({ extent, diagonal }: Axis): Shape => diagonal ? [extent] : [extent, extent];

/** All factors in one flat vector. */
export function packed(matrices: FactorMatrices): Node {
  return flatten(matrices.flat());
}

/** The factors of a flat vector. */
export function unpacked(statistic: Node, { blocks }: Factoring): FactorMatrices {
  let at = 0;
  return blocks.map(({ axes }) =>
    axes.map((axis) => {
      const shape = keptShape(axis), size = axis.diagonal ? axis.extent : axis.extent ** 2;
      return reshape(slice(statistic, [at], [at += size]), shape);
    })
  );
}

/** Factors that are identities. */
export function identities({ blocks }: Factoring): FactorMatrices {
  return blocks.map(({ axes }) =>
    axes.map(({ extent, diagonal }) => diagonal ? constant(1, [extent]) : identity(extent))
  );
}
