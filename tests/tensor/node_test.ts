import { sameShape, sizeOf, stridesOf } from "../../src/tensor/node.ts";
import * as t from "../../src/tensor/ops.ts";
import { rewrite, substitute, topological, withInputs } from "../../src/tensor/walk.ts";
import { assert, assertEquals, assertNotEquals, assertStrictEquals } from "../_assert.ts";
import { randomGraph } from "./_random_graphs.ts";

const x = t.input("x", [3, 5]), y = t.input("y", [3, 5]);

Deno.test("sizeOf(), stridesOf() and sameShape() describe row-major order", () => {
  assertEquals([sizeOf([]), sizeOf([3, 5, 7])], [1, 105]);
  assertEquals(stridesOf([3, 5, 7]), [35, 7, 1]);
  assertEquals(stridesOf([]), []);
  assert(sameShape([3, 5], [3, 5]) && !sameShape([3], [3, 1]) && !sameShape([3, 5], [5, 3]));
});

Deno.test("hashes are equal for equal nodes made twice, and differ in every attribute", () => {
  assertEquals(t.add(x, y).hash, t.add(t.input("x", [3, 5]), y).hash);
  const nodes = [
    x,
    y,
    t.input("x", [5, 3]),
    t.input("x", [3, 5], "u32"),
    t.input("x", [3, 5], "f32", 1),
    t.add(x, y),
    t.add(y, x),
    t.sub(x, y),
    t.constant(0, []),
    t.constant(-0, []),
    t.constant(NaN, []),
    t.constant(Infinity, []),
    t.constant(1, []),
    t.constant(1, [1]),
    t.sum(x, [0]),
    t.reduce("max", x, [0]),
    t.sum(x, [1]),
  ];
  assertEquals(new Set(nodes.map((n) => n.hash)).size, nodes.length);
  const loop = { times: 2, formals: [x], next: [t.mul(x, 2)] };
  assertNotEquals(t.repeat(loop, [y])[0]!.hash, t.repeat({ ...loop, times: 3 }, [y])[0]!.hash);
});

Deno.test("hashes of thousands of different nodes are distinct", () => {
  const texts = new Map<string, string>();
  for (let seed = 0; seed < 100; seed++) {
    for (const n of topological(randomGraph(seed).outputs)) {
      if (n.op.kind === "repeat") continue;
      const text = JSON.stringify([n.op, n.shape, n.dtype, n.inputs.map((i) => i.hash)]);
      const known = texts.get(n.hash);
      assert(known === undefined || known === text, `${known} and ${text}`);
      texts.set(n.hash, text);
    }
  }
  assert(texts.size > 2000);
});

Deno.test("nodes are frozen", () => {
  const node = t.add(x, y);
  assert(Object.isFrozen(node) && Object.isFrozen(node.inputs) && Object.isFrozen(node.shape));
});

Deno.test("topological() gives each distinct node once, after its inputs", () => {
  const { outputs } = randomGraph(3);
  const order = topological([...outputs, ...outputs]);
  const place = new Map(order.map((n, i) => [n.hash, i]));
  assertEquals(place.size, order.length);
  order.forEach((n, i) => n.inputs.forEach((input) => assert(place.get(input.hash)! < i)));
});

Deno.test("rewrite() and substitute() rebuild what changes and keep the rest", () => {
  const kept = t.exp(y), root = t.mul(t.add(x, 1), kept);
  const [same] = rewrite([root], (n) => n);
  assertStrictEquals(same, root);
  const [changed] = substitute([root], new Map([[x.hash, y]]));
  assertEquals(changed!.hash, t.mul(t.add(y, 1), kept).hash);
  assertStrictEquals(changed!.inputs[1], kept);
  assertStrictEquals(withInputs(root, root.inputs), root);
});
