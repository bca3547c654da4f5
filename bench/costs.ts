/**
 * What `explain` says a step costs, in gradients, against what it takes on the CNN:
 *
 *     deno task costs [NAME …]
 *
 * Processor time of the process per step over that of plain gradient descent; the two take turns. What is
 * measured, all without names, goes to `bench/costs.json`.
 */
import process from "node:process";
import * as E from "fp-ts/lib/Either.js";
import { digits } from "../src/data/digits.ts";
import type { Parameters } from "../src/nn/parameters.ts";
import { sgd } from "../src/optimizer/catalogue/sgd.ts";
import type { Program } from "../src/runtime/program.ts";
import { costInGradients } from "../src/taxonomy/explain.ts";
import { given, someOf, task } from "../tools/arguments.ts";
import { CASES, RATE } from "./_cost_cases.ts";
import { trainingProgram } from "./_programs.ts";

/** Turns, and steps in each where samples are taken at every step: otherwise twice the period. */
const TURNS = 6, STEPS = 4;

/** What happens less often is not measured. */
const LONGEST = 20;

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
  const periods = program.program.regions.map((region) => region.period);
  const period = Math.max(...periods.filter((one) => one <= LONGEST));
  const steps = period === 1 ? STEPS : 2 * period;
  // The first step compiles, and does what happens at long periods.
  await timeOf(program, period);
  const ratios: number[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    const before = await timeOf(plain, STEPS), own = await timeOf(program, steps);
    const after = await timeOf(plain, STEPS);
    ratios.push((own / steps) / ((before + after) / (2 * STEPS)));
  }
  return median(ratios);
}

const FILE = new URL("costs.json", import.meta.url);

async function known(): Promise<readonly Measured[]> {
  const text = await Deno.readTextFile(FILE).catch(() => "[]");
  return JSON.parse(text) as readonly Measured[];
}

/** Puts a figure in its place among those that are known. */
async function write(found: Measured): Promise<void> {
  const all = new Map([...await known(), found].map((one) => [one.name, one]));
  const inOrder = Object.keys(CASES).flatMap((name) => all.get(name) ?? []);
  await Deno.writeTextFile(FILE, `${JSON.stringify(inOrder, null, 2)}\n`);
}

async function main(): Promise<number> {
  const read = given(
    task(
      "deno task costs",
      "What explain says that a step costs, against what it takes on the CNN.",
    )
      .addArgument(someOf("name", Object.keys(CASES))),
  );
  if (E.isLeft(read)) return read.left;
  const names = read.right.words;
  const { train } = digits({ train: 2400, test: 1 });
  const options = { batchSize: 60, backend: "webgpu" } as const;
  using plain = await trainingProgram(sgd({ learningRate: RATE }), train, options);
  await timeOf(plain, STEPS);
  for (const [name, optimizer] of Object.entries(CASES)) {
    if (names.length > 0 && !names.includes(name)) continue;
    using program = await trainingProgram(optimizer, train, options);
    const measured = Number((await ratio(program, plain)).toPrecision(3));
    const stated = Number(costInGradients(optimizer).toPrecision(3));
    await write({ name, stated, measured });
    const off = 100 * (measured / stated - 1);
    console.log(`${name}: ${stated} stated, ${measured} measured (${off.toFixed(0)} %)`);
  }
  return 0;
}

if (import.meta.main) Deno.exit(await main());
