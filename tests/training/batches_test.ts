import { roundKeys, shuffled } from "../../src/data/shuffle.ts";
import { evaluate } from "../../src/reference/evaluate.ts";
import { tensor } from "../../src/reference/tensor.ts";
import type { StepProgram } from "../../src/lowering/program.ts";
import { input, sum } from "../../src/tensor/ops.ts";
import type { Node } from "../../src/tensor/node.ts";
import { batchIndices, type Column, deviceBatches } from "../../src/training/batches.ts";
import { assertEquals, assertThrows } from "../_assert.ts";

const scalar = (value: number) => tensor([value], [], "u32", "f32");
const clock = (seed: number, step: number) =>
  new Map([["seed@0", scalar(seed)], ["step@0", scalar(step)]]);

Deno.test("batchIndices() is the order of data/shuffle.ts for every epoch", () => {
  for (
    const [count, batchSize, seed] of [[7, 2, 0], [97, 10, 5], [60_000, 60, 123], [
      70_001,
      33,
      2 ** 32 - 1,
    ]] as const
  ) {
    const perEpoch = Math.floor(count / batchSize);
    const node = batchIndices(count, batchSize, "shuffled");
    for (const step of [0, 1, perEpoch - 1, perEpoch, 3 * perEpoch + 1]) {
      const [found] = evaluate([node], clock(seed, step), { precision: "f32" });
      const keys = roundKeys(seed, Math.floor(step / perEpoch), count);
      const expected = Array.from(
        { length: batchSize },
        (_, i) => shuffled((step % perEpoch) * batchSize + i, count, keys),
      );
      assertEquals([...found!.data], expected, `count ${count}, step ${step}`);
    }
  }
});

Deno.test("batchIndices() is in order when asked for", () => {
  const node = batchIndices(10, 4, "sequential");
  const at = (step: number) => [...evaluate([node], clock(1, step))[0]!.data];
  assertEquals([at(1), at(2), at(3)], [[4, 5, 6, 7], [8, 9, 10, 11], [0, 1, 2, 3]]);
});

function programOf(value: Node, slots: StepProgram["slots"]): StepProgram {
  return {
    arena: { size: 0, entries: [] },
    slots,
    regions: [{ kind: "straight", period: 1, offset: 0, assign: [{ slot: "loss", value }] }],
  };
}

const images: Column = {
  kind: "bytes",
  values: Uint8Array.from({ length: 5 * 6 }, (_, i) => i * 8),
};
const x = input("batch/x", [2, 1, 2, 3]);
const y = input("batch/y", [2], "u32");
const slots: StepProgram["slots"] = [
  { name: "batch/x", role: "batch", shape: [2, 1, 2, 3], dtype: "f32", perReplica: false },
  { name: "batch/y", role: "batch", shape: [2], dtype: "u32", perReplica: false },
];

Deno.test("deviceBatches() gathers and unpacks rows that do not fill their last word", () => {
  const labels: Column = { kind: "bytes", values: Uint8Array.from([9, 8, 7, 6, 5]) };
  const batches = deviceBatches({
    columns: { x: images, y: labels },
    count: 5,
    batchSize: 2,
    order: "sequential",
  });
  for (
    const [node, expected] of [
      [x, Array.from({ length: 12 }, (_, i) => Math.fround((12 + i) * 8 * Math.fround(1 / 255)))],
      [y, [7, 6]],
    ] as const
  ) {
    const program = batches.transform(programOf(node, slots));
    assertEquals(program.slots.map((s) => s.role), ["data", "data", "clock", "clock"]);
    const environment = new Map(clock(0, 1));
    for (const slot of program.slots.filter((s) => s.role === "data")) {
      const values = [...batches.data.get(slot.name)!];
      environment.set(`${slot.name}@0`, tensor(values, slot.shape, slot.dtype, "f32"));
    }
    const [found] = evaluate([program.regions[0]!.assign[0]!.value], environment, {
      precision: "f32",
    });
    assertEquals(found!.shape, node.shape);
    assertEquals([...found!.data], expected);
  }
});

Deno.test("deviceBatches() names the column that does not fit", () => {
  const bad = (columns: Readonly<Record<string, Column>>) => () =>
    deviceBatches({ columns, count: 4, batchSize: 2, order: "sequential" })
      .transform(programOf(sum(x), slots));
  assertThrows(bad({ x: images }), Error, "batch/x: expected 24 for 4 examples");
  assertThrows(bad({}), Error, 'batch/x: expected a column "x"');
  assertThrows(
    () => deviceBatches({ columns: {}, count: 3, batchSize: 4, order: "shuffled" }),
    Error,
    "batchSize: expected an integer from 1 to 3, found 4",
  );
});
