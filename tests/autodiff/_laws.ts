/** The laws that every derivative must satisfy, at given values. */

import { input } from "../../src/tensor/ops.ts";
import type { Node } from "../../src/tensor/node.ts";
import type { Tensor } from "../../src/reference/tensor.ts";
import { jvp } from "../../src/autodiff/jvp.ts";
import { vjp } from "../../src/autodiff/vjp.ts";
import { assertAlmostEquals } from "../_assert.ts";
import { difference, inner, randomTensor, run, stream, type Values } from "./_graphs.ts";

/** Asserts that two lists of tensors agree, relative to the largest value. */
export function assertClose(
  actual: readonly Tensor[],
  expected: readonly Tensor[],
  tolerance: number,
  message: string,
): void {
  let scale = 1;
  expected.forEach((t) => t.data.forEach((v) => scale = Math.max(scale, Math.abs(v))));
  actual.forEach((t, i) =>
    t.data.forEach((v, j) =>
      assertAlmostEquals(v, expected[i]!.data[j]!, tolerance * scale, `${message} ${i}[${j}]`)
    )
  );
}

/** Asserts jvp = central difference and ⟨J·v, w⟩ = ⟨v, Jᵀ·w⟩ in random directions. */
export function checkDerivatives(
  outputs: readonly Node[],
  wrt: readonly Node[],
  values: Values,
  options: { readonly seed?: number; readonly tolerance?: number; readonly smooth?: boolean } = {},
): void {
  const { seed = 7, tolerance = 1e-7, smooth = true } = options;
  const next = stream(seed);
  const tangents = wrt.map((x, i) => input(`tangent${i}`, x.shape));
  const cotangents = outputs.map((x, i) => input(`cotangent${i}`, x.shape));
  const v = tangents.map((t) => randomTensor(next, t.shape));
  const w = cotangents.map((t) => randomTensor(next, t.shape));
  const all = new Map([
    ...values,
    ...tangents.map((t, i) => [t, v[i]!] as const),
    ...cotangents.map((t, i) => [t, w[i]!] as const),
  ]);
  const forward = run(jvp(outputs, wrt, tangents), all);
  const backward = run(vjp(outputs, cotangents, wrt), all);
  const left = inner(forward, w), right = inner(v, backward);
  assertAlmostEquals(left, right, 1e-9 * Math.max(1, Math.abs(left)), "adjoint identity");
  if (smooth) {
    const numeric = difference(outputs, values, new Map(wrt.map((x, i) => [x, v[i]!])));
    assertClose(forward, numeric, tolerance, "tangent against difference");
  }
}
