/** The host's scalars of many copies: what copies have in common is evaluated once, and is that of each. */
import { adam } from "../../src/optimizer/catalogue/adam.ts";
import { cosineDecay } from "../../src/optimizer/schedule.ts";
import { SEED } from "../../src/lowering/program.ts";
import { hostRow } from "../../src/runtime/host_row.ts";
import { initialValues } from "../../src/runtime/initial.ts";
import { compile } from "../../src/runtime/compile.ts";
import { getOrThrow, type Program } from "../../src/runtime/program.ts";
import { deviceBatches } from "../../src/training/batches.ts";
import { assert, assertEquals } from "../_assert.ts";
import { regression } from "./_objectives.ts";

const SEEDS = [4, 9, 4, 7];
const rate = cosineDecay({ from: 0.1, steps: 12 });

async function program(seed: readonly number[]): Promise<Program> {
  const batches = deviceBatches({
    columns: {
      x: { kind: "numbers", values: new Float32Array(600) },
      y: { kind: "bytes", values: new Uint8Array(120) },
    },
    count: 120,
    batchSize: 40,
    order: "shuffled",
  });
  return getOrThrow(
    await compile(regression, adam({ learningRate: rate }), {
      backend: "js",
      replicas: seed.length,
      seed,
      transform: batches.transform,
      data: Object.fromEntries(batches.data),
    })(),
  ) as unknown as Program;
}

/** The rows of some steps; `change` happens before the one with its number. */
async function rowsOf(
  seeds: readonly number[],
  decays: readonly number[],
  change: (set: (slot: string, values: readonly number[]) => void) => void,
): Promise<readonly (readonly number[])[]> {
  using running = await program(seeds);
  const { plan } = running;
  const initial = initialValues(plan!.slots, seeds.length, new Map([[SEED, seeds]]), "f32");
  const host = hostRow(plan!, initial);
  const decay = host.slots.find((name) => name.endsWith("iterative/0/decay"))!;
  host.set(decay, decays);
  const width = plan!.buffers.find(({ kind }) => kind === "scalars")!.words;
  const floats = new Float32Array(width), words = new Uint32Array(floats.buffer);
  return Array.from({ length: 10 }, (_, step) => {
    if (step === 6) change(host.set);
    host.advance(step, floats, words, 0);
    // Row by replica: those of each copy, then those of all.
    return plan!.hostScalars.flatMap(({ word, perReplica }) =>
      perReplica ? [...words.subarray(word, word + seeds.length)] : [words[word]!]
    );
  });
}

Deno.test("hostRow() gives copies with numbers and seeds of their own what each has alone", async () => {
  const decays = [0.9, 0.9, 0.99, 0.9];
  const together = await rowsOf(SEEDS, decays, (set) => set(SEED, [1, 2, 3, 4]));
  for (const r of SEEDS.keys()) {
    const alone = await rowsOf([SEEDS[r]!], [decays[r]!], (set) => set(SEED, [r + 1]));
    using of = await program(SEEDS);
    const { hostScalars } = of.plan!;
    const mine = together.map((row) => {
      let at = 0;
      return hostScalars.map(({ perReplica }) => {
        const word = row[at + (perReplica ? r : 0)]!;
        at += perReplica ? SEEDS.length : 1;
        return word;
      });
    });
    assertEquals(mine, alone, `copy ${r}`);
  }
  // The keys of the shuffle are those of an epoch of three steps, and the rate is another at every step.
  const distinct = (from: number, to: number) => {
    const rows = together.slice(from, to);
    return rows[0]!.map((_, i) => new Set(rows.map((row) => row[i])).size);
  };
  const within = distinct(0, 3), across = distinct(0, 6);
  assert(within.some((n, i) => n === 1 && across[i] === 2), `${within}; ${across}`);
  assert(within.some((n) => n === 3), `${within}`);
});
