/**
 * A contraction as a matrix product of a weight with rows of what it meets: which axes of the domain are
 * units, which are features, and which only count rows.
 *
 * @module
 */
import {
  type Affine,
  type AffineMap,
  type Node,
  type OpOf,
  type Shape,
  sizeOf,
} from "../../tensor/node.ts";
import { contraction, permute, reshape } from "../../tensor/ops.ts";

/** s[row, unit] = Σ over features of a[row, feature]·w[unit, feature]. */
export interface Product {
  /** The contraction, s. */
  readonly node: Node;
  /** Which of its inputs is the weight. */
  readonly weight: number;
  /** Axes of the domain, in the order in which s has them. */
  readonly rows: readonly number[];
  /** Axes of the domain, in the order in which s has them. */
  readonly units: readonly number[];
  /** Axes of the domain, in the order in which the weight has them. */
  readonly features: readonly number[];
}

/** The axis of the domain that a coordinate is, along its whole extent; undefined where it is no such axis. */
function axisOf({ constant, factors }: Affine, extent: number, domain: Shape): number | undefined {
  const axes = factors.flatMap((f, axis) => f === 0 ? [] : [axis]);
  const [axis] = axes;
  const whole = constant === 0 && axes.length === 1 && factors[axis!] === 1 &&
    domain[axis!] === extent;
  return whole ? axis : undefined;
}

/** One axis of the domain for each dimension of a tensor; undefined where it is addressed in another way. */
function axesOf(map: AffineMap, shape: Shape, domain: Shape): readonly number[] | undefined {
  const axes = map.map((affine, i) => axisOf(affine, shape[i]!, domain));
  return axes.includes(undefined) || new Set(axes).size < axes.length
    ? undefined
    : axes as readonly number[];
}

/** A contraction as a product with its input `weight`; a text that says why it is none. */
export function productOf(node: Node, weight: number): Product | string {
  const { domain, maps, output } = node.op as OpOf<"contraction">;
  if (maps.length < 2) return "is summed alone";
  const ofWeight = axesOf(maps[weight]!, node.inputs[weight]!.shape, domain);
  const ofNode = axesOf(output, node.shape, domain);
  if (ofWeight === undefined || ofNode === undefined) {
    return "meets its inputs in groups or windows";
  }
  const units = ofNode.filter((axis) => ofWeight.includes(axis));
  const known = new Set([...ofWeight, ...ofNode]);
  const shared = maps[1 - weight]!.some(({ factors }) => units.some((axis) => factors[axis] !== 0));
  if (shared) return "meets each of its inputs in one unit only";
  if (domain.some((extent, axis) => extent > 1 && !known.has(axis))) {
    return "meets a sum of its inputs";
  }
  return {
    node,
    weight,
    rows: ofNode.filter((axis) => !ofWeight.includes(axis)),
    units,
    features: ofWeight.filter((axis) => !units.includes(axis)),
  };
}

/** How many values some axes of the domain have together. */
export function extentOf({ node }: Product, axes: readonly number[]): number {
  const { domain } = node.op as OpOf<"contraction">;
  return sizeOf(axes.map((axis) => domain[axis]!));
}

/** A tensor that is addressed by single axes as the matrix [first, second]. */
function asMatrix(
  x: Node,
  axes: readonly number[],
  first: readonly number[],
  second: readonly number[],
): Node {
  const ordered = permute(x, [...first, ...second].map((axis) => axes.indexOf(axis)));
  const extents = ordered.shape;
  return reshape(ordered, [
    sizeOf(extents.slice(0, first.length)),
    sizeOf(extents.slice(first.length)),
  ]);
}

/** A tensor of the shape of s as [rows, units]. */
export function rowsOfOutput({ node, rows, units }: Product, x: Node): Node {
  const { domain, output } = node.op as OpOf<"contraction">;
  return asMatrix(x, axesOf(output, node.shape, domain)!, rows, units);
}

/** A tensor of the shape of the weight as [units, features]. */
export function weightMatrix({ node, weight, units, features }: Product, x: Node): Node {
  const { domain, maps } = node.op as OpOf<"contraction">;
  return asMatrix(x, axesOf(maps[weight]!, x.shape, domain)!, units, features);
}

/** The tensor of the shape of the weight whose matrix is [units, features]. */
export function weightOfMatrix({ node, weight, units, features }: Product, matrix: Node): Node {
  const { domain, maps } = node.op as OpOf<"contraction">;
  const axes = axesOf(maps[weight]!, node.inputs[weight]!.shape, domain)!;
  const ordered = [...units, ...features];
  const whole = reshape(matrix, ordered.map((axis) => domain[axis]!));
  return permute(whole, axes.map((axis) => ordered.indexOf(axis)));
}

/** The axes by which what the weight meets is addressed, if it is no more than rows of features: no windows. */
function axesMet({ node, weight, rows, features }: Product): readonly number[] | undefined {
  const { domain, maps } = node.op as OpOf<"contraction">;
  const axes = axesOf(maps[1 - weight]!, node.inputs[1 - weight]!.shape, domain);
  return axes?.length === rows.length + features.length ? axes : undefined;
}

/** Whether the weight meets windows, which overlap. */
export function meetsWindows(product: Product): boolean {
  return axesMet(product) === undefined;
}

/** What the weight meets, as [rows, features]: the windows of a convolution side by side, zeros where one is outside. */
export function rowsOfInput(product: Product): Node {
  const { node, weight, rows, features } = product;
  const { domain, maps } = node.op as OpOf<"contraction">;
  const x = node.inputs[1 - weight]!, map = maps[1 - weight]!;
  const kept = [...rows, ...features];
  const axes = axesMet(product);
  if (axes !== undefined) return asMatrix(x, axes, rows, features);
  const extents = kept.map((axis) => domain[axis]!);
  const own = ({ constant, factors }: Affine): Affine => ({
    constant,
    factors: kept.map((axis) => factors[axis]!),
  });
  const each = kept.map((_, i): Affine => ({
    constant: 0,
    factors: kept.map((_, j) => i === j ? 1 : 0),
  }));
  const windows = contraction(extents, [x], [map.map(own)], each, extents);
  return reshape(windows, [
    sizeOf(extents.slice(0, rows.length)),
    sizeOf(extents.slice(rows.length)),
  ]);
}

/**
 * What the weight meets as a sum over rows of products of so many of its features, [features, …]: the windows of
 * a convolution are read where they are, and not put side by side.
 */
export function momentOfInput({ node, weight, rows, features }: Product, order: 1 | 2): Node {
  const { domain, maps } = node.op as OpOf<"contraction">;
  const x = node.inputs[1 - weight]!, extents = features.map((axis) => domain[axis]!);
  const copies = Array.from({ length: order }, (_, i) => i), size = sizeOf(extents);
  const whole = [...rows.map((axis) => domain[axis]!), ...copies.flatMap(() => extents)];
  /** The coordinates of x at a row and the features of one copy. */
  const seen = (copy: number): AffineMap =>
    maps[1 - weight]!.map(({ constant, factors }) => ({
      constant,
      factors: [
        ...rows.map((axis) => factors[axis]!),
        ...copies.flatMap((i) => features.map((axis) => i === copy ? factors[axis]! : 0)),
      ],
    }));
  const kept = whole.flatMap((_, i): Affine[] =>
    i < rows.length ? [] : [{ constant: 0, factors: whole.map((_, j) => i === j ? 1 : 0) }]
  );
  const moment = contraction(
    whole,
    copies.map(() => x),
    copies.map(seen),
    kept,
    whole.slice(rows.length),
  );
  return reshape(moment, copies.map(() => size));
}
