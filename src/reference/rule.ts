/**
 * What a rule of the reference evaluator is.
 *
 * @module
 */
import type { Node, OpKind, OpOf } from "../tensor/node.ts";
import type { Precision, Tensor } from "./tensor.ts";

/** Where a graph is evaluated. */
export interface Environment {
  readonly precision: Precision;
  /** The values of input nodes, by `name@version`. */
  readonly inputs: ReadonlyMap<string, Tensor>;
  /** All carried values of loops already run, by the hashes of the arguments. */
  readonly loops: WeakMap<object, Map<string, readonly Tensor[]>>;
}

/** How the value of a node follows from those of its inputs. */
export type Rule<K extends OpKind> = (
  op: OpOf<K>,
  node: Node,
  inputs: readonly Tensor[],
  environment: Environment,
) => Tensor;
