/**
 * Activations and normalised exponentials. Where a formula has a masked branch, its argument is
 * masked too, so that no branch contributes 0·∞ to a derivative.
 *
 * @module
 */
import { checkAxis, checkTensors } from "../tensor/check.ts";
import type { Node } from "../tensor/node.ts";
import {
  add,
  broadcast,
  compare,
  div,
  erf,
  exp,
  log,
  log1p,
  mul,
  neg,
  reduce,
  select,
  sub,
  sum,
  tanh as hyperbolicTangent,
  unary,
} from "../tensor/ops.ts";

/** x where it is positive, else 0; derivative 0 at 0. NaN gives 0: only the loss is watched for it. */
export function relu(x: Node): Node {
  return select(compare("gt", x, 0), x, 0);
}

/** tanh x. */
export function tanh(x: Node): Node {
  return hyperbolicTangent(x);
}

/** The non-negative and the negative part of x, each 0 elsewhere; 0 belongs to the first. */
function parts(x: Node): { readonly upper: Node; readonly above: Node; readonly below: Node } {
  const upper = compare("ge", x, 0);
  return { upper, above: select(upper, x, 0), below: select(upper, 0, x) };
}

/** 1 / (1 + e⁻ˣ), without overflow and accurate in both tails. */
export function sigmoid(x: Node): Node {
  const { upper, above, below } = parts(x);
  const e = exp(below);
  return select(upper, div(1, add(1, exp(neg(above)))), div(e, add(1, e)));
}

/** log(1 + eˣ), without overflow and accurate in both tails. */
export function softplus(x: Node): Node {
  const { upper, above, below } = parts(x);
  return select(upper, add(above, log1p(exp(neg(above)))), log1p(exp(below)));
}

/** x·Φ(x), with Φ the normal distribution function (the exact form, by erf). */
export function gelu(x: Node): Node {
  return mul(mul(0.5, x), add(1, erf(mul(x, Math.SQRT1_2))));
}

/** x minus its maximum along `axis`, which counts as a constant: it cancels in every derivative. */
function shifted(x: Node, axis: number): Node {
  checkTensors("softmax", x);
  checkAxis("softmax", axis, x.shape);
  return sub(x, along(unary("stop", reduce("max", x, [axis])), x, axis));
}

function along(reduced: Node, like: Node, axis: number): Node {
  return broadcast(reduced, like.shape, like.shape.map((_, i) => i).filter((i) => i !== axis));
}

function lastAxis(x: Node): number {
  checkTensors("softmax", x);
  return x.shape.length - 1;
}

/** eˣ / Σ eˣ along `axis` (default: the last). */
export function softmax(x: Node, axis: number = lastAxis(x)): Node {
  const e = exp(shifted(x, axis));
  return div(e, along(sum(e, [axis]), x, axis));
}

/** x − log Σ eˣ along `axis` (default: the last), by the shifted form. */
export function logSoftmax(x: Node, axis: number = lastAxis(x)): Node {
  const z = shifted(x, axis);
  return sub(z, along(log(sum(exp(z), [axis])), x, axis));
}
