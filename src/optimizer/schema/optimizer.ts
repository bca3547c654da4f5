/**
 * The schema of a transform, and its canonical form.
 *
 * @module
 */

import { z } from "zod";
import type { Optimizer } from "../types.ts";
import { combine } from "./combine.ts";
import {
  ANY,
  DECAY,
  hyper,
  integer,
  NON_NEGATIVE,
  number,
  POSITIVE,
  predicateSchema,
  UNIT,
  word,
} from "./hyper.ts";
import { gainAdaptedSchema } from "./gain_adapted.ts";
import { lineSearchSchema } from "./line_search.ts";
import { accumulatorsOf, SLOT_SCHEMAS } from "./slots.ts";
import { type Border, listOf, raise, type Table, tagged } from "./tagged.ts";

const inner: Border<Optimizer> = z.lazy(() => optimizerSchema);

const per = word("tensor", "global", "unit").default("tensor");

const every = z.strictObject({
  sample: integer(1).default(1),
  factor: integer(1).default(1),
}).default({ sample: 1, factor: 1 });

function transforms(): Table<Optimizer> {
  return {
    identity: z.strictObject({ kind: z.literal("identity") }),
    zero: z.strictObject({ kind: z.literal("zero") }),
    chain: z.strictObject({ kind: z.literal("chain"), of: z.array(inner) }),
    add: z.strictObject({ kind: z.literal("add"), of: z.array(inner) }),
    ema: z.strictObject({
      kind: z.literal("ema"),
      decay: hyper(DECAY),
      debias: z.boolean().default(false),
      read: z.exactOptional(hyper(UNIT)),
    }),
    trace: z.strictObject({
      kind: z.literal("trace"),
      decay: hyper(DECAY),
      nesterov: z.boolean().default(false),
      dampening: hyper(UNIT).default(0),
    }),
    scale: z.strictObject({ kind: z.literal("scale"), by: hyper(ANY) }),
    difference: z.strictObject({ kind: z.literal("difference") }),
    weightDecay: z.strictObject({
      kind: z.literal("weightDecay"),
      decay: hyper(NON_NEGATIVE),
      mask: predicateSchema.default({ kind: "all", of: [] }),
    }),
    newtonRaphson: z.strictObject({
      kind: z.literal("newtonRaphson"),
      alpha: hyper(NON_NEGATIVE).default(1),
      lowerBound: hyper(ANY).default(0),
      cap: z.exactOptional(hyper(POSITIVE)),
    }),
    graft: z.strictObject({
      kind: z.literal("graft"),
      direction: inner,
      magnitude: inner,
      per,
    }),
    trustRatio: z.strictObject({
      kind: z.literal("trustRatio"),
      coefficient: hyper(NON_NEGATIVE).default(1),
      per,
      floor: hyper(NON_NEGATIVE).default(0),
      decay: hyper(NON_NEGATIVE).default(0),
      eps: hyper(NON_NEGATIVE).default(0),
      min: z.exactOptional(hyper(NON_NEGATIVE)),
      max: z.exactOptional(hyper(POSITIVE)),
      direction: inner.default({ kind: "identity" }),
    }),
    scaleByParameterNorm: z.strictObject({
      kind: z.literal("scaleByParameterNorm"),
      per,
      norm: word("euclidean", "rms", "sum").default("rms"),
      floor: hyper(NON_NEGATIVE).default(1e-3),
    }),
    scaleByShape: z.strictObject({
      kind: z.literal("scaleByShape"),
      factor: word("tall", "aspect", "longest").default("tall"),
    }),
    gradientAt: z.strictObject({ kind: z.literal("gradientAt"), at: inner }),
    partition: z.strictObject({
      kind: z.literal("partition"),
      parts: z.array(z.strictObject({ where: predicateSchema, of: inner })).min(1),
      rest: inner.default({ kind: "identity" }),
    }),
    skipNonFinite: z.strictObject({ kind: z.literal("skipNonFinite"), of: inner }),
    distanceAdapted: z.strictObject({
      kind: z.literal("distanceAdapted"),
      of: inner,
      rate: hyper(NON_NEGATIVE).default(1),
      decay: hyper(DECAY).default(Math.sqrt(0.999)),
      initial: number(POSITIVE).default(1e-6),
      growth: z.exactOptional(hyper({ min: 1 })),
    }),
    gainAdapted: gainAdaptedSchema(inner),
    accumulate: z.strictObject({ kind: z.literal("accumulate"), steps: integer(1), of: inner }),
    lookahead: z.strictObject({
      kind: z.literal("lookahead"),
      steps: integer(1).default(5),
      alpha: hyper(UNIT).default(0.5),
    }),
    average: z.strictObject({
      kind: z.literal("average"),
      decay: z.exactOptional(hyper(DECAY)),
      start: integer(0).default(0),
    }),
    scheduleFree: z.strictObject({
      kind: z.literal("scheduleFree"),
      rate: hyper(NON_NEGATIVE),
      beta: hyper(UNIT).default(0.9),
      power: number(NON_NEGATIVE).default(2),
    }),
    lineSearch: lineSearchSchema,
    curvature: z.strictObject({
      kind: z.literal("curvature"),
      calculating: SLOT_SCHEMAS.calculating,
      structure: SLOT_SCHEMAS.structure,
      iterative: accumulatorsOf(SLOT_SCHEMAS.iterative),
      length: SLOT_SCHEMAS.length.default({ kind: "none" }),
      direction: inner.default({ kind: "identity" }),
      damping: listOf(SLOT_SCHEMAS.damping),
      solver: z.exactOptional(SLOT_SCHEMAS.solver),
      every,
      warmup: z.exactOptional(z.strictObject({ steps: integer(1), use: inner })),
    }),
  };
}

/** Flattens one level (the parts are canonical already), drops the neutral element, unwraps a single one. */
function flatten(
  kind: "chain" | "add",
  neutral: "identity" | "zero",
  of: readonly Optimizer[],
): Optimizer {
  const flat = of.flatMap((it) => it.kind === kind ? it.of : [it]).filter((it) =>
    it.kind !== neutral
  );
  const [first, second] = flat;
  if (first === undefined) return { kind: neutral };
  return second === undefined ? first : { kind, of: flat };
}

/** Any transform, in its canonical form. */
export const optimizerSchema: Border<Optimizer> = tagged<Optimizer>(
  "a transform",
  transforms,
  (it, ctx) => {
    switch (it.kind) {
      case "chain":
        return flatten("chain", "identity", it.of);
      case "add":
        return flatten("add", "zero", it.of);
      case "curvature":
        return combine(it, (path, found, expected) => raise(ctx, it, path, found, expected));
      case "trustRatio":
        if (typeof it.min === "number" && typeof it.max === "number" && it.min > it.max) {
          raise(ctx, it, ["min"], `${it.min}`, `at most max, ${it.max}`);
        }
        return it;
      default:
        return it;
    }
  },
);
