/**
 * Schema of a damping that follows the gain ratio: each rule has numbers of its own.
 *
 * @module
 */

import { z } from "zod";
import type { GainAdapted, Optimizer } from "../types.ts";
import { hyper, number, POSITIVE, UNIT, word } from "./hyper.ts";
import { type Border, raise } from "./tagged.ts";

/** What the rules do not share. */
const OWN = {
  thresholds: { grow: 3 / 2, shrink: 2 / 3, low: 1 / 4, high: 3 / 4 },
  nielsen: { grow: 2, shrink: 1 / 3 },
} as const;

/** Fills in the numbers of the rule, and refuses those that it does not have. */
export function gainAdaptedSchema(inner: Border<Optimizer>): Border<GainAdapted> {
  return z.strictObject({
    kind: z.literal("gainAdapted"),
    of: inner,
    model: word("gaussNewton", "hessian").default("gaussNewton"),
    rule: word("thresholds", "nielsen").default("thresholds"),
    initial: number(POSITIVE).default(1),
    least: hyper(POSITIVE).default(1e-10),
    most: hyper(POSITIVE).default(1e10),
    grow: z.exactOptional(hyper({ min: 1 })),
    shrink: z.exactOptional(hyper({ min: 0, max: 1, openMin: true })),
    low: z.exactOptional(hyper(UNIT)),
    high: z.exactOptional(hyper(UNIT)),
    rejects: z.boolean().default(true),
  }).transform((it, ctx): GainAdapted => {
    if (it.rule === "thresholds") return { ...OWN.thresholds, ...it };
    for (const field of ["low", "high"] as const) {
      if (it[field] === undefined) continue;
      raise(ctx, it, [field], "a value", "nothing by Nielsen's rule, which has no thresholds");
    }
    return { ...OWN.nielsen, ...it };
  });
}
