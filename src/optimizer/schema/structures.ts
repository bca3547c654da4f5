/**
 * What each structure asks of the other slots of its stage.
 *
 * @module
 */

import type { Per } from "../blocks.ts";
import type { CalculatingKind } from "../calculating.ts";
import type { SolverKind } from "../solver.ts";
import type { Kronecker } from "../kronecker.ts";
import type { Structure, StructureKind } from "../structure.ts";
import type { Curvature } from "../types.ts";
import { checkSolver, type Raise } from "./solvers.ts";

interface Rule {
  /** The solvers that it may have beside `auto`. */
  readonly solvers: readonly SolverKind[];
  /** Whether it has roots or bases, which `every.factor` recomputes. */
  readonly factors: boolean;
  /** The blocks that coordinates in its basis belong to: norms by these exist. */
  readonly blocks: (structure: Structure) => readonly Per[];
  /** Whether it keeps products of sampled vectors, which a matrix known by its products does not have. */
  readonly vectors: boolean;
  /** Whether its statistic is a list of numbers that stand for themselves, with powers and maxima. */
  readonly elementwise: boolean;
  /** Whether a constant curvature has it. */
  readonly constant: boolean;
}

/** What samples vectors. */
const VECTORS: ReadonlySet<CalculatingKind> = new Set(["fisher", "empiricalFisher"]);

const ELEMENTWISE: Rule = {
  solvers: [],
  factors: false,
  blocks: () => ["global", "tensor", "unit"],
  vectors: false,
  elementwise: true,
  constant: true,
};

const RULES: { readonly [K in StructureKind]: Rule } = {
  scalar: ELEMENTWISE,
  diagonal: ELEMENTWISE,
  factored: { ...ELEMENTWISE, constant: false },
  blockDiagonal: {
    solvers: ["eigen"],
    factors: true,
    blocks: (it) =>
      it.kind === "blockDiagonal" && it.per === "unit"
        ? ["global", "tensor", "unit"]
        : ["global", "tensor"],
    vectors: false,
    elementwise: false,
    constant: false,
  },
  full: {
    solvers: ["eigen", "cholesky", "coupledNewton", "cg", "lanczos"],
    factors: true,
    blocks: () => ["global"],
    vectors: false,
    elementwise: false,
    constant: false,
  },
  kronecker: {
    solvers: ["eigen", "cholesky", "coupledNewton", "newtonSchulz"],
    factors: true,
    blocks: () => ["global", "tensor"],
    vectors: true,
    elementwise: false,
    constant: false,
  },
  lowRank: {
    solvers: ["eigen"],
    factors: false,
    blocks: () => ["global"],
    vectors: false,
    elementwise: false,
    constant: false,
  },
  subspace: {
    solvers: ["eigen"],
    factors: true,
    blocks: () => ["global"],
    vectors: false,
    elementwise: true,
    constant: false,
  },
};

/** The rule of a structure: in a basis it has the blocks and the samples that the basis has. */
function ruleOf(structure: Structure): Rule {
  const rule = RULES[structure.kind];
  if (structure.kind !== "diagonal" || structure.basis === undefined) return rule;
  const { structure: other } = structure.basis, { blocks, vectors } = ruleOf(other);
  return {
    ...rule,
    solvers: ["eigen", "orthogonalIteration"],
    factors: true,
    blocks: () => blocks(other),
    vectors,
    constant: false,
  };
}

/** Checks a basis that follows the samples. */
function checkBasis({ structure, calculating, every }: Curvature, raise: Raise): void {
  if (structure.kind !== "diagonal" || structure.basis === undefined) return;
  if (structure.average !== "none") {
    raise(
      ["structure", "average"],
      `"${structure.average}"`,
      '"none" in a basis, which has no windows',
    );
  }
  if (calculating.kind === "gradientRegression") {
    raise(["structure", "basis"], "a basis", "nothing with a regression, which takes no samples");
  }
  if (every.sample !== 1) {
    raise(
      ["every", "sample"],
      `${every.sample}`,
      "1 in a basis, which is a step older than the samples",
    );
  }
}

/** Checks what the factors of layers are made of. */
function checkLayers(
  { calculating, length, solver }: Curvature,
  { longer }: Kronecker,
  raise: Raise,
): void {
  if (longer !== "diagonal") {
    raise(["structure", "longer"], `"${longer}"`, '"diagonal" with layers, which are not cut');
  }
  if (solver?.kind === "newtonSchulz") {
    raise(
      ["solver"],
      "newtonSchulz",
      "auto, eigen, cholesky or coupledNewton with layers, which keep two matrices",
    );
  }
  if (calculating.kind === "empiricalFisher" && calculating.from !== "examples") {
    raise(
      ["calculating", "from"],
      `"${calculating.from}"`,
      '"examples" with layers, whose factors are means over the examples',
    );
  }
  if ("per" in length && length.per === "tensor") {
    raise(["length", "per"], "tensor", "global: a layer is a weight and its bias");
  }
}

/** Checks a stage against its structure. */
export function checkStructure(stage: Curvature, raise: Raise): void {
  const { structure, calculating, iterative, length, every, solver } = stage;
  const { kind } = structure;
  const rule = ruleOf(structure);
  checkBasis(stage, raise);
  if (calculating.kind === "constant" && !rule.constant) {
    raise(["structure"], kind, "scalar or diagonal: a constant has no samples to keep");
  }
  if (!rule.factors && every.factor !== 1) {
    raise(["every", "factor"], `${every.factor}`, `1: ${kind} has no roots or bases to recompute`);
  }
  if (solver !== undefined && solver.kind !== "auto" && !rule.solvers.includes(solver.kind)) {
    const known = rule.solvers.length === 0
      ? `auto: ${kind} has no matrix to work with`
      : `auto with ${kind}, or ${rule.solvers.join(", ")}`;
    raise(["solver"], solver.kind, known);
  }
  const blocks = rule.blocks(structure);
  if ("per" in length && !blocks.includes(length.per)) {
    const known = blocks.join(" or ");
    raise(
      ["length", "per"],
      length.per,
      `${known}: the eigenbasis of ${kind} mixes what is in one`,
    );
  }
  if (rule.vectors && !VECTORS.has(calculating.kind)) {
    raise(
      ["structure"],
      kind,
      `a structure without factors: ${calculating.kind} samples no vectors`,
    );
  }
  if (structure.kind === "kronecker" && structure.of === "layers") {
    checkLayers(stage, structure, raise);
  }
  stage.damping.forEach((it, i) => {
    if (it.kind === "factored" && kind !== "kronecker") {
      raise(["damping", i], "factored", `add or floor: ${kind} is no product of factors`);
    }
  });
  if (kind === "lowRank" && calculating.kind !== "secant" && calculating.kind !== "constant") {
    raise(
      ["structure"],
      kind,
      `another structure with ${calculating.kind}: lowRank keeps the pairs of secant`,
    );
  }
  if (kind === "subspace" && "norm" in length && length.norm === "rms") {
    raise(["length", "norm"], "rms", "euclidean with subspace, which has one coordinate");
  }
  if (kind === "subspace" && every.sample !== 1) {
    raise(["every", "sample"], `${every.sample}`, "1 with subspace, whose direction moves");
  }
  if (rule.elementwise) return;
  checkSolver(stage, raise);
  iterative.forEach((it, i) => {
    if (it.kind === "max") {
      raise(["iterative", i], "max", `ema or sum: the matrices of ${kind} have no maximum`);
    }
    if (it.kind === "ema" && it.power !== undefined) {
      raise(["iterative", i, "power"], `${it.power}`, `1: ${kind} averages matrices`);
    }
  });
}
