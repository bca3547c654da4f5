/**
 * The catalogue: named expressions with their options, for the command line and for tables.
 *
 * @module
 */

import type { Optimizer } from "../types.ts";
import { ADAFACTOR, adafactor } from "./adafactor.ts";
import { ADADELTA, adadelta } from "./adadelta.ts";
import { ADAGRAD, adagrad } from "./adagrad.ts";
import { ADAHESSIAN, adahessian } from "./adahessian.ts";
import { ADAM, adam } from "./adam.ts";
import * as relatives from "./adam_relatives.ts";
import { ADAMW, adamw } from "./adamw.ts";
import * as adaptive from "./adaptive_sgd.ts";
import { HESSIAN_FREE, hessianFree } from "./hessian_free.ts";
import { LAMB, lamb, LARS, lars } from "./layerwise.ts";
import { LEVENBERG_MARQUARDT, levenbergMarquardt } from "./levenberg_marquardt.ts";
import { MUON, muon } from "./muon.ts";
import { NASGD, nasgd, NORM_ADAPTED_ADAM, normAdaptedAdam } from "./nasgd.ts";
import { type OptionName, optionRange } from "./options.ts";
import { ogr1d, ogr1dc, ogr1ds, ONLINE_PARABOLA } from "./online_parabola.ts";
import { ogr, ONLINE_PARABOLOID } from "./online_paraboloid.ts";
import { gaussNewtonDescent, naturalGradient, NEWTON, newton } from "./newton.ts";
import * as variants from "./natural_variants.ts";
import * as normalized from "./normalized_natural.ts";
import { POLYAK, polyak } from "./polyak.ts";
import { PRODIGY, prodigy } from "./prodigy.ts";
import { bfgs, dfp, LBFGS, lbfgs, QUASI_NEWTON, SR1, sr1 } from "./quasi_newton.ts";
import { RADAM, radam } from "./radam.ts";
import { RMSPROP, rmsprop } from "./rmsprop.ts";
import { SAM, sam } from "./sam.ts";
import {
  SCHEDULE_FREE_ADAMW,
  SCHEDULE_FREE_SGD,
  scheduleFreeAdamw,
  scheduleFreeSgd,
} from "./schedule_free.ts";
import { SGD, sgd } from "./sgd.ts";
import { KFAC, kfac } from "./kfac.ts";
import { SHAMPOO, shampoo } from "./shampoo.ts";
import { SOAP, soap } from "./soap.ts";
import { LION, lion, NORMALIZED_DESCENT, normalizedDescent, SIGN, signDescent } from "./sign.ts";
import { SOPHIA, sophia } from "./sophia.ts";

/** Options by name, as the command line gives them. */
export type Options = Readonly<Record<string, unknown>>;

/** A named optimizer. */
export interface CatalogueEntry {
  /** What it is called in the catalogue: the name of the function that builds it. */
  readonly name: string;
  /** A title for tables. */
  readonly title: string;
  /** Where it comes from: authors and year, or the paper and its algorithm. */
  readonly source: string;
  /** Every option with what it is when not given. */
  readonly defaults: Options;
  /** What each option may be, in words. */
  readonly ranges: Readonly<Record<string, string>>;
  /** Values worth trying, by option. */
  readonly suggested: Readonly<Record<string, readonly number[]>>;
  /**
   * Options other than the defaults that suit a network of any size; empty where the defaults do. A matrix over all
   * parameters, for one, is what no network has room for: there they say how to do without.
   */
  readonly network: Options;
  /**
   * The expression with these options.
   *
   * @throws {SteepestError} of kind `description`: an unknown option, or one out of range.
   */
  readonly build: (options?: Options) => Optimizer;
}

const RATES = { learningRate: [1e-4, 3e-4, 1e-3, 3e-3, 1e-2] };
const LARGE_RATES = { learningRate: [0.01, 0.03, 0.1, 0.3] };
const RELATIVE_RATES = { learningRate: [0.003, 0.01, 0.03, 0.1] };
const LARS_RATES = { learningRate: [1, 3, 10, 30] };
const SMALL_RATES = { learningRate: [1e-5, 1e-4, 3e-4, 1e-3] };
const FRACTIONS = { learningRate: [0.1, 0.3, 0.5, 1] };
const DAMPINGS = { damping: [0.01, 0.1, 1, 10] };
const ALPHAS = { alpha: [0.3, 0.5, 0.7, 1] };

/** An entry; its expression checks the options by name. */
function entry<O extends { readonly [K in OptionName]?: unknown }>(
  name: string,
  title: string,
  source: string,
  defaults: Required<O>,
  suggested: CatalogueEntry["suggested"],
  expression: (options?: O) => Optimizer,
  network: O = {} as O,
): CatalogueEntry {
  // The expression has one checked field for each option of O, which a record of names cannot express.
  const build = (options: Options = {}): Optimizer => expression(options as O);
  const ranges = Object.fromEntries(
    (Object.keys(defaults) as OptionName[]).map((option) => [option, optionRange(option)]),
  );
  return {
    name,
    title,
    source,
    defaults: { ...defaults },
    ranges,
    suggested,
    network: { ...network },
    build,
  };
}

const ENTRIES: readonly CatalogueEntry[] = [
  entry(
    "sgd",
    "Gradient descent, momentum",
    "Robbins and Monro 1951; Polyak 1964",
    SGD,
    LARGE_RATES,
    sgd,
    { learningRate: 0.1 },
  ),
  entry(
    "nasgd",
    "Norm-adapted gradient descent",
    "norm-adapted-gradient-descent, Algorithm 1",
    NASGD,
    ALPHAS,
    nasgd,
  ),
  entry(
    "polyak",
    "Stochastic Polyak step (SPS_max)",
    "Polyak 1987; Loizou et al. 2021",
    POLYAK,
    { alpha: [0.5, 1, 2] },
    polyak,
  ),
  entry(
    "normAdaptedAdam",
    "Adam with the norm-adapted step",
    "norm-adapted-gradient-descent, outlook",
    NORM_ADAPTED_ADAM,
    ALPHAS,
    normAdaptedAdam,
  ),
  entry(
    "adaptiveSgd",
    "Adaptive SGD (ASGD)",
    "online-parabola-momentum, Algorithm 8",
    adaptive.ADAPTIVE_SGD,
    ALPHAS,
    adaptive.adaptiveSgd,
  ),
  entry(
    "adaptiveSgdConfidence",
    "Adaptive SGD with confidence (ASGDc)",
    "online-parabola-momentum, Algorithm 9",
    adaptive.ADAPTIVE_SGD_CONFIDENCE,
    ALPHAS,
    adaptive.adaptiveSgdConfidence,
  ),
  entry(
    "ogr1d",
    "Momentum with an online parabola (OGR1d)",
    "online-parabola-momentum, Algorithms 1 to 5",
    ONLINE_PARABOLA,
    ALPHAS,
    ogr1d,
  ),
  entry(
    "ogr1ds",
    "Online parabola, rebuilt averages (OGR1ds)",
    "online-parabola-momentum, Algorithm 6",
    ONLINE_PARABOLA,
    ALPHAS,
    ogr1ds,
  ),
  entry(
    "ogr1dc",
    "Online parabola, centred turns (OGR1dc)",
    "online-parabola-momentum, Algorithm 7",
    ONLINE_PARABOLA,
    ALPHAS,
    ogr1dc,
  ),
  entry(
    "ogr",
    "Online parabolas in a subspace (OGR)",
    "online-parabola-momentum, sections IV.C and V",
    ONLINE_PARABOLOID,
    ALPHAS,
    ogr,
  ),
  entry(
    "signDescent",
    "Sign descent",
    "unified-view-of-optimizers, Table 1",
    SIGN,
    RATES,
    signDescent,
  ),
  entry(
    "normalizedDescent",
    "Normalized gradient descent",
    "unified-view-of-optimizers, Table 1",
    NORMALIZED_DESCENT,
    LARGE_RATES,
    normalizedDescent,
  ),
  entry(
    "newton",
    "Newton's method",
    "unified-view-of-optimizers, Table 1",
    NEWTON,
    FRACTIONS,
    newton,
    { structure: "krylov", products: 1, eps: 5 },
  ),
  entry(
    "gaussNewtonDescent",
    "Gauss–Newton",
    "unified-view-of-optimizers, section 1",
    NEWTON,
    FRACTIONS,
    gaussNewtonDescent,
    { structure: "krylov", eps: 1 },
  ),
  entry(
    "naturalGradient",
    "Natural gradient descent",
    "unified-view-of-optimizers, Table 1",
    NEWTON,
    FRACTIONS,
    naturalGradient,
    { structure: "krylov", eps: 1 },
  ),
  entry(
    "normalizedNaturalGradient",
    "Normalized or clipped natural gradient",
    "unified-view-of-optimizers, Table 1",
    normalized.NORMALIZED_NATURAL,
    RATES,
    normalized.normalizedNaturalGradient,
    { structure: "krylov", calculating: "fisher", eps: 0.5, learningRate: 0.2 },
  ),
  entry(
    "gradientNormNormalized",
    "Natural gradient normalized by the gradient's norm",
    "unified-view-of-optimizers, Table 1",
    normalized.NORMALIZED_NATURAL,
    RATES,
    normalized.gradientNormNormalized,
    { structure: "krylov", calculating: "fisher", eps: 0.5, learningRate: 0.5 },
  ),
  entry(
    "eigenbasisNormalized",
    "Natural gradient normalized in the eigenbasis",
    "unified-view-of-optimizers, Table 1",
    normalized.EIGENBASIS_NORMALIZED,
    RATES,
    normalized.eigenbasisNormalized,
    { structure: "krylov", calculating: "fisher", learningRate: 0.03 },
  ),
  entry(
    "levenbergMarquardt",
    "Levenberg–Marquardt",
    "Levenberg 1944; Marquardt 1963; Nielsen 1999",
    LEVENBERG_MARQUARDT,
    DAMPINGS,
    levenbergMarquardt,
    { damping: 8, least: 8, solver: "cg", products: 4 },
  ),
  entry(
    "hessianFree",
    "Hessian-free optimization",
    "Martens 2010",
    HESSIAN_FREE,
    DAMPINGS,
    hessianFree,
    { damping: 8, least: 8, products: 4, trials: 2 },
  ),
  entry(
    "clippedNaturalGradient",
    "Clipped natural gradient",
    "unified-view-of-optimizers, section 1",
    variants.CLIPPED_NATURAL,
    FRACTIONS,
    variants.clippedNaturalGradient,
    { structure: "krylov", calculating: "fisher", eps: 0.5, learningRate: 0.5, limit: 0.4 },
  ),
  entry(
    "clippedByGradientNorm",
    "Natural gradient clipped by the gradient's norm",
    "unified-view-of-optimizers, section 1",
    variants.CLIPPED_NATURAL,
    FRACTIONS,
    variants.clippedByGradientNorm,
    { structure: "krylov", calculating: "fisher", eps: 0.5, learningRate: 0.5 },
  ),
  entry(
    "clippedInEigenbasis",
    "Natural gradient clipped in the eigenbasis",
    "unified-view-of-optimizers, section 1",
    variants.EIGENBASIS_CLIPPED,
    RELATIVE_RATES,
    variants.clippedInEigenbasis,
    { structure: "krylov", calculating: "fisher", learningRate: 0.5, limit: 0.1 },
  ),
  entry(
    "diagonalNaturalGradient",
    "Diagonal natural gradient",
    "unified-view-of-optimizers, section 1",
    variants.DIAGONAL_FRACTION,
    RELATIVE_RATES,
    variants.diagonalNaturalGradient,
    { learningRate: 0.05 },
  ),
  entry(
    "diagonalNormalized",
    "Diagonal natural gradient, normalized",
    "unified-view-of-optimizers, section 1",
    variants.DIAGONAL_NATURAL,
    RATES,
    variants.diagonalNormalized,
    { learningRate: 0.1 },
  ),
  entry(
    "diagonalGradientNorm",
    "Diagonal natural gradient normalized by the gradient's norm",
    "unified-view-of-optimizers, section 1",
    variants.DIAGONAL_NATURAL,
    RATES,
    variants.diagonalGradientNorm,
    { learningRate: 0.1 },
  ),
  entry(
    "diagonalEigenbasis",
    "Diagonal natural gradient normalized in the eigenbasis",
    "unified-view-of-optimizers, section 1",
    variants.DIAGONAL_EIGENBASIS,
    RATES,
    variants.diagonalEigenbasis,
    { learningRate: 0.0003, floor: 0.01 },
  ),
  entry("lbfgs", "L-BFGS", "Liu and Nocedal 1989, Algorithm 2.1", LBFGS, FRACTIONS, lbfgs),
  entry("bfgs", "BFGS", "Nocedal and Wright 2006, Algorithm 6.1", QUASI_NEWTON, FRACTIONS, bfgs),
  entry("dfp", "DFP", "Davidon 1959; Fletcher and Powell 1963", QUASI_NEWTON, FRACTIONS, dfp),
  entry("sr1", "SR1", "Nocedal and Wright 2006, equation (6.25)", SR1, FRACTIONS, sr1),
  entry("adam", "Adam", "Kingma and Ba 2014", ADAM, RATES, adam),
  entry("adamw", "Adam with decoupled decay", "Loshchilov and Hutter 2017", ADAMW, RATES, adamw),
  entry("amsgrad", "AMSGrad", "Reddi, Kale and Kumar 2018", ADAM, RATES, relatives.amsgrad),
  entry("adamax", "Adamax", "Kingma and Ba 2014", relatives.ADAMAX, RATES, relatives.adamax),
  entry("nadam", "NAdam", "Dozat 2016", relatives.ADAMAX, RATES, relatives.nadam),
  entry("radam", "RAdam", "Liu et al. 2019", RADAM, RATES, radam, { learningRate: 0.01 }),
  entry(
    "prodigy",
    "Prodigy",
    "Mishchenko and Defazio 2023",
    PRODIGY,
    { learningRate: [0.3, 1, 3] },
    prodigy,
  ),
  entry(
    "adabelief",
    "AdaBelief",
    "Zhuang et al. 2020",
    relatives.ADABELIEF,
    RATES,
    relatives.adabelief,
  ),
  entry("adan", "Adan", "Xie et al. 2022", relatives.ADAN, RATES, relatives.adan),
  entry("adagrad", "Adagrad", "Duchi, Hazan and Singer 2011", ADAGRAD, LARGE_RATES, adagrad),
  entry(
    "adafactor",
    "Adafactor",
    "Shazeer and Stern 2018, Algorithms 4 and 5",
    ADAFACTOR,
    RELATIVE_RATES,
    adafactor,
  ),
  entry("adadelta", "Adadelta", "Zeiler 2012", ADADELTA, { learningRate: [0.3, 1, 3] }, adadelta),
  entry("rmsprop", "RMSprop", "Tieleman and Hinton 2012", RMSPROP, RATES, rmsprop),
  entry("adahessian", "AdaHessian", "Yao et al. 2020", ADAHESSIAN, LARGE_RATES, adahessian),
  entry("sophia", "Sophia", "Liu et al. 2023", SOPHIA, SMALL_RATES, sophia),
  entry(
    "kfac",
    "K-FAC",
    "Martens and Grosse 2015; Grosse and Martens 2016",
    KFAC,
    RELATIVE_RATES,
    kfac,
  ),
  entry(
    "shampoo",
    "Shampoo",
    "Gupta, Koren and Singer 2018, Algorithms 1 and 2",
    SHAMPOO,
    RELATIVE_RATES,
    shampoo,
  ),
  entry("soap", "SOAP", "Vyas et al. 2024, Algorithms 3 and 4", SOAP, RATES, soap),
  entry("muon", "Muon", "Jordan et al. 2024", MUON, RELATIVE_RATES, muon),
  entry("lion", "Lion", "Chen et al. 2023", LION, SMALL_RATES, lion, { learningRate: 0.001 }),
  entry("lars", "LARS", "You, Gitman and Ginsburg 2017, Algorithm 1", LARS, LARS_RATES, lars),
  entry("lamb", "LAMB", "You et al. 2019, Algorithm 2", LAMB, RELATIVE_RATES, lamb),
  entry(
    "scheduleFreeSgd",
    "Schedule-free SGD",
    "Defazio et al. 2024",
    SCHEDULE_FREE_SGD,
    { learningRate: [0.1, 0.3, 1, 3] },
    scheduleFreeSgd,
  ),
  entry(
    "scheduleFreeAdamw",
    "Schedule-free Adam with decoupled decay",
    "Defazio et al. 2024, Algorithm 1",
    SCHEDULE_FREE_ADAMW,
    RATES,
    scheduleFreeAdamw,
  ),
  entry("sam", "Sharpness-aware minimisation", "Foret et al. 2020", SAM, LARGE_RATES, sam, {
    learningRate: 0.1,
  }),
];

/** Every named optimizer by its name. */
export const catalogue: Readonly<Record<string, CatalogueEntry>> = Object.freeze(
  Object.fromEntries(ENTRIES.map((one) => [one.name, one])),
);
