/** @module */
import { constant } from "../../tensor/ops.ts";
import type { Rule } from "./rule.ts";

/** u ← 0. */
export const zeroRule: Rule<"zero"> = (_, u) => constant(0, u.shape);
