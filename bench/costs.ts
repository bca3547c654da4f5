/**
 * What `explain` says a step costs, in gradients, against what it takes on the CNN:
 *
 *     deno task costs [NAME …]
 *
 * Processor time of the process per step over that of plain gradient descent; the two take turns. Without names all are
 * measured and `bench/costs.json` is written.
 */
import process from "node:process";
import { digits } from "../src/data/digits.ts";
import type { Parameters } from "../src/nn/parameters.ts";
import { sgd } from "../src/optimizer/catalogue/sgd.ts";
import type { Program } from "../src/runtime/program.ts";
import { costInGradients } from "../src/taxonomy/explain.ts";
import { CASES, RATE } from "./_cost_cases.ts";
import { trainingProgram } from "./_programs.ts";

/** Turns, and steps in each where samples are taken at every step: otherwise twice the period. */
const TURNS = 4, STEPS = 4;

/** What was measured. */
export interface Measured {
  readonly name: string;
  /** By `explain`. */
  readonly stated: number;
  readonly measured: number;
}

async function timeOf(program: Program<Parameters>, steps: number): Promise<number> {
  const before = process.cpuUsage();
  program.step(steps);
  await program.settled();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b), middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The median over turns of the time of a step in that of one of plain gradient descent. */
async function ratio(program: Program<Parameters>, plain: Program<Parameters>): Promise<number> {
  const period = Math.max(...program.program.regions.map((region) => region.period));
  const steps = period === 1 ? STEPS : 2 * period;
  await timeOf(program, period);
  const ratios: number[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    const before = await timeOf(plain, STEPS), own = await timeOf(program, steps);
    const after = await timeOf(plain, STEPS);
    ratios.push((own / steps) / ((before + after) / (2 * STEPS)));
  }
  return median(ratios);
}

async function main(names: readonly string[]): Promise<void> {
  const { train } = digits({ train: 2400, test: 1 });
  const options = { batchSize: 60, backend: "webgpu" } as const;
  using plain = await trainingProgram(sgd({ learningRate: RATE }), train, options);
  await timeOf(plain, STEPS);
  const all: Measured[] = [];
  for (const [name, optimizer] of Object.entries(CASES)) {
    if (names.length > 0 && !names.includes(name)) continue;
    using program = await trainingProgram(optimizer, train, options);
    const measured = Number((await ratio(program, plain)).toPrecision(3));
    const { size } = program.program.arena;
    const stated = Number(costInGradients(optimizer, [], size).toPrecision(3));
    all.push({ name, stated, measured });
    const off = 100 * (measured / stated - 1);
    console.log(`${name}: ${stated} stated, ${measured} measured (${off.toFixed(0)} %)`);
  }
  if (names.length > 0) return;
  const file = new URL("costs.json", import.meta.url);
  await Deno.writeTextFile(file, `${JSON.stringify(all, null, 2)}\n`);
}

if (import.meta.main) await main(Deno.args);
