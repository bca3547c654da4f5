/** What plans look like: which stages share a kernel, what limits do, and that plans are repeatable. */
import * as E from "fp-ts/lib/Either.js";
import { assert, assertEquals, assertLessOrEqual, assertNotEquals } from "../_assert.ts";
import { compilePlan } from "../../src/compiler/compile_plan.ts";
import type { Plan } from "../../src/compiler/plan.ts";
import { DEFAULT_ADAPTER } from "../../src/loops/adapter.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { PARAMETERS, type StepProgram } from "../../src/lowering/program.ts";
import { relu } from "../../src/nn/activations.ts";
import { conv2d, dense } from "../../src/nn/layers.ts";
import { softmaxCrossEntropy } from "../../src/nn/losses.ts";
import { mlp, mnistCnn } from "../../src/nn/models.ts";
import { maxPool2d } from "../../src/nn/pooling.ts";
import { classification } from "../../src/objective/classification.ts";
import { adam } from "../../src/optimizer/catalogue/adam.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import type { Node } from "../../src/tensor/node.ts";
import {
  add,
  broadcast,
  input,
  matmul,
  mean,
  mul,
  pad,
  permute,
  reduce,
  reshape,
  slice,
  square,
  sum,
  tanh,
} from "../../src/tensor/ops.ts";
import { gradient } from "../../src/autodiff/vjp.ts";
import { planOf, programOf, right } from "./_run_plan.ts";
import { nextBuffer } from "./_words.ts";

const BATCH = 60;
const dispatches = (plan: Plan) =>
  plan.regions.flatMap(({ commands }) => commands.filter((c) => c.kind === "dispatch"));
const kernelsOf = (outputs: readonly Node[]) => planOf(programOf(outputs), "wgsl").kernels;

let program: StepProgram | undefined;
/** A step of Adam on the network of the first paper. */
function step(): StepProgram {
  return program ??= right(lower(classification(mnistCnn(), BATCH) as AnyObjective, adam()));
}
const planned = new Map<string, Plan>();
function adamPlan(): Plan {
  const known = planned.get("adam") ?? planOf(step(), "wgsl");
  planned.set("adam", known);
  return known;
}

Deno.test("compilePlan() makes convolution, bias, pooling, activation and argmax one kernel", () => {
  const x = input("x", [BATCH, 1, 28, 28]);
  const w = input("w", [10, 1, 5, 5]), b = input("b", [10]);
  const convolved = conv2d(x, w);
  const biased = add(convolved, broadcast(b, convolved.shape, [1]));
  const pooled = maxPool2d(biased, { size: 2 });
  const windows = reshape(biased, [BATCH, 10, 12, 2, 12, 2]);
  assertEquals(kernelsOf([relu(pooled), reduce("argmax", windows, [3, 5])]).length, 1);
});

Deno.test("compilePlan() makes the last layer, its loss and its gradient by the logits one kernel", () => {
  const h = input("h", [BATCH, 50]), w = input("w", [10, 50]), b = input("b", [10]);
  const labels = input("y", [BATCH], "u32");
  const logits = dense(h, w, b);
  const losses = softmaxCrossEntropy(logits, labels);
  const { kernels } = planOf(programOf([losses, ...gradient(mean(losses), [logits])]), "wgsl");
  assertEquals(kernels.length, 1);
});

Deno.test("compilePlan() gives what follows from the labels alone no kernel", () => {
  const { kernels, buffers } = adamPlan();
  for (const { label, bindings } of kernels) {
    const reads = bindings.flatMap((b) => b.access === "read" ? [buffers[b.buffer]!.label] : []);
    assertNotEquals(reads, ["batch/y"], label);
  }
});

Deno.test("compilePlan() counts the words that a kernel reads of a value, not all that it has", () => {
  const x = input("x", [100, 50]);
  const [rows] = kernelsOf([mul(slice(x, [20, 0], [24, 50]), 2)]);
  assertEquals(rows!.words, 2 * 4 * 50);
  // Those before the first and after the last are none.
  const [padded] = kernelsOf([add(pad(x, [1, 0], [1, 0]), pad(x, [2, 0], [0, 0]))]);
  assertEquals(padded!.words, 100 * 50 + 102 * 50);
});

Deno.test("compilePlan() writes no products of what lies between the steps of a convolution", () => {
  const x = input("x", [BATCH, 4, 14, 14]), w = input("w", [6, 4, 3, 3]);
  const [dx] = gradient(sum(square(conv2d(x, w, { stride: 2, padding: 1 }))), [x]);
  for (const { source } of kernelsOf([dx!])) {
    assertEquals(source.match(/vec4f\(.*0\.0f.*0\.0f.*\)/g), null);
  }
});

Deno.test("compilePlan() updates the whole model by Adam in one dispatch", () => {
  const plan = adamPlan(), { kernels } = plan;
  const state = [...plan.places.keys()].filter((name) => name.startsWith("state/"));
  assertEquals(state.length, 2);
  const all = new Set([PARAMETERS, ...state].map((slot) => nextBuffer(plan, slot)));
  const written = kernels.map(({ source, bindings }) => ({
    source,
    theirs: bindings.flatMap(({ buffer, access }, i) =>
      access === "write" && all.has(buffer) ? [i] : []
    ),
  })).filter(({ theirs }) => theirs.length > 0);
  // Both moments are written with the parameters, four words at a time.
  assertEquals(written.map(({ theirs }) => theirs.length), [all.size]);
  const [{ source, theirs }] = written as [typeof written[number]];
  assert(theirs.every((i) => source.includes(`read_write> b${i}: array<vec4`)));
});

Deno.test("compilePlan() updates pieces of the parameters without branches on software", () => {
  const objective = classification(mlp({ input: 784, hidden: [48, 690], classes: 3 }), 2);
  const long = right(lower(objective as AnyObjective, sgd()));
  const updates = (kind: "cpu" | "gpu") => {
    const plan = planOf(long, "wgsl", 1, { kind }), theta = nextBuffer(plan, PARAMETERS);
    return plan.kernels.filter(({ bindings }) =>
      bindings.some(({ buffer, access }) => buffer === theta && access === "write")
    ).map(({ source }) => source.includes("} else {"));
  };
  assertEquals(updates("cpu"), [false]);
  // A branch is a branch there; what fills no vectors is another kernel.
  assertEquals(updates("gpu"), [true, true]);
});

Deno.test("compilePlan() reads all that an update is made of through windows, in one slice if they span it", () => {
  const network = classification(mnistCnn({ dropout: false }), BATCH) as AnyObjective;
  const updates = (maxUniforms: number) => {
    const plan = planOf(right(lower(network, sgd())), "wgsl", 1, { maxUniforms });
    const theta = nextBuffer(plan, PARAMETERS);
    return plan.kernels.filter(({ bindings }) =>
      bindings.some(({ buffer, access }) => buffer === theta && access === "write")
    ).map(({ bindings, slices = [0] }) => {
      const storage = bindings.filter(({ window, access }) =>
        window === undefined && access === "read"
      );
      return [storage.length, slices.length];
    });
  };
  // The slabs of a sum have windows of their own, and so have layers where there are enough.
  assertEquals(updates(12), [[0, 2]]);
  assertEquals(updates(15), [[0, 1]]);
});

Deno.test("compilePlan() stores vectors behind an edge that is a multiple of four", () => {
  const g = input("g", [20, 128]), h = input("h", [20, 788]);
  const [{ source }] = kernelsOf([matmul(permute(g, [1, 0]), h)]) as [Plan["kernels"][number]];
  assert(source.includes("< 788u"), "a box that does not divide the row");
  assert(source.includes("read_write> b0: array<vec4<f32>>"), "vectors");
  assert(!source.includes("]["), "no components");
});

Deno.test("compilePlan() makes a step of Adam on the network at most 14 dispatches", () => {
  assertLessOrEqual(dispatches(adamPlan()).length, 14);
});

Deno.test("compilePlan() gives no elementwise operation on activations a kernel of its own", () => {
  const plan = adamPlan();
  const pixels = BATCH * 28 * 28;
  // A kernel that sums nothing computes as much as it stores; the optimizer's own and the
  // normalisation of the pixels, which three products read, are what there is.
  const large = plan.kernels.filter(({ flops, bindings }) =>
    bindings.some(({ buffer, access }) =>
      access === "write" && flops === 2 * plan.buffers[buffer]!.words &&
      plan.buffers[buffer]!.words >= BATCH * 50 && plan.buffers[buffer]!.words !== pixels &&
      plan.buffers[buffer]!.words !== plan.arena.size
    )
  );
  assertEquals(large.map(({ label }) => label), []);
});

Deno.test("compilePlan() binds at most as many buffers as the device allows", () => {
  for (const maxBindings of [8, 6]) {
    for (const { label, bindings } of planOf(step(), "wgsl", 1, { maxBindings }).kernels) {
      const storage = bindings.filter(({ window }) => window === undefined);
      assertLessOrEqual(storage.length, maxBindings, label);
    }
  }
});

Deno.test("compilePlan() lets slots share buffers when a kernel reads more of them than it may bind", () => {
  const slots = Array.from({ length: 12 }, (_, i) => input(`x${i}`, [7]));
  const [kernel] = kernelsOf([slots.reduce((sum, x) => tanh(add(sum, x)))]);
  assertLessOrEqual(kernel!.bindings.length, DEFAULT_ADAPTER.maxBindings);
});

Deno.test("compilePlan() makes the same plan of the same program", () => {
  const plain = (plan: Plan) => ({
    kernels: plan.kernels,
    buffers: plan.buffers,
    regions: plan.regions,
    places: [...plan.places],
  });
  assertEquals(plain(planOf(step(), "wgsl")), plain(adamPlan()));
  assertNotEquals(planOf(step(), "wgsl", 2).kernels[1]!.source, adamPlan().kernels[1]!.source);
});

Deno.test("compilePlan() refuses a tensor beyond the limit of a binding, with its path", () => {
  const x = input("image", [1024, 1024]);
  const plan = compilePlan(programOf([mul(x, 2)]), {
    replicas: 1,
    target: "wgsl",
    adapter: { ...DEFAULT_ADAPTER, maxBindingBytes: 1 << 20 },
  });
  assert(E.isLeft(plan));
  assertEquals(plan.left.kind, "limit");
  assertEquals(plan.left.issues[0]!.path, "image");
});

Deno.test("compilePlan() refuses an input that is no slot, with its name", () => {
  const { slots, ...rest } = programOf([mul(input("missing", [2]), 2)]);
  const plan = compilePlan({ ...rest, slots: slots.filter(({ name }) => name !== "missing") }, {
    replicas: 1,
    target: "js",
    adapter: DEFAULT_ADAPTER,
  });
  assertEquals(E.isLeft(plan) && [plan.left.kind, plan.left.issues[0]!.path], ["need", "missing"]);
});
