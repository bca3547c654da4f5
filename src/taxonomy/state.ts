/**
 * What a transform remembers between steps.
 *
 * @module
 */

import type { GradientRegression } from "../optimizer/calculating.ts";
import { hyperparametersOf } from "../optimizer/hyperparameters.ts";
import type { Accumulator } from "../optimizer/iterative.ts";
import { isSignal } from "../optimizer/is_signal.ts";
import type { SignalKind } from "../optimizer/signal.ts";
import type { EigenbasisOf, Structure, StructureKind } from "../optimizer/structure.ts";
import type { Subspace } from "../optimizer/subspace.ts";
import type {
  Curvature,
  OfKind,
  Optimizer,
  OptimizerKind,
  TransformOf,
} from "../optimizer/types.ts";
import { joinPath, sites } from "../optimizer/walk.ts";

/** One thing that is remembered. */
export interface StateSlot {
  readonly path: string;
  /**
   * `"parameters"`: as many numbers as θ. `"factors"`: rows + columns for each matrix over the last two axes of a
   * tensor of rank 2 or more, and as many numbers as the tensor for the others. `"matrix"`: n² for n parameters.
   * `"axes"`: n² for each axis of length n of a tensor. `"layers"`: (in + 1)² + out² for each layer with a bias.
   * `"blocks"`: n² for each block of n parameters.
   */
  readonly size: "parameters" | "factors" | "matrix" | "axes" | "layers" | "blocks" | "scalar";
  /** How many of that size, where it is not one. */
  readonly count?: number;
}

type Size = StateSlot["size"] | Omit<StateSlot, "path">;

type Sizes = Readonly<Record<string, Size>>;

const ACCUMULATORS: {
  readonly [K in Accumulator["kind"]]: (
    it: OfKind<Accumulator, K>,
    size: StateSlot["size"],
  ) => Sizes;
} = {
  ema: ({ debias, centred }, size) => ({
    ...(centred === true ? { mean: "parameters", variance: size } : { mean: size }),
    ...(debias ? { weight: "scalar" } : {}),
  }),
  sum: (_, size) => ({ sum: size }),
  max: (_, size) => ({ max: size }),
  secantUpdate: ({ window: count }) =>
    count === undefined ? { inverse: "matrix", pairs: "scalar" } : {
      vectors: { size: "parameters", count: 2 * count },
      newest: "scalar",
    },
};

/** What a regression keeps of each coordinate. */
function regression({ estimate, of, centred }: GradientRegression): readonly string[] {
  const second = estimate === "slope" ? ["covariance", "residual"] : ["gradientVariance"];
  return [...(centred ? [of, "gradients"] : []), "variance", ...second];
}

/** What each structure keeps of the samples. */
const STRUCTURES: { readonly [K in StructureKind]: StateSlot["size"] } = {
  scalar: "scalar",
  diagonal: "parameters",
  factored: "factors",
  blockDiagonal: "blocks",
  full: "matrix",
  subspace: "scalar",
  kronecker: "axes",
  lowRank: "parameters",
};

/** What a turning direction keeps besides the statistics. */
const TURNS: { readonly [T in Subspace["turn"]]: (vectors: Size, matrix: Size) => Sizes } = {
  keep: () => ({}),
  rebuild: (vectors) => ({ next: vectors }),
  recentre: () => ({ centre: "parameters" }),
  project: (_, matrix) => ({ rotation: matrix }),
};

/** What a basis that follows the samples keeps: a statistic, and the basis as it was. */
function basis({ structure, iterative }: EigenbasisOf): Sizes {
  const size = STRUCTURES[structure.kind];
  const all = { ...accumulated(iterative, size), factor: size };
  return inside("structure/basis", all);
}

/** The same names further down. */
function inside(place: string, sizes: Sizes): Sizes {
  return Object.fromEntries(
    Object.entries(sizes).map(([name, size]) => [joinPath(place, name), size]),
  );
}

/** So many of a size. */
function many(size: StateSlot["size"], count: number): Size {
  return count === 1 ? size : { size, count };
}

/** What a structure keeps for itself. */
function frame(structure: Structure): Sizes {
  if (structure.kind === "diagonal") {
    return structure.basis === undefined ? {} : basis(structure.basis);
  }
  if (structure.kind !== "subspace") return {};
  const { rank, decay, turn } = structure;
  const vectors = many("parameters", rank);
  return inside("structure", {
    [decay === undefined ? "previous" : "sketch"]: vectors,
    basis: vectors,
    ...TURNS[turn](vectors, many("scalar", rank ** 2)),
  });
}

/** What a regression along directions keeps, twice where the next ones grow meanwhile. */
function directions({ rank, turn }: Subspace): Sizes {
  const mean = turn === "project" ? "parameters" : many("scalar", rank);
  const matrix = many("scalar", rank ** 2);
  const moments: Sizes = {
    weight: "scalar",
    parameters: mean,
    gradients: mean,
    variance: matrix,
    second: matrix,
  };
  return {
    ...inside("calculating", moments),
    ...(turn === "rebuild" ? inside("calculating/next", moments) : {}),
    ...(rank > 1 ? { "factor/vectors": matrix } : {}),
  };
}

/** What a structure keeps of the samples. */
function keptBy(it: Structure): StateSlot["size"] {
  return it.kind === "kronecker" && it.of === "layers" ? "layers" : STRUCTURES[it.kind];
}

/** The statistics of a stage. */
function statistics({ calculating, structure, iterative, every }: Curvature): Sizes {
  if (calculating.kind === "gradientRegression") {
    if (structure.kind === "subspace") return directions(structure);
    return Object.fromEntries(
      regression(calculating).map((name) => [`calculating/${name}`, "parameters"]),
    );
  }
  const size = keptBy(structure);
  if (iterative.length === 0) return every.sample > 1 ? { "iterative/latest": size } : {};
  return accumulated(iterative, size);
}

/** What accumulators keep of a statistic. */
function accumulated(iterative: readonly Accumulator[], size: StateSlot["size"]): Sizes {
  return Object.fromEntries(
    iterative.flatMap((it, i) =>
      Object.entries(
        (ACCUMULATORS[it.kind] as (it: Accumulator, size: StateSlot["size"]) => Sizes)(it, size),
      ).map(([name, one]) => [`iterative/${i}/${name}`, one])
    ),
  );
}

/** What a solver keeps for the next step. */
function solution({ solver }: Curvature): Sizes {
  return solver?.kind === "cg" && solver.warmStart !== undefined
    ? { "solver/solution": "parameters" }
    : {};
}

/** What is kept of the sample before. */
function previous({ calculating }: Curvature): Sizes {
  if (calculating.kind !== "secant") return {};
  return {
    "calculating/parameters": "parameters",
    ...(calculating.sameBatch ? {} : { "calculating/gradient": "parameters" }),
  };
}

/** All that a stage keeps. */
function stage(it: Curvature): Sizes {
  return { ...frame(it.structure), ...previous(it), ...statistics(it), ...solution(it) };
}

const RULES: { readonly [K in OptimizerKind]: (it: TransformOf<K>) => Sizes } = {
  identity: () => ({}),
  zero: () => ({}),
  chain: () => ({}),
  add: () => ({}),
  ema: ({ debias }) => ({ mean: "parameters", ...(debias ? { weight: "scalar" } : {}) }),
  trace: () => ({ velocity: "parameters" }),
  scale: () => ({}),
  difference: () => ({ previous: "parameters" }),
  weightDecay: () => ({}),
  newtonRaphson: () => ({}),
  graft: () => ({}),
  trustRatio: () => ({}),
  scaleByParameterNorm: () => ({}),
  scaleByShape: () => ({}),
  gradientAt: () => ({}),
  partition: () => ({}),
  skipNonFinite: () => ({ count: "scalar" }),
  distanceAdapted: () => ({
    start: "parameters",
    sum: "parameters",
    gained: "scalar",
    distance: "scalar",
  }),
  gainAdapted: ({ rule }) => ({
    damping: "scalar",
    ...(rule === "nielsen" ? { growth: "scalar" } : {}),
  }),
  accumulate: () => ({ sum: "parameters", taken: "scalar", count: "scalar" }),
  lookahead: () => ({ slow: "parameters", taken: "scalar" }),
  average: () => ({ mean: "parameters", weight: "scalar" }),
  scheduleFree: () => ({ z: "parameters", x: "parameters", largest: "scalar", weight: "scalar" }),
  lineSearch: () => ({}),
  curvature: stage,
};

/** What a signal remembers; all of it scalars. */
const SIGNALS: { readonly [K in SignalKind]: readonly string[] } = {
  signal: [],
  plateau: ["seen", "total", "best", "waited", "cooling", "left"],
};

/** Everything an optimizer remembers, with its path. */
export function stateSlots(optimizer: Optimizer): readonly StateSlot[] {
  const signals = hyperparametersOf(optimizer).flatMap(({ path, value }) =>
    isSignal(value)
      ? SIGNALS[value.kind].map((name): StateSlot => ({
        path: joinPath(path, name),
        size: "scalar",
      }))
      : []
  );
  return [...ownSlots(optimizer), ...signals];
}

/** What the transforms themselves remember. */
function ownSlots(optimizer: Optimizer): readonly StateSlot[] {
  return sites(optimizer).flatMap(({ optimizer: it, path }) =>
    Object.entries((RULES[it.kind] as (it: Optimizer) => Sizes)(it)).map(([name, kept]) => ({
      path: joinPath(path, name),
      ...(typeof kept === "string" ? { size: kept } : kept),
    }))
  );
}
