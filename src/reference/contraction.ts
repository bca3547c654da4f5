/**
 * The reference rule of the contraction: one loop over the domain.
 *
 * The address of each tensor is an affine function of the domain, so it moves by a constant along
 * each axis; only coordinates that can leave their tensor are checked.
 *
 * @module
 */
import {
  type AffineMap,
  type Node,
  type OpOf,
  type Shape,
  sizeOf,
  stridesOf,
} from "../tensor/node.ts";
import type { Environment } from "./rule.ts";
import { type Tensor, zeros } from "./tensor.ts";

/** An affine form of the domain with its current value, and the extent it has to stay below. */
interface Coordinate {
  readonly steps: readonly number[];
  readonly extent: number;
  value: number;
}

function address(map: AffineMap, shape: Shape, rank: number): Coordinate {
  const strides = stridesOf(shape);
  return {
    value: map.reduce((sum, a, i) => sum + a.constant * strides[i]!, 0),
    steps: Array.from(
      { length: rank },
      (_, axis) => map.reduce((sum, a, i) => sum + (a.factors[axis] ?? 0) * strides[i]!, 0),
    ),
    extent: sizeOf(shape),
  };
}

/** The coordinates of a map that leave the tensor somewhere in the domain. */
function leaving(map: AffineMap, shape: Shape, domain: Shape): Coordinate[] {
  return map.flatMap((a, i) => {
    let low = a.constant, high = a.constant;
    a.factors.forEach((f, axis) => {
      const reach = f * (domain[axis]! - 1);
      if (reach < 0) low += reach;
      else high += reach;
    });
    const steps = domain.map((_, axis) => a.factors[axis] ?? 0);
    return low >= 0 && high < shape[i]! ? [] : [{ value: a.constant, steps, extent: shape[i]! }];
  });
}

function accumulate(
  out: Tensor["data"],
  a: Tensor["data"],
  b: Tensor["data"] | undefined,
  count: number,
  at: readonly [number, number, number],
  step: readonly [number, number, number],
  single: boolean,
): void {
  let o = at[0], i = at[1], j = at[2];
  const so = step[0], si = step[1], sj = step[2];
  if (b === undefined) {
    for (let n = 0; n < count; n++, o += so, i += si) out[o]! += a[i]!;
  } else if (single) {
    for (let n = 0; n < count; n++, o += so, i += si, j += sj) {
      out[o]! += Math.fround(a[i]! * b[j]!);
    }
  } else if (so === 0) {
    let sum = out[o]!;
    for (let n = 0; n < count; n++, i += si, j += sj) sum += a[i]! * b[j]!;
    out[o] = sum;
  } else {
    for (let n = 0; n < count; n++, o += so, i += si, j += sj) out[o]! += a[i]! * b[j]!;
  }
}

/** Products summed over a domain, in its row-major order; points outside contribute nothing. */
export function contractionRule(
  op: OpOf<"contraction">,
  node: Node,
  inputs: readonly Tensor[],
  { precision }: Environment,
): Tensor {
  const out = zeros(node.shape, node.dtype, precision);
  const domain = op.domain.length === 0 ? [1] : op.domain;
  const last = domain.length - 1;
  const places = [
    address(op.output, node.shape, domain.length),
    ...op.maps.map((m, i) => address(m, inputs[i]!.shape, domain.length)),
  ];
  if (places.length === 2) places.push(address([], [], domain.length));
  const [o, i, j] = places as [Coordinate, Coordinate, Coordinate];
  const checked = [
    ...leaving(op.output, node.shape, domain),
    ...op.maps.flatMap((m, k) => leaving(m, inputs[k]!.shape, domain)),
  ];
  const moving = [...places, ...checked];
  const steps = [o.steps[last]!, i.steps[last]!, j.steps[last]!] as const;
  const index = domain.map(() => 0);
  const rows = sizeOf(domain) / domain[last]!;
  for (let row = 0; row < rows; row++) {
    // The part of the innermost axis where every coordinate is inside.
    let from = 0, to = domain[last]!;
    for (const c of checked) {
      const f = c.steps[last]!;
      if (f === 0) {
        if (c.value < 0 || c.value >= c.extent) to = 0;
      } else {
        const zero = -c.value / f, end = (c.extent - 1 - c.value) / f;
        from = Math.max(from, Math.ceil(Math.min(zero, end)));
        to = Math.min(to, Math.floor(Math.max(zero, end)) + 1);
      }
    }
    if (from < to) {
      accumulate(
        out.data,
        inputs[0]!.data,
        inputs[1]?.data,
        to - from,
        [o.value + from * steps[0], i.value + from * steps[1], j.value + from * steps[2]],
        steps,
        precision === "f32",
      );
    }
    for (let axis = last - 1; axis >= 0; axis--) {
      index[axis]!++;
      const wraps = index[axis] === domain[axis];
      const by = wraps ? 1 - domain[axis]! : 1;
      for (const c of moving) c.value += by * c.steps[axis]!;
      if (!wraps) break;
      index[axis] = 0;
    }
  }
  return out;
}
