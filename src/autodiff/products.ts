/**
 * Products with curvature matrices, none of which is ever formed: compositions of `jvp`, `vjp` and
 * `vmap`.
 *
 * @module
 */
import { failure } from "../errors.ts";
import {
  compare,
  concatenate,
  constant,
  div,
  input,
  iota,
  reshape,
  select,
  slice,
} from "../tensor/ops.ts";
import { type Node, sizeOf } from "../tensor/node.ts";
import { jvp } from "./jvp.ts";
import { gradient, vjp } from "./vjp.ts";
import { vmap } from "./vmap.ts";
import { lead } from "./vmap_rules.ts";

/** H·v of a scalar: forward over reverse, the tangent of the gradient along v. */
export function hessianVector(loss: Node, wrt: readonly Node[], v: readonly Node[]): Node[] {
  return jvp(gradient(loss, wrt), wrt, v);
}

/**
 * Jᵀ·M·J·v, where J is the Jacobian of `outputs` with respect to `wrt` and M a symmetric operator on
 * outputs, given as a function from tangents to cotangents. With the Hessian of the loss by its
 * outputs it is the Gauss–Newton product, with the Fisher matrix of the likelihood the Fisher
 * product.
 */
export function gaussNewtonVector(
  outputs: readonly Node[],
  outputHessian: (tangents: readonly Node[]) => readonly Node[],
  wrt: readonly Node[],
  v: readonly Node[],
): Node[] {
  return vjp(outputs, outputHessian(jvp(outputs, wrt, v)), wrt);
}

/**
 * Σ gᵢ·(gᵢᵀ·v) / N over the gradients gᵢ of N losses in one vector: the empirical Fisher product
 * where the losses are those of the data, the Fisher product where labels are sampled. The
 * per-example gradients are never formed.
 */
export function gradientOuterVector(
  losses: Node,
  wrt: readonly Node[],
  v: readonly Node[],
): Node[] {
  const n = sizeOf(losses.shape);
  return gaussNewtonVector([losses], ([t]) => [div(t!, n)], wrt, v);
}

/** A batch input of a graph that was built for one example, and the examples it is to run on. */
export interface Examples {
  /** The input node of shape [1, ...example]. */
  readonly one: Node;
  /** All examples, of shape [n, ...example]. */
  readonly all: Node;
}

/**
 * The gradients of n examples, each of shape [n, ...shape], from the loss of one example: `loss` is
 * a graph over batch inputs of batch size 1.
 */
export function perExampleGradients(
  loss: Node,
  wrt: readonly Node[],
  batch: readonly Examples[],
): Node[] {
  const size = batch[0]?.all.shape[0];
  if (size === undefined) {
    throw failure("shape", "perExampleGradients", "no batch inputs", "at least one");
  }
  const replacements = new Map(batch.map(({ one, all }) => [
    one.hash,
    reshape(all, [all.shape[0]!, ...one.shape]),
  ]));
  const { nodes, batched } = vmap(gradient(loss, wrt), replacements, size);
  return nodes.map((node, i) => lead({ node, batched: batched[i]! }, size));
}

/**
 * The Hessian of a scalar as a matrix [n, n] over the n values of all `wrt`, laid end to end in
 * row-major order: one Hessian-vector product for each basis vector, batched.
 */
export function denseHessian(loss: Node, wrt: readonly Node[]): Node {
  const sizes = wrt.map((x) => sizeOf(x.shape));
  const n = sizes.reduce((a, b) => a + b, 0);
  const direction = input("denseHessian/direction", [n]);
  let start = 0;
  const v = wrt.map((x, i) => {
    const part = slice(direction, [start], [start + sizes[i]!]);
    start += sizes[i]!;
    return reshape(part, x.shape);
  });
  const products = hessianVector(loss, wrt, v).map((h, i) => reshape(h, [sizes[i]!]));
  const basis = select(compare("eq", iota([n, n], 0), iota([n, n], 1)), constant(1), constant(0));
  const { nodes, batched } = vmap(
    [concatenate(products, 0)],
    new Map([[direction.hash, basis]]),
    n,
  );
  return lead({ node: nodes[0]!, batched: batched[0]! }, n);
}
