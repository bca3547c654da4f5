/**
 * The tensors of a batch: what a person writes, and what it means.
 *
 * @module
 */
import { type Issue, issue } from "../errors.ts";
import { show } from "../errors/words.ts";
import { checkShape, show as showShape } from "../tensor/check.ts";
import type { DType, Shape } from "../tensor/node.ts";

/** A tensor of the batch. */
export interface TensorSlot {
  /** Its extents, the examples first. */
  readonly shape: Shape;
  /** Its element type: f32 for inputs, u32 for labels and indices. */
  readonly dtype: DType;
}

/** Tensors of the batch by name: a shape means f32. */
export type BatchSpecification = Readonly<Record<string, Shape | TensorSlot>>;

/** The batch `B`, with every element type known. */
export type Slots<B> = { readonly [K in keyof B]: TensorSlot };

const DTYPES: ReadonlySet<unknown> = new Set<DType>(["f32", "u32", "bool"]);

/** A u32 tensor of the batch, for labels and indices. */
export function u32(shape: Shape): TensorSlot {
  checkShape("u32", shape);
  return { shape, dtype: "u32" };
}

function isShape(slot: Shape | TensorSlot): slot is Shape {
  return Array.isArray(slot);
}

/** Every element type filled in; the likelihood's label has the type that it says. */
export function batchSlots<B extends BatchSpecification>(
  specification: B,
  label: { readonly name: string; readonly dtype: DType } | undefined,
  issues: Issue[],
): Slots<B> {
  const slots = Object.entries(specification).map(([name, given]): [string, TensorSlot] => {
    const slot = isShape(given) ? { shape: given, dtype: "f32" as const } : { ...given };
    const { shape, dtype } = slot;
    const ok = name !== "" && Array.isArray(shape) && DTYPES.has(dtype) &&
      shape.every((d) => Number.isInteger(d) && d >= 1);
    if (!ok) {
      issues.push(
        issue(
          `batch/${name}`,
          isShape(given) ? showShape(given) : show(given),
          "a shape of positive integers, or u32(shape)",
        ),
      );
    }
    if (label?.name !== name) return [name, slot];
    if (!isShape(given) && given?.dtype !== label.dtype) {
      issues.push(
        issue(`batch/${name}`, show(given?.dtype), `${label.dtype}, as the likelihood needs`),
      );
    }
    return [name, { shape, dtype: label.dtype }];
  });
  if (label !== undefined && !Object.hasOwn(specification, label.name)) {
    const known = Object.keys(specification).join(", ") || "an empty batch";
    issues.push(issue("likelihood", `label "${label.name}"`, `a tensor of the batch: ${known}`));
  }
  return Object.fromEntries(slots) as Slots<B>;
}
