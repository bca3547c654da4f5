import fc from "fast-check";
import { evaluate } from "../../src/reference/evaluate.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { type AffineMap, sizeOf } from "../../src/tensor/node.ts";
import * as t from "../../src/tensor/ops.ts";
import { assertAlmostEquals, assertEquals } from "../_assert.ts";

/** The meaning, literally: coordinates of every point of the domain, by recursion. */
function byDefinition(
  domain: readonly number[],
  tensors: readonly { shape: readonly number[]; values: readonly number[] }[],
  maps: readonly AffineMap[],
  output: AffineMap,
  shape: readonly number[],
): number[] {
  const out = new Array<number>(sizeOf(shape)).fill(0);
  const locate = (map: AffineMap, extents: readonly number[], point: readonly number[]) => {
    let flat = 0;
    for (let i = 0; i < map.length; i++) {
      const at = map[i]!.factors.reduce((s, f, k) => s + f * point[k]!, map[i]!.constant);
      if (at < 0 || at >= extents[i]!) return undefined;
      flat = flat * extents[i]! + at;
    }
    return flat;
  };
  const visit = (point: readonly number[]): void => {
    if (point.length < domain.length) {
      for (let i = 0; i < domain[point.length]!; i++) visit([...point, i]);
      return;
    }
    const o = locate(output, shape, point);
    const factors = tensors.map(({ shape, values }, i) => {
      const at = locate(maps[i]!, shape, point);
      return at === undefined ? undefined : values[at]!;
    });
    if (o === undefined || factors.includes(undefined)) return;
    out[o]! += factors.reduce<number>((p, f) => p * f!, 1);
  };
  visit([]);
  return out;
}

Deno.test("evaluate() contracts as the definition says for any maps, inside and outside", () => {
  const small = fc.integer({ min: 1, max: 4 });
  const form = (rank: number) =>
    fc.record({
      constant: fc.integer({ min: -2, max: 3 }),
      factors: fc.array(fc.integer({ min: -2, max: 2 }), { minLength: rank, maxLength: rank }),
    });
  const place = (rank: number) =>
    fc.array(small, { maxLength: 3 }).chain((shape) =>
      fc.record({
        shape: fc.constant(shape),
        map: fc.array(form(rank), { minLength: shape.length, maxLength: shape.length }),
        values: fc.array(fc.integer({ min: -3, max: 3 }), {
          minLength: sizeOf(shape),
          maxLength: sizeOf(shape),
        }),
      })
    );
  const problem = fc.array(small, { maxLength: 4 }).chain((domain) =>
    fc.record({
      domain: fc.constant(domain),
      tensors: fc.array(place(domain.length), { minLength: 1, maxLength: 2 }),
      output: place(domain.length),
    })
  );
  fc.assert(
    fc.property(problem, ({ domain, tensors, output }) => {
      const node = t.contraction(
        domain,
        tensors.map(({ shape }, i) => t.input(`x${i}`, shape)),
        tensors.map(({ map }) => map),
        output.map,
        output.shape,
      );
      const inputs = new Map(
        tensors.map(({ shape, values }, i) => [`x${i}@0`, tensor(values, shape)]),
      );
      const expected = byDefinition(
        domain,
        tensors,
        tensors.map(({ map }) => map),
        output.map,
        output.shape,
      ).map((v) => v + 0);
      for (const precision of ["f64", "f32"] as const) {
        const [found] = evaluate([node], inputs, { precision });
        assertEquals(Array.from(found!.data, (v) => v + 0), expected);
      }
    }),
    { seed: 3, numRuns: 500 },
  );
});

Deno.test("evaluate() multiplies matrices of odd sizes", () => {
  for (const [m, k, n] of [[1, 1, 1], [7, 5, 3], [1, 63, 2], [64, 65, 1]] as const) {
    const a = Array.from({ length: m * k }, (_, i) => (i * 7) % 11 - 5);
    const b = Array.from({ length: k * n }, (_, i) => (i * 5) % 13 - 6);
    const inputs = new Map([["a@0", tensor(a, [m, k])], ["b@0", tensor(b, [k, n])]]);
    const [found] = evaluate([t.matmul(t.input("a", [m, k]), t.input("b", [k, n]))], inputs);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let l = 0; l < k; l++) sum += a[i * k + l]! * b[l * n + j]!;
        assertEquals(found!.data[i * n + j]! + 0, sum + 0);
      }
    }
  }
});

Deno.test("evaluate() rounds each product and each partial sum in single precision", () => {
  const n = 500;
  const a = Float32Array.from({ length: n }, (_, i) => Math.sin(i + 1));
  const b = Float32Array.from({ length: n }, (_, i) => Math.cos(i * i));
  const inputs = new Map([["a@0", tensor(a, [1, n])], ["b@0", tensor(b, [n, 1])]]);
  const node = t.matmul(t.input("a", [1, n]), t.input("b", [n, 1]));
  let single = 0, double = 0;
  for (let i = 0; i < n; i++) {
    single = Math.fround(single + Math.fround(a[i]! * b[i]!));
    double += a[i]! * b[i]!;
  }
  assertEquals(evaluate([node], inputs, { precision: "f32" })[0]!.data[0], single);
  assertAlmostEquals(evaluate([node], inputs)[0]!.data[0]!, double, 1e-13);
});
