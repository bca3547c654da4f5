/**
 * Lowering of `gainAdapted`.
 *
 * @module
 */
import type { GainAdapted, TransformOf } from "../../optimizer/types.ts";
import { joinPath } from "../../optimizer/walk.ts";
import type { Node } from "../../tensor/node.ts";
import {
  binary,
  compare,
  constant,
  div,
  dot,
  max,
  min,
  mul,
  select,
  sub,
  unary,
} from "../../tensor/ops.ts";
import { gradientOver, thetaMinus } from "../problem.ts";
import { hyper, record, remember, report, type Scope } from "../scope.ts";

const or = (a: Node, b: Node): Node => binary("or", a, b);
const not = (a: Node): Node => unary("not", a);

/** What a rule sees; scalars. */
interface Gain {
  readonly ratio: Node;
  /** Whether ρ is defined and positive. */
  readonly positive: Node;
  /** Whether something is known: u is not 0. */
  readonly known: Node;
}

type Rule = (it: GainAdapted, gain: Gain, scope: Scope) => Node;

/** By what μ is multiplied. */
const RULES: { readonly [R in GainAdapted["rule"]]: Rule } = {
  thresholds: ({ grow, shrink, low, high }, { ratio, positive }, scope) => {
    const bad = or(not(positive), compare("lt", ratio, hyper(scope, "low", low!)));
    const good = compare("gt", ratio, hyper(scope, "high", high!));
    const better = select(good, hyper(scope, "shrink", shrink), 1);
    return select(bad, hyper(scope, "grow", grow), better);
  },
  nielsen: ({ grow, shrink }, { ratio, positive, known }, scope) => {
    const first = hyper(scope, "grow", grow);
    // 1 stands for ν after a good step, whatever that is now.
    const doubled = remember(scope, "growth", [], 1);
    const next = select(positive, 1, mul(2, doubled.old));
    doubled.become(select(known, next, doubled.old));
    const away = sub(mul(2, ratio), 1);
    const cubic = sub(1, mul(away, mul(away, away)));
    return select(
      positive,
      max(hyper(scope, "shrink", shrink), cubic),
      mul(first, doubled.old),
    );
  },
};

/** M·u, or a problem where the objective has none. */
function product({ model }: GainAdapted, u: Node, scope: Scope): Node {
  const { problem, space } = scope;
  if (model === "hessian") return problem.hessianTimes(u, space);
  if (problem.gaussNewtonTimes !== undefined) return problem.gaussNewtonTimes(u, space);
  report(
    { ...scope, path: joinPath(scope.path, "model") },
    "need",
    "an objective without Gauss–Newton products",
    "outputs and a likelihood with a Hessian",
  );
  return u;
}

/**
 * u ← of(u), 0 where ρ ≤ 0 if the description says so; μ for the next step from ρ.
 *
 * Source: Marquardt 1963; Martens 2010, section 4.1; Nielsen 1999, (2.4).
 */
export function gainAdaptedRule(it: TransformOf<"gainAdapted">, u: Node, scope: Scope): Node {
  const { problem, space, path } = scope;
  const damping = remember(scope, "damping", [], it.initial);
  const mu = damping.old;
  const inside: Scope = { ...scope, signals: new Map([...scope.signals, ["damping", mu]]) };
  const step = scope.apply(it.of, u, path, inside);
  const curved = mul(0.5, dot(step, product(it, step, scope)));
  const promised = sub(dot(gradientOver(problem, space), step), curved);
  const reached = sub(problem.loss, problem.lossAt(thetaMinus(problem, space, step)));
  const promises = compare("gt", promised, 0);
  const quotient = div(reached, select(promises, promised, 1));
  const defined = binary("and", promises, unary("isFinite", quotient));
  const ratio = select(defined, quotient, 0);
  const positive = compare("gt", ratio, 0);
  // A step that is not finite is known to be bad.
  const known = compare("ne", dot(step, step), 0);
  const factor = RULES[it.rule](it, { ratio, positive, known }, scope);
  const least = hyper(scope, "least", it.least), most = hyper(scope, "most", it.most);
  const next = max(least, min(most, mul(factor, mu)));
  damping.become(select(known, next, mu));
  record(scope, "damping", mu);
  record(scope, "gain", ratio);
  if (!it.rejects) return step;
  record(scope, "rejected", binary("and", known, not(positive)));
  return select(positive, step, constant(0, step.shape));
}
