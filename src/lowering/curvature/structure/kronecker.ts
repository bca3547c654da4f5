/**
 * A factor for each axis of each tensor.
 *
 * @module
 */
import { symmetricEigen } from "../../../linalg/symmetric_eigen.ts";
import type { Kronecker } from "../../../optimizer/structure.ts";
import { type Node, type Shape, sizeOf } from "../../../tensor/node.ts";
import {
  binary,
  broadcast,
  compare,
  constant,
  matmul,
  mul,
  permute,
  reshape,
  select,
  slice,
  square,
  sum,
  transpose,
} from "../../../tensor/ops.ts";
import { flatten, type Space } from "../../arena.ts";
import { joinPath } from "../../../optimizer/walk.ts";
import type { Operator } from "../operator.ts";
import { identity } from "./full.ts";
import { withoutNoise } from "./noise.ts";
import type { StageView, StructureRule } from "./rule.ts";

/** The factor of one axis. */
interface Axis {
  readonly axis: number;
  readonly extent: number;
  /** Whether only the diagonal is kept. */
  readonly diagonal: boolean;
}

/** A tensor of the space with the axes that it has factors along. */
interface Factored {
  readonly path: string;
  readonly offset: number;
  readonly size: number;
  readonly shape: Shape;
  readonly axes: readonly Axis[];
}

/** The axes of a tensor; a number is a vector of one. */
function shapeOf(shape: Shape, { merge }: Kronecker): Shape {
  const [first = 1, ...rest] = shape;
  return merge === "trailing" && rest.length > 1 ? [first, sizeOf(rest)] : [first, ...rest];
}

/** Every tensor of a space. */
function tensorsOf(structure: Kronecker, { entries }: Space): Factored[] {
  return entries.map(({ path, offset, size, shape: own }) => {
    const shape = shapeOf(own, structure);
    const axes = shape.map((extent, axis): Axis => ({
      axis,
      extent,
      diagonal: extent === 1 || extent > structure.largest,
    }));
    return { path, offset, size, shape, axes };
  });
}

/** How many numbers are kept of an axis. */
const keptOf = ({ extent, diagonal }: Axis): number => diagonal ? extent : extent * extent;

/** What brings an axis to the front, and the rest behind it in order. */
function toFront(rank: number, axis: number): number[] {
  return [axis, ...Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis)];
}

/** A tensor as the matrix with an axis as its rows. */
function unfolded(x: Node, axis: number): Node {
  const rows = x.shape[axis]!;
  return reshape(permute(x, toFront(x.shape.length, axis)), [rows, sizeOf(x.shape) / rows]);
}

/** A matrix times a tensor along one axis. */
function along(matrix: Node, x: Node, axis: number): Node {
  const order = toFront(x.shape.length, axis);
  const front = reshape(matmul(matrix, unfolded(x, axis)), order.map((i) => x.shape[i]!));
  return permute(front, x.shape.map((_, i) => order.indexOf(i)));
}

/** L of an axis, or its diagonal, of k tensors one after the other. */
function gram(samples: Node, { axis, diagonal }: Axis): Node {
  const matrix = unfolded(samples, axis + 1);
  return diagonal ? sum(square(matrix), [1]) : matmul(matrix, transpose(matrix));
}

/** λ^p where λ > 0, else 0; NaN stays NaN. */
function positivePower(lambda: Node, p: number): Node {
  const none = compare("le", lambda, 0);
  return select(none, 0, binary("pow", select(none, 1, lambda), constant(p, lambda.shape)));
}

/** A tensor's basis and the powers of its eigenvalues. */
interface Eigenbasis {
  readonly tensor: Factored;
  /** By axis; those that keep a diagonal have none to turn. */
  readonly vectors: readonly { readonly axis: number; readonly q: Node }[];
  /** λ of each coordinate, flat. */
  readonly lambda: Node;
}

/** The eigenbasis of one tensor from where its factors begin in the statistic. */
function eigenbasisOf(
  structure: Kronecker,
  tensor: Factored,
  statistic: Node,
  start: number,
  { factor, stage: { solver } }: StageView,
): Eigenbasis {
  const { shape, path, axes, size } = tensor;
  const sweeps = solver?.kind === "eigen" ? solver.sweeps : undefined;
  const exponent = structure.exponent ?? 1 / shape.length;
  const vectors: { axis: number; q: Node }[] = [];
  let at = start, product = constant(1, shape);
  for (const one of axes) {
    const { axis, extent, diagonal } = one;
    const name = (what: string) => joinPath(path, axis, what);
    const kept = slice(statistic, [at], [at += keptOf(one)]);
    let values = kept;
    if (!diagonal) {
      const eigen = symmetricEigen(
        reshape(kept, [extent, extent]),
        sweeps === undefined ? {} : { sweeps },
      );
      vectors.push({ axis, q: factor(name("vectors"), eigen.vectors) });
      values = withoutNoise(eigen.values);
    }
    const powers = positivePower(factor(name("values"), values), exponent);
    product = mul(product, broadcast(powers, shape, [axis]));
  }
  return { tensor, vectors, lambda: reshape(product, [size]) };
}

/** A flat vector with every axis of every tensor multiplied by a matrix. */
function turned(x: Node, bases: readonly Eigenbasis[], matrix: (q: Node) => Node): Node {
  return flatten(bases.map(({ tensor: { offset, size, shape }, vectors }) =>
    vectors.reduce(
      (part, { axis, q }) => along(matrix(q), part, axis),
      reshape(slice(x, [offset], [offset + size]), shape),
    )
  ));
}

/** ⊗ᵢ Lᵢ^exponent in every tensor. */
export const kroneckerRule: StructureRule<"kronecker"> = {
  statistic: (structure, { rows }, { space }) => {
    if (rows === undefined) return undefined;
    const samples = rows(), count = samples.shape[0]!;
    return flatten(
      tensorsOf(structure, space).flatMap(({ offset, size, shape, axes }) => {
        const own = slice(samples, [0, offset], [count, offset + size]);
        return axes.map((axis) => gram(reshape(own, [count, ...shape]), axis));
      }),
    );
  },
  identity: (structure, { space }) =>
    flatten(
      tensorsOf(structure, space).flatMap(({ axes }) =>
        axes.map(({ extent, diagonal }) => diagonal ? constant(1, [extent]) : identity(extent))
      ),
    ),
  operator: (structure, statistic, view, { space }): Operator => {
    let start = 0;
    const bases = tensorsOf(structure, space).map((tensor) => {
      const basis = eigenbasisOf(structure, tensor, statistic, start, view);
      start += tensor.axes.reduce((kept, axis) => kept + keptOf(axis), 0);
      return basis;
    });
    return {
      coordinates: (u) => turned(u, bases, transpose),
      vector: (d) => turned(d, bases, (q) => q),
      spectrum: view.spectrum(flatten(bases.map(({ lambda }) => lambda))),
    };
  },
};
