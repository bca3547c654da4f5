/**
 * Where an optimizer stands in the unified view: its row of Table 1, derived from its structure by rules.
 *
 * Source: unified-view-of-optimizers, Table 1. No rule reads a name.
 *
 * @module
 */

import { failure } from "../errors.ts";
import { show } from "../errors/words.ts";
import type { Per } from "../optimizer/blocks.ts";
import type { Calculating, CalculatingKind } from "../optimizer/calculating.ts";
import { described } from "../optimizer/codec.ts";
import type { Accumulator, SecantRule } from "../optimizer/iterative.ts";
import type { Length, LengthKind } from "../optimizer/length.ts";
import { powerOfLength } from "../optimizer/length_power.ts";
import type { EigenbasisOf, Structure, StructureKind } from "../optimizer/structure.ts";
import type {
  Curvature,
  OfKind,
  Optimizer,
  OptimizerKind,
  TransformOf,
} from "../optimizer/types.ts";
import { branchesOf, pathAt } from "../optimizer/walk.ts";

/** A row of Table 1; an empty string is a blank of the table. */
export interface Row {
  /** Length limitation. */
  readonly length: string;
  /** Calculating approximation. */
  readonly calculating: string;
  /** Structure approximation. */
  readonly structure: string;
  /** Iterative approximation. */
  readonly iterative: string;
}

/** The row of one stage. */
export interface StageRow {
  /** Where the stage stands in the optimizer. */
  readonly path: string;
  /** Whether λ does not depend on any sample, as in a clip. */
  readonly constant: boolean;
  /** Its row of Table 1. */
  readonly row: Row;
}

/** d is all of the step, or that of a block by itself. */
const BLOCKS: { readonly [P in Per]: string } = {
  global: "",
  tensor: ", by tensor",
  unit: ", by unit",
};

/** Of an approximation H′. */
const LENGTHS: { readonly [K in LengthKind]: (it: OfKind<Length, K>) => string } = {
  none: () => "",
  normalized: ({ per }) => `‖d‖_H′ = ε${BLOCKS[per]}`,
  gradientNorm: () => "‖d_i‖_H′ = ε|g_i|",
  power: ({ exponent }) => `d = εH′^−${exponent}g`,
  eigenbasis: () => "‖d_i‖_H′ = ε",
  clamped: () => "≤ (elementwise)",
  clipped: ({ per }) => `‖d‖_H′ ≤ ε${BLOCKS[per]}`,
  gradientNormClipped: () => "‖d_i‖_H′ ≤ ε|g_i|",
  eigenbasisClipped: () => "‖d_i‖_H′ ≤ ε",
};

const CALCULATING: { readonly [K in CalculatingKind]: (it: OfKind<Calculating, K>) => string } = {
  hessian: () => "H",
  gaussNewton: () => "G",
  fisher: () => "F",
  empiricalFisher: () => "F̃",
  gradientRegression: ({ estimate, of }) =>
    estimate === "slope" ? "slope of g over θ" : of === "steps" ? "σ_g/σ_d" : "σ_g/σ_θ",
  secant: () => "",
  constant: () => "",
};

/** Whether samples are random probes of a matrix. */
const MONTE_CARLO: { readonly [K in CalculatingKind]: boolean } = {
  hessian: true,
  gaussNewton: true,
  fisher: false,
  empiricalFisher: false,
  gradientRegression: false,
  secant: false,
  constant: false,
};

/** The power −p·exponent of a factor where the length divides by H′^p: −1/4, for a matrix with the usual exponent. */
function powerOfFactor(p: number, exponent: number): string {
  const power = p * exponent, inverse = 1 / power;
  return Number.isInteger(inverse) && inverse > 1 ? `-1/${inverse}` : `-${power}`;
}

/** Whose eigenbasis a diagonal is in. */
const BASES: { readonly [K in EigenbasisOf["structure"]["kind"]]: string } = {
  kronecker: "L ⊗ R",
  blockDiagonal: "blocks",
  full: "H′",
};

const STRUCTURES: {
  readonly [K in StructureKind]: (it: OfKind<Structure, K>, length: Length) => string;
} = {
  scalar: () => "λI",
  diagonal: ({ basis }) =>
    basis === undefined ? "diagonal" : `diagonal in ⟨${BASES[basis.structure.kind]}⟩`,
  factored: () => "rank-1 diagonal",
  blockDiagonal: () => "block-diagonal",
  full: () => "",
  kronecker: ({ of, exponent = 1 / 2 }, length) => {
    if (of === "layers") return "block-diagonal";
    const power = powerOfFactor(powerOfLength(length), exponent);
    return `L^{${power}} g R^{${power}}`;
  },
  subspace: ({ rank }) => rank === 1 ? "1 direction" : `${rank} directions`,
  lowRank: () => "",
};

/** Structures that take products with unit vectors in place of random probes. */
const UNPROBED: ReadonlySet<StructureKind> = new Set(["full", "blockDiagonal"]);

/** Whether the mean of a product is taken for the product of means. */
function independent(it: Structure): boolean {
  return it.kind === "kronecker" && it.of === "layers";
}

/** By what rank a pair changes H′. */
const RANKS: { readonly [U in SecantRule]: string } = {
  bfgs: "rank-2 update",
  dfp: "rank-2 update",
  sr1: "rank-1 update",
};

const ITERATIVE: { readonly [K in Accumulator["kind"]]: (it: OfKind<Accumulator, K>) => string } = {
  ema: () => "momentum",
  sum: () => "momentum",
  max: () => "momentum",
  secantUpdate: ({ window }) => window === undefined ? "secant" : `secant, last ${window} items`,
};

/** The name of a whole matrix that is changed by pairs. */
function updated({ iterative: [first] }: Curvature): string | undefined {
  return first?.kind === "secantUpdate" ? RANKS[first.update] : undefined;
}

/** What the paper calls H. */
const EXACT: ReadonlySet<CalculatingKind> = new Set(["hessian", "fisher", "gaussNewton"]);

/** The row of a stage. */
export function rowOf(stage: Curvature): Row {
  const { calculating, structure, iterative, length } = stage;
  const constant = calculating.kind === "constant";
  const limitation = (LENGTHS[length.kind] as (it: Length) => string)(length);
  // The whole of H, or of F, which is H for the likelihoods of the paper, is no approximation H′.
  const exact = structure.kind === "full" && EXACT.has(calculating.kind);
  const noLength = constant && (length.kind === "gradientNorm" || length.kind === "power");
  return {
    length: noLength ? "" : exact ? limitation.replaceAll("H′", "H") : limitation,
    calculating: exact && calculating.kind === "hessian"
      ? ""
      : (CALCULATING[calculating.kind] as (it: Calculating) => string)(calculating),
    structure: constant
      ? "LI"
      : updated(stage) ?? (STRUCTURES[structure.kind] as (it: Structure, length: Length) => string)(
        structure,
        length,
      ),
    iterative: [
      ...(MONTE_CARLO[calculating.kind] && !UNPROBED.has(structure.kind) ? ["Monte Carlo"] : []),
      ...(independent(structure) ? ["a ⟂ ∂L/∂s"] : []),
      ...new Set(
        iterative.map((it) => (ITERATIVE[it.kind] as (it: Accumulator) => string)(it)),
      ),
    ].join(", "),
  };
}

/** Whether the branches of a transform lie in the flow from g to the step (a sample or a perturbation does not). */
const IN_FLOW: { readonly [K in OptimizerKind]: (it: TransformOf<K>) => readonly Optimizer[] } = {
  identity: () => [],
  zero: () => [],
  chain: ({ of }) => of,
  add: ({ of }) => of,
  ema: () => [],
  trace: () => [],
  scale: () => [],
  difference: () => [],
  weightDecay: () => [],
  newtonRaphson: () => [],
  graft: ({ direction }) => [direction],
  trustRatio: ({ direction }) => [direction],
  scaleByParameterNorm: () => [],
  scaleByShape: () => [],
  gradientAt: () => [],
  partition: ({ parts, rest }) => [...parts.map(({ of }) => of), rest],
  skipNonFinite: ({ of }) => [of],
  distanceAdapted: ({ of }) => [of],
  gainAdapted: ({ of }) => [of],
  accumulate: ({ of }) => [of],
  lookahead: () => [],
  average: () => [],
  scheduleFree: () => [],
  lineSearch: () => [],
  curvature: () => [],
};

/**
 * The rows of all stages in the flow, in order; each branch of an `add` or `partition` gives its own.
 *
 * `constant` marks those that take no samples, such as clips; `classify` picks one row of these.
 *
 * @throws {SteepestError} of kind `description`: what is given is no optimizer.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { adam, chain, classifyStages, clipByGlobalNorm } from "@steepest/steepest";
 *
 * const stages = classifyStages(chain(clipByGlobalNorm(1), adam()));
 * assert.deepEqual(stages.map(({ path, constant }) => [path, constant]), [
 *   ["0/curvature", true],
 *   ["1/curvature", false],
 * ]);
 * ```
 */
export function classifyStages(optimizer: Optimizer, place = ""): readonly StageRow[] {
  if (typeof place !== "string") throw failure("description", "place", show(place), "a path");
  return stagesOf(described(optimizer), place);
}

/** The same of a description that has been checked. */
export function stagesOf(optimizer: Optimizer, place: string): readonly StageRow[] {
  const path = pathAt(optimizer, place);
  const flow = (IN_FLOW[optimizer.kind] as (it: Optimizer) => readonly Optimizer[])(optimizer);
  const self: readonly StageRow[] = optimizer.kind === "curvature"
    ? [{ path, constant: optimizer.calculating.kind === "constant", row: rowOf(optimizer) }]
    : [];
  return [
    ...self,
    ...branchesOf(optimizer, path)
      .filter(({ of }) => flow.includes(of))
      .flatMap((branch) => stagesOf(branch.of, branch.place)),
  ];
}

/** No stage at all is gradient descent: the curvature is a constant. */
const GRADIENT_DESCENT: Row = { length: "", calculating: "", structure: "LI", iterative: "" };

/**
 * The row of Table 1: that of the last stage that takes samples, else of the last stage, else gradient descent.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { adam, classify } from "@steepest/steepest";
 *
 * assert.equal(classify(adam()).structure, "diagonal");
 * ```
 */
export function classify(optimizer: Optimizer): Row {
  const stages = stagesOf(described(optimizer), "");
  return (stages.findLast(({ constant }) => !constant) ?? stages.at(-1))?.row ?? GRADIENT_DESCENT;
}
