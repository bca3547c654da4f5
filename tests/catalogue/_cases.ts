/**
 * Every case of the data in foreign/ as an expression here, by library and name: the rate is that of the data.
 *
 * Where the conventions of a library are not those of our entry the case says so and is written in the language.
 */

import { powerDecay } from "../../src/optimizer/annealing.ts";
import { empiricalFisher, secant } from "../../src/optimizer/calculating.ts";
import { adadelta } from "../../src/optimizer/catalogue/adadelta.ts";
import { adafactor } from "../../src/optimizer/catalogue/adafactor.ts";
import { adagrad } from "../../src/optimizer/catalogue/adagrad.ts";
import { adahessian } from "../../src/optimizer/catalogue/adahessian.ts";
import { adam } from "../../src/optimizer/catalogue/adam.ts";
import * as relatives from "../../src/optimizer/catalogue/adam_relatives.ts";
import { adamw } from "../../src/optimizer/catalogue/adamw.ts";
import * as adaptive from "../../src/optimizer/catalogue/adaptive_sgd.ts";
import { hessianFree } from "../../src/optimizer/catalogue/hessian_free.ts";
import { kfac } from "../../src/optimizer/catalogue/kfac.ts";
import { lamb, lars } from "../../src/optimizer/catalogue/layerwise.ts";
import { levenbergMarquardt } from "../../src/optimizer/catalogue/levenberg_marquardt.ts";
import { muon } from "../../src/optimizer/catalogue/muon.ts";
import { nasgd, normAdaptedAdam } from "../../src/optimizer/catalogue/nasgd.ts";
import * as parabola from "../../src/optimizer/catalogue/online_parabola.ts";
import { ogr } from "../../src/optimizer/catalogue/online_paraboloid.ts";
import {
  gaussNewtonDescent,
  naturalGradient,
  newton,
} from "../../src/optimizer/catalogue/newton.ts";
import * as variants from "../../src/optimizer/catalogue/natural_variants.ts";
import * as normalized from "../../src/optimizer/catalogue/normalized_natural.ts";
import { polyak } from "../../src/optimizer/catalogue/polyak.ts";
import { prodigy } from "../../src/optimizer/catalogue/prodigy.ts";
import { bfgs, dfp, lbfgs, sr1 } from "../../src/optimizer/catalogue/quasi_newton.ts";
import { radam } from "../../src/optimizer/catalogue/radam.ts";
import { rmsprop } from "../../src/optimizer/catalogue/rmsprop.ts";
import { sam } from "../../src/optimizer/catalogue/sam.ts";
import * as free from "../../src/optimizer/catalogue/schedule_free.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import { shampoo } from "../../src/optimizer/catalogue/shampoo.ts";
import { lion, normalizedDescent, signDescent } from "../../src/optimizer/catalogue/sign.ts";
import { soap } from "../../src/optimizer/catalogue/soap.ts";
import { sophia } from "../../src/optimizer/catalogue/sophia.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { curvature, type CurvatureOptions } from "../../src/optimizer/curvature.ts";
import { add, addToRoot, toSample } from "../../src/optimizer/damping.ts";
import { clipByBlockRms, clipByGlobalNorm } from "../../src/optimizer/derived.ts";
import { secantUpdate, sum } from "../../src/optimizer/iterative.ts";
import { average, lookahead } from "../../src/optimizer/last.ts";
import { gradientNorm } from "../../src/optimizer/length.ts";
import { lineSearch } from "../../src/optimizer/line_search.ts";
import { trustRatio } from "../../src/optimizer/parameter_norms.ts";
import { cosineDecay, warmup } from "../../src/optimizer/schedule.ts";
import { orthogonalIteration } from "../../src/optimizer/solver.ts";
import { diagonal, eigenbasisOf, factored, lowRank } from "../../src/optimizer/structure.ts";
import { kronecker } from "../../src/optimizer/kronecker.ts";
import { ema, scale, trace, weightDecay } from "../../src/optimizer/transforms.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { accumulate } from "../../src/optimizer/wrappers.ts";

/** One case. */
export interface Case {
  /** The entry of the catalogue that it is about, or what it is where it is none. */
  readonly entry: string;
  /** The same optimizer here. */
  readonly at: (learningRate: number) => Optimizer;
  /** The paths are those of the evaluation parameters. */
  readonly evaluated?: true;
  /**
   * How far the paths may be apart, in units of the farthest that a parameter has moved, where the reason is not
   * that one of the two is wrong.
   *
   * @default 1e-9
   */
  readonly tolerance?: number;
}

const ROOTS = {
  calculating: empiricalFisher(),
  structure: diagonal(),
  length: gradientNorm(),
} satisfies CurvatureOptions;

/** The search that PyTorch's LBFGS makes, along the gradient. */
function searched(initial: number): Optimizer {
  return lineSearch({
    method: "strongWolfe",
    initial,
    first: "bounded",
    trials: 26,
    otherwise: "best",
  });
}

const OPTAX: Readonly<Record<string, Case>> = {
  sgd: { entry: "sgd", at: (learningRate) => sgd({ learningRate }) },
  momentum: { entry: "sgd", at: (learningRate) => sgd({ learningRate, momentum: 0.9 }) },
  nesterov: {
    entry: "sgd",
    at: (learningRate) => sgd({ learningRate, momentum: 0.9, nesterov: true }),
  },
  sgdL2: {
    entry: "sgd",
    at: (learningRate) => sgd({ learningRate, momentum: 0.5, weightDecay: 0.1 }),
  },
  signDescent: { entry: "signDescent", at: (learningRate) => signDescent({ learningRate }) },
  signMomentum: {
    entry: "signDescent",
    at: (learningRate) => signDescent({ learningRate, momentum: 0.8 }),
  },
  normalizedDescent: {
    entry: "normalizedDescent",
    at: (learningRate) => normalizedDescent({ learningRate }),
  },
  adam: { entry: "adam", at: (learningRate) => adam({ learningRate }) },
  adamOther: {
    entry: "adam",
    at: (learningRate) => adam({ learningRate, beta1: 0.8, beta2: 0.95, eps: 1e-3 }),
  },
  adamw: { entry: "adamw", at: (learningRate) => adamw({ learningRate, weightDecay: 0.1 }) },
  amsgrad: {
    entry: "amsgrad",
    at: (learningRate) => relatives.amsgrad({ learningRate, beta2: 0.9 }),
  },
  nadam: { entry: "nadam", at: (learningRate) => relatives.nadam({ learningRate }) },
  adabelief: {
    entry: "adabelief",
    at: (learningRate) => relatives.adabelief({ learningRate, beta2: 0.99 }),
  },
  radam: { entry: "radam", at: (learningRate) => radam({ learningRate }) },
  radamYoung: {
    entry: "radam",
    at: (learningRate) => radam({ learningRate, beta2: 0.9, eps: 1e-3 }),
  },
  adadelta: { entry: "adadelta", at: (learningRate) => adadelta({ learningRate, eps: 1e-4 }) },
  lion: {
    entry: "lion",
    at: (learningRate) => lion({ learningRate, beta2: 0.98, weightDecay: 0.1 }),
  },
  // ε under the root.
  adagrad: {
    entry: "adagrad",
    at: (rate) =>
      chain(
        curvature({ ...ROOTS, iterative: sum({ initial: 0.1 }), damping: add(1e-7) }),
        scale(rate),
      ),
  },
  // ε under the root, the rate before the momentum.
  rmsprop: {
    entry: "rmsprop",
    at: (rate) =>
      chain(
        curvature({ ...ROOTS, iterative: ema({ decay: 0.9 }), damping: add(1e-8) }),
        scale(rate),
      ),
  },
  rmspropCentred: {
    entry: "rmsprop",
    at: (rate) =>
      chain(
        curvature({ ...ROOTS, iterative: ema({ decay: 0.9, centred: true }), damping: add(1e-3) }),
        scale(rate),
        trace({ decay: 0.5 }),
      ),
  },
  lars: {
    entry: "lars",
    at: (learningRate) => lars({ learningRate, coefficient: 1, momentum: 0.5, weightDecay: 0 }),
  },
  // The norm of g + βθ in place of the sum of the norms.
  larsSum: {
    entry: "lars",
    at: (rate) =>
      chain(weightDecay(0.1), trustRatio({ coefficient: 1 }), scale(rate), trace({ decay: 0.5 })),
  },
  lamb: { entry: "lamb", at: (learningRate) => lamb({ learningRate, weightDecay: 0.1 }) },
  // Without the norm of the parameter; no function has a tensor whose two longest axes are not its only ones.
  adafactor: {
    entry: "adafactor",
    at: (rate) =>
      chain(
        curvature({
          ...ROOTS,
          structure: factored(),
          iterative: ema({ decay: powerDecay({ from: 0, to: 1, power: 0.8 }) }),
          damping: toSample(1e-30),
        }),
        clipByBlockRms(1),
        scale(rate),
      ),
    // optax takes the power of t in single precision.
    tolerance: 1e-8,
  },
  // Its first step is shortened by another norm, and no pair is left out.
  lbfgs: {
    entry: "lbfgs",
    at: (rate) =>
      chain(
        curvature({
          calculating: secant(),
          structure: lowRank(),
          iterative: secantUpdate("bfgs", { window: 3 }),
          warmup: { steps: 1, use: clipByGlobalNorm(1) },
        }),
        scale(rate),
      ),
  },
  polyak: { entry: "polyak", at: (alpha) => polyak({ alpha, cap: 0.3 }) },
  // optax scales g before it takes the norm: min(½, f/‖2g‖²)·2g = min(1, ½·f/‖g‖²)·g.
  nasgd: { entry: "nasgd", at: () => nasgd({ alpha: 0.5, cap: 1 }) },
  clip: {
    entry: "clipByGlobalNorm",
    at: (learningRate) => chain(clipByGlobalNorm(0.3), adam({ learningRate })),
  },
  cosine: {
    entry: "cosineDecay",
    at: (from) => chain(trace({ decay: 0.5 }), scale(cosineDecay({ from, steps: 40 }))),
  },
  ema: { entry: "ema", at: (rate) => chain(ema({ decay: 0.9, debias: true }), scale(rate)) },
  lookahead: {
    entry: "lookahead",
    at: (learningRate) =>
      chain(sgd({ learningRate, momentum: 0.5 }), lookahead({ steps: 5, alpha: 0.3 })),
  },
  sam: { entry: "sam", at: (learningRate) => sam({ learningRate, momentum: 0.9, rho: 0.05 }) },
  accumulate: {
    entry: "accumulate",
    at: (learningRate) => accumulate(3, adam({ learningRate })),
  },
};

const TORCH: Readonly<Record<string, Case>> = {
  lbfgs: {
    entry: "lbfgs",
    at: (learningRate) => lbfgs({ learningRate, eps: 0, window: 3 }),
  },
  lbfgsSearch: {
    entry: "lbfgs",
    at: (learningRate) => lbfgs({ learningRate, eps: 0, window: 3, lineSearch: "strongWolfe" }),
  },
  sgd: { entry: "sgd", at: (learningRate) => sgd({ learningRate }) },
  nesterov: {
    entry: "sgd",
    at: (learningRate) => sgd({ learningRate, momentum: 0.9, nesterov: true, weightDecay: 0.1 }),
  },
  momentum: {
    entry: "sgd",
    at: (learningRate) => sgd({ learningRate, momentum: 0.8, weightDecay: 0.1 }),
  },
  adam: {
    entry: "adam",
    at: (learningRate) => adam({ learningRate, beta1: 0.8, beta2: 0.99, eps: 1e-6 }),
  },
  adamL2: {
    entry: "adam",
    at: (learningRate) => chain(weightDecay(0.1), adam({ learningRate })),
  },
  adamw: { entry: "adamw", at: (learningRate) => adamw({ learningRate, weightDecay: 0.1 }) },
  // PyTorch adds ε to |g| before the maximum: the same with ε = 0.
  adamax: {
    entry: "adamax",
    at: (learningRate) => relatives.adamax({ learningRate, beta2: 0.9, eps: 0 }),
  },
  // ε is added to the root that is not debiased: the same with ε = 0.
  radam: { entry: "radam", at: (learningRate) => radam({ learningRate, beta2: 0.99, eps: 0 }) },
  adagrad: { entry: "adagrad", at: (learningRate) => adagrad({ learningRate }) },
  adagradInitial: {
    entry: "adagrad",
    at: (learningRate) => adagrad({ learningRate, initial: 0.3, eps: 1e-4 }),
  },
  adadelta: {
    entry: "adadelta",
    at: (learningRate) => adadelta({ learningRate, decay: 0.8, eps: 1e-4 }),
  },
  rmsprop: { entry: "rmsprop", at: (learningRate) => rmsprop({ learningRate }) },
  rmspropMomentum: {
    entry: "rmsprop",
    at: (learningRate) =>
      rmsprop({ learningRate, decay: 0.9, eps: 1e-4, momentum: 0.5, weightDecay: 0.1 }),
  },
  rmspropCentred: {
    entry: "rmsprop",
    at: (learningRate) => rmsprop({ learningRate, decay: 0.9, eps: 1e-3, centred: true }),
  },
  adafactor: { entry: "adafactor", at: (learningRate) => adafactor({ learningRate }) },
  average: {
    entry: "average",
    at: (learningRate) => chain(sgd({ learningRate }), average()),
    evaluated: true,
  },
  strongWolfe: { entry: "lineSearch", at: searched },
  strongWolfeShort: { entry: "lineSearch", at: searched },
};

/** Where paths end, not how they go. */
const SCIPY: Readonly<Record<string, Case>> = {
  levenbergMarquardt: {
    entry: "levenbergMarquardt",
    at: (damping) => levenbergMarquardt({ damping }),
    tolerance: 1e-7,
  },
};
const ADAM_OF_THE_REST = { restRate: 0.01, beta1: 0.8, beta2: 0.9, eps: 1e-8 };

const AUTHORS: Readonly<Record<string, Case>> = {
  muon: {
    entry: "muon",
    at: (learningRate) =>
      muon({ ...ADAM_OF_THE_REST, learningRate, momentum: 0.9, weightDecay: 0.1 }),
    // It divides by ‖G‖ + 1e-7, G a mean of gradients with weights 0.1·0.9ᵗ.
    tolerance: 1e-4,
  },
  soap: {
    entry: "soap",
    at: (learningRate) => soap({ learningRate, beta1: 0.9, beta2: 0.8, decay: 0.7, every: 3 }),
    // Its ε is added before the bias is corrected, and what is 0 but for rounding in the first basis is divided by it.
    tolerance: 1e-5,
  },
  soapUncorrected: {
    entry: "soap",
    at: (rate) =>
      chain(
        curvature({
          ...ROOTS,
          structure: diagonal({
            basis: eigenbasisOf(
              kronecker({ largest: 2, vectors: "diagonal" }),
              ema({ decay: 0.9 }),
            ),
          }),
          iterative: ema({ decay: 0.9 }),
          direction: ema({ decay: 0.8 }),
          damping: addToRoot(0.01),
          solver: orthogonalIteration(),
        }),
        scale(rate),
      ),
  },
  prodigy: {
    entry: "prodigy",
    at: (learningRate) => prodigy({ learningRate, eps: 0, distance: 1e-3, weightDecay: 0.1 }),
    // The distance is first estimated from the difference of parameters that have hardly moved.
    tolerance: 1e-8,
  },
  prodigyBounded: {
    entry: "prodigy",
    at: (learningRate) => prodigy({ learningRate, eps: 0, distance: 1e-2, beta3: 0.9 }),
  },
  scheduleFreeSgd: {
    entry: "scheduleFreeSgd",
    at: (learningRate) => free.scheduleFreeSgd({ learningRate }),
  },
  scheduleFreeSgdEvaluated: {
    entry: "scheduleFreeSgd",
    at: (learningRate) => free.scheduleFreeSgd({ learningRate, beta: 0.7, weightDecay: 0.1 }),
    evaluated: true,
  },
  scheduleFreeAdamw: {
    entry: "scheduleFreeAdamw",
    at: (to) =>
      free.scheduleFreeAdamw({ learningRate: warmup({ to, steps: 10 }), weightDecay: 0.1 }),
  },
  // The package has variant G; it was given the samples of variant H. Its ε is 1e-15, added.
  sophia: {
    entry: "sophia",
    at: (learningRate) =>
      sophia({ learningRate, beta1: 0.9, beta2: 0.8, rho: 0.5, every: 3, weightDecay: 0.1 }),
  },
  adahessian: {
    entry: "adahessian",
    at: (learningRate) => adahessian({ learningRate, eps: 1e-4 }),
  },
  adahessianOther: {
    entry: "adahessian",
    at: (learningRate) => adahessian({ learningRate, beta1: 0.8, beta2: 0.9, eps: 0.1 }),
  },
  lars: {
    entry: "lars",
    at: (learningRate) => lars({ learningRate, coefficient: 0.5, momentum: 0.9, weightDecay: 0.1 }),
  },
};

const PARABOLA = { limit: 0.02, learningRate: 1e-4, every: 3 };
const PARABOLOID = { rank: 2, beta: 0.7, decay: 0.9, limit: 0.02, learningRate: 1e-4, every: 4 };
/** The matrix at every step. */
const EACH = { every: 1 };

const NAIVE: Readonly<Record<string, Case>> = {
  bfgs: { entry: "bfgs", at: (learningRate) => bfgs({ learningRate, eps: 0 }) },
  bfgsShifted: { entry: "bfgs", at: (learningRate) => bfgs({ learningRate, sameBatch: false }) },
  dfp: { entry: "dfp", at: (learningRate) => dfp({ learningRate, eps: 0 }) },
  sr1: { entry: "sr1", at: (learningRate) => sr1({ learningRate }) },
  ogr1d: { entry: "ogr1d", at: (alpha) => parabola.ogr1d({ ...PARABOLA, alpha }) },
  ogr1ds: { entry: "ogr1ds", at: (alpha) => parabola.ogr1ds({ ...PARABOLA, alpha }) },
  ogr1dc: { entry: "ogr1dc", at: (alpha) => parabola.ogr1dc({ ...PARABOLA, alpha }) },
  ogr1dLast: {
    entry: "ogr1d",
    at: (alpha) => parabola.ogr1d({ ...PARABOLA, alpha, point: "last" }),
  },
  ogr1dcDescend: {
    entry: "ogr1dc",
    at: (alpha) => parabola.ogr1dc({ ...PARABOLA, alpha, saddle: "descend" }),
  },
  ogr: { entry: "ogr", at: (alpha) => ogr({ ...PARABOLOID, alpha }) },
  ogrEach: {
    entry: "ogr",
    at: (alpha) => ogr({ rank: 2, alpha, decay: 0.5, limit: 0.05, learningRate: 1e-3, every: 1 }),
  },
  ogrLine: { entry: "ogr", at: (alpha) => ogr({ ...PARABOLOID, alpha, rank: 1 }) },
  ogrDescend: { entry: "ogr", at: (alpha) => ogr({ ...PARABOLOID, alpha, saddle: "descend" }) },
  ogrRatios: {
    entry: "ogr",
    at: (alpha) => ogr({ ...PARABOLOID, alpha, estimate: "deviations" }),
  },
  adan: { entry: "adan", at: (learningRate) => relatives.adan({ learningRate }) },
  adanOther: {
    entry: "adan",
    at: (learningRate) =>
      relatives.adan({ learningRate, beta1: 0.9, beta2: 0.8, beta3: 0.95, eps: 1e-4 }),
  },
  normAdaptedAdam: {
    entry: "normAdaptedAdam",
    at: () => normAdaptedAdam({ alpha: 0.3, cap: 0.02 }),
  },
  adaptiveSgd: { entry: "adaptiveSgd", at: (alpha) => adaptive.adaptiveSgd({ alpha }) },
  adaptiveSgdConfidence: {
    entry: "adaptiveSgdConfidence",
    at: (alpha) => adaptive.adaptiveSgdConfidence({ alpha, gamma: 0.5 }),
  },
  newton: {
    entry: "newton",
    at: (learningRate) => newton({ ...EACH, learningRate }),
    // Not convex: where an eigenvalue passes 0, |λ| + ε turns over, and rounding grows.
    tolerance: 1e-8,
  },
  newtonExact: { entry: "newton", at: (learningRate) => newton({ ...EACH, learningRate, eps: 0 }) },
  newtonDiagonal: {
    entry: "newton",
    at: (learningRate) => newton({ ...EACH, learningRate, structure: "diagonal" }),
  },
  levenbergMarquardt: {
    entry: "levenbergMarquardt",
    at: (damping) => levenbergMarquardt({ damping }),
  },
  levenbergMarquardtShort: {
    entry: "levenbergMarquardt",
    at: (damping) => levenbergMarquardt({ damping }),
  },
  levenbergMarquardtThresholds: {
    entry: "levenbergMarquardt",
    at: (damping) => levenbergMarquardt({ damping, rule: "thresholds" }),
  },
  hessianFree: {
    entry: "hessianFree",
    at: (damping) => hessianFree({ damping, progress: 0.05 }),
  },
  hessianFreeFew: {
    entry: "hessianFree",
    at: (damping) => hessianFree({ damping, products: 3 }),
  },
  gaussNewton: {
    entry: "gaussNewtonDescent",
    at: (learningRate) => gaussNewtonDescent({ ...EACH, learningRate }),
  },
  naturalGradient: {
    entry: "naturalGradient",
    at: (learningRate) => naturalGradient({ ...EACH, learningRate, eps: 0.01 }),
  },
  normalized: {
    entry: "normalizedNaturalGradient",
    at: (learningRate) => normalized.normalizedNaturalGradient({ ...EACH, learningRate }),
  },
  normalizedFisher: {
    entry: "normalizedNaturalGradient",
    at: (learningRate) =>
      normalized.normalizedNaturalGradient({ ...EACH, learningRate, calculating: "fisher" }),
  },
  normalizedClipped: {
    entry: "clippedNaturalGradient",
    at: (learningRate) => variants.clippedNaturalGradient({ ...EACH, learningRate, limit: 0.5 }),
  },
  gradientNorm: {
    entry: "gradientNormNormalized",
    at: (learningRate) => normalized.gradientNormNormalized({ ...EACH, learningRate }),
  },
  gradientNormClipped: {
    entry: "clippedByGradientNorm",
    at: (learningRate) => variants.clippedByGradientNorm({ ...EACH, learningRate, limit: 0.5 }),
  },
  eigenbasis: {
    entry: "eigenbasisNormalized",
    at: (learningRate) =>
      normalized.eigenbasisNormalized({ ...EACH, structure: "full", learningRate }),
  },
  eigenbasisClipped: {
    entry: "eigenbasisNormalized",
    at: (learningRate) =>
      normalized.eigenbasisNormalized({
        ...EACH,
        structure: "full",
        learningRate,
        eps: 0,
        clip: 0.5,
      }),
  },
  eigenbasisDiagonal: {
    entry: "diagonalEigenbasis",
    at: (learningRate) => variants.diagonalEigenbasis({ ...EACH, learningRate }),
  },
  diagonalNatural: {
    entry: "diagonalNaturalGradient",
    at: (learningRate) => variants.diagonalNaturalGradient({ ...EACH, learningRate }),
  },
  diagonalNormalized: {
    entry: "diagonalNormalized",
    at: (learningRate) => variants.diagonalNormalized({ ...EACH, learningRate }),
  },
  diagonalGradientNorm: {
    entry: "diagonalGradientNorm",
    at: (learningRate) => variants.diagonalGradientNorm({ ...EACH, learningRate }),
  },
  diagonalClipped: {
    entry: "clippedInEigenbasis",
    at: (learningRate) =>
      variants.clippedInEigenbasis({
        ...EACH,
        learningRate,
        eps: 0.01,
        limit: 0.5,
      }),
  },
  shampoo: {
    entry: "shampoo",
    at: (learningRate) => shampoo({ learningRate, initial: 0.1, every: 3 }),
  },
  shampooPlain: {
    entry: "shampoo",
    at: (learningRate) => shampoo({ learningRate, momentum: 0, initial: 0.3, every: 1 }),
  },
  muonExact: {
    entry: "muon",
    at: (learningRate) =>
      muon({ ...ADAM_OF_THE_REST, learningRate, momentum: 0.9, orthogonal: "eigenvectors" }),
  },
  muonHeavyBall: {
    entry: "muon",
    at: (learningRate) =>
      muon({
        ...ADAM_OF_THE_REST,
        learningRate,
        momentum: 0.8,
        nesterov: false,
        orthogonal: "eigenvectors",
      }),
  },
};

/** How many examples its functions have. */
const EXAMPLES = 6;

/**
 * Its empirical Fisher matrix is over the number N of examples once more than a mean is, as it says: (F/N + γ)⁻¹ is N(F + Nγ)⁻¹.
 * Its norm constraint is then κ = N(ηC)².
 */
const KFAC_JAX: Readonly<Record<string, Case>> = {
  kfac: {
    entry: "kfac",
    at: (learningRate) =>
      kfac({
        learningRate: EXAMPLES * learningRate,
        momentum: 0,
        damping: EXAMPLES * 0.01,
        clip: null,
        labels: "given",
        sample: 1,
        every: 1,
      }),
  },
  kfacConstrained: {
    entry: "kfac",
    at: (learningRate) =>
      kfac({
        learningRate: EXAMPLES * learningRate,
        momentum: 0.9,
        damping: EXAMPLES * 0.01,
        clip: Math.sqrt(0.001 / EXAMPLES) / learningRate,
        labels: "given",
        sample: 1,
        every: 3,
      }),
  },
  kfacExact: {
    entry: "K-FAC with γ on eigenvalues",
    at: (learningRate) =>
      chain(
        curvature({
          calculating: empiricalFisher({ from: "examples" }),
          structure: kronecker({ of: "layers" }),
          iterative: ema({ decay: 0.95, debias: true }),
          damping: add(EXAMPLES * 0.01),
          every: { factor: 2 },
        }),
        trace({ decay: 0.5 }),
        scale(EXAMPLES * learningRate),
      ),
  },
};

/** By the name of the file of data, then of the case. */
export const CASES: Readonly<Record<string, Readonly<Record<string, Case>>>> = {
  optax: OPTAX,
  torch: TORCH,
  scipy: SCIPY,
  authors: AUTHORS,
  kfacJax: KFAC_JAX,
  naive: NAIVE,
};
