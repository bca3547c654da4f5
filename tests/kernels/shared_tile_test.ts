/** Products in workgroup memory, as a real GPU gets them, on whatever adapter there is. */
import { assert, assertEquals } from "../_assert.ts";
import { relu } from "../../src/nn/activations.ts";
import { evaluate } from "../../src/reference/evaluate.ts";
import { tensor } from "../../src/reference/tensor.ts";
import type { Node } from "../../src/tensor/node.ts";
import { add, broadcast, input, matmul, slice } from "../../src/tensor/ops.ts";
import { distance } from "../compiler/_compare.ts";
import { planOf, programOf, run, targets } from "../compiler/_run_plan.ts";

const wave = (n: number, k: number) => Array.from({ length: n }, (_, i) => Math.sin(k * i + 1));

/** Kernels with workgroup memory. */
function shared(output: Node, kind: "cpu" | "gpu"): number {
  const { kernels } = planOf(programOf([output]), "wgsl", 1, { kind });
  return kernels.filter(({ source }) => source.includes("var<workgroup>")).length;
}

const square = (n: number): Node => matmul(input("a", [n, n]), input("b", [n, n]));

Deno.test("chooseTile() gives large products of a real GPU workgroup memory, and others none", () => {
  assertEquals(shared(square(512), "gpu"), 1);
  assertEquals(shared(square(2048), "gpu"), 1);
  assertEquals(shared(square(256), "gpu"), 0);
  assertEquals(shared(square(2048), "cpu"), 0);
});

Deno.test("chooseTile() gives the threads of larger products more elements", () => {
  const [small, large] = [512, 4096].map((n) =>
    planOf(programOf([square(n)]), "wgsl", 1, { kind: "gpu" }).kernels[0]!.workgroupSize
  );
  assertEquals([small, large], [256, 64]);
});

for (const [m, k, n] of [[515, 521, 530], [2050, 65, 1030]] as const) {
  Deno.test({
    name: `writeTiled() multiplies ${m}×${k} by ${k}×${n} in workgroup memory as the oracle does`,
    ignore: !targets.includes("wgsl"),
    fn: async () => {
      const a = input("a", [m, k]), b = input("b", [k, n]), c = input("c", [n]);
      const product = relu(add(matmul(a, b), broadcast(c, [m, n], [1])));
      const values = [a, b, c].map((x, i) => {
        const size = x.shape.reduce((all, d) => all * d, 1);
        return tensor(wave(size, 0.3 + i), x.shape, "f32", "f32");
      });
      const inputs = new Map(["a@0", "b@0", "c@0"].map((name, i) => [name, values[i]!]));
      assertEquals(shared(product, "gpu"), 1);
      const [got] = await run([product], inputs, "wgsl", { kind: "gpu" });
      // The oracle takes its time: the first rows, and the last ones.
      for (const first of [0, m - 5]) {
        const rows = slice(a, [first, 0], [first + 5, k]);
        const some = relu(add(matmul(rows, b), broadcast(c, [5, n], [1])));
        const want = evaluate([some], inputs)[0]!.data;
        const apart = distance(got!.subarray(first * n, (first + 5) * n), want);
        assert(apart <= 2e-5, `rows from ${first} are ${apart} apart`);
      }
    },
  });
}
