/**
 * What a structure is to a stage.
 *
 * @module
 */
import type { SecantUpdate } from "../../../optimizer/iterative.ts";
import type { Structure, StructureKind } from "../../../optimizer/structure.ts";
import type { Curvature, OfKind } from "../../../optimizer/types.ts";
import type { Node } from "../../../tensor/node.ts";
import type { Scope } from "../../scope.ts";
import type { Basis, Operator } from "../operator.ts";
import type { Pair } from "../pair.ts";
import type { Sample } from "../sample.ts";
import type { Spectrum } from "../spectrum.ts";
import type { Turning } from "./turning.ts";

/** A stage, with how a spectrum is damped and what is known of its signs. */
export interface StageView {
  readonly stage: Curvature;
  /** What the stage preconditions. */
  readonly direction: Node;
  /** The damped spectrum of λ; `signed` where rounding may have left a λ < 0 that the samples cannot have. */
  readonly spectrum: (lambda: Node, options?: { readonly signed?: boolean }) => Spectrum;
  /** What dampings add to the factors of ⊗ᵢ Lᵢ^exponent, from the mean eigenvalue of each; undefined where they add nothing. */
  readonly shifts: (means: readonly Node[], exponent: number) => readonly Node[] | undefined;
  /**
   * State that is computed again every `every.factor` steps of the stage: roots, bases. Where `good` is said and does not
   * hold, it stays what it was; it is 0 before the first good one.
   */
  readonly factor: (name: string, value: Node, good?: Node) => Node;
  /** Tells how many factors are not those of the last step that made them. */
  readonly failed: (count: Node) => void;
  /** A value of the region in which samples are taken, as the stage sees it. */
  readonly kept: (value: Node) => Node;
}

/** A basis that a structure keeps whatever is sampled, as it is at one step. */
export interface Frame {
  /** Orthonormal rows; 0 where there is none yet. */
  readonly basis: Node;
  /** The basis that comes next, whose averages grow already. */
  readonly next?: Node;
  /** The parameters, and where they are from the origin of positions. */
  readonly theta: Node;
  readonly place: Node;
  /** How far the origin moves when the basis turns, along the basis as it was. */
  readonly shift?: Node;
  /** The basis after a turn along that before it, made where it turns: present where averages follow it. */
  readonly rotation?: Node;
  /** When the basis turns. */
  readonly turning: Turning;
  /** A spectrum along columns in the coordinates of this basis, or along these coordinates. */
  readonly operator: (spectrum: Spectrum, vectors?: Node) => Operator;
  /** The whole step from that of an operator, with the coordinates that it leaves alone. */
  readonly finish: (step: Node, operator: Operator, left: Node) => Node;
}

/** An orthonormal basis for a symmetric matrix [n, n], or one for each of a stack of them, under a name. */
export type BasisOf = (name: string, matrix: Node) => Node;

/** How a structure keeps pairs of steps and changes of u. */
export interface PairRule<K extends StructureKind> {
  /** The damped operator after this pair; undefined where a problem was reported. */
  pairs(
    structure: OfKind<Structure, K>,
    update: SecantUpdate,
    pair: Pair,
    view: StageView,
    scope: Scope,
  ): Operator | undefined;
}

/** How a structure keeps samples of curvature, and what operator it makes of what it has kept. */
export interface SampleRule<K extends StructureKind> {
  /** The basis, where it does not come from the samples. */
  frame?(structure: OfKind<Structure, K>, stage: Curvature, u: Node, scope: Scope): Frame;
  /**
   * What is kept of a sample, one tensor: linear in the sample, so that averages commute with it. Undefined, with the
   * problem reported, where the sample does not have what this structure keeps.
   */
  statistic(
    structure: OfKind<Structure, K>,
    sample: Sample,
    scope: Scope,
    frame?: Frame,
  ): Node | undefined;
  /** What is kept of the identity: what ε in a sample or in an initial value multiplies. A number: the same everywhere. */
  identity(structure: OfKind<Structure, K>, scope: Scope, frame?: Frame): number | Node;
  /** The damped operator of a sample of which nothing is kept; undefined where the stage keeps a statistic. */
  implicit?(
    structure: OfKind<Structure, K>,
    sample: Sample,
    view: StageView,
    scope: Scope,
  ): Operator | undefined;
  /** The basis that an accumulated statistic has, from one of each symmetric matrix in it. */
  basis?(structure: OfKind<Structure, K>, statistic: Node, basisOf: BasisOf, scope: Scope): Basis;
  /** The damped operator of an accumulated statistic. */
  operator(
    structure: OfKind<Structure, K>,
    statistic: Node,
    view: StageView,
    scope: Scope,
    frame?: Frame,
  ): Operator;
}

/** What a structure keeps: samples, pairs, or either. */
export type StructureRule<K extends StructureKind> = SampleRule<K> | PairRule<K>;
