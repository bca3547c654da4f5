/** The functions of the kernels: accuracy, conventions at special values, random bits. */
import { WGSL_FUNCTIONS } from "../../kernels/syntax_wgsl.ts";
import { assert, assertEquals } from "../_assert.ts";
import { relu } from "../../src/nn/activations.ts";
import { evaluate } from "../../src/reference/evaluate.ts";
import { type Tensor, tensor } from "../../src/reference/tensor.ts";
import type { Node, UnaryFn } from "../../src/tensor/node.ts";
import {
  binary,
  cast,
  compare,
  div,
  input,
  mul,
  randomBits,
  reduce,
  select,
  unary,
} from "../../src/tensor/ops.ts";
import { UNARY_FUNCTIONS } from "../../src/tensor/scalar.ts";
import { run, targets } from "../compiler/_run_plan.ts";

const given = (values: readonly number[]): ReadonlyMap<string, Tensor> =>
  new Map([["x@0", tensor(values, [values.length], "f32", "f32")]]);

/** Points between two bounds, dense at both signs of zero, as f32. */
function grid(low: number, high: number): number[] {
  const even = Array.from({ length: 400 }, (_, i) => low + (high - low) * i / 399);
  const tiny = [1e-3, 1e-5, 1e-10, 0.25, 0.2499, 0.35, 0.3499].flatMap((x) => [x, -x])
    .filter((x) => x >= low && x <= high);
  return [...even, ...tiny].map(Math.fround);
}

interface Accuracy {
  readonly fn: UnaryFn;
  readonly points: readonly number[];
  /** Allowed error relative to the value. */
  readonly relative: number;
}

const ACCURACY: readonly Accuracy[] = [
  { fn: "tanh", points: grid(-20, 20), relative: 1e-6 },
  { fn: "erf", points: grid(-6, 6), relative: 1e-6 },
  { fn: "expm1", points: grid(-10, 10), relative: 1e-6 },
  { fn: "log1p", points: grid(-0.9, 50), relative: 1e-6 },
];

for (const target of targets) {
  for (const { fn, points, relative } of ACCURACY) {
    Deno.test(`${fn} on ${target} is within ${relative} of double precision`, async () => {
      const x = input("x", [points.length]);
      const [got] = await run([unary(fn, x)], given(points), target);
      points.forEach((p, i) => {
        const wanted = UNARY_FUNCTIONS[fn](p);
        const apart = Math.abs(got![i]! - wanted) / Math.max(Math.abs(wanted), 1e-30);
        assert(
          wanted === got![i] || apart <= relative,
          `${fn}(${p}) is ${got![i]}, not ${wanted}: ${apart} apart`,
        );
      });
    });
  }

  Deno.test(`tanh and erf on ${target} stay at ±1 for large arguments`, async () => {
    const points = [20, 50, 100, 1e10, 3e38];
    const x = input("x", [2 * points.length]);
    const both = [...points, ...points.map((p) => -p)];
    for (const values of await run([unary("tanh", x), unary("erf", x)], given(both), target)) {
      assertEquals([...values], both.map(Math.sign));
    }
  });

  Deno.test(`div on ${target} by a literal zero is infinite, or NaN at zero`, async () => {
    const x = input("x", [3]);
    const [got] = await run([div(x, 0)], given([2, -2, 0]), target);
    assertEquals([...got!], [Infinity, -Infinity, NaN]);
  });

  Deno.test(`relu on ${target} has 0 at NaN`, async () => {
    const [got] = await run([relu(input("x", [4]))], given([NaN, -1, 0, 2]), target);
    assertEquals([...got!].map((v) => v + 0), [0, 0, 0, 2]);
  });

  Deno.test(`functions on ${target} of NaN are those of the oracle: none hides it`, async () => {
    const x = input("x", [9]);
    const values = [NaN, Infinity, -Infinity, 3e38, 0, -1, 2, -0.3, 40];
    const functions = [
      ...(["tanh", "erf", "sign", "exp", "expm1", "abs", "floor"] as const).map((fn) =>
        unary(fn, x)
      ),
      ...(["eq", "ne", "lt", "le", "gt", "ge"] as const).map((fn) =>
        cast(compare(fn, x, x), "f32")
      ),
      cast(cast(x, "bool"), "f32"),
    ];
    const expected = evaluate(functions, given(values), { precision: "f32" });
    (await run(functions, given(values), target)).forEach((got, k) => {
      const { op } = functions[k]!.op.kind === "cast" ? functions[k]!.inputs[0]! : functions[k]!;
      got.forEach((y, i) => {
        const wanted = expected[k]!.data[i]!;
        const near = Object.is(y, wanted) || Math.abs(y - wanted) <= 1e-6 * Math.abs(wanted);
        assert(near, `${JSON.stringify(op)} of ${values[i]} is ${y}, not ${wanted}`);
      });
    });
  });

  Deno.test(`pow on ${target} is that of the oracle for bases below and at 0, and for NaN`, async () => {
    const bases = [0, 1, -1, 2, -2, -0.5, 1.5, 1e-30, 1e30, NaN];
    const exponents = [0, 1, 2, 3, -1, -3, 17, 20, 0.5, -0.5, 2.5, NaN];
    const pairs = bases.flatMap((a) => exponents.map((b) => [a, b] as const));
    const [a, b] = ["a", "b"].map((name) => input(name, [pairs.length])) as [Node, Node];
    const slots = new Map([0, 1].map((k) => [
      `${"ab"[k]}@0`,
      tensor(pairs.map((pair) => pair[k]!), [pairs.length], "f32", "f32"),
    ]));
    const outputs = [binary("pow", a, b), ...exponents.map((e) => binary("pow", a, e))];
    const expected = evaluate(outputs, slots, { precision: "f32" });
    (await run(outputs, slots, target)).forEach((got, k) =>
      got.forEach((y, i) => {
        const wanted = expected[k]!.data[i]!, [base, exponent] = pairs[i]!;
        const tiny = Math.abs(wanted) < 2 ** -126 && Math.abs(y) < 2 ** -126;
        const near = Object.is(y, wanted) || Math.abs(y - wanted) <= 2e-5 * Math.abs(wanted);
        const by = k === 0 ? exponent : exponents[k - 1];
        assert(near || tiny, `${base} to the ${by} is ${y}, not ${wanted}`);
      })
    );
  });

  Deno.test(`isFinite on ${target} sees NaN and infinities, given and computed`, async () => {
    const x = input("x", [6]);
    const values = [NaN, Infinity, -Infinity, 3e38, 0, -1];
    const outputs = [
      unary("isFinite", x),
      unary("isFinite", mul(x, 10)),
      select(unary("isFinite", x), x, 0),
    ];
    const [own, tenfold, kept] = await run(outputs, given(values), target);
    assertEquals([...own!], [0, 0, 0, 1, 1, 1]);
    assertEquals([...tenfold!], [0, 0, 0, 0, 1, 1]);
    assertEquals(kept![5], -1);
    assertEquals([...kept!.slice(0, 3)], [0, 0, 0]);
  });

  Deno.test(`maxima on ${target} take the first of equal elements, across tiles`, async () => {
    for (const shape of [[2, 127], [9, 33], [64, 3], [3, 5, 7]]) {
      const x = input("x", shape);
      const size = shape.reduce((a, b) => a * b);
      const values = Array.from({ length: size }, (_, i) => (i * i) % 7);
      const inputs = new Map([["x@0", tensor(values, shape, "f32", "f32")]]);
      const outputs = [
        reduce("argmax", x),
        reduce("argmax", x, [0]),
        reduce("argmax", x, [shape.length - 1]),
        reduce("max", x),
      ];
      const got = await run(outputs, inputs, target);
      evaluate(outputs, inputs).forEach((w, i) =>
        assertEquals([...got[i]!], [...w.data], `${shape}`)
      );
    }
  });

  Deno.test(`max on ${target} of minus infinities is minus infinity`, async () => {
    const x = input("x", [40]);
    const [got] = await run([reduce("max", x)], given(Array(40).fill(-Infinity)), target);
    assertEquals(got![0], -Infinity);
  });

  Deno.test(`random bits on ${target} are those of the oracle, bit for bit`, async () => {
    const seed = input("key", [], "u32"), step = input("count", [], "u32");
    for (const [a, b] of [[0, 0], [1, 2], [4294967295, 2147483648], [123456789, 99]] as const) {
      const inputs = new Map([
        ["key@0", tensor([a], [], "u32", "f32")],
        ["count@0", tensor([b], [], "u32", "f32")],
      ]);
      const outputs = [
        randomBits(seed, step, 0, [65]),
        randomBits(seed, step, 4000000000, [3, 7]),
        binary("shiftRight", randomBits(seed, step, 1, [13]), 8),
        compare("lt", randomBits(seed, step, 1, [13]), 2 ** 31),
      ];
      const got = await run(outputs, inputs, target);
      evaluate(outputs, inputs).forEach((w, i) =>
        assertEquals([...got[i]!], [...w.data].map(Number), `seed ${a}, step ${b}`)
      );
    }
  });
}

Deno.test("WGSL_FUNCTIONS have no loops, which drivers unroll wherever a function is used", () => {
  for (const [name, source] of Object.entries(WGSL_FUNCTIONS)) {
    assert(!/\b(for|while|loop)\b/.test(source), name);
  }
});
