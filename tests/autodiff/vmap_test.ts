import fc from "fast-check";
import { assert, assertEquals, assertThrows } from "../_assert.ts";
import {
  add,
  broadcast,
  cast,
  compare,
  constant,
  gather,
  input,
  max,
  mul,
  randomBits,
  reduce,
  repeat,
  scatterAdd,
  sub,
  sum,
  tanh,
} from "../../src/tensor/ops.ts";
import { type Node, sizeOf } from "../../src/tensor/node.ts";
import { topological } from "../../src/tensor/walk.ts";
import { SteepestError } from "../../src/errors.ts";
import { type Tensor, tensor } from "../../src/reference/tensor.ts";
import { gradient, vjp } from "../../src/autodiff/vjp.ts";
import { vmap } from "../../src/autodiff/vmap.ts";
import { fillInputs, randomTensor, run, smallNetwork, stream, type Values } from "./_graphs.ts";
import { assertClose } from "./_laws.ts";
import { halves, KINDS, x, y } from "./_primitives.ts";

const SIZE = 3;

/** Batch inputs named after the inputs they replace. */
function batchInputs(nodes: readonly Node[], size = SIZE): Map<string, Node> {
  return new Map(nodes.map((n) => {
    const name = n.op.kind === "input" ? n.op.name : n.hash;
    return [n.hash, input(`${name}/batch`, [size, ...n.shape], n.dtype)];
  }));
}

const part = (t: Tensor, r: number, size = SIZE): Tensor => {
  const n = t.data.length / size;
  return { shape: t.shape.slice(1), dtype: t.dtype, data: t.data.slice(r * n, (r + 1) * n) };
};

/** Asserts that vmap of the outputs is the stack of their solo runs. */
function checkStacking(
  outputs: readonly Node[],
  inputs: readonly Node[],
  stacks: readonly Tensor[],
  shared: Values = new Map(),
): void {
  const replacements = batchInputs(inputs);
  const { nodes, batched } = vmap(outputs, replacements, SIZE);
  const values = new Map([
    ...shared,
    ...inputs.map((n, i) => [replacements.get(n.hash)!, stacks[i]!] as const),
  ]);
  const results = run(nodes, values);
  for (let r = 0; r < SIZE; r++) {
    const solo = run(
      outputs,
      new Map([...shared, ...inputs.map((n, i) => [n, part(stacks[i]!, r)] as const)]),
    );
    solo.forEach((expected, i) => {
      assertEquals(nodes[i]!.dtype, expected.dtype);
      assertEquals(nodes[i]!.shape, batched[i] ? [SIZE, ...expected.shape] : expected.shape);
      const copy = batched[i] ? part(results[i]!, r) : results[i]!;
      assertClose([copy], [expected], 1e-12, `output ${i}, copy ${r}`);
    });
  }
}

const stackFor = (n: Node, seed: number) => randomTensor(stream(seed), [SIZE, ...n.shape]);

for (const [kind, graphs] of Object.entries(KINDS)) {
  if (graphs.length === 0) continue;
  Deno.test(`vmap() of ${kind} stacks the solo runs, whichever inputs are batched`, () => {
    for (const graph of graphs) {
      const shared = new Map([x, y, halves].map((n, i) => [n, randomTensor(stream(i), n.shape)]));
      for (const inputs of [[x], [y], [halves], [x, y], [x, y, halves]]) {
        checkStacking([graph], inputs, inputs.map((n, i) => stackFor(n, i + 5)), shared);
        const grads = vjp([graph], [graph], [x, y, halves]);
        checkStacking(grads, inputs, inputs.map((n, i) => stackFor(n, i + 9)), shared);
      }
    }
  });
}

Deno.test("vmap() of elementwise operations gives bool and u32 copies", () => {
  const nodes = [compare("lt", x, y), cast(x, "u32"), reduce("argmax", x, [0, 1])];
  checkStacking(nodes, [x], [stackFor(x, 3)], new Map([[y, randomTensor(stream(1), y.shape)]]));
});

const table = input("table", [3, 2]), indices = input("indices", [2, 2], "u32");
const updates = input("updates", [2, 2, 2]);

for (const batch of [[table], [indices], [table, indices]]) {
  Deno.test(`vmap() of gather clamps within its copy with ${batch.length} batched of table and indices`, () => {
    const ids = tensor([0, 2, 5, 1, 1, 1, 7, 0, 2, 3, 4, 0], [SIZE, 2, 2], "u32");
    const shared = new Map([[table, randomTensor(stream(3), table.shape)], [
      indices,
      part(ids, 0),
    ]]);
    const stacks = batch.map((n) => n === indices ? ids : stackFor(n, 8));
    checkStacking([gather(table, indices)], batch, stacks, shared);
    checkStacking(
      gradient(sum(mul(gather(table, indices), updates)), [table]),
      batch,
      stacks,
      new Map([
        ...shared,
        [updates, randomTensor(stream(9), updates.shape)],
      ]),
    );
  });
}

for (const batch of [[updates], [indices], [updates, indices]]) {
  Deno.test(`vmap() of scatterAdd drops within its copy with ${batch.length} batched of updates and indices`, () => {
    const ids = tensor([0, 2, 5, 1, 1, 1, 7, 0, 2, 3, 4, 0], [SIZE, 2, 2], "u32");
    const shared = new Map([[updates, randomTensor(stream(3), updates.shape)], [
      indices,
      part(ids, 1),
    ]]);
    const stacks = batch.map((n) => n === indices ? ids : stackFor(n, 8));
    const added = scatterAdd(indices, updates, 3);
    checkStacking(
      [added, ...vjp([added], [table], [updates])],
      batch,
      stacks,
      new Map([
        ...shared,
        [table, randomTensor(stream(9), table.shape)],
      ]),
    );
  });
}

const seed = input("seed", [], "u32"), step = input("step", [], "u32");

for (const batch of [[seed], [step], [seed, step]]) {
  Deno.test(`vmap() of randomBits gives each copy its solo bits with ${batch.length} batched of seed and step`, () => {
    const stacks = batch.map((_, i) => tensor([4, 1 + i, 9], [SIZE], "u32"));
    const shared = new Map([[seed, tensor(3, [], "u32")], [step, tensor(5, [], "u32")]]);
    checkStacking([randomBits(seed, step, 2, [2, 3])], batch, stacks, shared);
    const probes = input("probes", [2], "u32");
    const twice = randomBits(probes, step, 2, [5]);
    const given = new Map([...shared, [probes, tensor([7, 8], [2], "u32")]]);
    checkStacking([twice], batch.filter((n) => n === step), stacks, given);
    checkStacking([twice], [probes], [tensor([1, 2, 3, 4, 5, 6], [SIZE, 2], "u32")], given);
  });
}

/** Doubles z until it reaches the limit, counting; and a counter that no copy influences. */
function doubling(conditional: boolean): readonly Node[] {
  const z = input("z", []), count = input("count", []), limit = input("limit", []);
  const loop = {
    times: 6,
    formals: [z, count, limit],
    next: [add(z, z), add(count, 1)],
    ...(conditional ? { condition: compare("lt", z, limit) } : {}),
  };
  return repeat(loop, [input("start", []), constant(0)], [input("end", [])]);
}

Deno.test("vmap() of repeat freezes a copy at the iteration its condition turns false", () => {
  const start = input("start", []), end = input("end", []);
  const given = new Map([[start, tensor(1)], [end, tensor(5)]]);
  const starts = tensor([1, 3, 100], [SIZE]), ends = tensor([0.5, 9, 1e9], [SIZE]);
  checkStacking(doubling(true), [start], [starts], given);
  checkStacking(doubling(true), [end], [ends], given);
  checkStacking(doubling(true), [start, end], [starts, ends], given);
});

Deno.test("vmap() of repeat shares the carried values that no copy influences", () => {
  const start = input("start", []);
  const given = new Map([[input("end", []), tensor(5)]]);
  checkStacking(doubling(false), [start], [tensor([1, 3, 100], [SIZE])], given);
  const { batched } = vmap(doubling(false), batchInputs([start]), SIZE);
  assertEquals(batched, [true, false]);
});

Deno.test("vmap() of repeat batches a carried value that turns batched late", () => {
  const a = input("a", []), b = input("b", []), held = input("held", []);
  const loop = { times: 3, formals: [a, b, held], next: [add(a, b), add(b, held)] };
  const nodes = repeat(loop, [constant(1), constant(2)], [input("end", [])]);
  checkStacking(nodes, [input("end", [])], [tensor([1, 2, 3], [SIZE])]);
});

Deno.test("vmap() of vmap() stacks twice, also loops and bits", () => {
  const start = input("start", []), end = input("end", []);
  const bits = randomBits(seed, step, 1, [2]);
  const roots = [...doubling(true), bits];
  const inner = vmap(roots, batchInputs([start, seed], 2), 2).nodes;
  const shared = new Map([
    [input("start/batch", [2]), tensor([1, 4])],
    [input("seed/batch", [2], "u32"), tensor([1, 4], [2], "u32")],
  ]);
  checkStacking(inner, [end, step], [
    tensor([1, 5, 40], [SIZE]),
    tensor([1, 5, 40], [SIZE], "u32"),
  ], shared);
});

Deno.test("vmap() computes once what no batched input reaches", () => {
  const heavy = tanh(tanh(x)), root = add(heavy, y);
  const { nodes, batched } = vmap([root, heavy], batchInputs([y]), SIZE);
  assertEquals(batched, [true, false]);
  assert(topological(nodes).some((n) => n.hash === heavy.hash));
});

Deno.test("vmap() of the gradient of a network is the gradient of each copy", () => {
  const { loss, parameters } = smallNetwork(2);
  const shared = fillInputs([loss], new Map(), 31);
  const stacks = parameters.map((p, i) => stackFor(p, i + 40));
  checkStacking([loss, ...gradient(loss, parameters)], parameters, stacks, shared);
});

Deno.test("vmap() reports every replacement of another shape", () => {
  const wrong = new Map([[x.hash, y], [y.hash, input("y2", [SIZE, 3, 4], "u32")]]);
  const error = assertThrows(() => vmap([mul(x, y)], wrong, SIZE), SteepestError, "vmap/x");
  assertEquals(error.issues.length, 2);
});

Deno.test("vmap() of random elementwise graphs is the stack of the solo runs", () => {
  const operations: readonly ((a: Node, b: Node) => Node)[] = [
    add,
    mul,
    sub,
    max,
    (a) => tanh(a),
    (a, b) => broadcast(sum(mul(a, b), [0]), [3, 4], [1]),
  ];
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(5), fc.nat(20), fc.nat(20)), { minLength: 1, maxLength: 15 }),
      fc.nat(1000),
      (program, s) => {
        const values: Node[] = [x, y];
        for (const [op, i, j] of program) {
          const pick = (k: number) => values[k % values.length]!;
          values.push(operations[op]!(pick(i), pick(j)));
        }
        const root = values[values.length - 1]!;
        assertEquals(sizeOf(root.shape), 12);
        const shared = new Map([[y, randomTensor(stream(s), y.shape)]]);
        checkStacking([root], [x], [stackFor(x, s + 1)], shared);
      },
    ),
    { seed: 3, numRuns: 60 },
  );
});
