/** Loops as regions, and written out: both against the oracle, on both targets. */
import fc from "fast-check";
import { assertEquals } from "../_assert.ts";
import { gateLoops } from "../../src/compiler/gates.ts";
import { DEFAULT_ADAPTER } from "../../src/loops/adapter.ts";
import type { WrittenOut } from "../../src/compiler/written_out.ts";
import { evaluate } from "../../src/reference/evaluate.ts";
import { type Tensor, tensor } from "../../src/reference/tensor.ts";
import type { Region, Slot } from "../../src/lowering/program.ts";
import { sizeOf } from "../../src/tensor/node.ts";
import { topological } from "../../src/tensor/walk.ts";
import type { RandomGraph } from "../tensor/_random_graphs.ts";
import { distance } from "./_compare.ts";
import { randomLoop } from "./_random_loops.ts";
import {
  outputSlot,
  planOf,
  programOf,
  start,
  type Target,
  targets,
  type Ways,
} from "./_run_plan.ts";

const NEVER: WrittenOut = { nodes: 0, sums: 0 };
// Larger ones are kernels that drivers take minutes to compile.
const MOSTLY: WrittenOut = { nodes: 300, sums: Infinity };
const WAYS: Readonly<Record<string, Ways>> = {
  "as regions": { writtenOut: NEVER, oneKernel: 0 },
  "whose slots change places": { writtenOut: NEVER, oneKernel: 0, doubled: 1 },
  "in one kernel": { writtenOut: NEVER, oneKernel: Infinity },
  "in one kernel, beside slots that change places": {
    writtenOut: NEVER,
    oneKernel: Infinity,
    doubled: 1,
  },
  "written out": { writtenOut: MOSTLY },
  "by cost": {},
};

/** Of the largest value of a tensor. */
const TOLERANCE = 2e-5;
const RUNS: { readonly [T in Target]: number } = { js: 60, wgsl: 8 };

/** The inputs of copy r: numbers differ a little, and so do the conditions. */
function ofCopy(inputs: ReadonlyMap<string, Tensor>, r: number): Map<string, Tensor> {
  if (r === 0) return new Map(inputs);
  return new Map([...inputs].map(([key, x]): [string, Tensor] => {
    if (key.endsWith("limit@0")) return [key, tensor([(x.data[0]! + r) % 6], [], "u32")];
    if (x.dtype !== "f32") return [key, x];
    return [key, tensor(Array.from(x.data, (v, i) => v + (i % 3 === r ? 0.25 : 0)), x.shape)];
  }));
}

/** What of a graph's outputs is off in any of `copies` copies. */
async function wrongOutputs(
  { outputs, inputs }: RandomGraph,
  target: Target,
  copies: number,
  parts: (assign: Assign) => readonly Region[],
  way: Ways,
): Promise<string[]> {
  const each = Array.from({ length: copies }, (_, r) => ofCopy(inputs, r));
  const slots = topological(outputs).flatMap(({ op, shape, dtype }): Slot[] =>
    op.kind === "input"
      ? [{ name: op.name, role: "batch", shape, dtype, perReplica: copies > 1 }]
      : []
  );
  const planned = planOf(programOf(outputs, slots, parts), target, copies, {}, way);
  // Iterations that need not happen are skipped, however little that saves.
  const plan = target === "wgsl" ? gateLoops(planned, DEFAULT_ADAPTER, Infinity) : planned;
  const values = new Map(
    slots.map(({ name }) =>
      [name, each.flatMap((inputs) => [...inputs.get(`${name}@0`)!.data])] as const
    ),
  );
  const executor = await start(plan, values);
  const wrong: string[] = [];
  try {
    // The second step finds what the first one has left behind.
    executor.step(2);
    const wanted = each.map((x) => evaluate(outputs, x, { precision: "f32" }));
    for (const [i, node] of outputs.entries()) {
      const got = await executor.read(outputSlot(i));
      const size = sizeOf(node.shape);
      for (let r = 0; r < copies; r++) {
        const apart = distance(got.subarray(r * size, (r + 1) * size), wanted[r]![i]!.data);
        if (!(apart <= TOLERANCE)) {
          wrong.push(`output ${i} ${node.dtype}[${node.shape}] of copy ${r} is ${apart} apart`);
        }
      }
    }
  } finally {
    executor.dispose();
  }
  return wrong;
}

type Assign = Region["assign"];
const STRAIGHT = { kind: "straight", period: 1, offset: 0 } as const;
const RARE = { kind: "every", period: 2, offset: 1 } as const;
const half = (assign: Assign, rest: number) => assign.filter((_, i) => i % 2 === rest);
/** Loops in regions that always run and in rare ones, which may share them. */
const PARTS: readonly ((assign: Assign) => readonly Region[])[] = [
  (assign) => [{ ...STRAIGHT, assign }],
  (assign) => [{ ...STRAIGHT, assign: half(assign, 0) }, { ...RARE, assign: half(assign, 1) }],
  (assign) => [
    { ...STRAIGHT, assign: [] },
    { ...RARE, assign: half(assign, 0) },
    { ...STRAIGHT, assign: half(assign, 1) },
  ],
];

const anyLoop = fc.record({
  seed: fc.nat(100_000),
  condition: fc.boolean(),
  nested: fc.boolean(),
  copies: fc.constantFrom(1, 1, 3),
  parts: fc.constantFrom(...PARTS),
});

for (const target of targets) {
  for (const [way, options] of Object.entries(WAYS)) {
    // What is in one kernel differs on one target alone.
    if (target === "js" && options.oneKernel === Infinity) continue;
    Deno.test(`compilePlan() on ${target} agrees with the oracle on random loops ${way}`, async () => {
      await fc.assert(
        fc.asyncProperty(anyLoop, async ({ seed, copies, parts, ...shape }) => {
          const loop = randomLoop(seed, shape);
          assertEquals(await wrongOutputs(loop, target, copies, parts, options), []);
        }),
        { seed: 11, numRuns: way === "as regions" ? RUNS[target] : RUNS[target] / 4 },
      );
    });
  }
}
