/**
 * Schema of a line search: each method has numbers of its own.
 *
 * @module
 */

import { z } from "zod";
import type { LineSearch } from "../types.ts";
import { hyper, integer, POSITIVE, UNIT, word } from "./hyper.ts";
import { type Border, raise } from "./tagged.ts";

/** Fills in the numbers of the method, and refuses those of the other one. */
export const lineSearchSchema: Border<LineSearch> = z.strictObject({
  kind: z.literal("lineSearch"),
  method: word("backtracking", "strongWolfe").default("backtracking"),
  initial: hyper(POSITIVE).default(1),
  first: word("whole", "bounded").default("whole"),
  c1: hyper(UNIT).default(1e-4),
  c2: z.exactOptional(hyper(UNIT)),
  decrease: z.exactOptional(hyper({ min: 0, max: 1, openMin: true, openMax: true })),
  trials: integer(1).default(10),
  otherwise: word("none", "last", "best").default("none"),
}).transform(({ c2, decrease, ...it }, ctx): LineSearch => {
  if (it.method === "backtracking") {
    if (c2 !== undefined) {
      raise(ctx, it, ["c2"], "a value", "nothing with backtracking, which knows no slope");
    }
    return { ...it, decrease: decrease ?? 0.5 };
  }
  if (decrease !== undefined) {
    raise(ctx, it, ["decrease"], "a value", "nothing with strongWolfe, which interpolates");
  }
  const most = c2 ?? 0.9;
  if (typeof it.c1 === "number" && typeof most === "number" && it.c1 >= most) {
    raise(ctx, it, ["c1"], `${it.c1}`, `less than c2, ${most}: else there may be no such step`);
  }
  return { ...it, c2: most };
});
