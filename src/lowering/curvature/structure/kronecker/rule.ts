/**
 * A product of small factors.
 *
 * @module
 */
import type { Kronecker } from "../../../../optimizer/kronecker.ts";
import type { StructureRule } from "../rule.ts";
import { nameOf, turning } from "./eigenbases.ts";
import { type FactorRule, identities, packed, unpacked } from "./factors.ts";
import { layerFactors } from "./layers.ts";
import { orthogonalOperator } from "./orthogonal.ts";
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
  basis: (structure, statistic, basisOf, scope) => {
    const factoring = FACTORS[structure.of].factoring(structure, scope);
    const matrices = unpacked(statistic, factoring);
    const turns = factoring.blocks.map((block, i) =>
      block.axes.flatMap(({ axis, diagonal }, k) =>
        diagonal ? [] : [{ axis, q: basisOf(nameOf(block, axis, "vectors"), matrices[i]![k]!) }]
      )
    );
    return turning(factoring, turns);
  },
  implicit: (structure, _, { stage: { solver } }, scope) =>
    solver?.kind === "newtonSchulz"
      ? orthogonalOperator(solver, FACTORS[structure.of].factoring(structure, scope), scope)
      : undefined,
  operator: (structure, statistic, view, scope) => {
    const factoring = FACTORS[structure.of].factoring(structure, scope);
    return solved(factoring, unpacked(statistic, factoring), view);
  },
};
