/** Windows: what each slice of a kernel sees of the buffers that it reads as uniform buffers. */
import fc from "fast-check";
import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "../_assert.ts";
import { noteRead, partOf, partsOf, type ReadWords, slicesOf } from "../../src/compiler/windows.ts";
import {
  type Axis,
  type Index,
  indexAxis,
  indexConstant,
  indexDiv,
  indexEvaluate,
  indexMod,
  indexRange,
  indexSum,
} from "../../src/loops/index.ts";
import { ORIGIN } from "../../kernels/grid.ts";
import { DEFAULT_ADAPTER } from "../../src/loops/adapter.ts";
import { gradient } from "../../src/autodiff/vjp.ts";
import { relu } from "../../src/nn/activations.ts";
import { conv2d } from "../../src/nn/layers.ts";
import { maxPool2d } from "../../src/nn/pooling.ts";
import { evaluate } from "../../src/reference/evaluate.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { type Node, sizeOf } from "../../src/tensor/node.ts";
import {
  add,
  input,
  matmul,
  mul,
  permute,
  reduce,
  slice,
  square,
  sum,
  tanh,
} from "../../src/tensor/ops.ts";
import { distance } from "./_compare.ts";
import { planOf, programOf, run, targets } from "./_run_plan.ts";

const MOST = 512;

/** All points of a grid. */
function* grid(axes: readonly Axis[]): Generator<ReadonlyMap<string, number>> {
  const total = axes.reduce((n, a) => n * a.extent, 1);
  for (let k = 0; k < total; k++) {
    let rest = k;
    const at = new Map<string, number>();
    for (const { name, extent } of axes) {
      at.set(name, rest % extent);
      rest = Math.floor(rest / extent);
    }
    yield at;
  }
}

const valueAt = (x: Index, at: ReadonlyMap<string, number>): number =>
  indexEvaluate(x, (atom) => atom.kind === "axis" ? at.get(atom.axis.name)! : 0);

/** Affine sums of three axes, some of them through a quotient or a remainder. */
const indices = fc.record({
  extents: fc.tuple(
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 1, max: 6 }),
  ),
  factors: fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: -3, max: 90 }))),
  by: fc.integer({ min: 2, max: 7 }),
  constants: fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 4 }),
  shape: fc.constantFrom("plain", "quotient", "remainder"),
}).map(({ extents, factors, by, constants, shape }) => {
  const axes = extents.map((extent, i): Axis => ({ name: `a${i}`, extent }));
  const sum = (constant: number) =>
    indexSum(axes.map((a, i) => ({ factor: factors[i]!, index: indexAxis(a) })), constant);
  const whole = (constant: number): Index =>
    shape === "plain"
      ? sum(constant)
      : shape === "quotient"
      ? indexDiv(sum(constant + 30), by)
      : indexSum([{ factor: 40, index: indexMod(sum(30), by) }], constant);
  return { axes, words: constants.map(whole) };
});

Deno.test("indexRange() holds an index at every point of its axes", () => {
  fc.assert(fc.property(indices, fc.integer({ min: 0, max: 8 }), ({ axes, words }, pin) => {
    const pinned = axes.slice(0, 1).map((a) => {
      const at = Math.min(pin, a.extent - 1);
      return [a.name, [at, at] as const] as const;
    });
    for (const word of words) {
      const [low, high] = indexRange(word, new Map(pinned));
      for (const at of grid(axes)) {
        if (pinned.some(([name, [x]]) => at.get(name) !== x)) continue;
        const value = valueAt(word, at);
        assert(low <= value && value <= high, `${value} of ${low} … ${high}`);
      }
    }
  }));
});

Deno.test("slicesOf() shows each thread the words that it reads", () => {
  let several = 0, narrow = 0;
  const follow = fc.option(
    fc.record({ per: fc.integer({ min: 1, max: 4 }), skipped: fc.integer({ min: 0, max: 9 }) }),
    { nil: undefined },
  );
  fc.assert(
    fc.property(
      indices,
      fc.integer({ min: 0, max: 40 }),
      follow,
      ({ axes, words }, from, follows) => {
        const to = from + 1200;
        const read: ReadWords = { from, to, bufferWords: to + 13, indices: new Map() };
        words.forEach((w) => noteRead(read, w));
        // The last axis is a loop of the thread's own, of which it may go through a part.
        const threads = axes.slice(0, 2), own = axes[2]!;
        const followers = follows === undefined ? [] : [{ axis: own, of: "a1", ...follows }];
        const goesThrough = (at: ReadonlyMap<string, number>): boolean => {
          if (follows === undefined) return true;
          const first = follows.per * at.get("a1")! - follows.skipped;
          return at.get(own.name)! >= first && at.get(own.name)! < first + follows.per;
        };
        const { sizes, blocks, windows } = slicesOf(
          new Map([["x", read]]),
          { axes: threads, followers },
          MOST,
          8,
        );
        const window = windows.get("x");
        if (window === undefined) return;
        several += blocks.length > 1 ? 1 : 0;
        assertLessOrEqual(window.words, MOST);
        assert(window.starts.every((s) => s % 64 === 0 && s >= 0));
        assertLessOrEqual(
          Math.max(...window.starts) + window.words,
          Math.ceil((to + 13) / 64) * 64,
        );
        const seen = new Set<string>();
        blocks.forEach((block, slice) => {
          const start = window.starts[slice] ?? window.starts[0]!;
          for (const at of grid(axes)) {
            const inside = threads.every((a, i) =>
              at.get(a.name)! >= block[i]! && at.get(a.name)! < block[i]! + sizes[i]!
            );
            if (!inside) continue;
            seen.add([...at.values()].join());
            if (!goesThrough(at)) continue;
            narrow += follows === undefined ? 0 : 1;
            for (const word of words) {
              const value = valueAt(word, at);
              // What lies outside of the value is never used.
              if (value < from || value >= to) continue;
              assert(start <= value && value < start + window.words, `${value} at ${start}`);
            }
          }
        });
        assertEquals(seen.size, [...grid(axes)].length, "every thread is in a slice");
      },
    ),
    { numRuns: 300 },
  );
  assert(several > 20, `${several} of them were cut`);
  assert(narrow > 1000, `${narrow} places of loops that follow threads`);
});

Deno.test("slicesOf() shows what parts of a kernel read along axes of one name that differ in length", () => {
  for (const extents of [[5, 300], [300, 5]]) {
    const read: ReadWords = { from: 0, to: 900, bufferWords: 900, indices: new Map() };
    for (const extent of extents) {
      noteRead(read, indexSum([{ factor: 3, index: indexAxis({ name: "i", extent }) }]));
    }
    const { windows } = slicesOf(new Map([["x", read]]), { axes: [], followers: [] }, 1024, 8);
    assertGreaterOrEqual(windows.get("x")!.words, 3 * 299 + 1);
  }
});

Deno.test("partsOf() tells layers of one vector apart, and pieces of a sum", () => {
  const row: Axis = { name: "row", extent: 10 }, column: Axis = { name: "column", extent: 100 };
  const read: ReadWords = { from: 0, to: 4000, bufferWords: 4000, indices: new Map() };
  const weights = indexSum([{ factor: 100, index: indexAxis(row) }, {
    factor: 1,
    index: indexAxis(column),
  }]);
  const bias = indexSum([{ factor: 1, index: indexAxis(row) }], 3000);
  for (const word of [weights, indexSum([{ factor: 1, index: weights }], 3), bias]) {
    noteRead(read, word);
  }
  assertEquals(partsOf(read, [], 8), [
    { from: 0, to: 1003, first: 0 },
    { from: 3000, to: 3010, first: 3000 },
  ]);
  assertEquals([weights, bias].map((w) => partOf(w, partsOf(read, [], 8), [])), [0, 1]);
  const pieces: ReadWords = { from: 0, to: 3000, bufferWords: 3000, indices: new Map() };
  for (const k of [0, 1, 2]) noteRead(pieces, indexSum([{ factor: 1, index: weights }], 1000 * k));
  assertEquals(partsOf(pieces, [], 8).length, 3);
  assertEquals(partOf(indexConstant(1000), partsOf(pieces, [], 8), []), 1);
  // Of copies of a vector each thread reads the layers of its own.
  const copy: Axis = { name: "copy", extent: 5 };
  const copies: ReadWords = { from: 0, to: 20_000, bufferWords: 20_000, indices: new Map() };
  const own = [weights, bias].map((w) =>
    indexSum([{ factor: 1, index: w }, { factor: 4000, index: indexAxis(copy) }])
  );
  own.forEach((w) => noteRead(copies, w));
  const layers = partsOf(copies, [copy, row], 8);
  assertEquals(layers.map(({ first }) => first), [0, 3000]);
  assertEquals(own.map((w) => partOf(w, layers, [copy, row])), [0, 1]);
  // Of more parts than there may be, those that are shortest together are one.
  const far: ReadWords = { from: 0, to: 9000, bufferWords: 9000, indices: new Map() };
  for (const c of [0, 500, 5000, 5300, 8999]) noteRead(far, indexConstant(c));
  assertEquals(partsOf(far, [], 3).map(({ first }) => first), [0, 5000, 8999]);
  // What is left of a loop's blocks ends where the next half begins.
  const halves: ReadWords = { from: 0, to: 2000, bufferWords: 2000, indices: new Map() };
  const blocks = indexSum([{ factor: 16, index: indexAxis({ name: "block", extent: 62 }) }]);
  for (const half of [0, 1000]) {
    for (let c = 0; c < 16; c++) {
      noteRead(halves, indexSum([{ factor: 1, index: blocks }], half + c));
    }
    for (let c = 992; c < 1000; c++) noteRead(halves, indexConstant(half + c));
  }
  assertEquals(partsOf(halves, [], 4).map(({ first }) => first), [0, 992, 1000, 1992]);
});

Deno.test("slicesOf() cuts into many slices only what fills windows", () => {
  /** A window shows eight blocks of 64 words. */
  const axisOf = (name: string, windows: number): Axis => ({ name, extent: 8 * windows });
  const slicesFor = (axes: readonly Axis[]) => {
    const reads = axes.map((axis): [string, ReadWords] => {
      const to = 64 * axis.extent;
      const read: ReadWords = { from: 0, to, bufferWords: to, indices: new Map() };
      noteRead(read, indexSum([{ factor: 64, index: indexAxis(axis) }], 0));
      return [axis.name, read];
    });
    const { blocks, windows } = slicesOf(new Map(reads), { axes, followers: [] }, MOST, 4);
    return [blocks.length, ...windows.keys()];
  };
  assertEquals(slicesFor([axisOf("long", 513)]), [513, "long"]);
  assertEquals(slicesFor([axisOf("a", 8), axisOf("b", 8)]), [64, "a", "b"]);
  // Along both each slice would see a third of a window that is new.
  assertEquals(slicesFor([axisOf("a", 3), axisOf("b", 100)]), [3, "a"]);
});

Deno.test("a kernel binds no more uniform buffers than there may be", () => {
  const rate = { name: "hyper/rate", role: "hyper", shape: [], dtype: "f32" } as const;
  const program = programOf(
    [mul(input(rate.name, []), add(input("x", [1000]), input("y", [1000])))],
    [{ ...rate, perReplica: false }],
  );
  // The row of the host's scalars is one of them.
  for (const maxUniforms of [1, 2, 3, 4]) {
    const { kernels } = planOf(program, "wgsl", 1, { maxUniforms });
    for (const { bindings, slices } of kernels) {
      const windows = bindings.filter(({ window }) => window !== undefined).length;
      assertLessOrEqual(windows + (slices === undefined ? 0 : 1), maxUniforms);
    }
  }
});

/** The sum of ten long rows of a matrix. */
function rows() {
  const u = input("u", [10, 20000]);
  const each = Array.from({ length: 10 }, (_, k) => slice(u, [k, 0], [k + 1, 20000]));
  return { inputs: [u], outputs: [each.reduce((sum, row) => add(sum, row))] };
}

Deno.test("compilePlan() reads as many rows through windows as there are, and the others from the storage buffer", () => {
  const found = [12, 11, 8, 5, 3].map((maxUniforms) => {
    const { kernels } = planOf(programOf(rows().outputs), "wgsl", 1, { maxUniforms });
    assertEquals(kernels.length, 1);
    const { bindings, source } = kernels[0]!;
    const far = bindings.findIndex((b) => b.access === "read" && b.window === undefined);
    const windows = bindings.filter((b) => b.window !== undefined);
    return [windows.length, far < 0 ? 0 : source.match(new RegExp(`b${far}\\[`, "g"))!.length];
  });
  // One is for where a slice begins.
  assertEquals(found, [[10, 0], [10, 0], [7, 3], [4, 6], [2, 8]]);
});

/** A layer's products with 70 k words of input and 90 k of weights, in odd sizes. */
function products() {
  const x = input("x", [61, 1153]), w = input("w", [79, 1153]), y = input("y", [61, 79]);
  return {
    inputs: [x, w, y],
    outputs: [
      matmul(x, permute(w, [1, 0])),
      matmul(permute(y, [1, 0]), x),
      matmul(y, w),
      sum(x, [0]),
      reduce("max", w, [1]),
    ],
  };
}

Deno.test("compilePlan() reads through windows what a kernel does not write, in slices where it is long", () => {
  const { kernels } = planOf(programOf(products().outputs), "wgsl");
  assert(kernels.some(({ slices = [] }) => slices.length > 1));
  for (const { label, bindings, slices, source } of kernels) {
    const written = new Set(bindings.flatMap((b) => b.access === "write" ? [b.buffer] : []));
    const windows = bindings.filter(({ window }) => window !== undefined);
    assert(windows.every(({ buffer }) => !written.has(buffer)), label);
    assertLessOrEqual(windows.length + (slices === undefined ? 0 : 1), DEFAULT_ADAPTER.maxUniforms);
    for (const { window } of windows) {
      assertLessOrEqual(4 * window!.words, DEFAULT_ADAPTER.maxUniformBytes);
      assert(window!.starts.length === 1 || window!.starts.length === slices!.length, label);
    }
    assertEquals(source.match(/var<uniform> b/g)?.length ?? 0, windows.length);
    // No address is a constant: lavapipe dies of branches on some of those.
    const firsts = source.match(/^let o\d+ = .*$/gm) ?? [];
    assert(firsts.every((line) => line.includes(ORIGIN)), label);
    assertEquals(source.includes(`${ORIGIN} = id.z;`), windows.length > 0, label);
  }
  for (const limits of [{ maxUniforms: 0 }, { kind: "gpu" as const }]) {
    const plain = planOf(programOf(products().outputs), "wgsl", 1, limits).kernels;
    assert(plain.every(({ source }) => !source.includes("var<uniform>")), JSON.stringify(limits));
  }
});

const wave = (n: number, k: number) => Array.from({ length: n }, (_, i) => Math.sin(k * i + 1));

/** Waves for inputs. */
const valuesOf = (inputs: readonly Node[]) =>
  new Map(inputs.map((node, k) => {
    if (node.op.kind !== "input") throw new RangeError("inputs only");
    const values = node.dtype === "bool" ? [1] : wave(sizeOf(node.shape), 0.1 + k);
    return [`${node.op.name}@0`, tensor(values, node.shape, node.dtype, "f32")] as const;
  }));

async function worst(outputs: readonly Node[], inputs: readonly Node[], adapter = {}) {
  const values = valuesOf(inputs);
  const got = await run(outputs, values, "wgsl", adapter);
  return Math.max(...evaluate(outputs, values).map((w, i) => distance(got[i]!, w.data)));
}

if (targets.includes("wgsl")) {
  Deno.test("products of long values are what the oracle says, with windows and without", async () => {
    const { outputs, inputs } = products();
    for (const limits of [{}, { maxUniformBytes: 8192 }, { maxUniforms: 2 }, { maxUniforms: 0 }]) {
      assertLessOrEqual(await worst(outputs, inputs, limits), 2e-5, JSON.stringify(limits));
    }
  });

  Deno.test("sums of long rows are what the oracle says where there are too few windows", async () => {
    const { outputs, inputs } = rows();
    for (const maxUniforms of [12, 8, 5, 3, 2]) {
      assertLessOrEqual(await worst(outputs, inputs, { maxUniforms }), 2e-5, `${maxUniforms}`);
    }
  });

  Deno.test("gradients of a convolution with a pool are what the oracle says in slices of any size", async () => {
    const x = input("x", [7, 3, 13, 11]), w = input("w", [5, 3, 3, 3]);
    const loss = sum(square(relu(maxPool2d(tanh(conv2d(x, w, { padding: 1 })), { size: 2 }))));
    const outputs = [loss, ...gradient(loss, [w, x])];
    // Where addresses are constants, the process ends here.
    for (const maxUniformBytes of [65536, 4096, 1792, 1024]) {
      assertLessOrEqual(
        await worst(outputs, [x, w], { maxUniformBytes }),
        2e-5,
        `${maxUniformBytes}`,
      );
    }
  });
}
