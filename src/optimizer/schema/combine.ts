/**
 * What the slots of a stage ask of each other: a combination is refused when its statistic does not exist.
 *
 * @module
 */

import type { Calculating, CalculatingKind, GradientRegression } from "../calculating.ts";
import type { Damping, DampingKind } from "../damping.ts";
import type { LengthKind } from "../length.ts";
import type { Curvature } from "../types.ts";
import type { Raise } from "./solvers.ts";
import { checkStructure } from "./structures.ts";

/** The power p of λ after which `addToRoot` acts, where the length takes exactly one. */
const HAS_ROOT: { readonly [K in LengthKind]: boolean } = {
  none: true,
  normalized: false,
  gradientNorm: true,
  power: true,
  eigenbasis: true,
  clamped: true,
  clipped: false,
  gradientNormClipped: false,
  eigenbasisClipped: false,
};

/** On the sample, on factors, on the spectrum, on its root: the order in which dampings act, whatever the list says. */
const PLACE: { readonly [K in DampingKind]: number } = {
  toSample: 0,
  factored: 1,
  abs: 2,
  floor: 2,
  add: 2,
  addToRoot: 3,
};

/** Rules of one way of calculating about the other slots. */
const RULES: { readonly [K in CalculatingKind]: (stage: Curvature, raise: Raise) => void } = {
  hessian: plainSamples,
  gaussNewton: plainSamples,
  fisher: plainSamples,
  empiricalFisher: (stage, raise) => {
    noPrior(stage, raise);
    keptTurn(stage, raise);
    if (stage.calculating.kind === "empiricalFisher" && stage.calculating.from === "examples") {
      notCentred(stage, raise);
    }
    stage.iterative.forEach((it, i) => {
      if (it.kind !== "ema" || it.centred !== true) return;
      if (i > 0) raise(["iterative", i], "a centred ema", "it to be the first accumulator");
      if (it.power !== undefined) raise(["iterative", i, "power"], `${it.power}`, "1 when centred");
      if (it.initial !== undefined) {
        raise(["iterative", i, "initial"], "a value", "nothing when centred");
      }
      if (stage.damping.some(({ kind }) => kind === "toSample")) {
        raise(["damping"], "toSample", "it to be absent where the average is centred");
      }
    });
  },
  gradientRegression: (stage, raise) => {
    checkRegression(stage, stage.calculating as GradientRegression, raise);
    const steps = stage.calculating.kind === "gradientRegression" &&
      stage.calculating.of === "steps";
    if (steps && stage.every.sample !== 1) {
      raise(["every", "sample"], `${stage.every.sample}`, "1 where the steps are regressed on");
    }
  },
  secant: checkSecant,
  constant: (stage, raise) => {
    if (stage.iterative.length > 0) {
      raise(
        ["iterative"],
        `${stage.iterative.length} accumulators`,
        "latest with a constant, which takes no samples",
      );
    }
    if (stage.every.sample !== 1) {
      raise(["every", "sample"], `${stage.every.sample}`, "1 with a constant");
    }
    if (stage.damping.some(({ kind }) => kind === "toSample")) {
      raise(["damping"], "toSample", "no toSample: a constant takes no samples");
    }
  },
};

/** Only a secant update takes pairs, and it alone. */
function checkSecant({ iterative, structure }: Curvature, raise: Raise): void {
  const [only] = iterative;
  const update = only?.kind === "secantUpdate" && iterative.length === 1 ? only : undefined;
  if (update === undefined) {
    const found = iterative.map(({ kind }) => kind).join(", ") || "latest";
    raise(
      ["iterative"],
      found,
      "one secantUpdate with secant: a pair says what H′ does to one vector, and is no matrix to accumulate",
    );
  }
  if (structure.kind !== "full" && structure.kind !== "lowRank") {
    raise(
      ["structure"],
      structure.kind,
      "full or lowRank with secant: no other keeps an H′ with H′s = y",
    );
  }
  if (update !== undefined && structure.kind === "lowRank" && update.window === undefined) {
    raise(["iterative", 0, "window"], "nothing", "how many pairs lowRank keeps");
  }
  if (update?.window !== undefined && structure.kind === "full") {
    raise(
      ["iterative", 0, "window"],
      `${update.window}`,
      "nothing with full, which keeps the matrix and no pairs",
    );
  }
}

/** Samples of a matrix are nothing that a secant update can fold. */
function noSecantUpdate({ iterative, calculating }: Curvature, raise: Raise): void {
  iterative.forEach((it, i) => {
    if (it.kind !== "secantUpdate") return;
    raise(
      ["iterative", i],
      "secantUpdate",
      `an accumulator of samples: it folds the pairs of secant, and ${calculating.kind} has none`,
    );
  });
}

/** What a regression starts from, and the coordinates that it is of. */
function checkRegression(
  { structure, iterative, direction, damping, warmup }: Curvature,
  { estimate, of, centred, point, confidence }: GradientRegression,
  raise: Raise,
): void {
  const line = structure.kind === "subspace";
  const [only] = iterative;
  const fits = iterative.length === 1 && only?.kind === "ema" && only.centred === undefined &&
    only.power === undefined &&
    (line ? only.debias && only.initial === undefined : typeof only.initial === "object");
  if (!fits) {
    raise(
      ["iterative"],
      iterative.map(({ kind }) => kind).join(", ") || "latest",
      line
        ? "one ema with debias: true, for a regression that starts from nothing"
        : "one ema with initial: { parameters, gradients }, which a regression starts from",
    );
  }
  if (!line && (structure.kind !== "diagonal" || structure.average !== "none")) {
    raise(
      ["structure"],
      structure.kind,
      'diagonal({ average: "none" }) or subspace: a regression is of coordinates',
    );
  }
  const begins = confidence !== undefined || warmup !== undefined ||
    damping.some(({ kind }) => kind !== "abs");
  if (!line && estimate === "slope" && !begins) {
    raise(
      ["calculating", "confidence"],
      "nothing",
      "a confidence, a warmup or a damping that adds: a slope that starts from 0 takes no first step, and learns nothing",
    );
  }
  if (line && (of !== "parameters" || !centred || confidence !== undefined)) {
    raise(
      ["calculating"],
      confidence !== undefined ? "a confidence" : centred ? `of: "${of}"` : "centred: false",
      "a regression on the parameters, centred and without a confidence, in a subspace",
    );
  }
  if (point === "mean" && direction.kind !== "identity") {
    raise(["direction"], direction.kind, 'identity where point is "mean": û is of the fitted line');
  }
}

function noPrior(stage: Curvature, raise: Raise): void {
  stage.iterative.forEach((it, i) => {
    if (it.kind === "ema" && typeof it.initial === "object") {
      raise(
        ["iterative", i, "initial"],
        "prior variances",
        "a number, unless calculating is gradientRegression",
      );
    }
  });
}

function notCentred(stage: Curvature, raise: Raise): void {
  stage.iterative.forEach((it, i) => {
    if (it.kind === "ema" && it.centred === true) {
      raise(
        ["iterative", i, "centred"],
        "true",
        'false, unless calculating is empiricalFisher({ from: "batch" }): only there a vector is sampled',
      );
    }
  });
}

function plainSamples(stage: Curvature, raise: Raise): void {
  noPrior(stage, raise);
  notCentred(stage, raise);
  keptTurn(stage, raise);
}

/** A matrix of samples along directions stands for itself, whatever they were before. */
function keptTurn({ structure, iterative }: Curvature, raise: Raise): void {
  if (structure.kind !== "subspace") return;
  const { decay, turn, rank } = structure;
  const plain = decay === undefined ? "keep" : "project";
  if (turn !== plain) {
    raise(
      ["structure", "turn"],
      `"${turn}"`,
      `"${plain}", unless calculating is gradientRegression`,
    );
  }
  if (rank > 1 && iterative.length > 0) {
    raise(
      ["iterative"],
      iterative.map(({ kind }) => kind).join(", "),
      "latest: matrices of samples are along directions that turn",
    );
  }
}

function byLayer({ structure }: Curvature): boolean {
  return structure.kind === "kronecker" && structure.of === "layers";
}

/** The factors of layers are means over the examples, whatever is said: one name for it. */
function ofExamples(calculating: Calculating): Calculating {
  return calculating.kind === "fisher" ? { ...calculating, from: "examples" } : calculating;
}

function inPlace(damping: readonly Damping[]): readonly Damping[] {
  return damping.toSorted((a, b) => PLACE[a.kind] - PLACE[b.kind]);
}

/** Checks the combination, and puts the dampings in the order in which they act. */
export function combine(stage: Curvature, raise: Raise): Curvature {
  RULES[stage.calculating.kind](stage, raise);
  if (stage.calculating.kind !== "secant") noSecantUpdate(stage, raise);
  checkStructure(stage, raise);
  if (!HAS_ROOT[stage.length.kind] && stage.damping.some(({ kind }) => kind === "addToRoot")) {
    raise(
      ["damping"],
      "addToRoot",
      `add or floor with ${stage.length.kind}, which takes no single root`,
    );
  }
  const { solver, ...rest } = stage;
  return {
    ...rest,
    calculating: byLayer(stage) ? ofExamples(stage.calculating) : stage.calculating,
    damping: inPlace(stage.damping),
    ...(solver === undefined || solver.kind === "auto" ? {} : { solver }),
  };
}
