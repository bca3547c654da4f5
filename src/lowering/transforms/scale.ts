/** @module */
import { mul } from "../../tensor/ops.ts";
import { hyper } from "../scope.ts";
import type { Rule } from "./rule.ts";

/** u ← by·u. */
export const scaleRule: Rule<"scale"> = ({ by }, u, scope) => mul(hyper(scope, "by", by), u);
