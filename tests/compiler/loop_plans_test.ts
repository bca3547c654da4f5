/** Solvers as loops: what their plans look like, and that both targets agree with the oracle. */
import { assert, assertEquals, assertGreater, assertLess } from "../_assert.ts";
import { hessianVector } from "../../src/autodiff/products.ts";
import { gradient } from "../../src/autodiff/vjp.ts";
import { describe } from "../../src/compiler/describe.ts";
import { type Command, type Plan, type Repeat, visitCommands } from "../../src/compiler/plan.ts";
import { conjugateGradients } from "../../src/linalg/conjugate_gradients.ts";
import { newtonSchulz } from "../../src/linalg/newton_schulz.ts";
import { symmetricEigen } from "../../src/linalg/symmetric_eigen.ts";
import { relu } from "../../src/nn/activations.ts";
import { conv2d, dense } from "../../src/nn/layers.ts";
import { softmaxCrossEntropy } from "../../src/nn/losses.ts";
import { maxPool2d } from "../../src/nn/pooling.ts";
import { evaluate } from "../../src/reference/evaluate.ts";
import { type Tensor, tensor } from "../../src/reference/tensor.ts";
import type { Slot } from "../../src/lowering/program.ts";
import type { Loop, Node } from "../../src/tensor/node.ts";
import { sizeOf } from "../../src/tensor/node.ts";
import {
  add,
  binary,
  compare,
  constant,
  div,
  input,
  matmul,
  mean,
  mul,
  permute,
  randomBits,
  repeat,
  reshape,
  slice,
  sqrt,
  square,
  sum,
} from "../../src/tensor/ops.ts";
import { cast } from "../../src/tensor/ops.ts";
import { topological } from "../../src/tensor/walk.ts";
import { distance } from "./_compare.ts";
import { outputSlot, planOf, programOf, run, start, targets } from "./_run_plan.ts";

const NEVER = { writtenOut: { nodes: 0, sums: 0 }, oneKernel: 0 };

/** Values for the inputs of graphs, the same at every run. */
function valuesFor(outputs: readonly Node[]): Map<string, Tensor> {
  return new Map(
    topological(outputs).flatMap(({ op, shape, dtype }) => {
      if (op.kind !== "input") return [];
      const values = Array.from(
        { length: sizeOf(shape) },
        (_, i) => dtype === "f32" ? Math.sin(1 + i * 1.7 + i * i * 0.13) : i % 3,
      );
      return [[`${op.name}@0`, tensor(values, shape, dtype)] as const];
    }),
  );
}

function loopsOf(commands: readonly Command[]): readonly Repeat[] {
  return commands.flatMap((c) => c.kind === "repeat" ? [c, ...loopsOf(c.commands)] : []);
}

const loopsIn = (plan: Plan) => loopsOf(plan.regions.flatMap((r) => r.commands));

/** Kernels of a loop that read nothing that the loop writes: they belong before it. */
function idle(plan: Plan, loop: Repeat): string[] {
  const kernels = new Set<number>();
  visitCommands(loop.commands, (c) => {
    if (c.kind === "dispatch") kernels.add(c.kernel);
  });
  const inside = [...kernels].map((k) => plan.kernels[k]!);
  const changing = new Set(loop.swaps.flat());
  for (const { bindings } of inside) {
    for (const { buffer, access } of bindings) if (access === "write") changing.add(buffer);
  }
  return inside.filter(({ bindings }) =>
    !bindings.some(({ buffer, access }) => access === "read" && changing.has(buffer)) &&
    bindings.filter(({ access }) => access === "write").length === 1 &&
    !bindings.every(({ access }) => access === "write")
  ).map(({ label }) => label);
}

/** The loss of a small network with a convolution, as a function of one vector. */
function network(): { readonly loss: Node; readonly theta: Node } {
  const theta = input("theta", [4 * 9 + 36 * 3]);
  const x = input("x", [5, 1, 8, 8]), y = input("y", [5], "u32");
  const filters = reshape(slice(theta, [0], [36]), [4, 1, 3, 3]);
  const weights = reshape(slice(theta, [36], [144]), [3, 36]);
  const hidden = relu(maxPool2d(conv2d(x, filters), { size: 2 }));
  const logits = dense(reshape(hidden, [5, 36]), weights, constant(0, [3]));
  return { loss: mean(softmaxCrossEntropy(logits, y)), theta };
}

function solution(steps: number, right?: Node): Node {
  const { loss, theta } = network();
  const product = (v: Node) => add(hessianVector(loss, [theta], [v])[0]!, mul(3, v));
  return conjugateGradients(product, right ?? gradient(loss, [theta])[0]!, { steps }).x;
}

function power(times: number): Node {
  const v = input("carried", [12]), m = input("m", [12, 12]);
  const w = reshape(matmul(m, reshape(v, [12, 1])), [12]);
  const loop: Loop = { times, formals: [v, m], next: [div(w, sqrt(sum(square(w))))] };
  const a = input("a", [12, 12]);
  return repeat(loop, [input("v", [12])], [add(matmul(a, permute(a, [1, 0])), 1)])[0]!;
}

/** A walk whose every iteration draws bits of its own, until it is far enough. */
function walk(times: number): Node[] {
  const x = input("carried", [7]), i = input("i", [], "u32"), seed = input("s", [], "u32");
  const bits = binary("shiftRight", randomBits(seed, i, 3, [7]), constant(30, [7], "u32"));
  const loop: Loop = {
    times,
    formals: [x, i, seed],
    next: [add(x, mul(0.25, cast(bits, "f32"))), add(i, 1)],
    condition: compare("lt", sum(x), 20),
  };
  return repeat(loop, [constant(0, [7]), constant(0, [], "u32")], [input("seed", [], "u32")]);
}

const matrix = input("a", [20, 12]);
const symmetric = (() => {
  const b = input("b", [9, 9]);
  return add(b, permute(b, [1, 0]));
})();
const SOLVERS: Readonly<Record<string, readonly [outputs: readonly Node[], tolerance: number]>> = {
  "power iteration": [[power(40)], 1e-5],
  "a loop of 2000 iterations": [[power(2000)], 1e-5],
  "Newton–Schulz on a matrix that commutes with nothing": [[newtonSchulz(matrix)], 1e-4],
  "eigenvalues by Jacobi's rotations": [[symmetricEigen(symmetric).values], 1e-4],
  "conjugate gradients with Hessian-vector products": [[solution(6)], 1e-4],
  "a walk with random bits": [walk(50), 1e-5],
};

for (const target of targets) {
  for (const [name, [outputs, tolerance]] of Object.entries(SOLVERS)) {
    Deno.test(`compilePlan() on ${target} agrees with the oracle on ${name}`, async () => {
      const inputs = valuesFor(outputs);
      const wanted = evaluate(outputs, inputs, { precision: "f32" });
      const got = await run(outputs, inputs, target);
      outputs.forEach((_, i) => assertLess(distance(got[i]!, wanted[i]!.data), tolerance));
    });
  }
}

Deno.test("compilePlan() compiles the body of a loop once, however often it runs", () => {
  const [short, long] = [30, 3000].map((times) =>
    planOf(programOf([power(times)]), "wgsl", 1, {}, NEVER)
  );
  assertEquals(long!.kernels.length, short!.kernels.length);
  assertEquals(long!.buffers, short!.buffers);
  assertEquals(loopsIn(long!).map(({ times }) => times), [3000]);
  const regions = describe({ plan: long! })!.regions;
  assertGreater(regions[0]!.dispatches, 3000);
  assertEquals(regions[0]!.repeats[0]!.times, 3000);
});

Deno.test("compilePlan() computes the primal pass of Hessian-vector products once, before the loop", () => {
  // The right-hand side is given, so that nothing but the products needs the network.
  // With room for all of them, the buffers of a kernel are the values that it reads.
  const room = { maxBindings: 16 };
  const plan = planOf(programOf([solution(10, input("b", [144]))]), "wgsl", 1, room, NEVER);
  const loop = loopsIn(plan).find(({ times }) => times === 10)!;
  assertEquals(idle(plan, loop), []);
  const labels = describe({ plan })!.regions[0]!.repeats[0]!.kernels;
  const before = plan.kernels.slice(0, plan.kernels.length - labels.length - 1);
  const x = plan.places.get("x")!.buffer;
  // The images are convolved before the loop; in it the derivative by the filters convolves them.
  assertGreater(before.filter(({ bindings }) => bindings.some((b) => b.buffer === x)).length, 0);
  assertGreater(before.length, 4);
});

Deno.test("compilePlan() hoists a loop that depends on nothing carried out of the loop around it", () => {
  const x = input("x", [6]), c = input("c", [6, 6]);
  const m = input("m1", [12, 12]), v = input("v1", [12]);
  const outer: Loop = {
    times: 20,
    formals: [x, c, m, v],
    next: [
      add(
        mul(0.5, reshape(matmul(c, reshape(x, [6, 1])), [6])),
        slice(
          repeat({ times: 50, ...bodyOfPower() }, [v], [m])[0]!,
          [0],
          [6],
        ),
      ),
    ],
  };
  const outputs = repeat(outer, [input("x0", [6])], [
    input("c0", [6, 6]),
    input("a", [12, 12]),
    input("v", [12]),
  ]);
  const plan = planOf(programOf(outputs), "js", 1, {}, NEVER);
  const top = plan.regions[0]!.commands.flatMap((c) => c.kind === "repeat" ? [c.times] : []);
  assertEquals(top, [50, 20]);
});

function bodyOfPower(): Pick<Loop, "formals" | "next"> {
  const { op } = power(1);
  assert(op.kind === "repeat");
  return { formals: op.loop.formals, next: op.loop.next };
}

Deno.test("compilePlan() runs a loop again where a rare region has run it only now and then", async () => {
  const slot = (name: string, role: Slot["role"]): Slot => ({
    name,
    role,
    shape: [12],
    dtype: "f32",
    initial: 1,
    perReplica: false,
  });
  const factor = input("factor", [12]), changed = input("s", [12], "f32", 1);
  const x = input("x", [12]), m = input("m", [12, 12]);
  const loop: Loop = {
    times: 3,
    formals: [x, m],
    next: [mul(0.1, reshape(matmul(m, reshape(x, [12, 1])), [12]))],
  };
  const [last] = repeat(loop, [changed], [input("a", [12, 12])]);
  const straight = { kind: "straight", period: 1, offset: 0 } as const;
  const program = programOf(
    [last!, mul(last!, 3)],
    [slot("s", "state"), slot("factor", "batch")],
    ([rare, always]) => [
      { ...straight, assign: [{ slot: "s", value: mul(input("s", [12]), factor) }] },
      { kind: "every", period: 3, offset: 0, assign: [rare!] },
      { ...straight, assign: [always!] },
    ],
  );
  const inputs = valuesFor([last!, factor]);
  const values = new Map(
    ["a", "factor"].map((name) => [name, inputs.get(`${name}@0`)!.data] as const),
  );
  inputs.set("s@1", tensor(Array.from(values.get("factor")!, (x) => x ** 3), [12]));
  const [wanted] = evaluate([mul(last!, 3)], inputs);
  for (const target of targets) {
    const executor = await start(planOf(program, target, 1, {}, NEVER), values);
    executor.step(3);
    assertLess(distance(await executor.read(outputSlot(1)), wanted!.data), 1e-5);
    executor.dispose();
  }
});

Deno.test("compilePlan() makes values that cannot be overwritten in place change places", () => {
  // Each element reads its neighbour, so that no iteration can overwrite what it reads.
  const x = input("x", [3000]);
  const turned = binary(
    "max",
    slice(x, [0], [3000]),
    permute(reshape(permute(reshape(x, [60, 50]), [1, 0]), [3000]), [0]),
  );
  const loop: Loop = { times: 501, formals: [x], next: [mul(0.999, turned)] };
  const plan = planOf(programOf(repeat(loop, [input("x0", [3000])])), "wgsl", 1, {}, NEVER);
  const [region] = describe({ plan })!.regions;
  assertEquals(loopsIn(plan)[0]!.swaps.length, 1);
  // One copy after the odd number of iterations, none inside.
  assertEquals(region!.copies, 1);
});
