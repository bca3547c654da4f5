/**
 * The options of the catalogue: one meaning and one range a name, checked in one place.
 *
 * @module
 */

import { z } from "zod";
import { SteepestError } from "../../errors.ts";
import { isRecord, unknownOptions } from "../../errors/options.ts";
import {
  ANY,
  DECAY,
  hyper,
  integer,
  NON_NEGATIVE,
  number,
  POSITIVE,
  UNIT,
  word,
} from "../schema/hyper.ts";
import { type Border, check } from "../schema/tagged.ts";

/** A name that an option of the catalogue may have. */
export type OptionName =
  | "alpha"
  | "beta"
  | "beta1"
  | "beta2"
  | "beta3"
  | "calculating"
  | "cap"
  | "centred"
  | "clip"
  | "coefficient"
  | "dampening"
  | "damping"
  | "decay"
  | "distance"
  | "eps"
  | "estimate"
  | "every"
  | "floor"
  | "gamma"
  | "graft"
  | "growth"
  | "initial"
  | "labels"
  | "largest"
  | "learningRate"
  | "least"
  | "limit"
  | "lineSearch"
  | "lowerBound"
  | "momentum"
  | "nesterov"
  | "orthogonal"
  | "point"
  | "power"
  | "probes"
  | "products"
  | "progress"
  | "rank"
  | "restRate"
  | "rho"
  | "rule"
  | "saddle"
  | "sameBatch"
  | "sample"
  | "sigma"
  | "sigmaGradient"
  | "sigmaTheta"
  | "solver"
  | "structure"
  | "trials"
  | "variant"
  | "warmStart"
  | "weightDecay"
  | "window";

/** The schema of each option. */
const OPTION_SCHEMAS: { readonly [N in OptionName]: Border<unknown> } = {
  alpha: hyper(NON_NEGATIVE),
  beta: hyper(DECAY),
  beta1: hyper(DECAY),
  beta2: hyper(DECAY),
  beta3: hyper(DECAY),
  calculating: word("hessian", "gaussNewton", "fisher"),
  cap: z.nullable(hyper(POSITIVE)),
  centred: z.boolean(),
  clip: z.nullable(hyper(POSITIVE)),
  coefficient: hyper(NON_NEGATIVE),
  dampening: hyper(UNIT),
  damping: number(POSITIVE),
  decay: hyper(DECAY),
  distance: number(POSITIVE),
  eps: hyper(NON_NEGATIVE),
  estimate: word("slope", "deviations"),
  every: integer(1),
  floor: hyper(NON_NEGATIVE),
  gamma: hyper(NON_NEGATIVE),
  graft: word("none", "gradient", "adagrad", "adam"),
  growth: z.nullable(hyper({ min: 1 })),
  initial: number(NON_NEGATIVE),
  labels: word("sampled", "given"),
  largest: integer(1),
  learningRate: hyper(NON_NEGATIVE),
  least: hyper(POSITIVE),
  limit: hyper(POSITIVE),
  lineSearch: word("none", "backtracking", "strongWolfe"),
  lowerBound: hyper(ANY),
  momentum: hyper(DECAY),
  nesterov: z.boolean(),
  orthogonal: word("products", "eigenvectors"),
  point: word("mean", "last"),
  power: number(POSITIVE),
  probes: integer(1),
  products: integer(1),
  progress: number({ min: 0, max: 1, openMin: true, openMax: true }),
  rank: integer(1),
  restRate: hyper(NON_NEGATIVE),
  rho: number(POSITIVE),
  rule: word("nielsen", "thresholds"),
  saddle: word("reverse", "descend"),
  sameBatch: z.boolean(),
  sample: integer(1),
  sigma: number(POSITIVE),
  sigmaGradient: number(POSITIVE),
  sigmaTheta: number(POSITIVE),
  solver: word("eigen", "cg"),
  structure: word("full", "diagonal", "krylov"),
  trials: integer(1),
  variant: word("H", "G"),
  warmStart: hyper(UNIT),
  weightDecay: hyper(NON_NEGATIVE),
  window: integer(1),
};

/** One checked field for each option. */
function schemaOf(names: readonly OptionName[]): Border<unknown> {
  return z.object(
    Object.fromEntries(names.map((option) => [option, z.exactOptional(OPTION_SCHEMAS[option])])),
  );
}

/**
 * What a named optimizer was given, over its defaults; every constructor of the catalogue asks this first.
 *
 * @throws {SteepestError} of kind `description`, with every option that is unknown or out of range.
 */
export function given<O extends { readonly [K in OptionName]?: unknown }>(
  name: string,
  defaults: Required<O>,
  options: O,
): Required<O> {
  const names = Object.keys(defaults) as readonly OptionName[];
  const unknown = unknownOptions(name, options, names);
  const result = check(schemaOf(names), isRecord(options) ? options : {}, name);
  const issues = [...unknown, ...(result.ok ? [] : result.issues)];
  if (issues.length > 0) throw new SteepestError("description", issues);
  return { ...defaults, ...options };
}

/** What an option may be, in words, such as `a number in [0, 1), or a schedule`. */
export function optionRange(name: OptionName): string {
  // The schema says what it wants when it is given nothing.
  const result = check(OPTION_SCHEMAS[name], undefined, name);
  return result.ok ? "anything" : result.issues.map(({ expected }) => expected).join(", or ");
}
