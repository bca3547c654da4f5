/**
 * The rules of all structures.
 *
 * @module
 */
import type { Structure, StructureKind } from "../../../optimizer/structure.ts";
import { blockDiagonalRule } from "./block_diagonal.ts";
import { diagonalRule, factoredRule, scalarRule } from "./elementwise.ts";
import { fullRule } from "./full.ts";
import { kroneckerRule } from "./kronecker/rule.ts";
import { lowRankRule } from "./low_rank.ts";
import type { SampleRule, StructureRule } from "./rule.ts";
import { subspaceRule } from "./subspace.ts";

const RULES: { readonly [K in StructureKind]: StructureRule<K> } = {
  scalar: scalarRule,
  diagonal: diagonalRule,
  factored: factoredRule,
  blockDiagonal: blockDiagonalRule,
  full: fullRule,
  subspace: subspaceRule,
  kronecker: kroneckerRule,
  lowRank: lowRankRule,
};

/** The rule of a structure. */
export function ruleOf<K extends StructureKind>(
  { kind }: Structure & { readonly kind: K },
): StructureRule<K> {
  return RULES[kind];
}

/** The rule of a structure that keeps samples; the language lets no other have any. */
export function sampleRuleOf<K extends StructureKind>(
  structure: Structure & { readonly kind: K },
): SampleRule<K> {
  const rule = ruleOf<K>(structure);
  if (!("statistic" in rule)) throw new RangeError(`${structure.kind} keeps no samples`);
  return rule;
}
