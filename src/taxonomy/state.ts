/**
 * What a transform remembers between steps.
 *
 * @module
 */

import type { Accumulator } from "../optimizer/iterative.ts";
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
  /** `"parameters"`: as many numbers as θ. */
  readonly size: "parameters" | "scalar";
}

type Sizes = Readonly<Record<string, StateSlot["size"]>>;

const ACCUMULATORS: {
  readonly [K in Accumulator["kind"]]: (
    it: OfKind<Accumulator, K>,
    size: StateSlot["size"],
  ) => Sizes;
} = {
  ema: ({ debias, centred }, size) => ({
    statistic: size,
    ...(centred === true ? { mean: size } : {}),
    ...(debias || centred === true ? { weight: "scalar" } : {}),
  }),
  sum: (_, size) => ({ statistic: size }),
  max: (_, size) => ({ statistic: size }),
};

/** The statistics of a stage; a scalar structure keeps one number. */
function stage({ calculating, structure, iterative, every, warmup }: Curvature): Sizes {
  if (calculating.kind === "gradientRegression") {
    const means = {
      "mean θ": "parameters",
      "mean u": "parameters",
      "var θ": "parameters",
    } as const;
    return calculating.estimate === "deviations"
      ? { ...means, "var u": "parameters" }
      : { ...means, "cov uθ": "parameters", ν: "parameters" };
  }
  const size = structure.kind === "scalar" ? "scalar" : "parameters";
  const kept = iterative.map((it, i) =>
    Object.entries(
      (ACCUMULATORS[it.kind] as (it: Accumulator, size: StateSlot["size"]) => Sizes)(it, size),
    ).map(([name, one]) => [`iterative/${i}/${name}`, one] as const)
  );
  return {
    ...Object.fromEntries(kept.flat()),
    ...(iterative.length === 0 && every.sample > 1 ? { sample: size } : {}),
    ...(warmup === undefined ? {} : { steps: "scalar" }),
  };
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
  gradientAt: () => ({}),
  partition: () => ({}),
  skipNonFinite: () => ({}),
  curvature: stage,
};

/** Everything an optimizer remembers, with its path. */
export function stateSlots(optimizer: Optimizer): readonly StateSlot[] {
  return sites(optimizer).flatMap(({ optimizer: it, path }) =>
    Object.entries((RULES[it.kind] as (it: Optimizer) => Sizes)(it)).map(([name, size]) => ({
      path: joinPath(path, name),
      size,
    }))
  );
}
