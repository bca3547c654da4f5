/**
 * One line of mathematics for each transform and slot.
 *
 * @module
 */

import type { BlockNorm, Per } from "../optimizer/blocks.ts";
import type { Calculating, CalculatingKind } from "../optimizer/calculating.ts";
import type { Damping, DampingKind } from "../optimizer/damping.ts";
import type { Accumulator, SecantUpdate } from "../optimizer/iterative.ts";
import type { Length, LengthKind } from "../optimizer/length.ts";
import type { Predicate, PredicateKind } from "../optimizer/predicate.ts";
import type { Hyper, Schedule, ScheduleKind } from "../optimizer/schedule.ts";
import { isSignal } from "../optimizer/is_signal.ts";
import type { Signal, SignalKind, SignalName } from "../optimizer/signal.ts";
import type { Solver, SolverKind } from "../optimizer/solver.ts";
import type { EigenbasisOf, Structure, StructureKind } from "../optimizer/structure.ts";
import type {
  Curvature,
  LineSearch,
  OfKind,
  Optimizer,
  OptimizerKind,
  ScaleByShape,
  TransformOf,
} from "../optimizer/types.ts";
import { sameTransform } from "../optimizer/walk.ts";

const SCHEDULES: { readonly [K in ScheduleKind]: (it: OfKind<Schedule, K>) => string } = {
  constant: ({ value }) => `${value}`,
  linear: ({ from, to, steps }) => `linear ${from} → ${to} over ${steps} steps`,
  cosineDecay: ({ from, to, steps, warmup }) =>
    `cosine ${from} → ${to} over ${steps} steps${warmup > 0 ? `, ${warmup} of warm-up` : ""}`,
  exponentialDecay: ({ from, factor, steps }) => `${from}·${factor}^(t/${steps})`,
  powerDecay: ({ from, to, power, steps }) => {
    const clock = steps === 1 ? "(1 + t)" : `(1 + t/${steps})`;
    return to === 0 ? `${from}·${clock}^−${power}` : `${to} + (${from} − ${to})·${clock}^−${power}`;
  },
  stepDecay: ({ from, factor, steps }) => `${from}·${factor}^⌊t/${steps}⌋`,
  piecewise: ({ from, changes }) =>
    [`${from}`, ...changes.map(({ at, value }) => `${value} from ${at}`)].join(", "),
  warmup: ({ to, steps }) => `up to ${to} over ${steps} steps`,
  oneCycle: ({ peak, steps }) => `one cycle, peak ${peak}, over ${steps} steps`,
  unbiased: ({ by, decay, lead }) => `${by}/(1 − ${decay}^(t+${1 + lead}))`,
  join: ({ of, at }) =>
    of.map((it, i) => `${showHyper(it)}${i > 0 ? ` from ${at[i - 1]}` : ""}`).join("; "),
  polynomial: ({ from, to, steps, power }) =>
    `${from} → ${to} over ${steps} steps, with the power ${power}`,
  restarts: ({ of, steps, growth }) =>
    `(${showHyper(of)}) again every ${steps} steps${
      growth === 1 ? "" : `, each time ${growth} times as long`
    }`,
  rectification: ({ decay, after }) =>
    `1 for ${after} steps, then the rectification of an average with decay ${decay}`,
};

const SCALARS: { readonly [N in SignalName]: string } = {
  loss: "the loss",
  distance: "the distance d",
  damping: "the damping μ",
};

const SIGNALS: { readonly [K in SignalKind]: (it: OfKind<Signal, K>) => string } = {
  signal: ({ of, times, min, max }) =>
    [
      times === 1 ? SCALARS[of] : `${times} × ${SCALARS[of]}`,
      ...(min === undefined ? [] : [`at least ${min}`]),
      ...(max === undefined ? [] : [`at most ${max}`]),
    ].join(", "),
  plateau: ({ of, from, to, factor, patience, cooldown, threshold, window }) =>
    [
      `${from}, times ${factor} after ${patience} ${
        window === 1 ? "steps" : `means of ${window} steps`
      } in which ${SCALARS[of]} has not fallen${
        threshold === 0 ? "" : ` by a part of ${threshold}`
      }`,
      ...(to === 0 ? [] : [`at least ${to}`]),
      ...(cooldown === 0 ? [] : [`${cooldown} of rest after each`]),
    ].join(", "),
};

/** A number, schedule or signal in words. */
export function showHyper(value: Hyper): string {
  if (isSignal(value)) return (SIGNALS[value.kind] as (it: Signal) => string)(value);
  return typeof value === "number"
    ? `${value}`
    : (SCHEDULES[value.kind] as (it: Schedule) => string)(value);
}

const PREDICATES: { readonly [K in PredicateKind]: (it: OfKind<Predicate, K>) => string } = {
  rank: ({ atLeast, atMost }) =>
    atMost === undefined ? `rank ≥ ${atLeast}` : `rank ${atLeast}…${atMost}`,
  path: ({ glob }) => `path ${glob}`,
  all: ({ of }) => of.length === 0 ? "everything" : `(${of.map(showPredicate).join(" and ")})`,
  any: ({ of }) => of.length === 0 ? "nothing" : `(${of.map(showPredicate).join(" or ")})`,
  not: ({ of }) => `not ${showPredicate(of)}`,
};

/** A predicate in words. */
function showPredicate(it: Predicate): string {
  return (PREDICATES[it.kind] as (it: Predicate) => string)(it);
}

const CALCULATING: { readonly [K in CalculatingKind]: (it: OfKind<Calculating, K>) => string } = {
  hessian: ({ probes }) => `x = mean over ${probes} of v ⊙ Hv, v = ±1`,
  gaussNewton: ({ probes }) => `x = mean over ${probes} of v ⊙ Gv, v = ±1`,
  fisher: ({ from }) =>
    from === "batch"
      ? "x = B·ĝ ⊙ ĝ, ĝ under sampled labels"
      : "x = mean over examples of ĝ ⊙ ĝ, ĝ under sampled labels",
  empiricalFisher: ({ of, from }) =>
    from === "examples"
      ? "x = mean over examples of g ⊙ g"
      : of.kind === "identity"
      ? "x = u ⊙ u"
      : "x = s ⊙ s, s = of(u)",
  gradientRegression: ({ estimate, of, centred, point, confidence }) =>
    estimate === "deviations"
      ? `λ = σ_u/σ_${of === "steps" ? "s, s the steps of this stage" : "θ"}${
        centred ? "" : ", deviations from 0"
      }`
      : `λ = ${
        confidence === undefined
          ? "cov(u, θ)/var θ"
          : `|cov(u, θ)/var θ| + ${showHyper(confidence)}·√(ν/var θ)`
      }${point === "mean" ? ", û of the line through the means" : ""}`,
  secant: ({ sameBatch }) =>
    sameBatch
      ? "s = θ − previous θ, y = ∇f(θ) − ∇f(previous θ) on this batch"
      : "s = θ − previous θ, y = u − previous u",
  constant: ({ value }) => `λ = ${showHyper(value)}`,
};

const SECANTS: { readonly [U in SecantUpdate["update"]]: string } = {
  bfgs: "H′⁻¹ ← (I − ρsyᵀ)H′⁻¹(I − ρysᵀ) + ρssᵀ, ρ = 1/sᵀy",
  dfp: "H′⁻¹ ← H′⁻¹ − H′⁻¹yyᵀH′⁻¹/(yᵀH′⁻¹y) + ssᵀ/(sᵀy)",
  sr1: "H′⁻¹ ← H′⁻¹ + vvᵀ/(vᵀy), v = s − H′⁻¹y",
};

/** Of which pair a secant update is scaled by. */
function secantStart({ window, scaled, initial }: SecantUpdate): string {
  if (!scaled) return `${initial}·I`;
  return `yᵀy/sᵀy of the ${window === undefined ? "first" : "newest"} pair, ${initial} before it`;
}

const ACCUMULATORS: {
  readonly [K in Accumulator["kind"]]: (it: OfKind<Accumulator, K>) => string;
} = {
  ema: ({ decay, debias, centred, power }) =>
    `${debias ? "debiased " : ""}${centred === true ? "variance" : "average"} ${
      power === undefined ? "" : `of powers ${power} `
    }with decay ${showHyper(decay)}`,
  sum: ({ initial }) => `sum from ${initial}`,
  max: ({ decay }) => `maximum${decay === 1 ? "" : ` with decay ${showHyper(decay)}`}`,
  secantUpdate: (it) =>
    `${it.window === undefined ? "" : `over the last ${it.window} pairs `}${
      SECANTS[it.update]
    }, from ${secantStart(it)}; no pair with a curvature of at most ${it.skip}`,
};

const DAMPINGS: { readonly [K in DampingKind]: (it: OfKind<Damping, K>) => string } = {
  abs: () => "λ ← |λ|",
  floor: ({ eps }) => `λ ← max(λ, ${showHyper(eps)})`,
  add: ({ eps }) => `λ ← λ + ${showHyper(eps)}`,
  addToRoot: ({ eps }) => `λ^p ← λ^p + ${showHyper(eps)}`,
  toSample: ({ eps }) => `x ← x + ${showHyper(eps)}`,
  factored: ({ gamma }) => `A ← A + π√γ and G ← G + √γ/π, γ = ${showHyper(gamma)}`,
};

const BLOCKS: { readonly [P in Per]: string } = {
  global: "",
  tensor: " by tensor",
  unit: " by unit",
};

/** √Σx² or √mean x², and over what. */
function root(x: string, { per, norm }: BlockNorm): string {
  if (norm === "sum") return `Σ√(${x})${BLOCKS[per]}`;
  return `√(${norm === "rms" ? "mean " : "Σ"}${x})${BLOCKS[per]}`;
}

/** What a basis is of. */
function inBasis({ structure, iterative }: EigenbasisOf): string {
  const kept = (STRUCTURES[structure.kind] as (it: Structure) => string)(structure);
  const averaged = iterative.map((it) =>
    (ACCUMULATORS[it.kind] as (it: Accumulator) => string)(it)
  );
  return [kept, ...averaged].join("; ");
}

const STRUCTURES: { readonly [K in StructureKind]: (it: OfKind<Structure, K>) => string } = {
  scalar: () => "one λ for all",
  diagonal: ({ average, basis }) =>
    average === "kernel"
      ? "one λ a coordinate, shared over a kernel"
      : basis === undefined
      ? "one λ a coordinate"
      : `one λ a coordinate in the eigenbasis, as it was before this step, of (${inBasis(basis)})`,
  factored: () => "λ = RCᵀ/mean(R), R and C means over rows and columns",
  blockDiagonal: ({ per }) =>
    `a matrix for each ${
      typeof per === "number" ? `block of at most ${per} in a tensor` : per
    }, û in their eigenbases`,
  full: () => "the whole matrix, û in its eigenbasis",
  lowRank: () => "the span of the pairs, û in the eigenbasis there and along what u has beside it",
  subspace: ({ rank, decay, turn }) =>
    (decay === undefined
      ? `one λ along v̂, directions(u) of the step before over its length${
        turn === "keep" ? "" : `, ${turn} when it turns`
      }; the step is along(u·v̂) + rest((I − v̂v̂ᵀ)u)`
      : `V, the ${
        rank === 1 ? "leading component" : `${rank} leading components`
      } of the past of ` +
        `directions(u), which fades by ${
          showHyper(decay)
        } a step, ${turn} when it turns; one λ along each ` +
        `${
          rank === 1 ? "of V" : "eigenvector of H in V"
        }; the step is along(Vᵀu) + rest((I − VᵀV)u)`) +
    ", rest also where λ is dropped",
  kronecker: ({ of, exponent, largest, longer, merge, vectors }) =>
    of === "layers"
      ? `${
        exponent === undefined ? "A ⊗ G" : `A^${exponent} ⊗ G^${exponent}`
      } of every layer s = W̄ā, A = Σāāᵀ/B and G = Σggᵀ/(B·rows an example), g = ∂L/∂s (diagonals beyond ${largest})`
      : `⊗ L^${exponent ?? "(1/order)"} of every tensor, L = Σ x along ${
        merge === "trailing" ? "its first axis and all others" : "each axis"
      } (${longer === "blocks" ? `blocks of ${largest}` : `its diagonal beyond ${largest}`}${
        vectors === "diagonal" ? ", and for vectors" : ""
      }), û in the eigenbasis`,
};

const LENGTHS: { readonly [K in LengthKind]: (it: OfKind<Length, K>) => string } = {
  none: () => "u ← û/λ",
  normalized: (it) => `u ← (û/λ)/${root("û²/λ", it)}`,
  gradientNorm: () => "u ← û/√λ",
  power: ({ exponent }) => `u ← û/λ^${exponent}`,
  eigenbasis: () => "u ← sign(û)/√λ",
  clamped: ({ limit }) => `u ← clamp(û/λ, ±${showHyper(limit)})`,
  clipped: (it) => `u ← min(1, ${showHyper(it.limit)}/${root("û²/λ", it)})·û/λ`,
  gradientNormClipped: ({ limit }) => `u ← min(1, ${showHyper(limit)}·√λ)·û/λ`,
  eigenbasisClipped: ({ limit }) => `u ← min(1, ${showHyper(limit)}·√λ/|û|)·û/λ`,
};

const SOLVERS: { readonly [K in SolverKind]: (it: OfKind<Solver, K>) => readonly string[] } = {
  auto: () => [],
  eigen: ({ sweeps }) => [`eigenvectors by at most ${sweeps} sweeps`],
  cholesky: () => ["inverses by elimination"],
  cg: ({ steps, tolerance, progress, warmStart }) => [
    `conjugate gradients, at most ${steps} products, to ${tolerance} of ‖û‖${
      progress === undefined ? "" : ` or a progress of ${progress} a step`
    }${warmStart === undefined ? "" : `, from ${showHyper(warmStart)} times the last solution`}`,
  ],
  orthogonalIteration: ({ steps }) => [
    `each basis from the one before by ${steps} step${
      steps === 1 ? "" : "s"
    } of orthogonal iteration`,
  ],
  lanczos: ({ steps }) => [`in the Krylov space of ${steps} products`],
  newtonSchulz: ({ steps, coefficients: [a, b, c] }) => [
    `by ${steps} of X ← ${a}X + ${b}(XXᵀ)X + ${c}(XXᵀ)²X`,
  ],
  coupledNewton: ({ iterations, tolerance, ridge, accept }) => [
    `roots of L + ${ridge}‖L‖ by at most ${iterations} Newton iterations, to ${tolerance}; those beyond ${accept} are not used`,
  ],
};

function solver(it: Solver): readonly string[] {
  return (SOLVERS[it.kind] as (it: Solver) => readonly string[])(it);
}

/** The lines of a stage: samples, accumulation, damping, step. */
function stage({ calculating, structure, iterative, damping, length, ...rest }: Curvature): string {
  const sampled = (CALCULATING[calculating.kind] as (it: Calculating) => string)(calculating);
  const kept = (STRUCTURES[structure.kind] as (it: Structure) => string)(structure);
  return [
    `${sampled}; ${kept}`,
    ...iterative.map((it) => (ACCUMULATORS[it.kind] as (it: Accumulator) => string)(it)),
    ...damping.map((it) => (DAMPINGS[it.kind] as (it: Damping) => string)(it)),
    `${(LENGTHS[length.kind] as (it: Length) => string)(length)}, û = ${
      rest.direction.kind === "identity" ? "u" : "direction(u)"
    }`,
    ...(rest.solver === undefined ? [] : solver(rest.solver)),
    ...(rest.every.factor > 1 ? [`factors every ${rest.every.factor} steps`] : []),
    ...(rest.every.sample > 1 ? [`samples every ${rest.every.sample} steps`] : []),
    ...(rest.warmup === undefined ? [] : [
      `the first ${rest.warmup.steps} steps: u ← ${
        sameTransform(rest.warmup.use, rest.direction) ? "û" : "warmup(u)"
      }`,
    ]),
  ].join("; ");
}

/** 1st, 2nd, 3rd, 4th, … */
function ordinal(n: number): string {
  const teen = n % 100 > 10 && n % 100 < 14;
  return `${n}${teen ? "th" : ["th", "st", "nd", "rd"][n % 10] ?? "th"}`;
}

const OTHERWISE: { readonly [K in LineSearch["otherwise"]]: string } = {
  none: "no step",
  last: "the last",
  best: "the best",
};

const SHAPES: { readonly [F in ScaleByShape["factor"]]: string } = {
  tall: "max(1, m/n)",
  aspect: "(m/n)",
  longest: "max(m, n)",
};

const TRANSFORMS: { readonly [K in OptimizerKind]: (it: TransformOf<K>) => string } = {
  identity: () => "u ← u",
  zero: () => "u ← 0",
  chain: ({ of }) => `${of.length} transforms in order`,
  add: ({ of }) => `u ← sum of ${of.length} branches`,
  ema: ({ decay, debias, read }) =>
    `m ← βm + (1 − β)u, β = ${showHyper(decay)}; u ← ${
      read === undefined ? "m" : `rm₋ + (1 − r)u, r = ${showHyper(read)}`
    }${debias ? ", divided by its weight" : ""}`,
  trace: ({ decay, nesterov, dampening }) =>
    `v ← μv + ${dampening === 0 ? "u" : `(1 − ${showHyper(dampening)})u`}, μ = ${
      showHyper(decay)
    }; u ← ${nesterov ? "u + μv" : "v"}`,
  scale: ({ by }) => `u ← ηu, η = ${showHyper(by)}`,
  difference: () => "u ← u − previous u",
  weightDecay: ({ decay, mask }) => `u ← u + ${showHyper(decay)}·θ on ${showPredicate(mask)}`,
  newtonRaphson: ({ alpha, lowerBound, cap }) => {
    const step = `${showHyper(alpha)}·max(0, f − ${showHyper(lowerBound)})/(gᵀu)`;
    return `u ← ${cap === undefined ? step : `min(${showHyper(cap)}, ${step})`}·u`;
  },
  graft: ({ per }) => `u ← direction(u)·‖magnitude(u)‖/‖direction(u)‖, ${per}`,
  trustRatio: ({ coefficient, per, floor, decay, eps, min, max, direction }) => {
    const size = floor === 0 ? "‖θ‖" : `max(‖θ‖, ${showHyper(floor)})`;
    const length = [
      "‖u‖",
      ...(decay === 0 ? [] : [`${showHyper(decay)}·‖θ‖`]),
      ...(eps === 0 ? [] : [showHyper(eps)]),
    ].join(" + ");
    const bounds = min === undefined && max === undefined
      ? ""
      : ` in [${min === undefined ? 0 : showHyper(min)}, ${
        max === undefined ? "∞" : showHyper(max)
      }]`;
    return `u ← ρ·${direction.kind === "identity" ? "u" : "direction(u)"}, ρ = ${
      coefficient === 1 ? "" : `${showHyper(coefficient)}·`
    }${size}/(${length})${BLOCKS[per]}${bounds}`;
  },
  scaleByParameterNorm: ({ floor, ...norm }) =>
    `u ← max(${root("θ²", norm)}, ${showHyper(floor)})·u`,
  scaleByShape: ({ factor }) =>
    `u ← √${SHAPES[factor]}·u, m the extent of the first axis and n that of all others`,
  gradientAt: () => "u ← ∇f(θ − at(u))",
  partition: ({ parts }) =>
    `by parameter: ${parts.map(({ where }) => showPredicate(where)).join(", ")}, rest`,
  skipNonFinite: () => "no step, and no state moves, where u is not finite",
  distanceAdapted: ({ rate, decay, initial, growth }) =>
    `u ← γd·of(d·u), γ = ${
      showHyper(rate)
    }; d from ${initial}, then the largest r/‖s‖₁, averages with decay ${showHyper(decay)}${
      growth === undefined ? "" : `, at most ${showHyper(growth)}·d a step`
    }`,
  gainAdapted: ({ model, rule, initial, grow, shrink, low, high, rejects }) => {
    const up = showHyper(grow), down = showHyper(shrink);
    const changes = rule === "thresholds"
      ? `times ${up} where ρ < ${showHyper(low!)}, times ${down} where ρ > ${showHyper(high!)}`
      : `times max(${down}, 1 − (2ρ − 1)³) where ρ > 0, else times ${up} and twice that the next time`;
    return `u ← of(u)${
      rejects ? ", or 0 where ρ ≤ 0" : ""
    }; the damping from ${initial}, ${changes}; ρ = (f(θ) − f(θ − u))/(gᵀu − ½uᵀ${
      model === "hessian" ? "H" : "G"
    }u)`;
  },
  accumulate: ({ steps }) =>
    `the mean of ${steps} u goes on at every ${
      ordinal(steps)
    } step; at the others no step, and no state moves`,
  lookahead: ({ steps, alpha }) =>
    `s ← s + ${showHyper(alpha)}·(θ − u − s) and θ ← s at every ${
      ordinal(steps)
    } step; evaluated at s`,
  average: ({ decay, start }) =>
    `evaluated at the ${
      decay === undefined ? "mean" : `debiased average with decay ${showHyper(decay)}`
    } of θ − u${start > 0 ? ` from step ${start} on` : ""}`,
  scheduleFree: ({ rate, beta, power }) =>
    `z ← z − ηu, η = ${
      showHyper(rate)
    }; x ← (1 − c)x + cz, c = w/Σw, w = (max η)^${power}; θ ← (1 − β)z + βx, β = ${
      showHyper(beta)
    }; evaluated at x`,
  lineSearch: ({ method, initial, first, c1, c2, decrease, trials, otherwise }) =>
    `u ← αu, α from ${showHyper(initial)}${
      first === "bounded" ? " (the first time times min(1, 1/‖u‖₁))" : ""
    } ${
      method === "strongWolfe" ? "by a bracket and cubics" : `times ${showHyper(decrease!)}`
    } until f(θ − αu) ≤ f − ${showHyper(c1)}·α·gᵀu${
      c2 === undefined ? "" : ` and |∇f(θ − αu)ᵀu| ≤ ${showHyper(c2)}·gᵀu`
    }, at most ${trials} trials, then ${OTHERWISE[otherwise]}; no step where gᵀu ≤ 0`,
  curvature: stage,
};

/** What a transform does, in one line. */
export function formula(optimizer: Optimizer): string {
  return (TRANSFORMS[optimizer.kind] as (it: Optimizer) => string)(optimizer);
}
