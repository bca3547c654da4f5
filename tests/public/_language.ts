/** Calls of what builds optimizers, and of what is asked about them. */
import * as steepest from "../../mod.ts";
import {
  described,
  free,
  given,
  LISTS,
  optimizer,
  optional,
  optionals,
  options,
  required,
  row,
  type Rows,
  rowsOf,
} from "./_arguments.ts";
import { WRONG } from "./_wrong.ts";

const hyper = given(0.5);
const part = { where: steepest.matrices(), of: steepest.sgd() };
const stage = { calculating: steepest.empiricalFisher(), structure: steepest.diagonal() };
const pieces = [steepest.constant(1), steepest.constant(2)];

/** The catalogue. */
export const BUILDERS: Rows = {
  ...Object.fromEntries(
    Object.entries(steepest.catalogue).map((
      [name, { defaults }],
    ) => [name, row(Reflect.get(steepest, name), free(defaults))]),
  ),
  adamDirection: row(steepest.adamDirection, free(steepest.ADAM_DIRECTION)),
  fromCatalogue: row(steepest.fromCatalogue, given("adam"), free(steepest.ADAM)),
};

/** Transforms, members of slots, schedules, signals and predicates. */
export const LANGUAGE: Rows = {
  ...rowsOf(["identity", "zero", "difference", "latest", "none", "gradientNorm", "eigenbasis"]),
  ...rowsOf(["normalize", "auto", "cholesky", "scalar", "full", "lowRank", "matrices"]),
  ...rowsOf(["addToRoot", "toSample", "clamped", "gradientNormClipped", "scale"], hyper),
  ...rowsOf(["eigenbasisClipped", "clipByGlobalNorm", "clipByBlockRms", "clipByUnitNorm"], hyper),
  ...rowsOf(["clipByValue"], hyper),
  ...rowsOf(["gradientAt", "skipNonFinite"], optimizer),
  ...rowsOf(["all", "any", "not"], given(steepest.matrices())),
  ...rowsOf(["chain"], optimizer, optimizer),
  adaptiveGradientClip: row(steepest.adaptiveGradientClip, optional(0.1)),
  factored: row(steepest.factored, optional(0.1)),
  polynomial: row(steepest.polynomial, required({ from: 1, to: 0, steps: 5, power: 2 })),
  powerDecay: row(steepest.powerDecay, required({ from: 1, to: 0, power: 1, steps: 4 })),
  inverseSqrt: row(steepest.inverseSqrt, required({ peak: 1, warmup: 4 })),
  restarts: row(steepest.restarts, required({ of: WRONG.schedule, steps: 5, growth: 2 })),
  cosineRestarts: row(steepest.cosineRestarts, required({ from: 1, to: 0, steps: 5, growth: 2 })),
  rectification: row(steepest.rectification, required({ decay: 0.9, after: 6 })),
  linear: row(steepest.linear, required({ from: 1, to: 0, steps: 5 })),
  cosineDecay: row(steepest.cosineDecay, required({ from: 1, to: 0, steps: 5, warmup: 2 })),
  exponentialDecay: row(steepest.exponentialDecay, required({ from: 1, factor: 0.5, steps: 5 })),
  stepDecay: row(steepest.stepDecay, required({ from: 1, factor: 0.5, steps: 5 })),
  piecewise: row(steepest.piecewise, required({ from: 1, changes: [{ at: 2, value: 3 }] })),
  warmup: row(steepest.warmup, required({ to: 1, steps: 5 })),
  oneCycle: row(
    steepest.oneCycle,
    required({ peak: 1, steps: 50, rise: 0.4, divide: 20, finalDivide: 100 }),
  ),
  unbiased: row(steepest.unbiased, required({ by: 0.1, decay: 0.9, lead: 1 })),
  join: row(steepest.join, required({ of: pieces, at: [3] })),
  curvature: row(steepest.curvature, required({ ...stage, iterative: [], damping: [], every: {} })),
  gainAdapted: row(
    steepest.gainAdapted,
    required({ of: steepest.sgd(), model: "hessian", initial: 2 }),
  ),
  secantUpdate: row(steepest.secantUpdate, given("bfgs"), free({ window: 4, skip: 0.1 })),
  lookahead: row(steepest.lookahead, free({ steps: 4, alpha: 0.4 })),
  average: row(steepest.average, free({ decay: 0.8, start: 2 })),
  scheduleFree: row(steepest.scheduleFree, required({ rate: 0.1, beta: 0.8, power: 1 })),
  normalized: row(steepest.normalized, free({ per: "unit", norm: "rms" })),
  power: row(steepest.power, given(0.3)),
  clipped: row(steepest.clipped, hyper, free({ per: "unit", norm: "rms" })),
  lineSearch: row(steepest.lineSearch, free({ method: "backtracking", trials: 4 })),
  rank: row(steepest.rank, options(described({ atLeast: 1, atMost: 2 }), "object")),
  path: row(steepest.path, given("layer*")),
  matches: row(
    steepest.matches,
    given(steepest.matrices()),
    { ...options({ path: given("w", "text"), shape: given([2, 3], ...LISTS) }), open: true },
  ),
  signal: row(steepest.signal, given("loss"), free({ times: 2, min: 0, max: 1 })),
  plateau: row(
    steepest.plateau,
    required({ of: "loss", from: 1, to: 0.1, factor: 0.4, patience: 8, cooldown: 2, window: 5 }),
  ),
  eigen: row(steepest.eigen, free({ sweeps: 5 })),
  cg: row(steepest.cg, free({ steps: 5, tolerance: 0.1, progress: 0.2, warmStart: 0.4 })),
  lanczos: row(steepest.lanczos, free({ steps: 5 })),
  orthogonalIteration: row(steepest.orthogonalIteration, free({ steps: 6 })),
  newtonSchulz: row(steepest.newtonSchulz, free({ steps: 6, coefficients: [1, 2, 3] })),
  coupledNewton: row(
    steepest.coupledNewton,
    free({ iterations: 7, tolerance: 0.1, ridge: 0.1, accept: 0.3 }),
  ),
  diagonal: row(steepest.diagonal, free({ average: "kernel" })),
  eigenbasisOf: row(
    steepest.eigenbasisOf,
    given(steepest.kronecker()),
    optional(steepest.ema({ decay: 0.9 })),
  ),
  blockDiagonal: row(steepest.blockDiagonal, free({ per: "unit" })),
  subspace: row(
    steepest.subspace,
    options({
      directions: given(steepest.ema({ decay: 0.9 }), "optimizer"),
      rank: given(2, "three"),
      decay: given(0.9),
    }),
  ),
  kronecker: row(steepest.kronecker, free({ of: "tensor", exponent: 0.3, largest: 50 })),
  graft: row(
    steepest.graft,
    required({ direction: steepest.adam(), magnitude: steepest.identity(), per: "unit" }),
  ),
  partition: row(steepest.partition, given([part]), optional(steepest.adam())),
  masked: row(steepest.masked, optimizer, given(steepest.matrices())),
  frozen: row(steepest.frozen, given(steepest.matrices())),
  distanceAdapted: row(
    steepest.distanceAdapted,
    required({ of: steepest.identity(), rate: 2, decay: 0.4, initial: 0.1, growth: 2 }),
  ),
  accumulate: row(steepest.accumulate, given(2), optimizer),
  ema: row(steepest.ema, required({ decay: 0.9, debias: true })),
  trace: row(steepest.trace, required({ decay: 0.9, nesterov: true, dampening: 0.1 })),
  weightDecay: row(steepest.weightDecay, hyper, optional(steepest.matrices())),
  newtonRaphson: row(steepest.newtonRaphson, free({ alpha: 2, lowerBound: 1, cap: 2 })),
  trustRatio: row(steepest.trustRatio, free({ coefficient: 2, per: "unit", eps: 0.1, max: 2 })),
  scaleByParameterNorm: row(steepest.scaleByParameterNorm, free({ per: "unit", floor: 0.1 })),
  scaleByShape: row(steepest.scaleByShape, optional("aspect")),
  hessian: row(steepest.hessian, free({ probes: 2 })),
  gaussNewton: row(steepest.gaussNewton, free({ probes: 2 })),
  fisher: row(steepest.fisher, free({ from: "examples" })),
  empiricalFisher: row(steepest.empiricalFisher, free({ from: "examples" })),
  gradientRegression: row(
    steepest.gradientRegression,
    free({ estimate: "slope", point: "mean", confidence: 2 }),
  ),
  secant: row(steepest.secant, free({ sameBatch: true })),
};

/** What reads a description. */
export const QUESTIONS: Rows = {
  ...rowsOf(["needs", "hyperparameters", "contentHash", "encode", "classify"], optimizer),
  classifyStages: row(steepest.classifyStages, optimizer, optional("", "text")),
  decode: row(steepest.decode, given({ kind: "scale", by: 0.1, version: 1 })),
  explain: row(
    steepest.explain,
    optimizer,
    optionals({ telemetry: optional(["updateNorm"], "list") }),
  ),
  costInGradients: row(
    steepest.costInGradients,
    optimizer,
    optional([], "list"),
    optional(4, "three"),
  ),
  selections: row(steepest.selections, optimizer, {
    right: WRONG.objective,
    fine: ["objective"],
    open: true,
  }),
};
