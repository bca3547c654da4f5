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
import type { StructureRule } from "./rule.ts";
import { subspaceRule } from "./subspace.ts";

const RULES: { readonly [K in StructureKind]: StructureRule<K> } = {
  scalar: scalarRule,
  diagonal: diagonalRule,
  factored: factoredRule,
  blockDiagonal: blockDiagonalRule,
  full: fullRule,
  subspace: subspaceRule,
  kronecker: kroneckerRule,
};

/** The rule of a structure. */
export function ruleOf<K extends StructureKind>(
  { kind }: Structure & { readonly kind: K },
): StructureRule<K> {
  return RULES[kind];
}
