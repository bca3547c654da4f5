/**
 * One step of the MNIST CNN against a program written by hand, by CPU time of the process per step:
 *
 *     deno run -A bench/limit.ts [PROGRAM [ARGUMENT…]]
 *
 * PROGRAM is run by Deno and has to print `cpu min X ms/step`, the least of its several figures
 * counts. The two run one after the other, twice, so that a machine that slows down slows both.
 */
import process from "node:process";
import { describe } from "../src/compiler/describe.ts";
import { adam } from "../src/optimizer/catalogue/adam.ts";
import { sgd } from "../src/optimizer/catalogue/sgd.ts";
import type { Optimizer } from "../src/optimizer/types.ts";
import type { Parameters } from "../src/nn/parameters.ts";
import type { Program } from "../src/runtime/program.ts";
import { cnnProgram } from "./_programs.ts";

const ROUNDS = 9, STEPS = 40;

function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function measure(program: Program<Parameters>): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = cpuMilliseconds();
    program.step(STEPS);
    await program.settled();
    least = Math.min(least, (cpuMilliseconds() - start) / STEPS);
  }
  return least;
}

async function byHand(args: readonly string[]): Promise<number> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-config", ...args],
    stdout: "piped",
    stderr: "inherit",
  });
  const text = new TextDecoder().decode((await command.output()).stdout);
  const figures = [...text.matchAll(/cpu min ([\d.]+) ms\/step/g)].map((m) => Number(m[1]));
  if (figures.length === 0) throw new Error(`No "cpu min X ms/step" in the output of ${args[0]}`);
  return Math.min(...figures);
}

async function compiled(name: string, optimizer: Optimizer): Promise<void> {
  const start = performance.now();
  using program = await cnnProgram(optimizer, "webgpu");
  program.step(1);
  await program.settled();
  const first = (performance.now() - start) / 1000;
  const rounds: { readonly ours: number; readonly theirs: number }[] = [];
  for (let i = 0; i < (Deno.args.length === 0 ? 1 : 2); i++) {
    const ours = await measure(program);
    rounds.push({ ours, theirs: Deno.args.length === 0 ? NaN : await byHand(Deno.args) });
  }
  const ours = Math.min(...rounds.map((r) => r.ours));
  const theirs = Math.min(...rounds.map((r) => r.theirs));
  const dispatches = describe(program)?.dispatchesPerStep;
  console.log(`${name}: compiled and first step in ${first.toFixed(1)} s`);
  console.log(`  ${dispatches} dispatches a step, cpu min ${ours.toFixed(2)} ms/step`);
  if (Deno.args.length > 0) {
    console.log(`  by hand ${theirs.toFixed(2)} ms/step: ratio ${(ours / theirs).toFixed(2)}`);
  }
}

if (import.meta.main) {
  await compiled("SGD", sgd());
  await compiled("Adam", adam());
}
