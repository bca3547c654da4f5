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

/** Values of a slot: for each replica, or once if they are shared. */
export type SlotValues = Float64Array | Float32Array | Uint32Array;

function isTyped(values: ArrayLike<number>): values is SlotValues {
  return values instanceof Float64Array || values instanceof Float32Array ||
    values instanceof Uint32Array;
}

/**
 * `values` for one copy or for all, laid out as `[copies, size]`. Typed arrays of the right length,
 * which may be whole data sets, are not copied.
 */
export function fitValues(
  path: string,
  values: ArrayLike<number>,
  size: number,
  copies: number,
): SlotValues {
  if (isTyped(values) && values.length === size * copies) return values;
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
 * The first value of every slot, `[replicas, …shape]` if it is per replica; a graph is evaluated per
 * replica over the values that other slots have at the first step.
 */
export function initialValues(
  slots: readonly Slot[],
  replicas: number,
  overrides: Overrides,
  precision: Precision,
): ReadonlyMap<string, SlotValues> {
  const byName = new Map(slots.map((s) => [s.name, s]));
  const done = new Map<string, SlotValues>();
  const copiesOf = (slot: Slot) => slot.perReplica ? replicas : 1;
  const valueOf = (slot: Slot): SlotValues => {
    const known = done.get(slot.name);
    if (known !== undefined) return known;
    const size = sizeOf(slot.shape);
    const given = overrides.get(slot.name) ?? slot.initial ?? 0;
    const copies = copiesOf(slot);
    let values: SlotValues;
    if (typeof given === "number") values = new Float64Array(size * copies).fill(given);
    else if (!("op" in given)) values = fitValues(slot.name, given, size, copies);
    else {
      values = new Float64Array(size * copies);
      const needed = topological([given]).flatMap(({ op }) => {
        const other = op.kind === "input" ? byName.get(op.name) : undefined;
        return other === undefined ? [] : [other];
      });
      for (let r = 0; r < copies; r++) {
        const inputs = new Map<string, Tensor>(needed.map((other) => {
          const n = sizeOf(other.shape);
          const at = other.perReplica ? r * n : 0;
          const copy = valueOf(other).subarray(at, at + n);
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
