/**
 * A product of small factors.
 *
 * @module
 */
import type { Kronecker } from "../../../../optimizer/structure.ts";
import type { StructureRule } from "../rule.ts";
import { type FactorRule, identities, packed, unpacked } from "./factors.ts";
import { layerFactors } from "./layers.ts";
import { solved } from "./solve.ts";
import { tensorFactors } from "./tensor.ts";

const FACTORS: { readonly [O in Kronecker["of"]]: FactorRule } = {
  tensor: tensorFactors,
  layers: layerFactors,
};

/** ⊗ᵢ Lᵢ^exponent in every block of parameters. */
export const kroneckerRule: StructureRule<"kronecker"> = {
  statistic: (structure, sample, scope) => {
    const matrices = FACTORS[structure.of].ofSample(structure, sample, scope);
    return matrices === undefined ? undefined : packed(matrices);
  },
  identity: (structure, scope) =>
    packed(identities(FACTORS[structure.of].factoring(structure, scope))),
  operator: (structure, statistic, view, scope) => {
    const factoring = FACTORS[structure.of].factoring(structure, scope);
    return solved(factoring, unpacked(statistic, factoring), view);
  },
};
