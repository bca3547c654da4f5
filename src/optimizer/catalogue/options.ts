/**
 * The options of the catalogue: one meaning and one range a name.
 *
 * @module
 */

import { z } from "zod";
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
import type { Border } from "../schema/tagged.ts";

/** A name that an option of the catalogue may have. */
export type OptionName =
  | "alpha"
  | "beta"
  | "beta1"
  | "beta2"
  | "beta3"
  | "cap"
  | "centred"
  | "coefficient"
  | "dampening"
  | "decay"
  | "eps"
  | "every"
  | "floor"
  | "gamma"
  | "initial"
  | "learningRate"
  | "limit"
  | "lowerBound"
  | "momentum"
  | "nesterov"
  | "power"
  | "probes"
  | "rho"
  | "sigma"
  | "sigmaGradient"
  | "sigmaTheta"
  | "variant"
  | "weightDecay";

/** The schema of each option. */
export const OPTION_SCHEMAS: { readonly [N in OptionName]: Border<unknown> } = {
  alpha: hyper(NON_NEGATIVE),
  beta: hyper(DECAY),
  beta1: hyper(DECAY),
  beta2: hyper(DECAY),
  beta3: hyper(DECAY),
  cap: z.nullable(hyper(POSITIVE)),
  centred: z.boolean(),
  coefficient: hyper(NON_NEGATIVE),
  dampening: hyper(UNIT),
  decay: hyper(DECAY),
  eps: hyper(NON_NEGATIVE),
  every: integer(1),
  floor: hyper(NON_NEGATIVE),
  gamma: hyper(NON_NEGATIVE),
  initial: number(NON_NEGATIVE),
  learningRate: hyper(NON_NEGATIVE),
  limit: hyper(POSITIVE),
  lowerBound: hyper(ANY),
  momentum: hyper(DECAY),
  nesterov: z.boolean(),
  power: number(POSITIVE),
  probes: integer(1),
  rho: number(POSITIVE),
  sigma: number(POSITIVE),
  sigmaGradient: number(POSITIVE),
  sigmaTheta: number(POSITIVE),
  variant: word("H", "G"),
  weightDecay: hyper(NON_NEGATIVE),
};
