import fc from "fast-check";
import { assertEquals } from "../_assert.ts";
import { contraction, input } from "../../src/tensor/ops.ts";
import type { Node } from "../../src/tensor/node.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { vjp } from "../../src/autodiff/vjp.ts";
import {
  convolution,
  type ConvolutionOptions,
  fillInputs,
  maxPool,
  run,
  windows,
} from "./_graphs.ts";
import { checkDerivatives } from "./_laws.ts";

const CASES: readonly (ConvolutionOptions & { readonly k: number; readonly size: number })[] = [
  { k: 3, size: 5 },
  { k: 3, size: 7, padding: 1 },
  { k: 3, size: 7, stride: 2, padding: 1 },
  { k: 2, size: 7, stride: 3 },
  { k: 3, size: 8, stride: 2, padding: 2, dilation: 2 },
  { k: 1, size: 5, stride: 2 },
  { k: 2, size: 5, groups: 2 },
  { k: 3, size: 6, stride: 2, padding: 1, groups: 4 },
];

for (const options of CASES) {
  Deno.test(`vjp() of a convolution is its adjoint with ${JSON.stringify(options)}`, () => {
    const { k, size, groups = 1 } = options;
    const x = input("x", [2, 4, size, size]), w = input("w", [4, 4 / groups, k, k]);
    const y = convolution(x, w, options);
    checkDerivatives([y], [x, w], fillInputs([y], new Map(), 3));
    const ct = input("ct", y.shape);
    const grads = vjp([y], [ct], [x, w]);
    const all = fillInputs(grads, new Map(), 4);
    checkDerivatives(grads, [ct, x, w], all, { tolerance: 1e-6 });
  });
}

Deno.test("vjp() of overlapping windows adds where they overlap and skips what none covers", () => {
  const x = input("x", [1, 1, 4, 4]);
  const y = windows(x, 2, 1);
  const [g] = vjp([y], [input("ct", y.shape)], [x]);
  const [value] = run([g!], new Map([[input("ct", y.shape), tensor(1, y.shape)]]));
  assertEquals(Array.from(value!.data), [1, 2, 2, 1, 2, 4, 4, 2, 2, 4, 4, 2, 1, 2, 2, 1]);
  const z = windows(x, 3, 2);
  checkDerivatives([z, maxPool(x, 3, 1)], [x], fillInputs([z], new Map(), 8));
});

Deno.test("vjp() of contractions with any affine maps is their adjoint", () => {
  const map = (rank: number) =>
    fc.array(
      fc.record({
        constant: fc.integer({ min: -2, max: 2 }),
        factors: fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 3, maxLength: 3 }),
      }),
      { minLength: rank, maxLength: rank },
    );
  const shape = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 });
  const graph = fc.tuple(shape, shape, shape, fc.integer({ min: 1, max: 1000 })).chain((
    [a, b, out, seed],
  ) =>
    fc.tuple(map(a.length), map(b.length), map(out.length)).map(([ma, mb, mo]) => ({
      a,
      b,
      out,
      seed,
      ma,
      mb,
      mo,
    }))
  );
  fc.assert(
    fc.property(graph, ({ a, b, out, seed, ma, mb, mo }) => {
      const x = input("x", a), y = input("y", b);
      const node: Node = contraction([2, 3, 2], [x, y], [ma, mb], mo, out);
      checkDerivatives([node], [x, y], fillInputs([node], new Map(), seed), { seed });
    }),
    { seed: 5, numRuns: 150 },
  );
});
