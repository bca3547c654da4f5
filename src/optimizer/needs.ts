/**
 * What an optimizer asks of the objective beyond the gradient at θ, by whom and how often.
 *
 * @module
 */

import type { Calculating, CalculatingKind } from "./calculating.ts";
import { described } from "./codec.ts";
import { hyperparametersOf } from "./hyperparameters.ts";
import { isSignal } from "./is_signal.ts";
import type { Solver, SolverKind } from "./solver.ts";
import type { Structure, StructureKind } from "./structure.ts";
import type { Curvature, OfKind, Optimizer, OptimizerKind, TransformOf } from "./types.ts";
import { joinPath, sites } from "./walk.ts";

/** Something that an objective may provide. */
export type Provision =
  /** The value of the loss, which the gradient has anyway. */
  | "loss"
  /** Hv for a vector v. */
  | "hessianVector"
  /** Gv for a vector v, G the Gauss–Newton matrix of the likelihood. */
  | "gaussNewtonVector"
  /** The gradient under labels drawn from the likelihood. */
  | "sampledLabels"
  /** Such labels alone. */
  | "drawnLabels"
  /** The gradient of each example. */
  | "perExampleGradients"
  /** A product of the mean of their outer products with a vector. */
  | "exampleProducts"
  /** What each layer meets, and the derivative by what it puts out. */
  | "layerFactors"
  /** The gradient at other parameters on the same batch. */
  | "gradientElsewhere"
  /** The loss at other parameters on the same batch. */
  | "lossElsewhere"
  /** The same, with its derivative along a vector. */
  | "slopeElsewhere";

/** One thing that one transform asks for. */
export interface Need {
  /** The transform or slot that asks. */
  readonly path: string;
  /** What the objective must provide. */
  readonly what: Provision;
  /** Every how many steps of the transform. */
  readonly every: number;
  /** How many of them each time. */
  readonly count: number;
  /** Present where it takes as many for each parameter that the transform sees: a matrix that is stored is taken column by column. */
  readonly each?: "parameter";
}

/**
 * What a need costs, in evaluations of the gradient: ratios of the CNN on a software adapter, to two digits. A product is less than
 * the two passes that it is, because what it shares with the gradient of the step is computed once.
 */
export const COST_IN_GRADIENTS: { readonly [P in Provision]: number } = {
  loss: 0,
  hessianVector: 1.9,
  gaussNewtonVector: 1.5,
  sampledLabels: 0.6,
  drawnLabels: 0,
  perExampleGradients: 1.2,
  exampleProducts: 0.5,
  layerFactors: 0.6,
  gradientElsewhere: 1,
  lossElsewhere: 0.3,
  slopeElsewhere: 1,
};

type Asked = readonly { readonly what: Provision; readonly count: number }[];

const CALCULATING: {
  readonly [K in CalculatingKind]: (it: OfKind<Calculating, K>) => Asked;
} = {
  hessian: ({ probes }) => [{ what: "hessianVector", count: probes }],
  gaussNewton: ({ probes }) => [{ what: "gaussNewtonVector", count: probes }],
  fisher: ({ from }) =>
    from === "examples"
      ? [{ what: "drawnLabels", count: 1 }, { what: "perExampleGradients", count: 1 }]
      : [{ what: "sampledLabels", count: 1 }],
  empiricalFisher: ({ from }) =>
    from === "examples" ? [{ what: "perExampleGradients", count: 1 }] : [],
  gradientRegression: () => [],
  secant: ({ sameBatch }) => sameBatch ? [{ what: "gradientElsewhere", count: 1 }] : [],
  constant: () => [],
};

const PRODUCT: ReadonlySet<Provision> = new Set(["hessianVector", "gaussNewtonVector"]);

/** How many products with a vector a solver takes at most, where that is its own number. */
const PRODUCTS: { readonly [K in SolverKind]: (it: OfKind<Solver, K>) => number | undefined } = {
  auto: () => undefined,
  eigen: () => undefined,
  cholesky: () => undefined,
  cg: ({ steps, warmStart }) => warmStart === undefined ? steps : steps + 1,
  lanczos: ({ steps }) => steps,
  orthogonalIteration: () => undefined,
  newtonSchulz: () => undefined,
  coupledNewton: () => undefined,
};

/** Whether a structure stores a matrix, of which each product with a vector is one column. */
const STORED: { readonly [K in StructureKind]: (it: OfKind<Structure, K>) => boolean } = {
  scalar: () => false,
  diagonal: ({ basis }) => basis !== undefined && stored(basis.structure),
  factored: () => false,
  blockDiagonal: () => true,
  full: () => true,
  subspace: () => false,
  kronecker: () => false,
  lowRank: () => false,
};

function stored(structure: Structure): boolean {
  return (STORED[structure.kind] as (it: Structure) => boolean)(structure);
}

type Sampled = readonly Pick<Need, "what" | "count" | "each">[];

/** What a stage asks for its samples, and for what its solver does with them. */
function sampled({ calculating, structure, solver = { kind: "auto" } }: Curvature): Sampled {
  const byLayer = structure.kind === "kronecker" && structure.of === "layers";
  const products = structure.kind === "subspace"
    ? structure.rank
    : (PRODUCTS[solver.kind] as (it: Solver) => number | undefined)(solver);
  const asked = (CALCULATING[calculating.kind] as (it: Calculating) => Asked)(calculating);
  return asked.flatMap(({ what, count }): Sampled => {
    if (PRODUCT.has(what)) {
      if (products !== undefined) return [{ what, count: products }];
      return [stored(structure) ? { what, count: 1, each: "parameter" } : { what, count }];
    }
    if (what !== "perExampleGradients") return [{ what, count }];
    if (byLayer) return [{ what: "layerFactors", count }];
    if (products === undefined) return [{ what, count }];
    return [{ what, count }, { what: "exampleProducts", count: products }];
  });
}

type Rule<K extends OptimizerKind> = (it: TransformOf<K>, path: string) => readonly Need[];

const nothing = (): readonly Need[] => [];

const RULES: { readonly [K in OptimizerKind]: Rule<K> } = {
  identity: nothing,
  zero: nothing,
  chain: nothing,
  add: nothing,
  ema: nothing,
  trace: nothing,
  scale: nothing,
  difference: nothing,
  weightDecay: nothing,
  newtonRaphson: (_, path) => [{ path, what: "loss", every: 1, count: 1 }],
  graft: nothing,
  trustRatio: nothing,
  scaleByParameterNorm: nothing,
  scaleByShape: nothing,
  gradientAt: (_, path) => [{ path, what: "gradientElsewhere", every: 1, count: 1 }],
  partition: nothing,
  skipNonFinite: nothing,
  distanceAdapted: nothing,
  gainAdapted: ({ model }, path) => [
    {
      path: joinPath(path, "model"),
      what: model === "hessian" ? "hessianVector" : "gaussNewtonVector",
      every: 1,
      count: 1,
    },
    { path, what: "lossElsewhere", every: 1, count: 1 },
  ],
  accumulate: nothing,
  lookahead: nothing,
  average: nothing,
  scheduleFree: nothing,
  lineSearch: ({ method, trials }, path) => [{
    path,
    what: method === "backtracking" ? "lossElsewhere" : "slopeElsewhere",
    every: 1,
    count: trials,
  }],
  curvature: (stage, path) =>
    sampled(stage).map((asked) => ({
      path: joinPath(path, "calculating"),
      every: stage.every.sample,
      ...asked,
    })),
};

/**
 * Everything the objective must provide, branches, directions and signals included.
 *
 * @throws {SteepestError} of kind `description`: what is given is no optimizer.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { nasgd, needs } from "@steepest/steepest";
 *
 * assert.deepEqual(needs(nasgd()), [{ path: "newtonRaphson", what: "loss", every: 1, count: 1 }]);
 * ```
 */
export function needs(optimizer: Optimizer): readonly Need[] {
  return needsOf(described(optimizer));
}

/** The same of a description that has been checked. */
export function needsOf(optimizer: Optimizer): readonly Need[] {
  const signals = hyperparametersOf(optimizer).flatMap(({ path, value }): readonly Need[] =>
    isSignal(value) && value.of === "loss" ? [{ path, what: "loss", every: 1, count: 1 }] : []
  );
  const asked = sites(optimizer).flatMap(({ optimizer: it, path }) =>
    (RULES[it.kind] as (it: Optimizer, path: string) => readonly Need[])(it, path)
  );
  // Behind a gate that counts, no region tells the steps at which samples are taken: they are asked for at each.
  const gates = sites(optimizer).flatMap(({ optimizer: it, path }) =>
    it.kind === "accumulate" ? [`${path}/`] : []
  );
  return [...asked, ...signals].map((need) =>
    gates.some((gate) => need.path.startsWith(gate)) ? { ...need, every: 1 } : need
  );
}
