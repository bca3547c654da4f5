/** @module */
import type { Rule } from "./rule.ts";

/** u ← u. */
export const identityRule: Rule<"identity"> = (_, u) => u;
