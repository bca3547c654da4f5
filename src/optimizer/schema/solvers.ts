/**
 * What each solver asks of the other slots of its stage.
 *
 * @module
 */

import type { DampingKind } from "../damping.ts";
import type { LengthKind } from "../length.ts";
import { powerOfLength } from "../length_power.ts";
import type { SolverKind } from "../solver.ts";
import type { Curvature } from "../types.ts";

/** Reports a problem at a path within the stage. */
export type Raise = (path: readonly (string | number)[], found: string, expected: string) => void;

/** The kinds that a solver has of a slot, and why no others. */
interface Only<K> {
  readonly kinds: readonly K[];
  readonly because: string;
}

/** What a solver leaves of the other slots. */
interface Limits {
  /** What it works with in place of a statistic that is kept; absent: it is of the statistic. */
  readonly instead?: string;
  /** Absent: all. */
  readonly lengths?: Only<LengthKind>;
  readonly damping: Only<DampingKind>;
  /** What it asks besides. */
  readonly also?: (stage: Curvature, raise: Raise) => void;
}

const PRODUCTS = "products of this step";

const LIMITS: { readonly [K in SolverKind]: Limits | undefined } = {
  auto: undefined,
  eigen: undefined,
  orthogonalIteration: undefined,
  cg: {
    instead: PRODUCTS,
    lengths: {
      kinds: ["none", "normalized", "clipped"],
      because: "cg solves a system and knows no root of the matrix",
    },
    damping: { kinds: ["add"], because: "cg knows no eigenvalues" },
  },
  lanczos: {
    instead: PRODUCTS,
    damping: {
      kinds: ["abs", "floor", "add", "addToRoot"],
      because: "lanczos keeps no samples",
    },
  },
  newtonSchulz: {
    instead: "the vector of this step",
    lengths: {
      kinds: ["gradientNorm"],
      because: "newtonSchulz makes an orthogonal matrix and no other power",
    },
    damping: { kinds: [], because: "newtonSchulz makes no matrix to be damped" },
    also: asSampled,
  },
  cholesky: {
    lengths: {
      kinds: ["none", "normalized", "clipped"],
      because: "cholesky inverts the matrix and takes no root",
    },
    damping: { kinds: ["toSample", "factored"], because: "cholesky knows no eigenvalues" },
    also: wholeFactor,
  },
  coupledNewton: {
    lengths: {
      kinds: ["none", "normalized", "clipped", "gradientNorm", "power"],
      because: "coupledNewton makes powers of the matrix and knows no eigenbasis",
    },
    damping: { kinds: ["toSample", "factored"], because: "coupledNewton knows no eigenvalues" },
    also: wholeRoot,
  },
};

/** The orthogonal factor is of what is sampled, so that has to be what is preconditioned: a matrix. */
function asSampled({ calculating, structure, direction }: Curvature, raise: Raise): void {
  const because = "newtonSchulz preconditions the very vector that is sampled";
  if (calculating.kind !== "empiricalFisher" || calculating.from !== "batch") {
    const from = "from" in calculating ? ` from the ${calculating.from}` : "";
    raise(["calculating"], `${calculating.kind}${from}`, `empiricalFisher: ${because}`);
  } else if (calculating.of.kind !== "identity") {
    raise(["calculating", "of"], calculating.of.kind, `identity: ${because}`);
  }
  if (direction.kind !== "identity") {
    raise(["direction"], direction.kind, `identity: ${because}`);
  }
  if (structure.kind !== "kronecker") return;
  if (structure.merge !== "trailing") {
    raise(
      ["structure", "merge"],
      `"${structure.merge}"`,
      '"trailing": newtonSchulz is of matrices',
    );
  }
  if (structure.exponent !== undefined) {
    raise(
      ["structure", "exponent"],
      `${structure.exponent}`,
      "nothing: newtonSchulz makes the power −1/4 of both factors",
    );
  }
}

/** Every factor is inverted as it is. */
function wholeFactor({ structure }: Curvature, raise: Raise): void {
  if (structure.kind !== "kronecker") return;
  const exponent = structure.exponent ?? (structure.of === "layers" ? 1 : undefined);
  if (exponent === 1) return;
  const found = exponent === undefined ? "1/order" : `${exponent}`;
  raise(["structure", "exponent"], found, "1: cholesky inverts factors and takes no root");
}

/** Rounding that a quotient of two decimal fractions may have. */
const NEARLY = 1e-9;

/** Every factor gets a power −1/p. */
function wholeRoot({ structure, length }: Curvature, raise: Raise): void {
  const exponent = structure.kind === "kronecker" ? structure.exponent : undefined;
  const power = powerOfLength(length) * (exponent ?? 1), order = 1 / power;
  if (Math.abs(order - Math.round(order)) <= NEARLY * order) return;
  raise(
    exponent === undefined ? ["length"] : ["structure", "exponent"],
    `the power −${power} of a factor`,
    "−1/p with a whole p: coupledNewton makes inverse roots",
  );
}

/** Checks a stage against its solver. */
export function checkSolver(stage: Curvature, raise: Raise): void {
  const { iterative, every, length, damping, solver } = stage;
  const kind = solver?.kind ?? "auto", limits = LIMITS[kind];
  if (limits === undefined) return;
  const { instead, lengths } = limits;
  if (instead !== undefined && iterative.length > 0) {
    const found = iterative.map((it) => it.kind).join(", ");
    raise(["iterative"], found, `latest: ${kind} has ${instead} and nothing to accumulate`);
  }
  for (const what of ["sample", "factor"] as const) {
    if (instead === undefined || every[what] === 1) continue;
    raise(["every", what], `${every[what]}`, `1: ${kind} has ${instead} and keeps nothing`);
  }
  if (lengths !== undefined && !lengths.kinds.includes(length.kind)) {
    raise(["length"], length.kind, `${lengths.kinds.join(", ")}: ${lengths.because}`);
  }
  damping.forEach((it, i) => {
    const { kinds, because } = limits.damping;
    if (!kinds.includes(it.kind)) {
      raise(
        ["damping", i],
        it.kind,
        `${kinds.length === 0 ? "none" : kinds.join(", ")}: ${because}`,
      );
    }
  });
  limits.also?.(stage, raise);
}
