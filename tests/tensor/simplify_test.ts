import fc from "fast-check";
import { evaluate } from "../../src/reference/evaluate.ts";
import { tensor } from "../../src/reference/tensor.ts";
import type { Node } from "../../src/tensor/node.ts";
import type { TensorLike } from "../../src/tensor/primitives.ts";
import * as t from "../../src/tensor/ops.ts";
import { print } from "../../src/tensor/print.ts";
import { simplify } from "../../src/tensor/simplify.ts";
import { verify } from "../../src/tensor/verify.ts";
import { topological } from "../../src/tensor/walk.ts";
import { assert, assertEquals } from "../_assert.ts";
import { randomGraph } from "./_random_graphs.ts";

const x = t.input("x", [3, 5]), y = t.input("y", [3, 5]);
const flag = t.input("flag", [3, 5], "bool"), word = t.input("word", [4], "u32");

function becomes(found: Node, expected: Node): void {
  assertEquals(print(simplify([found])), print([expected]));
}

Deno.test("simplify() removes neutral elements", () => {
  for (const n of [t.add(x, 0), t.add(0, x), t.sub(x, 0), t.mul(x, 1), t.mul(1, x), t.div(x, 1)]) {
    becomes(n, x);
  }
  becomes(t.mul(x, 0), t.constant(0, [3, 5]));
  becomes(t.sub(0, x), t.neg(x));
  becomes(t.mul(-1, x), t.neg(x));
  becomes(t.neg(t.neg(x)), x);
  becomes(t.unary("not", t.unary("not", flag)), flag);
  becomes(t.unary("stop", x), x);
});

Deno.test("simplify() leaves u32 alone where f32 rules would be wrong", () => {
  const minus = t.sub(t.constant(0, [4], "u32"), word);
  becomes(minus, minus);
});

Deno.test("simplify() folds constants", () => {
  becomes(t.exp(t.add(t.constant(1, [2]), t.constant(-1, [2]))), t.constant(1, [2]));
  becomes(
    t.sub(t.constant(1, [], "u32"), t.constant(2, [], "u32")),
    t.constant(4294967295, [], "u32"),
  );
  becomes(t.select(t.compare("lt", t.constant(1, [3, 5]), 2), x, y), x);
  becomes(t.select(t.compare("gt", t.constant(1, [3, 5]), 2), x, y), y);
  becomes(t.select(flag, x, x), x);
  becomes(t.mul(t.mul(x, 4), 0.5), t.mul(x, 2));
  becomes(t.mul(t.neg(x), 3), t.mul(x, -3));
  becomes(t.sum(t.constant(0.5, [3, 5]), [0]), t.constant(1.5, [5]));
  becomes(t.cast(t.constant(2.75, []), "u32"), t.constant(2, [], "u32"));
  becomes(t.constant([2, 2, 2]), t.constant(2, [3]));
});

Deno.test("simplify() keeps a product of constants that single precision cannot hold", () => {
  const n = t.mul(t.mul(x, 1e-25), 1e-25);
  becomes(n, n);
});

Deno.test("simplify() merges what only moves values", () => {
  becomes(t.permute(t.permute(x, [1, 0]), [1, 0]), x);
  const wide = t.broadcast(t.broadcast(x, [3, 2, 5], [0, 2]), [7, 3, 2, 5], [1, 2, 3]);
  becomes(wide, t.broadcast(x, [7, 3, 2, 5], [1, 3]));
  becomes(t.slice(t.pad(x, [1, 0], [2, 3], [1, 2]), [1, 0], [6, 13], [2, 3]), x);
  becomes(
    t.slice(t.slice(x, [1, 0], [3, 5], [1, 2]), [1, 1], [2, 3]),
    t.slice(x, [2, 2], [3, 5], [
      1,
      2,
    ]),
  );
  becomes(
    t.pad(t.pad(x, [1, 0], [0, 1], [1, 0]), [2, 1], [0, 0]),
    t.pad(x, [3, 1], [0, 1], [1, 0]),
  );
  becomes(t.reshape(t.permute(t.reshape(x, [3, 1, 5]), [1, 0, 2]), [3, 5]), x);
  becomes(t.permute(t.constant(3, [2, 7]), [1, 0]), t.constant(3, [7, 2]));
});

Deno.test("simplify() keeps a slice that does not take back just what was padded", () => {
  const padded = t.pad(x, [1, 0], [1, 0]);
  for (const start of [0, 2]) {
    const n = t.slice(padded, [start, 0], [start + 3, 5]);
    becomes(n, n);
  }
});

Deno.test("simplify() reduces the sums of sums and of broadcasts", () => {
  const z = t.input("z", [2, 3, 4, 5]);
  becomes(t.sum(t.sum(z, [1]), [0, 2]), t.sum(z, [0, 1, 3]));
  becomes(t.sum(t.broadcast(x, [3, 6, 5], [0, 2]), [1]), t.mul(x, 6));
  becomes(t.sum(t.broadcast(x, [3, 6, 5], [0, 2])), t.mul(t.sum(x), 6));
  becomes(t.reduce("max", t.broadcast(x, [3, 6, 5], [0, 2]), [1]), x);
  becomes(t.sum(t.reshape(x, [1, 3, 5]), [0]), x);
});

const label = t.input("label", [3], "u32"), gain = t.input("gain", [3]);
const atLabel = t.compare("eq", t.iota([3, 5], 1), t.broadcast(label, [3, 5], [0]));
const chosen = (a: TensorLike) => t.select(atLabel, a, 0);

Deno.test("simplify() takes the only term of a sum over what a label chooses", () => {
  const known = t.compare("lt", label, 5);
  becomes(t.sum(chosen(0.5), [1]), t.select(known, t.constant(0.5, [3]), 0));
  const gains = t.broadcast(gain, [3, 5], [0]);
  const twice = t.mul(t.exp(gain), 2);
  becomes(t.sum(chosen(t.mul(t.exp(gains), 2)), [1]), t.select(known, twice, 0));
  becomes(t.sum(t.neg(chosen(gains)), [1]), t.neg(t.select(known, gain, 0)));
  becomes(t.sum(chosen(gains)), t.sum(t.select(known, gain, 0)));
  // A row of places is what it is along the other axis, too.
  const places = t.broadcast(t.iota([5], 0), [3, 5], [1]);
  const same = t.select(t.compare("eq", t.broadcast(label, [3, 5], [0]), places), gains, 0);
  becomes(t.sum(same, [1]), t.select(known, gain, 0));
});

Deno.test("simplify() leaves sums whose terms are not chosen, or differ", () => {
  const below = t.compare("lt", t.iota([3, 5], 1), t.broadcast(label, [3, 5], [0]));
  for (
    const n of [
      t.sum(chosen(x), [1]),
      t.sum(chosen(0.5), [0]),
      t.sum(t.select(below, t.constant(0.5, [3, 5]), 0), [1]),
      t.sum(t.select(atLabel, t.constant(0.5, [3, 5]), 1), [1]),
      t.reduce("max", chosen(0.5), [1]),
    ]
  ) becomes(n, n);
});

Deno.test("simplify() preserves what labels choose, those of no class as well", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(7), { minLength: 3, maxLength: 3 }), (labels) => {
      const inputs = new Map([
        ["label@0", tensor(labels, [3], "u32")],
        ["gain@0", tensor([0.5, -2, 3], [3])],
      ]);
      const gains = t.broadcast(gain, [3, 5], [0]);
      const outputs = [t.sum(chosen(gains), [1]), t.sum(chosen(t.neg(gains)), [0, 1])];
      const simpler = simplify(outputs);
      assertEquals(verify(simpler), []);
      const plain = (of: readonly Node[]) =>
        evaluate(of, inputs).map(({ data }) => Array.from(data, (v) => v + 0));
      assertEquals(plain(simpler), plain(outputs));
    }),
    { seed: 3, numRuns: 60 },
  );
});

Deno.test("simplify() unifies equal nodes and simplifies bodies of loops", () => {
  const carried = t.input("c", []);
  const loop = { times: 3, formals: [carried], next: [t.mul(t.add(carried, 0), 2)] };
  const simpler = { times: 3, formals: [carried], next: [t.mul(carried, 2)] };
  const start = t.input("start", []);
  becomes(t.repeat(loop, [start])[0]!, t.repeat(simpler, [start])[0]!);
  becomes(t.repeat({ ...loop, times: 0 }, [start])[0]!, start);
});

Deno.test("simplify() preserves values, types and validity on random graphs", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
      const { outputs, inputs } = randomGraph(seed);
      const simpler = simplify(outputs);
      assertEquals(verify(simpler), []);
      assert(topological(simpler).length <= topological(outputs).length + 2);
      assertEquals(evaluate(simpler, inputs), evaluate(outputs, inputs));
    }),
    { seed: 1, numRuns: 60 },
  );
});

/** Chains of the operations the rules are about, at random, on a small tensor. */
function chain(choices: readonly number[]): Node {
  let node: Node = x;
  for (const c of choices) {
    const rank = node.shape.length, axis = rank === 0 ? 0 : c % rank;
    const at = (v: number, other: number) => node.shape.map((_, i) => i === axis ? v : other);
    const steps: readonly (() => Node)[] = [
      () => t.add(node, 0),
      () => t.mul(node, c % 3 - 1),
      () => t.neg(node),
      () => t.mul(t.sub(0, node), 0.5),
      () => t.reshape(node, [...node.shape, 1]),
      () => t.reshape(node, [node.shape.reduce((n, d) => n * d, 1)]),
      () => t.permute(node, node.shape.map((_, i) => (i + c) % rank)),
      () => t.broadcast(node, [2, ...node.shape], node.shape.map((_, i) => i + 1)),
      () => t.broadcast(node, [...node.shape, 3], node.shape.map((_, i) => i)),
      () => rank === 0 ? node : t.sum(node, [axis]),
      () => rank === 0 ? node : t.reduce("max", node, [axis]),
      () => t.pad(node, at(1, 0), at(c % 2, 0), at(c % 3, 0)),
      () => t.slice(node, at(node.shape[axis]! > 1 ? 1 : 0, 0), node.shape, at(1 + c % 3, 1)),
      () => t.slice(node, node.shape.map(() => 0), node.shape, at(1 + c % 3, 1)),
      () => t.select(t.compare("gt", t.constant(c % 5, node.shape), 2), node, t.mul(node, 2)),
      () => t.unary("stop", t.cast(t.cast(node, "f32"), "f32")),
    ];
    const next = steps[c % steps.length]!();
    if (next.shape.reduce((n, d) => n * d, 1) <= 2000) node = next;
  }
  return node;
}

Deno.test("simplify() preserves values on chains of the operations it knows", () => {
  const values = Array.from({ length: 15 }, (_, i) => Math.round(Math.sin(i) * 8) / 4);
  const inputs = new Map([["x@0", tensor(values, [3, 5])]]);
  const plus = (v: number) => v + 0;
  fc.assert(
    fc.property(fc.array(fc.nat(997), { maxLength: 14 }), (choices) => {
      const node = chain(choices);
      const simpler = simplify([node]);
      assertEquals(verify(simpler), []);
      const [before] = evaluate([node], inputs), [after] = evaluate(simpler, inputs);
      assertEquals(after!.shape, before!.shape);
      // Values are dyadic fractions, so that they are equal but for the signs of zeros.
      assertEquals(Array.from(after!.data, plus), Array.from(before!.data, plus));
    }),
    { seed: 2, numRuns: 400 },
  );
});
