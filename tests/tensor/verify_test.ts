import { makeNode, type Node, type OpKind } from "../../src/tensor/node.ts";
import * as t from "../../src/tensor/ops.ts";
import { verify } from "../../src/tensor/verify.ts";
import { topological } from "../../src/tensor/walk.ts";
import { assert, assertEquals, assertGreater, assertStringIncludes } from "../_assert.ts";
import { randomGraph } from "./_random_graphs.ts";

const x = t.input("x", [3, 5]), flat = t.input("flat", [15]);
const word = t.input("word", [4], "u32"), flag = t.input("flag", [3, 5], "bool");
const form = (constant: number, factors: readonly number[]) => ({ constant, factors });
const formal = t.input("formal", []), other = t.input("other", []);
const loop = { times: 2, formals: [formal], next: [t.mul(formal, 2)] };

/** For each primitive nodes that its constructor would never make. */
const CORRUPTED: { readonly [K in OpKind]: readonly Node[] } = {
  input: [
    makeNode({ kind: "input", name: "", version: 0 }, [], [], "f32"),
    makeNode({ kind: "input", name: "x", version: 0 }, [], [0], "f32"),
    makeNode({ kind: "input", name: "x", version: 0 }, [x], [3, 5], "f32"),
  ],
  constant: [
    makeNode({ kind: "constant", values: [1, 2] }, [], [3], "f32"),
    makeNode({ kind: "constant", values: [-1] }, [], [3], "u32"),
    makeNode({ kind: "constant", values: [2] }, [], [3], "bool"),
  ],
  iota: [
    makeNode({ kind: "iota", axis: 2 }, [], [3, 5], "u32"),
    makeNode({ kind: "iota", axis: 0 }, [], [3, 5], "f32"),
  ],
  unary: [
    makeNode({ kind: "unary", fn: "exp" }, [x], [3, 6], "f32"),
    makeNode({ kind: "unary", fn: "exp" }, [flag], [3, 5], "f32"),
    makeNode({ kind: "unary", fn: "isFinite" }, [x], [3, 5], "f32"),
  ],
  binary: [
    makeNode({ kind: "binary", fn: "add" }, [x], [3, 5], "f32"),
    makeNode({ kind: "binary", fn: "add" }, [x, flat], [3, 5], "f32"),
    makeNode({ kind: "binary", fn: "rem" }, [x, x], [3, 5], "f32"),
    makeNode({ kind: "binary", fn: "and" }, [flag, x], [3, 5], "bool"),
  ],
  compare: [
    makeNode({ kind: "compare", fn: "lt" }, [x, x], [3, 5], "f32"),
    makeNode({ kind: "compare", fn: "lt" }, [flag, flag], [3, 5], "bool"),
  ],
  select: [
    makeNode({ kind: "select" }, [x, x, x], [3, 5], "f32"),
    makeNode({ kind: "select" }, [flag, x, flat], [3, 5], "f32"),
  ],
  cast: [makeNode({ kind: "cast" }, [x], [5, 3], "u32")],
  reduce: [
    makeNode({ kind: "reduce", fn: "sum", axes: [0] }, [x], [3], "f32"),
    makeNode({ kind: "reduce", fn: "sum", axes: [1, 0] }, [x], [], "f32"),
    makeNode({ kind: "reduce", fn: "sum", axes: [2] }, [x], [3, 5], "f32"),
    makeNode({ kind: "reduce", fn: "argmax", axes: [0] }, [x], [5], "f32"),
  ],
  reshape: [
    makeNode({ kind: "reshape" }, [x], [14], "f32"),
    makeNode({ kind: "reshape" }, [x], [15], "u32"),
  ],
  permute: [
    makeNode({ kind: "permute", order: [1, 0] }, [x], [3, 5], "f32"),
    makeNode({ kind: "permute", order: [1, 1] }, [x], [5, 5], "f32"),
  ],
  broadcast: [
    makeNode({ kind: "broadcast", axes: [1, 0] }, [x], [5, 3], "f32"),
    makeNode({ kind: "broadcast", axes: [0] }, [x], [3, 5], "f32"),
    makeNode({ kind: "broadcast", axes: [0, 1] }, [x], [3, 6], "f32"),
  ],
  slice: [
    makeNode({ kind: "slice", start: [0, 1], stride: [1, 2] }, [x], [3, 3], "f32"),
    makeNode({ kind: "slice", start: [0, 0], stride: [1, 0] }, [x], [3, 5], "f32"),
    makeNode({ kind: "slice", start: [0], stride: [1] }, [x], [3, 5], "f32"),
  ],
  pad: [
    makeNode({ kind: "pad", low: [0, 1], interior: [0, 1] }, [x], [3, 9], "f32"),
    makeNode({ kind: "pad", low: [0, -1], interior: [0, 0] }, [x], [3, 9], "f32"),
  ],
  concatenate: [
    makeNode({ kind: "concatenate", axis: 1 }, [x, x], [3, 9], "f32"),
    makeNode({ kind: "concatenate", axis: 1 }, [x, t.input("y", [2, 5])], [3, 10], "f32"),
    makeNode({ kind: "concatenate", axis: 2 }, [x], [3, 5], "f32"),
  ],
  contraction: [
    makeNode(
      { kind: "contraction", domain: [15], maps: [[form(0, [1, 1])]], output: [] },
      [flat],
      [],
      "f32",
    ),
    makeNode(
      { kind: "contraction", domain: [15], maps: [[form(0, [1])]], output: [] },
      [flat],
      [1],
      "f32",
    ),
    makeNode(
      { kind: "contraction", domain: [15], maps: [[form(0, [0.5])]], output: [] },
      [flat],
      [],
      "f32",
    ),
    makeNode({ kind: "contraction", domain: [15], maps: [], output: [] }, [flat], [], "f32"),
  ],
  gather: [
    makeNode({ kind: "gather" }, [x, word], [4], "f32"),
    makeNode({ kind: "gather" }, [x, flat], [15, 5], "f32"),
  ],
  scatterAdd: [
    makeNode({ kind: "scatterAdd" }, [word, x], [7, 5], "f32"),
    makeNode({ kind: "scatterAdd" }, [word, t.input("u", [4, 2])], [7, 3], "f32"),
  ],
  randomBits: [
    makeNode({ kind: "randomBits", stream: 0 }, [word, word], [3, 5], "u32"),
    makeNode({ kind: "randomBits", stream: 0 }, [word, formal], [4, 5], "u32"),
    makeNode({ kind: "randomBits", stream: -1 }, [word, word], [4, 5], "u32"),
  ],
  repeat: [
    makeNode({ kind: "repeat", loop, index: 1 }, [other], [], "f32"),
    makeNode({ kind: "repeat", loop, index: 0 }, [x], [], "f32"),
    makeNode({ kind: "repeat", loop: { ...loop, next: [x] }, index: 0 }, [other], [], "f32"),
    makeNode(
      { kind: "repeat", loop: { ...loop, next: [t.mul(formal, other)] }, index: 0 },
      [other],
      [],
      "f32",
    ),
    makeNode(
      { kind: "repeat", loop: { ...loop, condition: formal }, index: 0 },
      [other],
      [],
      "f32",
    ),
    makeNode({ kind: "repeat", loop: { ...loop, times: 0.5 }, index: 0 }, [other], [], "f32"),
  ],
};

for (const [kind, nodes] of Object.entries(CORRUPTED)) {
  Deno.test(`verify() finds what is wrong with a corrupted ${kind}`, () => {
    nodes.forEach((node, i) => {
      const issues = verify([node]);
      assertGreater(issues.length, 0, `corruption ${i} was not found`);
      assert(issues.every((found) => found.path.includes(kind)), JSON.stringify(issues));
    });
  });
}

Deno.test("verify() finds nothing in random graphs of the constructors, and every primitive is there", () => {
  const kinds = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    const { outputs } = randomGraph(seed);
    assertEquals(verify(outputs), []);
    for (const node of topological(outputs)) kinds.add(node.op.kind);
  }
  assertEquals([...kinds].sort(), Object.keys(CORRUPTED).sort());
});

Deno.test("verify() finds a hash that is not that of the node", () => {
  const node = { ...t.add(x, 1), hash: "0" };
  assertStringIncludes(verify([node])[0]!.message, "hash");
});

Deno.test("verify() reports all problems with their places, inside loops too", () => {
  const bad = CORRUPTED.iota[1]!, worse = CORRUPTED.reshape[1]!;
  assertEquals(verify([bad, worse]).map((i) => i.path), ["%0 iota", "%2 reshape"]);
  const body = makeNode({ kind: "unary", fn: "exp" }, [formal], [], "u32");
  const looped = makeNode(
    { kind: "repeat", loop: { ...loop, next: [body] }, index: 0 },
    [other],
    [],
    "u32",
  );
  assert(verify([looped]).some((i) => i.path === "%1 repeat/%1 unary"));
});
