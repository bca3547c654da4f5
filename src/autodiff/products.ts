/**
 * Products with curvature matrices, none of which is ever formed: compositions of `jvp`, `vjp` and
 * `vmap`.
 *
 * @module
 */
import type { Node } from "../tensor/node.ts";
import { jvp } from "./jvp.ts";
import { gradient, vjp } from "./vjp.ts";

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
