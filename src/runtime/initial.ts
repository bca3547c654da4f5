/**
 * The values of slots at the first step.
 *
 * @module
 */
import { failure } from "../errors.ts";
import type { Slot } from "../lowering/program.ts";
import { evaluate } from "../reference/evaluate.ts";
import { type Precision, type Tensor, tensor } from "../reference/tensor.ts";
import { sizeOf } from "../tensor/node.ts";
import { topological } from "../tensor/walk.ts";

/** Values given by the caller instead of the slot's own, by slot name. */
export type Overrides = ReadonlyMap<string, ArrayLike<number>>;

/** `values` for one copy or for all, laid out as `[copies, size]`. */
export function fitValues(
  path: string,
  values: ArrayLike<number>,
  size: number,
  copies: number,
): Float64Array {
  const out = new Float64Array(size * copies);
  if (values.length === out.length) out.set(values);
  else if (values.length === size) { for (let r = 0; r < copies; r++) out.set(values, r * size); }
  else {
    throw failure(
      "shape",
      path,
      `${values.length} values`,
      copies === 1 ? `${size} values` : `${size} values, or ${size * copies} for ${copies} copies`,
    );
  }
  return out;
}

/**
 * The first value of every slot as `[replicas, …shape]`; a graph is evaluated per replica over the
 * values that other slots have at the first step.
 */
export function initialValues(
  slots: readonly Slot[],
  replicas: number,
  overrides: Overrides,
  precision: Precision,
): ReadonlyMap<string, Float64Array> {
  const byName = new Map(slots.map((s) => [s.name, s]));
  const done = new Map<string, Float64Array>();
  const valueOf = (slot: Slot): Float64Array => {
    const known = done.get(slot.name);
    if (known !== undefined) return known;
    const size = sizeOf(slot.shape);
    const given = overrides.get(slot.name) ?? slot.initial ?? 0;
    let values: Float64Array;
    if (typeof given === "number") values = new Float64Array(size * replicas).fill(given);
    else if (!("op" in given)) values = fitValues(slot.name, given, size, replicas);
    else {
      values = new Float64Array(size * replicas);
      const needed = topological([given]).flatMap(({ op }) => {
        const other = op.kind === "input" ? byName.get(op.name) : undefined;
        return other === undefined ? [] : [other];
      });
      for (let r = 0; r < replicas; r++) {
        const inputs = new Map<string, Tensor>(needed.map((other) => {
          const n = sizeOf(other.shape);
          const copy = valueOf(other).subarray(r * n, (r + 1) * n);
          return [`${other.name}@0`, tensor(copy, other.shape, other.dtype, precision)];
        }));
        values.set(evaluate([given], inputs, { precision })[0]!.data, r * size);
      }
    }
    done.set(slot.name, values);
    return values;
  };
  for (const slot of slots) valueOf(slot);
  return done;
}
