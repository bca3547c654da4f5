/**
 * Schemas of the slots of a stage.
 *
 * @module
 */

import { z } from "zod";
import { muonQuintic } from "../../linalg/newton_schulz.ts";
import type { Calculating } from "../calculating.ts";
import type { Damping } from "../damping.ts";
import type { Accumulator, EmaAccumulator, Iterative, SecantUpdate } from "../iterative.ts";
import type { Length } from "../length.ts";
import type { Solver } from "../solver.ts";
import type { BlockDiagonal, EigenbasisOf, Structure, StructureKind } from "../structure.ts";
import type { Subspace } from "../subspace.ts";
import { ANY, DECAY, hyper, integer, NON_NEGATIVE, number, POSITIVE, UNIT, word } from "./hyper.ts";
import { optimizerSchema } from "./optimizer.ts";
import { type Border, delegate, listOf, raise, type Table, tagged } from "./tagged.ts";

/** What stands in each slot. */
export interface Slots {
  readonly calculating: Calculating;
  readonly structure: Structure;
  readonly iterative: Iterative;
  readonly length: Length;
  readonly damping: Damping;
  readonly solver: Solver;
  readonly basis: EigenbasisOf;
}

const calculating: Table<Calculating> = {
  hessian: z.strictObject({
    kind: z.literal("hessian"),
    probes: integer(1).default(1),
    distribution: word("rademacher").default("rademacher"),
  }),
  gaussNewton: z.strictObject({ kind: z.literal("gaussNewton"), probes: integer(1).default(1) }),
  fisher: z.strictObject({
    kind: z.literal("fisher"),
    labels: word("sampled").default("sampled"),
    from: word("batch", "examples").default("batch"),
  }),
  empiricalFisher: z.strictObject({
    kind: z.literal("empiricalFisher"),
    of: z.lazy(() => optimizerSchema).default({ kind: "identity" }),
    from: word("batch", "examples").default("batch"),
  }),
  gradientRegression: z.strictObject({
    kind: z.literal("gradientRegression"),
    estimate: word("deviations", "slope").default("deviations"),
    of: word("parameters", "steps").default("parameters"),
    centred: z.boolean().default(true),
    point: z.exactOptional(word("last", "mean")),
    confidence: z.exactOptional(hyper(NON_NEGATIVE)),
  }),
  secant: z.strictObject({ kind: z.literal("secant"), sameBatch: z.boolean().default(false) }),
  constant: z.strictObject({ kind: z.literal("constant"), value: hyper(POSITIVE) }),
};

const structure: Table<Structure> = {
  scalar: z.strictObject({ kind: z.literal("scalar") }),
  diagonal: z.strictObject({
    kind: z.literal("diagonal"),
    average: word("none", "kernel").default("none"),
    basis: z.exactOptional(z.lazy(() => SLOT_SCHEMAS.basis)),
  }),
  factored: z.strictObject({ kind: z.literal("factored") }),
  blockDiagonal: z.strictObject({
    kind: z.literal("blockDiagonal"),
    per: z.unknown().transform((x, ctx): BlockDiagonal["per"] =>
      typeof x === "number"
        ? delegate(integer(1), x, ctx)
        : delegate(word("tensor", "unit"), x, ctx)
    ).default("tensor"),
  }),
  full: z.strictObject({ kind: z.literal("full") }),
  subspace: z.strictObject({
    kind: z.literal("subspace"),
    directions: z.lazy(() => optimizerSchema),
    rank: integer(1).default(1),
    decay: z.exactOptional(hyper(DECAY)),
    along: z.lazy(() => optimizerSchema).default({ kind: "identity" }),
    rest: z.lazy(() => optimizerSchema).default({ kind: "zero" }),
    turn: z.exactOptional(word("keep", "rebuild", "recentre", "project")),
  }).transform(({ turn, ...it }): Subspace => ({
    ...it,
    turn: turn ?? (it.decay === undefined ? "keep" : "project"),
  })),
  kronecker: z.strictObject({
    kind: z.literal("kronecker"),
    of: word("tensor", "layers").default("tensor"),
    exponent: z.exactOptional(number(POSITIVE)),
    largest: z.exactOptional(integer(1)),
    longer: word("diagonal", "blocks").default("diagonal"),
    merge: word("none", "trailing").default("none"),
    vectors: word("matrix", "diagonal").default("matrix"),
  }).transform(({ largest, ...rest }) => ({
    ...rest,
    largest: largest ?? (rest.of === "layers" ? 1024 : 256),
  })),
  lowRank: z.strictObject({ kind: z.literal("lowRank") }),
};

/** One accumulator or a list; the newest sample alone is an empty one. */
export function accumulatorsOf(schema: Border<Iterative>): Border<readonly Accumulator[]> {
  return listOf(schema).transform((list) => list.filter((it) => it.kind !== "latest"));
}

const prior = z.strictObject({ parameters: number(POSITIVE), gradients: number(POSITIVE) });

const iterative: Table<Iterative> = {
  latest: z.strictObject({ kind: z.literal("latest") }),
  ema: z.strictObject({
    kind: z.literal("ema"),
    decay: hyper(DECAY),
    debias: z.boolean().default(false),
    centred: z.exactOptional(z.boolean()),
    power: z.exactOptional(number(POSITIVE)),
    initial: z.exactOptional(
      z.lazy(() => initial),
    ),
  }).transform(({ centred, power, initial, ...rest }): EmaAccumulator => ({
    ...rest,
    ...(centred === true ? { centred } : {}),
    ...(power === undefined || power === 1 ? {} : { power }),
    ...(initial === undefined || initial === 0 ? {} : { initial }),
  })),
  sum: z.strictObject({ kind: z.literal("sum"), initial: number(NON_NEGATIVE).default(0) }),
  max: z.strictObject({ kind: z.literal("max"), decay: hyper(UNIT).default(1) }),
  secantUpdate: z.strictObject({
    kind: z.literal("secantUpdate"),
    update: word("bfgs", "dfp", "sr1"),
    window: z.exactOptional(integer(1)),
    skip: number(NON_NEGATIVE).default(1e-6),
    scaled: z.exactOptional(z.boolean()),
    initial: number(POSITIVE).default(1),
  }).transform(({ scaled, ...rest }): SecantUpdate => ({
    ...rest,
    scaled: scaled ?? rest.update !== "sr1",
  })),
};

type Initial = NonNullable<EmaAccumulator["initial"]>;

const initial: Border<Initial> = z.unknown().transform((x, ctx): Initial =>
  typeof x === "object" && x !== null
    ? delegate<Initial>(prior, x, ctx)
    : delegate<Initial>(number(NON_NEGATIVE), x, ctx)
);

const limit = hyper(POSITIVE);
const global = {
  per: word("global", "tensor", "unit").default("global"),
  norm: word("euclidean", "rms", "sum").default("euclidean"),
};

const length: Table<Length> = {
  none: z.strictObject({ kind: z.literal("none") }),
  normalized: z.strictObject({ kind: z.literal("normalized"), ...global }),
  gradientNorm: z.strictObject({ kind: z.literal("gradientNorm") }),
  power: z.strictObject({ kind: z.literal("power"), exponent: number(POSITIVE) }),
  eigenbasis: z.strictObject({ kind: z.literal("eigenbasis") }),
  clamped: z.strictObject({ kind: z.literal("clamped"), limit }),
  clipped: z.strictObject({ kind: z.literal("clipped"), limit, ...global }),
  gradientNormClipped: z.strictObject({ kind: z.literal("gradientNormClipped"), limit }),
  eigenbasisClipped: z.strictObject({ kind: z.literal("eigenbasisClipped"), limit }),
};

const eps = hyper(NON_NEGATIVE);

const damping: Table<Damping> = {
  abs: z.strictObject({ kind: z.literal("abs") }),
  floor: z.strictObject({ kind: z.literal("floor"), eps }),
  add: z.strictObject({ kind: z.literal("add"), eps }),
  addToRoot: z.strictObject({ kind: z.literal("addToRoot"), eps }),
  toSample: z.strictObject({ kind: z.literal("toSample"), eps }),
  factored: z.strictObject({ kind: z.literal("factored"), gamma: hyper(NON_NEGATIVE) }),
};

const solver: Table<Solver> = {
  auto: z.strictObject({ kind: z.literal("auto") }),
  eigen: z.strictObject({ kind: z.literal("eigen"), sweeps: integer(1).default(15) }),
  cholesky: z.strictObject({ kind: z.literal("cholesky") }),
  cg: z.strictObject({
    kind: z.literal("cg"),
    steps: integer(1).default(20),
    tolerance: number(UNIT).default(1e-4),
    progress: z.exactOptional(number({ min: 0, max: 1, openMin: true, openMax: true })),
    warmStart: z.exactOptional(hyper(UNIT)),
  }),
  lanczos: z.strictObject({ kind: z.literal("lanczos"), steps: integer(1).default(20) }),
  orthogonalIteration: z.strictObject({
    kind: z.literal("orthogonalIteration"),
    steps: integer(1).default(1),
  }),
  newtonSchulz: z.strictObject({
    kind: z.literal("newtonSchulz"),
    steps: integer(1).default(5),
    coefficients: z.tuple([number(ANY), number(ANY), number(ANY)]).default([...muonQuintic]),
  }),
  coupledNewton: z.strictObject({
    kind: z.literal("coupledNewton"),
    iterations: integer(1).default(40),
    tolerance: number(UNIT).default(1e-6),
    ridge: number(UNIT).default(1e-6),
    accept: number(UNIT).default(0.1),
  }),
};

const basis: Table<EigenbasisOf> = {
  eigenbasisOf: z.strictObject({
    kind: z.literal("eigenbasisOf"),
    structure: z.lazy(() => SLOT_SCHEMAS.structure) as Border<EigenbasisOf["structure"]>,
    iterative: accumulatorsOf(z.lazy(() => SLOT_SCHEMAS.iterative)),
  }),
};

/** What has an eigenbasis of its own. */
const BASES: ReadonlySet<StructureKind> = new Set(["kronecker", "blockDiagonal", "full"]);

/** A power of one half has its own name, so that equal lengths are equal data. */
function canonicalLength(it: Length): Length {
  if (it.kind !== "power") return it;
  return it.exponent === 0.5 ? { kind: "gradientNorm" } : it.exponent === 1 ? { kind: "none" } : it;
}

/** The schema of each slot. */
export const SLOT_SCHEMAS: { readonly [S in keyof Slots]: Border<Slots[S]> } = {
  calculating: tagged<Calculating>("a way of calculating", () => calculating, (it, ctx) => {
    if (
      it.kind === "gradientRegression" && it.estimate === "deviations" &&
      it.confidence !== undefined
    ) {
      raise(ctx, it, ["confidence"], "a value", 'nothing, unless estimate is "slope"');
    }
    if (it.kind === "gradientRegression" && it.estimate === "slope") {
      if (it.of !== "parameters") {
        raise(ctx, it, ["of"], `"${it.of}"`, '"parameters" where estimate is "slope"');
      }
      if (!it.centred) raise(ctx, it, ["centred"], "false", 'true where estimate is "slope"');
    }
    if (it.kind === "gradientRegression" && it.point !== undefined) {
      if (it.estimate !== "slope") {
        raise(ctx, it, ["point"], `"${it.point}"`, 'nothing, unless estimate is "slope"');
      }
      if (it.point === "last") {
        const { point: _, ...rest } = it;
        return rest;
      }
    }
    if (it.kind === "empiricalFisher" && it.from === "examples" && it.of.kind !== "identity") {
      raise(
        ctx,
        it,
        ["of"],
        it.of.kind,
        'identity, because "examples" squares the gradients of the objective',
      );
    }
    return it;
  }),
  structure: tagged<Structure>("a structure", () => structure, (it, ctx) => {
    if (it.kind === "kronecker" && it.of === "layers" && it.vectors !== "matrix") {
      raise(
        ctx,
        it,
        ["vectors"],
        `"${it.vectors}"`,
        '"matrix" by layer, which is a matrix as it is',
      );
    }
    if (it.kind === "kronecker" && it.of === "layers" && it.merge !== "none") {
      raise(ctx, it, ["merge"], `"${it.merge}"`, '"none" by layer, which is a matrix as it is');
    }
    if (it.kind !== "subspace") return it;
    const { rank, decay, turn } = it;
    if (decay === undefined && rank > 1) {
      raise(ctx, it, ["rank"], `${rank}`, "1 without `decay`: the newest vector is one direction");
    }
    if (decay !== undefined && (turn === "keep" || turn === "recentre")) {
      raise(
        ctx,
        it,
        ["turn"],
        `"${turn}"`,
        '"project" or "rebuild" with `decay`: principal components change places',
      );
    }
    return it;
  }),
  iterative: tagged<Iterative>("an accumulator", () => iterative, (it, ctx) => {
    if (it.kind === "ema" && it.debias && it.initial !== undefined) {
      raise(ctx, it, ["debias"], "true", "false where `initial` is given: a prior has weight 1");
    }
    if (it.kind === "secantUpdate" && it.update === "sr1" && it.scaled) {
      raise(ctx, it, ["scaled"], "true", 'false with "sr1": from yᵀy/sᵀy its update is singular');
    }
    return it;
  }),
  length: tagged<Length>("a length", () => length, canonicalLength),
  damping: tagged<Damping>("a damping", () => damping, (it) => it),
  solver: tagged<Solver>("a solver", () => solver, (it) => it),
  basis: tagged<EigenbasisOf>("a basis", () => basis, (it, ctx) => {
    const { structure: { kind }, iterative } = it;
    if (!BASES.has(kind)) {
      raise(ctx, it, ["structure"], kind, `${[...BASES].join(", ")}: what has an eigenbasis`);
    }
    iterative.forEach((one, i) => {
      const plain = one.kind === "sum" ||
        (one.kind === "ema" && one.power === undefined && one.centred === undefined);
      if (!plain) {
        raise(ctx, it, ["iterative", i], one.kind, "a plain ema or sum, which matrices have");
      }
    });
    return it;
  }),
};
