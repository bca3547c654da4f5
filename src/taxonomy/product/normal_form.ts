/**
 * Which stages take the same steps whatever the objective is, by rules on their descriptions.
 *
 * Every rule rewrites a stage into one that is equal in exact arithmetic at every step. What no rule changes is the
 * normal form; stages with the same one are equal by construction.
 *
 * @module
 */

import type { CalculatingKind } from "../../optimizer/calculating.ts";
import { constant } from "../../optimizer/schedule.ts";
import { curvature } from "../../optimizer/curvature.ts";
import * as lengths from "../../optimizer/length.ts";
import type { Length, LengthKind } from "../../optimizer/length.ts";
import { auto, eigen } from "../../optimizer/solver.ts";
import { diagonal, scalar } from "../../optimizer/structure.ts";
import type { Structure, StructureKind } from "../../optimizer/structure.ts";
import type { Curvature, OfKind } from "../../optimizer/types.ts";

/** A stage and why it is the one it was made of. */
interface NormalForm {
  /** What no rule changes. */
  readonly stage: Curvature;
  /** The rules that were used, in words. */
  readonly because: readonly string[];
}

/** The parts of a stage that a rule changes, and why the stage remains the same. */
interface Rewritten {
  readonly change: Partial<Curvature>;
  readonly because: string;
}

type Rule = (stage: Curvature) => Rewritten | undefined;

/** Of λ = L everywhere: the same step with a simpler length, or none. */
const OF_CONSTANT: {
  readonly [K in LengthKind]: (length: OfKind<Length, K>, L: number) => Rewritten | undefined;
} = {
  none: () => undefined,
  normalized: () => undefined,
  eigenbasis: () => undefined,
  clamped: () => undefined,
  clipped: () => undefined,
  gradientNorm: (_, L) => otherConstant(L ** 0.5, "the root of a constant is another constant"),
  power: ({ exponent }, L) =>
    otherConstant(L ** exponent, "the power of a constant is another constant"),
  gradientNormClipped: ({ limit }, L) =>
    typeof limit === "number"
      ? otherConstant(
        Math.max(L, L ** 0.5 / limit),
        "min(1, C√L)/L is another constant for all coordinates",
      )
      : undefined,
  eigenbasisClipped: ({ limit }, L) =>
    typeof limit === "number"
      ? {
        change: { length: lengths.clamped(limit / L ** 0.5) },
        because: "to bound √L|d_i| by C is to bound d_i by C/√L",
      }
      : undefined,
};

function otherConstant(value: number, because: string): Rewritten {
  return { change: { calculating: constant(value), length: lengths.none() }, because };
}

/** Whether all of the step lies along one coordinate of the eigenbasis. */
const ONE_COORDINATE: {
  readonly [K in StructureKind]: (structure: OfKind<Structure, K>) => boolean;
} = {
  scalar: () => false,
  diagonal: () => false,
  factored: () => false,
  blockDiagonal: () => false,
  full: () => false,
  kronecker: () => false,
  subspace: ({ rank }) => rank === 1,
  lowRank: () => false,
};

/** Whether `auto()` is `eigen()` for a structure. */
const AUTO_IS_EIGEN: { readonly [K in StructureKind]: boolean } = {
  scalar: false,
  diagonal: false,
  factored: false,
  blockDiagonal: true,
  full: true,
  kronecker: true,
  subspace: false,
  lowRank: true,
};

/** Whether the diagonal of a sample is known, and not an estimate of it. */
const KNOWN_DIAGONAL: { readonly [K in CalculatingKind]: boolean } = {
  hessian: false,
  gaussNewton: false,
  fisher: true,
  empiricalFisher: true,
  gradientRegression: false,
  secant: false,
  constant: false,
};

const RULES: readonly Rule[] = [
  ({ calculating, structure }) =>
    calculating.kind === "constant" && structure.kind !== "scalar"
      ? { change: { structure: scalar() }, because: "a constant is the same in every coordinate" }
      : undefined,
  ({ calculating, length, damping }) => {
    if (calculating.kind !== "constant" || typeof calculating.value !== "number") return undefined;
    if (damping.length > 0) return undefined;
    const rule = OF_CONSTANT[length.kind] as (it: Length, L: number) => Rewritten | undefined;
    return rule(length, calculating.value);
  },
  ({ structure, length }) => {
    const one = ONE_COORDINATE[structure.kind] as (it: Structure) => boolean;
    if (!one(structure)) return undefined;
    const because = "the norm of one coordinate is its magnitude";
    if (length.kind === "normalized") return { change: { length: lengths.eigenbasis() }, because };
    if (length.kind !== "clipped") return undefined;
    return { change: { length: lengths.eigenbasisClipped(length.limit) }, because };
  },
  ({ calculating, structure }) =>
    structure.kind === "blockDiagonal" && structure.per === 1 && KNOWN_DIAGONAL[calculating.kind]
      ? {
        change: { structure: diagonal(), solver: auto() },
        because: "blocks of one coordinate are the diagonal",
      }
      : undefined,
  ({ calculating, structure, solver }) =>
    AUTO_IS_EIGEN[structure.kind] && solver?.kind === "eigen" && solver.sweeps === eigen().sweeps &&
      // Pairs give H′⁻¹u without an eigenvector, where that is all that is asked for.
      calculating.kind !== "secant"
      ? { change: { solver: auto() }, because: "auto() is eigen() with this structure" }
      : undefined,
];

/** The simplest stage that takes the same steps. */
export function normalForm(stage: Curvature): NormalForm {
  let current = stage;
  const because: string[] = [];
  for (let changed = true; changed;) {
    changed = false;
    for (const rule of RULES) {
      const found = rule(current);
      if (found === undefined) continue;
      current = curvature({ ...current, ...found.change });
      because.push(found.because);
      changed = true;
    }
  }
  return { stage: current, because };
}
