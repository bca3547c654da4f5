/**
 * How long the step is, written once over û and the spectrum, whatever the structure.
 *
 * Source: unified-view-of-optimizers, Table 1 and the clipped forms after it.
 *
 * @module
 */
import type { Length, LengthKind } from "../../optimizer/length.ts";
import { powerOfLength } from "../../optimizer/length_power.ts";
import type { OfKind } from "../../optimizer/types.ts";
import type { Node } from "../../tensor/node.ts";
import {
  abs,
  add,
  binary,
  cast,
  compare,
  constant,
  div,
  max,
  min,
  mul,
  neg,
  select,
  sign,
  sum,
} from "../../tensor/ops.ts";
import { normOf, overBlocks } from "../blocks.ts";
import { hyper, record, type Scope } from "../scope.ts";
import type { Spectrum } from "./spectrum.ts";

/** d from û, the spectrum and the numbers of the length. */
type Rule<K extends LengthKind> = (
  length: OfKind<Length, K>,
  u: Node,
  spectrum: Spectrum,
  scope: Scope,
) => Node;

const limitOf = (scope: Scope, { limit }: { readonly limit: Parameters<typeof hyper>[2] }) =>
  hyper(scope, "length/limit", limit);

const RULES: { readonly [K in LengthKind]: Rule<K> } = {
  none: (_, u, spectrum) => spectrum.divide(u, 1),
  gradientNorm: (_, u, spectrum) => spectrum.divide(u, 0.5),
  power: ({ exponent }, u, spectrum) => spectrum.divide(u, exponent),
  eigenbasis: (_, u, spectrum) => spectrum.divide(sign(u), 0.5),
  normalized: ({ per, norm }, u, spectrum, { space }) => {
    const newton = spectrum.divide(u, 1);
    return overBlocks(per, space, (blocks) => {
      const d = blocks.take(newton);
      const length = blocks.spread(normOf(blocks, mul(blocks.take(u), d), norm));
      const moves = compare("ne", length, 0);
      return select(moves, div(d, select(moves, length, 1)), 0);
    });
  },
  clamped: (length, u, spectrum, scope) => {
    const limit = limitOf(scope, length);
    const { flat } = spectrum;
    const newton = spectrum.divide(u, 1);
    const bounded = max(min(newton, limit), neg(limit));
    if (flat === undefined) return bounded;
    const over = compare("gt", abs(select(flat, u, newton)), select(flat, 0, limit));
    record(scope, "clipped", sum(cast(over, "f32")));
    const far = mul(limit, sign(u));
    return select(flat, far, bounded);
  },
  clipped: (length, u, spectrum, scope) => {
    const limit = limitOf(scope, length);
    const newton = spectrum.divide(u, 1);
    let clipped = constant(0);
    const step = overBlocks(length.per, scope.space, (blocks) => {
      const d = blocks.take(newton);
      const norm = normOf(blocks, mul(blocks.take(u), d), length.norm);
      const clips = compare("gt", norm, limit);
      clipped = add(clipped, sum(cast(clips, "f32")));
      return mul(blocks.spread(select(clips, div(limit, select(clips, norm, 1)), 1)), d);
    });
    record(scope, "clipped", clipped);
    return step;
  },
  gradientNormClipped: (length, u, spectrum, scope) => {
    const limit = limitOf(scope, length);
    // ‖d_i‖_H = min(|û|/√λ, C|û|), and d = ‖d_i‖_H·sign(û)/√λ.
    const inH = min(abs(spectrum.divide(u, 0.5)), mul(limit, abs(u)));
    return spectrum.divide(mul(sign(u), inH), 0.5);
  },
  eigenbasisClipped: (length, u, spectrum, scope) => {
    const inH = min(abs(spectrum.divide(u, 0.5)), limitOf(scope, length));
    return spectrum.divide(mul(sign(u), inH), 0.5);
  },
};

/** Which coordinates a length takes no step along, because nothing positive is known of their λ. */
export function left(length: Length, spectrum: Spectrum): Node {
  const drops = spectrum.drops?.(powerOfLength(length));
  if (drops === undefined) return constant(0, [], "bool");
  const { flat } = spectrum;
  if (length.kind !== "clamped" || flat === undefined) return drops;
  return binary("and", drops, compare("eq", cast(flat, "f32"), 0));
}

/** The step of a length. */
export function applyLength(length: Length, u: Node, spectrum: Spectrum, scope: Scope): Node {
  const rule = RULES[length.kind] as (it: Length, ...rest: [Node, Spectrum, Scope]) => Node;
  return rule(length, u, spectrum, scope);
}
