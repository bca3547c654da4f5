/**
 * A curvature after damping: what the lengths divide by.
 *
 * @module
 */
import type { Node } from "../../tensor/node.ts";
import { add, binary, cast, compare, constant, div, select, sqrt, sum } from "../../tensor/ops.ts";

/** λ, one number or one a coordinate. */
export interface Spectrum {
  /** x/(λ^p + ε), where ε is what `addToRoot` adds; 0 where there is no positive root. */
  divide(x: Node, p: number): Node;
  /** How many eigenvalues have no positive root of order p. */
  dropped(p: number): Node;
  /** Which they are, where that is known one by one. */
  drops?(p: number): Node;
  /** Where λ = 0 says that the gradient does not change, not that nothing is known: a bounded step is as long as it may be. */
  readonly flat?: Node;
}

/** What is known of the sign of λ before any step. */
export type Sign = "any" | "nonNegative" | "positive";

function powerOf(lambda: Node, p: number, sign: Sign): Node {
  if (p === 1) return lambda;
  // Comparisons, so that NaN stays NaN.
  const base = sign === "any" ? select(compare("lt", lambda, 0), 0, lambda) : lambda;
  if (p === 0.5) return sqrt(base);
  const zero = compare("eq", base, 0);
  return select(zero, 0, binary("pow", select(zero, 1, base), constant(p, base.shape)));
}

/** The spectrum of λ; a sign that is known spares the test for it. */
export function spectrumOf(lambda: Node, toRoot: Node | undefined, sign: Sign): Spectrum {
  const rootAndDropped = (p: number): { readonly root: Node; readonly drop: Node } => {
    const power = powerOf(lambda, p, sign);
    const root = toRoot === undefined ? power : add(power, toRoot);
    const none = compare("le", root, 0);
    const drop = sign !== "any" || p === 1 ? none : binary("or", none, compare("lt", lambda, 0));
    return { root, drop };
  };
  return {
    divide: (x, p) => {
      const { root, drop } = rootAndDropped(p);
      if (sign === "positive") return div(x, root);
      return select(drop, 0, div(x, select(drop, 1, root)));
    },
    dropped: (p) => sum(cast(rootAndDropped(p).drop, "f32")),
    drops: (p) => rootAndDropped(p).drop,
  };
}
