/**
 * A model of the curvature as the lengths see it, whatever the structure: a basis and a spectrum in it.
 *
 * @module
 */
import type { Node } from "../../tensor/node.ts";
import type { Spectrum } from "./spectrum.ts";

/** Orthonormal directions Q. */
export interface Basis {
  /** û: the coordinates of a flat vector over the space. */
  readonly coordinates: (u: Node) => Node;
  /** The vector with these coordinates. */
  readonly vector: (d: Node) => Node;
}

/** A damped curvature H′ = Q φ(λ) Qᵀ in its eigenbasis. */
export interface Operator extends Basis {
  /** λ of every coordinate. */
  readonly spectrum: Spectrum;
}

const same = (x: Node): Node => x;

/** A spectrum in the coordinates of the parameters themselves. */
export function inPlace(spectrum: Spectrum): Operator {
  return { coordinates: same, vector: same, spectrum };
}

/** An operator on the coordinates of a basis, as one on the vectors themselves. */
export function behind(basis: Basis, { coordinates, vector, spectrum }: Operator): Operator {
  return {
    coordinates: (u) => coordinates(basis.coordinates(u)),
    vector: (d) => basis.vector(vector(d)),
    spectrum,
  };
}
