import { evaluate } from "../../src/reference/evaluate.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { type Node, type Shape, sizeOf } from "../../src/tensor/node.ts";
import * as t from "../../src/tensor/ops.ts";
import { assert, assertEquals } from "../_assert.ts";

/** The values of a node over inputs that count 1, 2, 3, … */
function run(node: Node, ...inputs: readonly Node[]): number[] {
  const values = new Map(inputs.map((x) => {
    if (x.op.kind !== "input") throw new Error("not an input");
    const counting = Array.from({ length: sizeOf(x.shape) }, (_, i) => i + 1);
    return [`${x.op.name}@${x.op.version}`, tensor(counting, x.shape, x.dtype)];
  }));
  const [result] = evaluate([node], values);
  assertEquals(result!.shape, node.shape);
  assertEquals(result!.dtype, node.dtype);
  return Array.from(result!.data);
}

const x = t.input("x", [2, 3]);

Deno.test("evaluate() fills, counts and reshapes", () => {
  assertEquals(run(t.constant(2.5, [2, 2])), [2.5, 2.5, 2.5, 2.5]);
  assertEquals(run(t.constant([1, 2, 3, 4], [2, 2])), [1, 2, 3, 4]);
  assertEquals(run(t.constant(-1, [2], "u32")), [4294967295, 4294967295]);
  assertEquals(run(t.iota([2, 3], 0)), [0, 0, 0, 1, 1, 1]);
  assertEquals(run(t.iota([2, 3], 1)), [0, 1, 2, 0, 1, 2]);
  assertEquals(run(t.reshape(x, [3, 2]), x), [1, 2, 3, 4, 5, 6]);
});

Deno.test("evaluate() permutes as output axis i is input axis order[i]", () => {
  assertEquals(run(t.permute(x, [1, 0]), x), [1, 4, 2, 5, 3, 6]);
  const shape = [3, 5, 7], z = t.input("z", shape);
  for (const order of [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]) {
    const found = run(t.permute(z, order), z);
    let flat = 0;
    const at = [0, 0, 0];
    const [p, q, r] = order as [number, number, number];
    for (at[p] = 0; at[p]! < shape[p]!; at[p]!++) {
      for (at[q] = 0; at[q]! < shape[q]!; at[q]!++) {
        for (at[r] = 0; at[r]! < shape[r]!; at[r]!++) {
          assertEquals(found[flat++], (at[0]! * 5 + at[1]!) * 7 + at[2]! + 1);
        }
      }
    }
  }
});

Deno.test("evaluate() broadcasts along new and unit axes", () => {
  assertEquals(run(t.broadcast(x, [2, 2, 3], [0, 2]), x), [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6]);
  assertEquals(run(t.broadcast(x, [2, 3, 2], [0, 1]), x), [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]);
  const column = t.input("c", [2, 1]), row = t.input("r", [3]);
  assertEquals(run(t.mul(column, row), column, row), [1, 2, 3, 2, 4, 6]);
  const scalar = t.input("s", []);
  assertEquals(run(t.broadcastTo(scalar, [3]), scalar), [1, 1, 1]);
});

Deno.test("evaluate() slices with strides", () => {
  const z = t.input("z", [4, 5]);
  assertEquals(run(t.slice(z, [1, 0], [4, 5], [2, 2]), z), [6, 8, 10, 16, 18, 20]);
  assertEquals(run(t.slice(z, [3, 4], [4, 5]), z), [20]);
});

Deno.test("evaluate() pads around and between, with zeros of every type", () => {
  assertEquals(
    run(t.pad(x, [1, 0], [0, 1], [1, 2]), x),
    [
      ...[0, 0, 0, 0, 0, 0, 0, 0],
      ...[1, 0, 0, 2, 0, 0, 3, 0],
      ...[0, 0, 0, 0, 0, 0, 0, 0],
      ...[4, 0, 0, 5, 0, 0, 6, 0],
    ],
  );
  const flag = t.input("f", [1], "bool");
  assertEquals(run(t.pad(flag, [1], [1]), flag), [0, 1, 0]);
});

Deno.test("evaluate() concatenates along either axis", () => {
  const y = t.input("y", [1, 3]), z = t.input("z", [2, 1]);
  assertEquals(run(t.concatenate([x, y, x], 0), x, y), [
    ...[1, 2, 3, 4, 5, 6],
    ...[1, 2, 3],
    ...[1, 2, 3, 4, 5, 6],
  ]);
  assertEquals(run(t.concatenate([z, x], 1), x, z), [1, 1, 2, 3, 2, 4, 5, 6]);
});

Deno.test("evaluate() undoes a pad with a slice at every extent", () => {
  for (const n of [1, 7, 63, 64, 65, 127]) {
    const z = t.input("z", [n]);
    for (const [low, high, interior] of [[0, 0, 1], [3, 1, 0], [2, 5, 3]] as const) {
      const padded = t.pad(z, [low], [high], [interior]);
      const shape: Shape = padded.shape;
      const back = t.slice(padded, [low], [shape[0]! - high], [interior + 1]);
      assertEquals(run(back, z), run(z, z));
      const total = run(t.sum(padded), z)[0];
      assert(total === n * (n + 1) / 2);
    }
  }
});
