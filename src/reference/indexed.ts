/**
 * Reference rules of the reductions, of access by index and of random bits.
 *
 * @module
 */
import { type Node, type OpOf, sizeOf, stridesOf } from "../tensor/node.ts";
import { randomKey, randomWord } from "../tensor/random.ts";
import type { Environment } from "./rule.ts";
import { forEachIndex } from "./structural.ts";
import { type Tensor, zeros } from "./tensor.ts";

/**
 * Sums in row-major order; maxima keep the first element unless a later one is strictly larger, so
 * ties take the first index and a NaN is kept only if it comes first.
 */
export function reduceRule(
  op: OpOf<"reduce">,
  node: Node,
  [x]: readonly Tensor[],
  { precision }: Environment,
): Tensor {
  const out = zeros(node.shape, node.dtype, precision);
  const outStrides = stridesOf(node.shape);
  // For each input axis: how far one step along it moves in the output, and in the reduced window.
  const window = stridesOf(op.axes.map((a) => x!.shape[a]!));
  let kept = 0;
  const outStep: number[] = [], windowStep: number[] = [];
  x!.shape.forEach((_, a) => {
    const reduced = op.axes.indexOf(a);
    outStep.push(reduced >= 0 ? 0 : outStrides[kept++]!);
    windowStep.push(reduced >= 0 ? window[reduced]! : 0);
  });
  const best = op.fn === "sum" ? [] : new Array<number | undefined>(out.data.length);
  forEachIndex(x!.shape, (flat, index) => {
    const value = x!.data[flat]!;
    let o = 0, w = 0;
    for (let a = 0; a < index.length; a++) {
      o += index[a]! * outStep[a]!;
      w += index[a]! * windowStep[a]!;
    }
    if (op.fn === "sum") {
      out.data[o]! += value;
      return;
    }
    const champion = best[o];
    if (champion === undefined || value > champion) {
      best[o] = value;
      out.data[o] = op.fn === "max" ? value : w;
    }
  });
  return out;
}

/** Rows of a table; an index beyond it takes the last row. */
export function gatherRule(
  _op: OpOf<"gather">,
  node: Node,
  [table, indices]: readonly Tensor[],
  { precision }: Environment,
): Tensor {
  const out = zeros(node.shape, node.dtype, precision);
  const rows = table!.shape[0]!, width = table!.data.length / rows;
  for (let i = 0; i < indices!.data.length; i++) {
    const row = Math.min(indices!.data[i]!, rows - 1);
    out.data.set(table!.data.subarray(row * width, (row + 1) * width), i * width);
  }
  return out;
}

/** Sums of updates by row, in order; an index beyond the rows is dropped. */
export function scatterAddRule(
  _op: OpOf<"scatterAdd">,
  node: Node,
  [indices, updates]: readonly Tensor[],
  env: Environment,
): Tensor {
  const out = zeros(node.shape, node.dtype, env.precision);
  const rows = node.shape[0]!, width = out.data.length / rows;
  for (let i = 0; i < indices!.data.length; i++) {
    const row = indices!.data[i]!;
    if (row >= rows) continue;
    for (let j = 0; j < width; j++) out.data[row * width + j]! += updates!.data[i * width + j]!;
  }
  return out;
}

/**
 * Random bits; a seed or step of shape [R] belongs to a leading replica axis of the result, which
 * the logical index of an element does not count.
 */
export function randomBitsRule(
  op: OpOf<"randomBits">,
  node: Node,
  [seed, step]: readonly Tensor[],
  { precision }: Environment,
): Tensor {
  const out = zeros(node.shape, node.dtype, precision);
  const replicas = Math.max(sizeOf(seed!.shape), sizeOf(step!.shape));
  const size = out.data.length / replicas;
  const at = (values: ArrayLike<number>, r: number) => values[values.length === 1 ? 0 : r]!;
  for (let r = 0; r < replicas; r++) {
    const key = randomKey(at(seed!.data, r), op.stream, at(step!.data, r));
    for (let i = 0; i < size; i++) out.data[r * size + i] = randomWord(key, i);
  }
  return out;
}
