/** What the target `js` promises: which roundings there are, and that no address is beyond its array. */
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { gelu } from "../../src/nn/activations.ts";
import { conv2d } from "../../src/nn/layers.ts";
import { mnistCnn } from "../../src/nn/models.ts";
import { averagePool2d, maxPool2d } from "../../src/nn/pooling.ts";
import { gradient } from "../../src/autodiff/vjp.ts";
import { classification } from "../../src/objective/classification.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import type { Plan } from "../../src/compiler/plan.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { add, input, matmul, mul, square, sum, unary } from "../../src/tensor/ops.ts";
import { SPARE_WORDS } from "../../kernels/syntax_js.ts";
import { erf } from "../../src/tensor/erf.ts";
import { planOf, programOf, right, run } from "../compiler/_run_plan.ts";
import { assert, assertEquals, assertGreater, assertLess, assertLessOrEqual } from "../_assert.ts";

const numbers = (n: number, factor: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(factor * (i + 1)));

Deno.test("a sum on js is that of double precision, rounded once", async () => {
  const n = 501;
  const a = numbers(n, 0.7), b = numbers(n, 1.3);
  const inputs = new Map([
    ["a@0", tensor(a, [1, n], "f32", "f32")],
    ["b@0", tensor(b, [n, 1], "f32", "f32")],
  ]);
  const x = input("a", [1, n]), y = input("b", [n, 1]);
  const [dot, total] = await run([matmul(x, y), sum(x)], inputs, "js");
  assertEquals(dot![0], Math.fround(a.reduce((s, v, i) => s + v * b[i]!, 0)));
  assertEquals(total![0], Math.fround(a.reduce((s, v) => s + v, 0)));
});

Deno.test("an operation on js that is no part of a sum is rounded by itself", async () => {
  const n = 100;
  const a = numbers(n, 0.7), b = numbers(n, 1.3), c = numbers(n, 2.1);
  const inputs = new Map(
    Object.entries({ a, b, c }).map(([name, v]) => [`${name}@0`, tensor(v, [n], "f32", "f32")]),
  );
  const [x, y, z] = ["a", "b", "c"].map((name) => input(name, [n]));
  const [got] = await run([add(mul(x!, y!), z!)], inputs, "js");
  assertEquals(
    [...got!],
    Array.from(a, (v, i) => Math.fround(Math.fround(v * b[i]!) + c[i]!)),
  );
});

Deno.test("erf on js is the nearest f32 to within one", async () => {
  const points = Float32Array.from({ length: 1201 }, (_, i) => (i - 600) / 100);
  const inputs = new Map([["x@0", tensor(points, [points.length], "f32", "f32")]]);
  const [got] = await run([unary("erf", input("x", [points.length]))], inputs, "js");
  points.forEach((v, i) => assertLessOrEqual(Math.abs(got![i]! - erf(v)), 2 ** -24 * Math.abs(v)));
});

/** Runs every kernel of a plan over arrays that throw where there is nothing, and counts their loads. */
function checkedLoads(plan: Plan): number {
  let loads = 0;
  const arrays = plan.buffers.map(({ words, label }) => {
    const checked = (data: Float32Array | Uint32Array) =>
      new Proxy(data, {
        get(target, key) {
          loads++;
          const value = (target as unknown as Record<string | symbol, number>)[key];
          const inside = Number(key) >= 0 && Number(key) < words + SPARE_WORDS;
          assert(inside, `${label}[${String(key)}] of ${words}`);
          return value;
        },
        set(target, key, value) {
          assert(Number(key) < words, `${label}[${String(key)}] of ${words}`);
          target[Number(key)] = value;
          return true;
        },
      });
    return [checked(new Float32Array(words)), checked(new Uint32Array(words))] as const;
  });
  for (const { source, bindings } of plan.kernels) {
    const names = bindings.flatMap((_, i) => [`f${i}`, `u${i}`]);
    new Function(...names, source)(...bindings.flatMap(({ buffer }) => arrays[buffer]!));
  }
  return loads;
}

Deno.test("kernels on js load nothing that is not there, and nothing that a padded edge rules out", () => {
  const x = input("x", [2, 3, 7, 7]), w = input("w", [4, 3, 3, 3]);
  for (const padding of [0, 1, 2]) {
    for (const stride of [1, 2]) {
      const y = conv2d(x, w, { stride, padding });
      const pooled = averagePool2d(gelu(y), { size: 2, stride: 1 });
      const most = maxPool2d(y, { size: 3, stride: 2, padding: 1 });
      const halved = maxPool2d(y, { size: 2 });
      // Windows that do not fill their axis.
      const loss = [most, halved].reduce((l, z) => add(l, sum(square(z))), sum(square(pooled)));
      assertGreater(checkedLoads(planOf(programOf([loss, ...gradient(loss, [x, w])]), "js")), 1000);
    }
  }
});

Deno.test("kernels of the CNN on js are short, and convert nothing within their sums", () => {
  const of = classification(mnistCnn({ dropout: false }), 60) as AnyObjective;
  for (const { label, source } of planOf(right(lower(of, sgd())), "js").kernels) {
    assertLess(source.length, 20_000, label);
    for (const line of source.split("\n").filter((l) => l.includes("+="))) {
      assert(!line.includes("fround"), `${label}: ${line}`);
    }
  }
});
