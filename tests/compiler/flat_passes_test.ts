/** Passes over flat vectors: what is read and written, and how many passes there are. */
import { assert, assertEquals, assertGreater, assertLessOrEqual } from "../_assert.ts";
import type { Plan } from "../../src/compiler/plan.ts";
import { visitCommands } from "../../src/compiler/plan.ts";
import { DEFAULT_ADAPTER } from "../../src/loops/adapter.ts";
import { lower, type LowerOptions } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { PARAMETERS, type StepProgram } from "../../src/lowering/program.ts";
import { relu } from "../../src/nn/activations.ts";
import { zeros } from "../../src/nn/initial.ts";
import { dense } from "../../src/nn/layers.ts";
import { mnistCnn } from "../../src/nn/models.ts";
import { classification } from "../../src/objective/classification.ts";
import { objective } from "../../src/objective/objective.ts";
import { adam } from "../../src/optimizer/catalogue/adam.ts";
import { lamb, lars } from "../../src/optimizer/catalogue/layerwise.ts";
import { nasgd } from "../../src/optimizer/catalogue/nasgd.ts";
import { ogr1d } from "../../src/optimizer/catalogue/online_parabola.ts";
import { catalogue } from "../../src/optimizer/catalogue/registry.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import type { Node, OpKind } from "../../src/tensor/node.ts";
import { mean, mul, square, sub, sum } from "../../src/tensor/ops.ts";
import { topological } from "../../src/tensor/walk.ts";
import { planOf, right } from "./_run_plan.ts";
import { trafficOf, writtenBy } from "./_words.ts";

const SIZE = 2048;
const bowl = objective({
  parameters: { theta: zeros([SIZE]) },
  loss: ({ theta }) => mul(0.5, sum(square(theta))),
}) as AnyObjective;

const network = objective({
  parameters: { w: zeros([32, 40]), b: zeros([32]), v: zeros([10, 32]), c: zeros([10]) },
  batch: { x: [24, 40], y: [24, 10] },
  loss: ({ w, b, v, c }, { x, y }) => mean(square(sub(dense(relu(dense(x, w, b)), v, c), y))),
}) as unknown as AnyObjective;

const lowered = (of: AnyObjective, optimizer: Optimizer, options?: LowerOptions): StepProgram =>
  right(lower(of, optimizer, options));

function dispatches(plan: Plan): number {
  let count = 0;
  for (const { commands } of plan.regions) {
    visitCommands(commands, ({ kind }, times) => count += kind === "dispatch" ? times : 0);
  }
  return count;
}
const dispatchesOf = (of: AnyObjective, optimizer: Optimizer, options?: LowerOptions): number =>
  dispatches(planOf(lowered(of, optimizer, options), "wgsl", 1, {}, { oneKernel: 0 }));

const NOT_ELEMENTWISE: ReadonlySet<OpKind> = new Set(
  ["reduce", "contraction", "gather", "scatterAdd", "concatenate", "repeat"],
);

/** What each region assigns to slots that are kept. */
function keptOf({ regions, slots }: StepProgram): readonly (readonly Node[])[] {
  const records = new Set(slots.filter((s) => s.role === "record").map((s) => s.name));
  return regions.map(({ assign }) =>
    assign.flatMap(({ slot, value }) => records.has(slot) ? [] : [value])
  );
}

const isElementwise = (program: StepProgram): boolean =>
  topological(keptOf(program).flat()).every(({ op }) => !NOT_ELEMENTWISE.has(op.kind));

/** Whether a step does nothing that is not elementwise besides what another one does. */
function isUpdate(program: StepProgram, other: StepProgram): boolean {
  const known = new Set(topological(keptOf(other).flat()).map(({ hash }) => hash));
  return topological(keptOf(program).flat()).every(({ op, hash }) =>
    known.has(hash) || !NOT_ELEMENTWISE.has(op.kind)
  );
}

/** The regions that read a slot, for what is kept or for records. */
function readersOf({ regions }: StepProgram, slot: string): number {
  const reads = (value: Node) =>
    topological([value]).some(({ op }) => op.kind === "input" && op.name === slot);
  return regions.filter(({ assign }) => assign.some(({ value }) => reads(value))).length;
}

/** Entries whose update of ½‖θ‖² needs of each element nothing but its own words. */
const elementwise = Object.values(catalogue).flatMap(({ name, build, network: options }) => {
  const program = lower(bowl, build(options));
  return program._tag === "Right" && isElementwise(program.right)
    ? [{ name, optimizer: build(options), program: program.right }]
    : [];
});

Deno.test("compilePlan() reads and writes each needed word once for elementwise optimizers", () => {
  assertGreater(elementwise.length, 20);
  for (const { name, program } of elementwise) {
    const plan = planOf(program, "js");
    for (const [slot, { reads, writes }] of trafficOf(plan)) {
      if (reads.length !== SIZE) continue;
      const needed = readersOf(program, slot);
      const assigned = program.regions.filter((r) => r.assign.some((a) => a.slot === slot)).length;
      assertEquals([name, slot, Math.max(...reads)], [name, slot, needed]);
      assertEquals([name, slot, Math.min(...reads)], [name, slot, needed]);
      assert(writes.every((n) => n === assigned), `${name} writes ${slot} ${writes[0]} times`);
    }
  }
});

Deno.test("compilePlan() updates by elementwise optimizers in one kernel, whose gradient is a network's", () => {
  const plain = lowered(network, sgd());
  let seen = 0;
  for (const { name, optimizer, program: { regions } } of elementwise) {
    // With a probe of the curvature the gradient's part of the update comes before its products.
    const values = regions.flatMap(({ assign }) => assign.map(({ value }) => value));
    const probes = topological(values).some(({ op }) => op.kind === "randomBits");
    if (regions.length > 1 || probes) continue;
    const program = lowered(network, optimizer);
    const { size } = program.arena;
    // Matrices are treated otherwise than vectors by some.
    if (!isUpdate(program, plain)) continue;
    seen++;
    const plan = planOf(program, "js");
    const own = [...plan.places].filter(([slot, { shape }]) =>
      shape[0] === size && (slot === PARAMETERS || slot.startsWith("state/"))
    );
    const buffers = new Set(own.map(([, { buffer }]) => buffer));
    const writers = plan.kernels.flatMap((_, k) =>
      writtenBy(plan, k).isDisjointFrom(buffers) ? [] : [k]
    );
    const traffic = trafficOf(plan, (k) => writers.includes(k));
    for (const [slot] of own) {
      const { reads, writes } = traffic.get(slot)!;
      assertLessOrEqual(Math.max(...reads), 1, `${name} reads ${slot}`);
      assert(writes.every((n) => n === 1), `${name} writes ${slot}`);
    }
  }
  assertGreater(seen, 15);
});

Deno.test("compilePlan() makes the loss of a bowl and its update one pass", () => {
  for (const { name, program } of elementwise) {
    if (program.regions.length > 1) continue;
    // Small ones would be one kernel with its scalars.
    const plan = planOf(program, "wgsl", 1, {}, { oneKernel: 0 });
    assertEquals([name, dispatches(plan)], [name, 2]);
  }
});

Deno.test("compilePlan() adds telemetry to a step without a dispatch more", () => {
  const telemetry = ["loss", "gradientNorm", "updateNorm", "cosine"] as const;
  for (const optimizer of [sgd(), adam()]) {
    const plain = dispatchesOf(network, optimizer);
    assertEquals(dispatchesOf(network, optimizer, { telemetry }), plain);
  }
});

Deno.test("compilePlan() makes NaSGD one reduction and one update", () => {
  assertEquals(dispatchesOf(bowl, nasgd()), 3);
  assertLessOrEqual(dispatchesOf(network, nasgd()), dispatchesOf(network, sgd()) + 1);
});

Deno.test("compilePlan() makes norms of all tensors one reduction", () => {
  const cnn = classification(mnistCnn({ dropout: false }), 4) as unknown as AnyObjective;
  for (const model of [network, cnn]) {
    const plain = dispatchesOf(model, sgd());
    for (const optimizer of [lars(), lamb()]) {
      // A pass, the scalars, and the update.
      assertLessOrEqual(dispatchesOf(model, optimizer), plain + 2);
    }
  }
});

Deno.test("compilePlan() makes products with one direction one reduction", () => {
  // The norm of the direction, then all products with it, then the update.
  assertLessOrEqual(dispatchesOf(bowl, ogr1d()), 5);
});

Deno.test("compilePlan() shares out long vectors so that each slice has threads for all lanes", () => {
  const size = 1 << 22;
  const large = objective({
    parameters: { theta: zeros([size]) },
    loss: ({ theta }) => mul(0.5, sum(square(theta))),
  }) as AnyObjective;
  const { kernels: [pass], regions } = planOf(lowered(large, adam()), "wgsl");
  const [first] = regions[0]!.commands;
  assert(first?.kind === "dispatch" && first.kernel === 0);
  assertEquals(pass!.slices!.length, size * 4 / DEFAULT_ADAPTER.maxUniformBytes);
  assertEquals(first.workgroups[0] * pass!.workgroupSize, 16);
});

Deno.test("compilePlan() shares out the elements of a GPU's pass to neighbouring threads", () => {
  const size = 1 << 20;
  const large = objective({
    parameters: { theta: zeros([size]) },
    loss: ({ theta }) => mul(0.5, sum(square(theta))),
  }) as AnyObjective;
  const plan = planOf(lowered(large, adam()), "wgsl", 1, { kind: "gpu" });
  const [pass] = plan.kernels;
  assertLessOrEqual(pass!.words, 6 * size + 16384 + 16);
  // The sums of 16 384 threads are a pass again.
  assertEquals(dispatches(plan), 3);
});
