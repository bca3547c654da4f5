/**
 * The rules of all transforms.
 *
 * @module
 */
import type { Optimizer, OptimizerKind } from "../../optimizer/types.ts";
import { pathAt } from "../../optimizer/walk.ts";
import type { Node } from "../../tensor/node.ts";
import { curvatureRule } from "../curvature/stage.ts";
import type { Scope } from "../scope.ts";
import { accumulateRule } from "./accumulate.ts";
import { addRule } from "./add.ts";
import { averageRule } from "./average.ts";
import { chainRule } from "./chain.ts";
import { differenceRule } from "./difference.ts";
import { distanceAdaptedRule } from "./distance_adapted.ts";
import { emaRule } from "./ema.ts";
import { gainAdaptedRule } from "./gain_adapted.ts";
import { gradientAtRule } from "./gradient_at.ts";
import { graftRule } from "./graft.ts";
import { identityRule } from "./identity.ts";
import { lineSearchRule } from "./line_search.ts";
import { lookaheadRule } from "./lookahead.ts";
import { newtonRaphsonRule } from "./newton_raphson.ts";
import { partitionRule } from "./partition.ts";
import type { Rule } from "./rule.ts";
import { scaleByParameterNormRule } from "./scale_by_parameter_norm.ts";
import { scaleByShapeRule } from "./scale_by_shape.ts";
import { scaleRule } from "./scale.ts";
import { scheduleFreeRule } from "./schedule_free.ts";
import { skipNonFiniteRule } from "./skip_non_finite.ts";
import { traceRule } from "./trace.ts";
import { trustRatioRule } from "./trust_ratio.ts";
import { weightDecayRule } from "./weight_decay.ts";
import { zeroRule } from "./zero.ts";

const RULES: { readonly [K in OptimizerKind]: Rule<K> } = {
  identity: identityRule,
  zero: zeroRule,
  chain: chainRule,
  add: addRule,
  ema: emaRule,
  trace: traceRule,
  scale: scaleRule,
  difference: differenceRule,
  weightDecay: weightDecayRule,
  newtonRaphson: newtonRaphsonRule,
  graft: graftRule,
  trustRatio: trustRatioRule,
  scaleByParameterNorm: scaleByParameterNormRule,
  scaleByShape: scaleByShapeRule,
  gradientAt: gradientAtRule,
  partition: partitionRule,
  skipNonFinite: skipNonFiniteRule,
  distanceAdapted: distanceAdaptedRule,
  gainAdapted: gainAdaptedRule,
  accumulate: accumulateRule,
  lookahead: lookaheadRule,
  average: averageRule,
  scheduleFree: scheduleFreeRule,
  lineSearch: lineSearchRule,
  curvature: curvatureRule,
};

/** The update that a transform at `place` makes of u. */
export function applyTransform(optimizer: Optimizer, u: Node, place: string, scope: Scope): Node {
  scope.collector.places.add(place);
  // The table is total and keyed by the tag, which a union of functions cannot express.
  const rule = RULES[optimizer.kind] as (it: Optimizer, u: Node, scope: Scope) => Node;
  return rule(optimizer, u, { ...scope, path: pathAt(optimizer, place) });
}
