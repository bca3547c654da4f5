/**
 * Random optimizers: every transform, slot and schedule, in combinations that the language accepts.
 *
 * @module
 */

import fc from "fast-check";
import * as calculating from "../../src/optimizer/calculating.ts";
import { add, chain, identity, zero } from "../../src/optimizer/combinators.ts";
import { curvature, type CurvatureOptions } from "../../src/optimizer/curvature.ts";
import { gainAdapted } from "../../src/optimizer/gain_adapted.ts";
import * as dampings from "../../src/optimizer/damping.ts";
import { type Iterative, latest, max, secantUpdate, sum } from "../../src/optimizer/iterative.ts";
import * as last from "../../src/optimizer/last.ts";
import * as lengths from "../../src/optimizer/length.ts";
import { lineSearch } from "../../src/optimizer/line_search.ts";
import * as predicates from "../../src/optimizer/predicate.ts";
import * as annealing from "../../src/optimizer/annealing.ts";
import * as schedules from "../../src/optimizer/schedule.ts";
import * as solvers from "../../src/optimizer/solver.ts";
import { kronecker } from "../../src/optimizer/kronecker.ts";
import * as structures from "../../src/optimizer/structure.ts";
import * as signals from "../../src/optimizer/signal.ts";
import { adaptiveGradientClip } from "../../src/optimizer/derived.ts";
import { diagonal, factored, full, lowRank, scalar } from "../../src/optimizer/structure.ts";
import { subspace } from "../../src/optimizer/subspace.ts";
import { scaleByParameterNorm, trustRatio } from "../../src/optimizer/parameter_norms.ts";
import type { BlockNorm, Per } from "../../src/optimizer/blocks.ts";
import * as transforms from "../../src/optimizer/transforms.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import {
  accumulate,
  distanceAdapted,
  gradientAt,
  graft,
  masked,
  partition,
  skipNonFinite,
} from "../../src/optimizer/wrappers.ts";

/** What random optimizers may contain. */
export interface ArbitraryOptions {
  /** How deep branches nest; default 2. */
  readonly depth?: number;
  /** Samples that need products with a matrix or per-example gradients; default true. */
  readonly secondOrder?: boolean;
  /** `gradientAt`, which runs the objective again; default true. */
  readonly elsewhere?: boolean;
  /** Lengths that jump at a threshold (signs); default true. */
  readonly jumps?: boolean;
  /** Structures that keep matrices of blocks, and bases that follow them, whose kernels are many; default false. */
  readonly matrices?: boolean;
}

const SMALL = fc.integer({ min: 1, max: 50 });

function within(min: number, max: number): fc.Arbitrary<number> {
  return fc.integer({ min: 0, max: 100 }).map((i) => min + (max - min) * i / 100);
}

/** A signal that stays between two bounds. */
function signalArbitrary(min: number, max: number): fc.Arbitrary<signals.Signal> {
  const reading = within(-1, 1).map((times) => signals.signal("loss", { times, min, max }));
  if (max < 0) return reading;
  const least = Math.max(0, min);
  return fc.oneof(
    reading,
    fc.tuple(within(least, max), fc.integer({ min: 1, max: 3 }), fc.nat(2)).map((
      [from, patience, cooldown],
    ) => signals.plateau({ from, to: least, factor: 0.5, patience, cooldown })),
  );
}

/** A number between two bounds, or a schedule or signal that stays between them. */
export function hyperArbitrary(min: number, max: number): fc.Arbitrary<schedules.Hyper> {
  const x = within(min, max);
  const plain = fc.oneof(
    fc.tuple(x, x, SMALL).map(([from, to, steps]) => schedules.linear({ from, to, steps })),
    fc.tuple(x, x, SMALL).map(([from, to, steps]) => schedules.cosineDecay({ from, to, steps })),
    fc.tuple(x, x, SMALL).map(([from, value, at]) =>
      schedules.piecewise({ from, changes: [{ at, value }] })
    ),
    x.map((value) => schedules.constant(value)),
    fc.tuple(x, x, SMALL).map(([from, to, steps]) =>
      annealing.polynomial({ from, to, steps, power: 1.5 })
    ),
    fc.tuple(x, x, SMALL, fc.integer({ min: 1, max: 3 })).map(([from, to, steps, growth]) =>
      annealing.cosineRestarts({ from, to, steps, growth })
    ),
    fc.tuple(x, x, within(0.1, 2), SMALL).map(([from, to, power, steps]) =>
      annealing.powerDecay({ from, to, power, steps })
    ),
  );
  return fc.oneof(
    { weight: 4, arbitrary: x },
    { weight: 1, arbitrary: plain },
    { weight: 1, arbitrary: signalArbitrary(min, max) },
    {
      weight: 1,
      arbitrary: fc.tuple(plain, plain, SMALL).map(([a, b, at]) =>
        schedules.join({ of: [a, b], at: [at] })
      ),
    },
  );
}

/** Any predicate. */
export const predicateArbitrary: fc.Arbitrary<predicates.Predicate> = fc.letrec<
  { any: predicates.Predicate }
>((tie) => ({
  any: fc.oneof(
    { maxDepth: 2 },
    fc.nat(3).map((atLeast) => predicates.rank({ atLeast })),
    fc.nat(3).map((n) => predicates.rank(n)),
    fc.constantFrom("**", "w*", "layers/*/b", "?").map(predicates.path),
    fc.array(tie("any"), { maxLength: 2 }).map((of) => predicates.all(...of)),
    fc.array(tie("any"), { maxLength: 2 }).map((of) => predicates.any(...of)),
    tie("any").map(predicates.not),
  ),
})).any;

const decay = hyperArbitrary(0, 0.99);
const positive = hyperArbitrary(0.01, 2);
const eps = hyperArbitrary(1e-3, 0.1);

const accumulators: fc.Arbitrary<readonly Iterative[]> = fc.array(
  fc.oneof<fc.Arbitrary<Iterative>[]>(
    fc.constant(latest()),
    fc.tuple(decay, fc.boolean()).map(([decay, debias]) => transforms.ema({ decay, debias })),
    fc.tuple(decay, within(0, 1)).map(([decay, initial]) => transforms.ema({ decay, initial })),
    decay.map((decay) => transforms.ema({ decay, power: 2 })),
    within(0.01, 1).map((initial) => sum({ initial })),
    decay.map((decay) => max({ decay })),
  ),
  { maxLength: 2 },
);

const per = fc.constantFrom<Per>("global", "tensor", "unit");
const blocks: fc.Arbitrary<BlockNorm> = fc.record({
  per,
  norm: fc.constantFrom("euclidean" as const, "rms" as const, "sum" as const),
});

const spectrum = fc.array(
  fc.oneof<fc.Arbitrary<dampings.Damping>[]>(
    fc.constant(dampings.abs()),
    eps.map(dampings.floor),
    eps.map(dampings.add),
  ),
  { maxLength: 2 },
);

type Rooted = { readonly length: lengths.Length; readonly damping: readonly dampings.Damping[] };

function lengthAndDamping(jumps: boolean): fc.Arbitrary<Rooted> {
  const rooted = fc.oneof<fc.Arbitrary<lengths.Length>[]>(
    fc.constant(lengths.none()),
    fc.constant(lengths.gradientNorm()),
    within(0.1, 1).map(lengths.power),
    positive.map(lengths.clamped),
    ...(jumps ? [fc.constant(lengths.eigenbasis())] : []),
  );
  const others = fc.oneof<fc.Arbitrary<lengths.Length>[]>(
    blocks.map(lengths.normalized),
    fc.tuple(positive, blocks).map(([limit, blocks]) => lengths.clipped(limit, blocks)),
    positive.map(lengths.gradientNormClipped),
    positive.map(lengths.eigenbasisClipped),
  );
  return fc.oneof(
    fc.tuple(rooted, spectrum, eps).map(([length, damping, eps]) => ({
      length,
      damping: [...damping, dampings.addToRoot(eps)],
    })),
    fc.tuple(others, spectrum, eps).map(([length, damping, eps]) => ({
      length,
      damping: [...damping, dampings.floor(eps)],
    })),
  );
}

/** A stage, whose branches come from `inner`. */
function stageArbitrary(
  inner: fc.Arbitrary<Optimizer>,
  { secondOrder = true, jumps = true }: ArbitraryOptions,
): fc.Arbitrary<Optimizer> {
  const structure = fc.constantFrom(
    scalar(),
    diagonal(),
    diagonal({ average: "kernel" }),
    factored(),
  );
  const samples = fc.oneof<fc.Arbitrary<calculating.Calculating>[]>(
    inner.map((of) => calculating.empiricalFisher({ of })),
    ...(secondOrder
      ? [
        fc.integer({ min: 1, max: 3 }).map((probes) => calculating.hessian({ probes })),
        fc.integer({ min: 1, max: 3 }).map((probes) => calculating.gaussNewton({ probes })),
        fc.constantFrom("batch" as const, "examples" as const).map((from) =>
          calculating.fisher({ from })
        ),
        fc.constant(calculating.empiricalFisher({ from: "examples" })),
      ]
      : []),
  );
  const sampled: fc.Arbitrary<CurvatureOptions> = fc.record({
    calculating: samples,
    structure,
    iterative: accumulators,
    every: fc.integer({ min: 1, max: 4 }).map((sample) => ({ sample })),
  });
  const centred: fc.Arbitrary<CurvatureOptions> = fc.tuple(decay, structure).map((
    [decay, structure],
  ) => ({
    calculating: calculating.empiricalFisher(),
    structure,
    iterative: transforms.ema({ decay, centred: true }),
  }));
  const constant: fc.Arbitrary<CurvatureOptions> = fc.tuple(
    positive,
    structure.filter(({ kind }) => kind !== "factored"),
  ).map((
    [value, structure],
  ) => ({ calculating: schedules.constant(value), structure }));
  const regression: fc.Arbitrary<CurvatureOptions> = fc.tuple(
    within(0, 0.99),
    fc.constantFrom<Parameters<typeof calculating.gradientRegression>[0]>(
      { estimate: "slope", confidence: 0.1 },
      {},
      { centred: false },
      { of: "steps" },
      { of: "steps", centred: false },
    ),
  ).map(([decay, options]) => ({
    calculating: calculating.gradientRegression(options),
    structure: diagonal(),
    iterative: transforms.ema({ decay, initial: { parameters: 0.01, gradients: 1 } }),
  }));
  return fc.tuple(
    fc.oneof({ weight: 3, arbitrary: sampled }, centred, constant, regression),
    lengthAndDamping(jumps),
    fc.option(inner, { nil: identity() }),
    fc.option(fc.record({ steps: SMALL, use: inner }), { nil: undefined }),
  ).map(([slots, rooted, direction, warmup]) =>
    curvature({ ...slots, ...rooted, direction, ...(warmup === undefined ? {} : { warmup }) })
  );
}

/** A stage along a line that follows the gradients. */
function lineArbitrary(
  inner: fc.Arbitrary<Optimizer>,
  secondOrder: boolean,
): fc.Arbitrary<Optimizer> {
  const regressed = fc.record({
    turn: fc.constantFrom("keep" as const, "rebuild" as const, "recentre" as const),
    calculating: fc.constantFrom("last" as const, "mean" as const).map((point) =>
      calculating.gradientRegression({ estimate: "slope", point })
    ),
  });
  const several = fc.record({
    turn: fc.constantFrom("rebuild" as const, "project" as const),
    rank: fc.integer({ min: 1, max: 2 }),
    decay,
    calculating: fc.constantFrom("slope" as const, "deviations" as const).map((estimate) =>
      calculating.gradientRegression({ estimate })
    ),
  });
  const sampled = fc.constant({ turn: "keep" as const, calculating: calculating.hessian() });
  return fc.tuple(
    fc.oneof(regressed, several, ...(secondOrder ? [sampled] : [])),
    fc.record({ directions: inner, along: inner, rest: inner }),
    decay,
    positive,
    fc.integer({ min: 1, max: 4 }),
    fc.option(fc.record({ steps: SMALL, use: inner }), { nil: undefined }),
  ).map(([{ calculating, ...line }, branches, decay, limit, factor, warmup]) =>
    curvature({
      calculating,
      structure: subspace({ ...branches, ...line }),
      iterative: transforms.ema({ decay, debias: true }),
      length: lengths.clamped(limit),
      damping: dampings.abs(),
      every: { factor },
      ...(warmup === undefined ? {} : { warmup }),
    })
  );
}

/** A stage of pairs. */
function secantArbitrary(
  inner: fc.Arbitrary<Optimizer>,
  elsewhere: boolean,
): fc.Arbitrary<Optimizer> {
  const update = fc.constantFrom("bfgs" as const, "dfp" as const, "sr1" as const);
  const length = fc.oneof<fc.Arbitrary<lengths.Length>[]>(
    fc.constant(lengths.none()),
    fc.constant(lengths.gradientNorm()),
    fc.constant(lengths.normalized()),
    positive.map(lengths.clamped),
    positive.map((limit) => lengths.clipped(limit)),
  );
  return fc.tuple(
    fc.tuple(update, fc.option(fc.integer({ min: 1, max: 3 })), within(0, 0.1), within(0.5, 2)),
    elsewhere ? fc.boolean() : fc.constant(false),
    length,
    fc.option(eps, { nil: undefined }),
    fc.integer({ min: 1, max: 3 }),
    inner,
    fc.option(fc.record({ steps: SMALL, use: inner }), { nil: undefined }),
  ).map(([[update, window, skip, initial], sameBatch, length, shift, sample, direction, warmup]) =>
    curvature({
      calculating: calculating.secant({ sameBatch }),
      structure: window === null ? full() : lowRank(),
      iterative: secantUpdate(update, {
        skip,
        initial,
        ...(window === null ? {} : { window }),
        ...(update === "sr1" ? {} : { scaled: shift === undefined }),
      }),
      length,
      damping: shift === undefined ? [] : [dampings.toSample(shift), dampings.floor(shift)],
      every: { sample },
      direction,
      ...(warmup === undefined ? {} : { warmup }),
    })
  );
}

/** A stage with matrices of blocks, or in their eigenbasis. */
function matrixArbitrary(inner: fc.Arbitrary<Optimizer>): fc.Arbitrary<Optimizer> {
  const averages = fc.oneof<fc.Arbitrary<Iterative>[]>(
    fc.constant(latest()),
    fc.tuple(decay, fc.boolean()).map(([decay, debias]) => transforms.ema({ decay, debias })),
    within(0.01, 1).map((initial) => sum({ initial })),
  );
  const blocks = fc.constantFrom("tensor" as const, "unit" as const, 1, 3).map((per) =>
    structures.blockDiagonal({ per })
  );
  const factors = fc.record({
    largest: SMALL,
    merge: fc.constantFrom("none" as const, "trailing" as const),
    vectors: fc.constantFrom("matrix" as const, "diagonal" as const),
    longer: fc.constantFrom("diagonal" as const, "blocks" as const),
  }).map(kronecker);
  const basis = fc.tuple(
    fc.oneof<fc.Arbitrary<structures.EigenbasisOf["structure"]>[]>(
      blocks,
      factors,
      fc.constant(structures.full()),
    ),
    averages,
    fc.constantFrom(solvers.eigen(), solvers.orthogonalIteration({ steps: 2 })),
  ).map(([of, iterative, solver]) => ({
    structure: structures.diagonal({ basis: structures.eigenbasisOf(of, iterative) }),
    solver,
  }));
  return fc.record({
    kept: fc.oneof<fc.Arbitrary<Pick<CurvatureOptions, "structure" | "solver">>[]>(
      blocks.map((structure) => ({ structure })),
      basis,
    ),
    of: inner,
    iterative: averages,
    direction: inner,
    factor: SMALL,
    eps,
  }).map(({ kept, of, iterative, direction, factor, eps }) =>
    curvature({
      ...kept,
      calculating: calculating.empiricalFisher({ of }),
      iterative,
      length: lengths.gradientNorm(),
      direction,
      damping: dampings.addToRoot(eps),
      every: { factor },
    })
  );
}

/** A stage with a factor for each axis of each tensor, by each of its solvers. */
export function kroneckerArbitrary(
  inner: fc.Arbitrary<Optimizer> = optimizerArbitrary({ depth: 0, jumps: false }),
): fc.Arbitrary<Optimizer> {
  const kept = fc.record({
    largest: fc.integer({ min: 2, max: 6 }),
    longer: fc.constantFrom("diagonal" as const, "blocks" as const),
    merge: fc.constantFrom("none" as const, "trailing" as const),
    vectors: fc.constantFrom("matrix" as const, "diagonal" as const),
  });
  // Both begin away from 0, where no root exists.
  const away = within(0.05, 1);
  const averages = fc.oneof<fc.Arbitrary<Pick<CurvatureOptions, "iterative" | "damping">>[]>(
    away.map((initial) => ({ iterative: sum({ initial }) })),
    fc.tuple(decay, fc.boolean(), away).map(([decay, debias, eps]) => ({
      iterative: transforms.ema({ decay, debias }),
      damping: dampings.toSample(eps),
    })),
    fc.tuple(decay, away).map(([decay, gamma]) => ({
      iterative: transforms.ema({ decay, debias: true }),
      damping: dampings.factored(gamma),
    })),
  );
  const powers = fc.constantFrom<Pick<CurvatureOptions, "length">>(
    { length: lengths.gradientNorm() },
    { length: lengths.none() },
    { length: lengths.normalized({ per: "tensor" }) },
    { length: lengths.clipped(0.5) },
  );
  const stored = fc.record({
    kept,
    averages,
    powers,
    solver: fc.constantFrom<CurvatureOptions["solver"][]>(
      solvers.eigen(),
      solvers.coupledNewton(),
    ),
    of: inner,
    direction: inner,
    factor: fc.integer({ min: 1, max: 3 }),
  }).map(({ kept, averages, powers, solver, of, direction, factor }) =>
    curvature({
      ...averages,
      ...powers,
      calculating: calculating.empiricalFisher({ of }),
      structure: kronecker(kept),
      solver: solver!,
      direction,
      every: { factor },
    })
  );
  const orthogonal = fc.integer({ min: 1, max: 4 }).map((steps) =>
    curvature({
      calculating: calculating.empiricalFisher(),
      structure: kronecker({ merge: "trailing" }),
      length: lengths.gradientNorm(),
      solver: solvers.newtonSchulz({ steps }),
    })
  );
  return fc.oneof({ weight: 3, arbitrary: stored }, orthogonal);
}

/** Any optimizer of the language. */
export function optimizerArbitrary(options: ArbitraryOptions = {}): fc.Arbitrary<Optimizer> {
  const { depth = 2, elsewhere = true, secondOrder = true, jumps = true, matrices = false } =
    options;
  const leaves = fc.oneof<fc.Arbitrary<Optimizer>[]>(
    fc.constant(identity()),
    fc.constant(zero()),
    fc.constant(transforms.difference()),
    fc.tuple(decay, fc.boolean(), fc.option(hyperArbitrary(0, 1), { nil: undefined })).map((
      [decay, debias, read],
    ) => transforms.ema({ decay, debias, ...(read === undefined ? {} : { read }) })),
    fc.tuple(decay, fc.boolean(), hyperArbitrary(0, 1)).map(([decay, nesterov, dampening]) =>
      transforms.trace({ decay, nesterov, dampening })
    ),
    hyperArbitrary(-1, 1).map(transforms.scale),
    fc.tuple(hyperArbitrary(0, 0.1), predicateArbitrary).map(([rate, mask]) =>
      transforms.weightDecay(rate, mask)
    ),
    fc.tuple(positive, hyperArbitrary(-1, 0), fc.option(positive)).map((
      [alpha, lowerBound, cap],
    ) => transforms.newtonRaphson({ alpha, lowerBound, cap })),
  );
  if (depth === 0) return leaves;
  const inner = optimizerArbitrary({ ...options, depth: depth - 1 });
  return fc.oneof<fc.Arbitrary<Optimizer>[]>(
    leaves,
    fc.array(inner, { maxLength: 3 }).map((of) => chain(...of)),
    fc.array(inner, { maxLength: 3 }).map((of) => add(...of)),
    stageArbitrary(inner, options),
    ...(matrices ? [matrixArbitrary(inner), kroneckerArbitrary(inner)] : []),
    // Where nothing moves along a line, rounding decides whether its slope is 0.
    ...(jumps ? [lineArbitrary(inner, secondOrder)] : []),
    // What rounding leaves of a change of the gradient is a curvature of any size.
    ...(jumps ? [secantArbitrary(inner, elsewhere)] : []),
    fc.tuple(hyperArbitrary(0, 1), per, eps, eps, fc.option(positive), inner).map((
      [coefficient, per, floor, share, most, direction],
    ) =>
      trustRatio({
        coefficient,
        per,
        floor,
        decay: share,
        eps: share,
        min: 0.01,
        ...(most === null ? {} : { max: most }),
        direction,
      })
    ),
    fc.tuple(blocks, eps).map(([blocks, floor]) => scaleByParameterNorm({ ...blocks, floor })),
    fc.constant(adaptiveGradientClip()),
    fc.tuple(inner, inner, per).map((
      [direction, magnitude, per],
    ) => graft({ direction, magnitude, per })),
    inner.map(skipNonFinite),
    fc.tuple(fc.integer({ min: 1, max: 3 }), inner).map(([k, of]) => accumulate(k, of)),
    fc.tuple(inner, hyperArbitrary(0, 1), decay, fc.option(hyperArbitrary(1, 3))).map((
      [of, rate, decay, growth],
    ) =>
      distanceAdapted({
        of: chain(of, transforms.scale(signals.signal("distance", { max: 1 }))),
        rate,
        decay,
        initial: 0.1,
        ...(growth === null ? {} : { growth }),
      })
    ),
    fc.tuple(inner, predicateArbitrary).map(([of, where]) => masked(of, where)),
    fc.tuple(inner, inner, predicateArbitrary).map(([of, rest, where]) =>
      partition([{ where, of }], rest)
    ),
    ...(elsewhere ? [inner.map(gradientAt)] : []),
    ...(elsewhere && secondOrder
      ? [
        fc.record({
          of: inner.map((of) =>
            chain(of, transforms.scale(signals.signal("damping", { times: 0.1, max: 1 })))
          ),
          model: fc.constantFrom("hessian" as const, "gaussNewton" as const),
          rule: fc.constantFrom("thresholds" as const, "nielsen" as const),
          rejects: fc.boolean(),
        }).map(gainAdapted),
      ]
      : []),
  );
}

/** What may end the flow after any optimizer. */
export const lastArbitrary: fc.Arbitrary<Optimizer> = fc.oneof<fc.Arbitrary<Optimizer>[]>(
  fc.tuple(fc.integer({ min: 1, max: 3 }), hyperArbitrary(0, 1)).map(([steps, alpha]) =>
    last.lookahead({ steps, alpha })
  ),
  fc.tuple(fc.option(decay), fc.integer({ min: 0, max: 3 })).map(([decay, start]) =>
    last.average({ start, ...(decay === null ? {} : { decay }) })
  ),
  fc.tuple(hyperArbitrary(0, 0.1), hyperArbitrary(0, 1), within(0, 3)).map(
    ([rate, beta, power]) => last.scheduleFree({ rate, beta, power }),
  ),
  fc.tuple(positive, hyperArbitrary(0.1, 0.9), fc.constantFrom("none", "last", "best")).map(
    ([initial, decrease, otherwise]) => lineSearch({ initial, decrease, otherwise, trials: 3 }),
  ),
);
