/**
 * What stands in each slot of the product: every kind of the language, with choices of its parameters.
 *
 * The tables are total over the kinds: **a kind that is new to a slot is added here by one line**, with one choice for each
 * way in which it can be meant, each as the expression that gives it and its value. Nothing else has to be said: the
 * product then has all its combinations, and the tests run those that compile. Choices are for steps of order one on a
 * network of a dozen parameters.
 *
 * @module
 */

import * as calculating from "../../optimizer/calculating.ts";
import type { Calculating } from "../../optimizer/calculating.ts";
import { identity } from "../../optimizer/combinators.ts";
import * as dampings from "../../optimizer/damping.ts";
import type { Damping } from "../../optimizer/damping.ts";
import * as iterative from "../../optimizer/iterative.ts";
import type { Iterative } from "../../optimizer/iterative.ts";
import * as lengths from "../../optimizer/length.ts";
import type { Length } from "../../optimizer/length.ts";
import { constant } from "../../optimizer/schedule.ts";
import * as solvers from "../../optimizer/solver.ts";
import type { Solver, SolverKind } from "../../optimizer/solver.ts";
import { kronecker } from "../../optimizer/kronecker.ts";
import { subspace } from "../../optimizer/subspace.ts";
import * as structures from "../../optimizer/structure.ts";
import type { Structure } from "../../optimizer/structure.ts";
import { ema, scale, trace } from "../../optimizer/transforms.ts";
import type { Tagged } from "../../optimizer/types.ts";

/** An expression of the language, and its value. */
type Choice<T> = readonly [word: string, value: T];

/** At least one choice for every kind of a slot. */
type Choices<U extends Tagged, T = U> = {
  readonly [K in U["kind"]]: readonly [Choice<T>, ...Choice<T>[]];
};

/** What a length limits a step to. */
const LENGTHS: Choices<Length> = {
  none: [["none()", lengths.none()]],
  normalized: [
    ["normalized()", lengths.normalized()],
    ['normalized({ per: "tensor" })', lengths.normalized({ per: "tensor" })],
  ],
  gradientNorm: [["gradientNorm()", lengths.gradientNorm()]],
  power: [
    ["power(0.75)", lengths.power(0.75)],
    ["power(1)", lengths.power(1)],
    ["power(0.5)", lengths.power(0.5)],
  ],
  eigenbasis: [["eigenbasis()", lengths.eigenbasis()]],
  clamped: [["clamped(0.5)", lengths.clamped(0.5)]],
  clipped: [["clipped(0.5)", lengths.clipped(0.5)]],
  gradientNormClipped: [["gradientNormClipped(0.5)", lengths.gradientNormClipped(0.5)]],
  eigenbasisClipped: [["eigenbasisClipped(0.5)", lengths.eigenbasisClipped(0.5)]],
};

const CALCULATING: Choices<Calculating> = {
  hessian: [["hessian()", calculating.hessian()]],
  gaussNewton: [["gaussNewton()", calculating.gaussNewton()]],
  fisher: [
    ["fisher()", calculating.fisher()],
    ['fisher({ from: "examples" })', calculating.fisher({ from: "examples" })],
  ],
  empiricalFisher: [
    ["empiricalFisher()", calculating.empiricalFisher()],
    ['empiricalFisher({ from: "examples" })', calculating.empiricalFisher({ from: "examples" })],
  ],
  gradientRegression: [
    ["gradientRegression()", calculating.gradientRegression()],
    [
      'gradientRegression({ estimate: "slope" })',
      calculating.gradientRegression({ estimate: "slope" }),
    ],
    [
      'gradientRegression({ estimate: "slope", confidence: 0.5 })',
      calculating.gradientRegression({ estimate: "slope", confidence: 0.5 }),
    ],
    [
      'gradientRegression({ estimate: "slope", point: "mean" })',
      calculating.gradientRegression({ estimate: "slope", point: "mean" }),
    ],
  ],
  secant: [["secant()", calculating.secant()]],
  constant: [["constant(4)", constant(4)]],
};

const STRUCTURES: Choices<Structure> = {
  scalar: [["scalar()", structures.scalar()]],
  diagonal: [
    ["diagonal()", structures.diagonal()],
    ['diagonal({ average: "kernel" })', structures.diagonal({ average: "kernel" })],
    [
      "diagonal({ basis: eigenbasisOf(kronecker()) })",
      structures.diagonal({ basis: structures.eigenbasisOf(kronecker()) }),
    ],
  ],
  factored: [["factored()", structures.factored()]],
  blockDiagonal: [
    ["blockDiagonal()", structures.blockDiagonal()],
    ["blockDiagonal({ per: 1 })", structures.blockDiagonal({ per: 1 })],
  ],
  full: [["full()", structures.full()]],
  kronecker: [
    ["kronecker()", kronecker()],
    ['kronecker({ of: "layers" })', kronecker({ of: "layers" })],
    ['kronecker({ merge: "trailing" })', kronecker({ merge: "trailing" })],
  ],
  lowRank: [["lowRank()", structures.lowRank()]],
  subspace: [
    [
      "subspace({ directions: trace({ decay: 0.5 }), rest: scale(0.1) })",
      subspace({ directions: trace({ decay: 0.5 }), rest: scale(0.1) }),
    ],
    [
      "subspace({ directions: identity(), rest: scale(0.1), rank: 2, decay: 0.5 })",
      subspace({ directions: identity(), rest: scale(0.1), rank: 2, decay: 0.5 }),
    ],
    [
      'subspace({ directions: trace({ decay: 0.5 }), rest: scale(0.1), turn: "recentre" })',
      subspace({
        directions: trace({ decay: 0.5 }),
        rest: scale(0.1),
        turn: "recentre",
      }),
    ],
  ],
};

/** One accumulator, or some that are applied in order. */
const ITERATIVE: Choices<Iterative, Iterative | readonly Iterative[]> = {
  latest: [["latest()", iterative.latest()], ["[]", []]],
  ema: [
    ["ema({ decay: 0.5 })", ema({ decay: 0.5 })],
    ["ema({ decay: 0.5, debias: true })", ema({ decay: 0.5, debias: true })],
    ["ema({ decay: 0.5, power: 2 })", ema({ decay: 0.5, power: 2 })],
    ["ema({ decay: 0.5, centred: true })", ema({ decay: 0.5, centred: true })],
    [
      "ema({ decay: 0.5, initial: { parameters: 0.1, gradients: 0.1 } })",
      ema({ decay: 0.5, initial: { parameters: 0.1, gradients: 0.1 } }),
    ],
  ],
  sum: [["sum({ initial: 0.1 })", iterative.sum({ initial: 0.1 })]],
  max: [
    ["max()", iterative.max()],
    [
      "[ema({ decay: 0.5, debias: true }), max()]",
      [ema({ decay: 0.5, debias: true }), iterative.max()],
    ],
  ],
  secantUpdate: [
    ['secantUpdate("bfgs")', iterative.secantUpdate("bfgs")],
    ['secantUpdate("sr1")', iterative.secantUpdate("sr1")],
    ['secantUpdate("bfgs", { window: 3 })', iterative.secantUpdate("bfgs", { window: 3 })],
    ['secantUpdate("dfp", { window: 3 })', iterative.secantUpdate("dfp", { window: 3 })],
  ],
};

const SOLVERS: Choices<Solver> = {
  auto: [["auto()", solvers.auto()]],
  eigen: [["eigen()", solvers.eigen()]],
  cholesky: [["cholesky()", solvers.cholesky()]],
  cg: [["cg({ steps: 3 })", solvers.cg({ steps: 3 })]],
  lanczos: [["lanczos({ steps: 3 })", solvers.lanczos({ steps: 3 })]],
  orthogonalIteration: [["orthogonalIteration()", solvers.orthogonalIteration()]],
  newtonSchulz: [["newtonSchulz()", solvers.newtonSchulz()]],
  coupledNewton: [["coupledNewton()", solvers.coupledNewton()]],
};

/** What keeps the spectrum of a way of calculating away from 0. */
const DAMPING: { readonly [K in Calculating["kind"]]: readonly Damping[] } = {
  hessian: [dampings.abs(), dampings.add(0.3)],
  gaussNewton: [dampings.abs(), dampings.add(0.3)],
  fisher: [dampings.add(0.1)],
  empiricalFisher: [dampings.add(0.1)],
  gradientRegression: [dampings.abs()],
  secant: [],
  constant: [],
};

type Damp = (all: readonly Damping[], structure: Structure) => readonly Damping[];

const asTheyAre: Damp = (all) => all;

/** What each solver can do of these dampings, or does in their place. */
const DAMPED_BY: { readonly [K in SolverKind]: Damp } = {
  auto: asTheyAre,
  eigen: asTheyAre,
  cholesky: (all, { kind }) => kind === "kronecker" ? [dampings.factored(0.1)] : all,
  cg: (all) => all.filter(({ kind }) => kind === "add"),
  lanczos: asTheyAre,
  orthogonalIteration: asTheyAre,
  newtonSchulz: () => [],
  coupledNewton: (_, { kind }) =>
    kind === "kronecker" ? [dampings.factored(0.1)] : [dampings.toSample(1)],
};

/** One choice for every slot. */
export interface Combination {
  readonly length: Choice<Length>;
  readonly calculating: Choice<Calculating>;
  readonly structure: Choice<Structure>;
  readonly iterative: Choice<Iterative | readonly Iterative[]>;
  readonly solver: Choice<Solver>;
}

/** The slots of the product, in the order of Table 1. */
export const AXES: { readonly [S in keyof Combination]: readonly Combination[S][] } = {
  length: Object.values(LENGTHS).flat(),
  calculating: Object.values(CALCULATING).flat(),
  structure: Object.values(STRUCTURES).flat(),
  iterative: Object.values(ITERATIVE).flat(),
  solver: Object.values(SOLVERS).flat(),
};

/** The dampings of a combination: those of its way of calculating, as its solver can do them. */
export function dampingOf({ calculating, structure, solver }: Combination): readonly Damping[] {
  return DAMPED_BY[solver[1].kind](DAMPING[calculating[1].kind], structure[1]);
}

/** Every combination of the choices. */
export function* combinations(): Generator<Combination> {
  for (const length of AXES.length) {
    for (const calculating of AXES.calculating) {
      for (const structure of AXES.structure) {
        for (const iterative of AXES.iterative) {
          for (const solver of AXES.solver) {
            yield { length, calculating, structure, iterative, solver };
          }
        }
      }
    }
  }
}
