/**
 * What a structure is to a stage.
 *
 * @module
 */
import type { Structure, StructureKind } from "../../../optimizer/structure.ts";
import type { Curvature, OfKind } from "../../../optimizer/types.ts";
import type { Node } from "../../../tensor/node.ts";
import type { Scope } from "../../scope.ts";
import type { Operator } from "../operator.ts";
import type { Sample } from "../sample.ts";
import type { Spectrum } from "../spectrum.ts";

/** A stage, with how a spectrum is damped and what is known of its signs. */
export interface StageView {
  readonly stage: Curvature;
  /** The damped spectrum of λ; `signed` where rounding may have left a λ < 0 that the samples cannot have. */
  readonly spectrum: (lambda: Node, options?: { readonly signed?: boolean }) => Spectrum;
  /** State that is computed again every `every.factor` steps of the stage: roots, bases. */
  readonly factor: (name: string, value: Node) => Node;
}

/** How a structure keeps samples of curvature, and what operator it makes of what it has kept. */
export interface StructureRule<K extends StructureKind> {
  /**
   * What is kept of a sample, one tensor: linear in the sample, so that averages commute with it. Undefined, with the
   * problem reported, where the sample does not have what this structure keeps.
   */
  statistic(structure: OfKind<Structure, K>, sample: Sample, scope: Scope): Node | undefined;
  /** What is kept of the identity: what ε in a sample or in an initial value multiplies. A number: the same everywhere. */
  identity(structure: OfKind<Structure, K>, scope: Scope): number | Node;
  /** The damped operator of an accumulated statistic. */
  operator(
    structure: OfKind<Structure, K>,
    statistic: Node,
    view: StageView,
    scope: Scope,
  ): Operator;
}
