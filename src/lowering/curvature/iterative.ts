/**
 * How samples are accumulated over steps.
 *
 * @module
 */
import type { Accumulator, SampleAccumulator } from "../../optimizer/iterative.ts";
import type { OfKind } from "../../optimizer/types.ts";
import { joinPath } from "../../optimizer/walk.ts";
import type { Node } from "../../tensor/node.ts";
import {
  abs,
  add,
  binary,
  compare,
  constant,
  div,
  max,
  mul,
  pow,
  select,
  sign,
  sqrt,
  sub,
} from "../../tensor/ops.ts";
import { everyStep, evolve, hyper, type Scope } from "../scope.ts";

/** A sample as the structure keeps it, and what it was made of where that is a vector s. */
interface Accumulated {
  readonly value: Node;
  readonly vector?: Node;
  /** What the structure keeps of s sᵀ. */
  readonly ofVector: (s: Node) => Node;
  /** What it keeps of the identity. */
  readonly identity: number | Node;
}

type Rule<K extends SampleAccumulator["kind"]> = (
  accumulator: OfKind<SampleAccumulator, K>,
  sample: Accumulated,
  scope: Scope,
  path: string,
) => Node;

/** x^p; odd for a p that is not an even integer, so that signs survive. */
function raised(x: Node, p: number): Node {
  if (p === 1) return x;
  if (p % 2 === 0) return pow(x, p);
  const zero = compare("eq", x, 0);
  const size = binary("pow", select(zero, 1, abs(x)), constant(p, x.shape));
  return select(zero, 0, mul(sign(x), size));
}

/** The inverse of {@link raised} on what it can give. */
function root(x: Node, p: number): Node {
  if (p === 1) return x;
  return p === 2 ? sqrt(x) : raised(x, 1 / p);
}

function times(factor: number, identity: number | Node): number | Node {
  if (typeof identity === "number") return factor * identity;
  return factor === 0 ? 0 : mul(factor, identity);
}

/** w ← βw + (1 − β), the weight accumulated so far. */
function weighted(beta: Node, scope: Scope, path: string): Node {
  const next = (old: Node) => add(mul(beta, old), sub(1, beta));
  return evolve(scope, joinPath(path, "weight"), [], 0, next).next;
}

/**
 * The weighted variance of s in the form that does not cancel: with rate r = (1 − β) or (1 − β)/w,
 * d = s − m, var ← (1 − r)(var + r·d²), m ← m + r·d.
 */
function centred(
  debias: boolean,
  { vector, ofVector, value }: Accumulated,
  beta: Node,
  scope: Scope,
  path: string,
): Node {
  const fresh = sub(1, beta);
  const rate = debias ? div(fresh, weighted(beta, scope, path)) : fresh;
  const s = vector!;
  const mean = evolve(
    scope,
    joinPath(path, "mean"),
    s.shape,
    0,
    (old) => add(old, mul(rate, sub(s, old))),
  );
  const spread = mul(rate, ofVector(sub(s, mean.old)));
  return evolve(
    scope,
    joinPath(path, "variance"),
    value.shape,
    0,
    (old) => mul(sub(1, rate), add(old, spread)),
  ).next;
}

const RULES: { readonly [K in SampleAccumulator["kind"]]: Rule<K> } = {
  ema: ({ decay, debias, centred: isCentred, power = 1, initial = 0 }, sample, scope, path) => {
    const beta = hyper(scope, joinPath(path, "decay"), decay);
    if (isCentred === true) return centred(debias, sample, beta, scope, path);
    const start = typeof initial === "number" ? times(initial ** power, sample.identity) : 0;
    const fresh = mul(sub(1, beta), raised(sample.value, power));
    const mean =
      evolve(scope, joinPath(path, "mean"), fresh.shape, start, (old) => add(mul(beta, old), fresh))
        .next;
    return root(debias ? div(mean, weighted(beta, scope, path)) : mean, power);
  },
  sum: ({ initial }, { value, identity }, scope, path) =>
    evolve(
      scope,
      joinPath(path, "sum"),
      value.shape,
      times(initial, identity),
      (old) => add(old, value),
    ).next,
  max: ({ decay }, { value }, scope, path) => {
    const beta = hyper(scope, joinPath(path, "decay"), decay);
    const next = (old: Node) => max(mul(beta, old), value);
    return evolve(scope, joinPath(path, "max"), value.shape, 0, next).next;
  },
};

/** The statistic after this sample; the list is applied in order, an empty one keeps the newest. */
export function accumulate(
  iterative: readonly Accumulator[],
  sample: Accumulated,
  scope: Scope,
): Node {
  // The language lets no samples into a secant update.
  const accumulators = iterative.filter((it) => it.kind !== "secantUpdate");
  if (accumulators.length === 0) {
    if (everyStep(scope)) return sample.value;
    return evolve(scope, "iterative/latest", sample.value.shape, 0, () => sample.value).next;
  }
  return accumulators.reduce<Node>((value, it, i) => {
    const rule = RULES[it.kind] as (
      it: SampleAccumulator,
      sample: Accumulated,
      scope: Scope,
      path: string,
    ) => Node;
    return rule(it, { ...sample, value }, scope, joinPath("iterative", i));
  }, sample.value);
}
