/**
 * A model of the curvature as the lengths see it, whatever the structure: a basis and a spectrum in it.
 *
 * @module
 */
import type { Node } from "../../tensor/node.ts";
import type { Spectrum } from "./spectrum.ts";

/** A damped curvature H′ = Q φ(λ) Qᵀ. */
export interface Operator {
  /** û: the coordinates of a flat vector over the space in the eigenbasis. */
  readonly coordinates: (u: Node) => Node;
  /** The vector with these coordinates. */
  readonly vector: (d: Node) => Node;
  /** λ of every coordinate. */
  readonly spectrum: Spectrum;
}

const same = (x: Node): Node => x;

/** A spectrum in the coordinates of the parameters themselves. */
export function inPlace(spectrum: Spectrum): Operator {
  return { coordinates: same, vector: same, spectrum };
}
