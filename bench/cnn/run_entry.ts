/**
 * One entry of the catalogue on the CNN, as a line of JSON:
 *
 *     deno run -A bench/cnn/run_entry.ts NAME DIRECTORY
 *
 * DIRECTORY has the files of MNIST. {@link file://./table.ts} runs it for every entry.
 */
import process from "node:process";
import * as E from "fp-ts/lib/Either.js";
import { describe } from "../../src/compiler/describe.ts";
import type { Split } from "../../src/data/dataset.ts";
import { mnist } from "../../src/data/mnist.ts";
import { SteepestError } from "../../src/errors.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import type { StepProgram } from "../../src/lowering/program.ts";
import { mnistCnn } from "../../src/nn/models.ts";
import type { Parameters } from "../../src/nn/parameters.ts";
import { classification } from "../../src/objective/classification.ts";
import { catalogue, type CatalogueEntry } from "../../src/optimizer/catalogue/registry.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import type { Program } from "../../src/runtime/program.ts";
import { sizeOf } from "../../src/tensor/node.ts";
import { costInGradients } from "../../src/taxonomy/explain.ts";
import { trainingProgram } from "../_programs.ts";
import { hashOf, type Outcome, type Result, RUN } from "./result.ts";

/** Turns of the entry and of gradient descent, and how many steps of the latter in each. */
const TURNS = 6, BASELINE_STEPS = 8;

/** Processor milliseconds of the process so far: a busy machine lengthens a second, not these. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function timeOf(program: Program<Parameters>, steps: number): Promise<number> {
  const start = processorTime();
  program.step(steps);
  await program.settled();
  return processorTime() - start;
}

function stateOf({ slots, arena }: StepProgram): number {
  const kept = slots.filter(({ role }) => role === "state");
  return kept.reduce((total, { shape }) => total + sizeOf(shape), 0) / arena.size;
}

const notFinite = (values: Float64Array) => values.filter((x) => !Number.isFinite(x)).length;

async function outcomeOf(optimizer: Optimizer, train: Split): Promise<Outcome> {
  const { steps, last, batchSize, seed } = RUN;
  using baseline = await trainingProgram(sgd(), train, { batchSize, seed, backend: "webgpu" });
  using program = await trainingProgram(optimizer, train, { batchSize, seed, backend: "webgpu" });
  // The first step waits for the kernels to be compiled.
  await timeOf(baseline, 1);
  await timeOf(program, 1);
  let own = 0, plain = 0;
  for (let turn = 1; turn <= TURNS; turn++) {
    plain += await timeOf(baseline, BASELINE_STEPS);
    own += await timeOf(program, Math.round(steps * turn / TURNS) - program.steps);
  }
  const losses = await program.losses();
  const end = losses.slice(-last).reduce((a, b) => a + b) / last;
  const ratio = (own / (steps - 1)) / (plain / (TURNS * BASELINE_STEPS));
  return {
    start: Number(losses[0]!.toFixed(3)),
    end: Number.isFinite(end) ? Number(end.toFixed(3)) : null,
    nonFinite: notFinite(losses) + notFinite(await program.flatParameters()),
    gradients: Number(costInGradients(optimizer, [], program.program.arena.size).toPrecision(3)),
    time: Number(ratio.toPrecision(3)),
    state: Number(stateOf(program.program).toPrecision(4)),
    dispatches: Number(describe(program)!.dispatchesPerStep.toPrecision(4)),
  };
}

/** What the compiler says against an entry with its defaults. */
function refusal(entry: CatalogueEntry): string | undefined {
  const lowered = lower(
    classification(mnistCnn(), RUN.batchSize) as unknown as AnyObjective,
    entry.build(),
  );
  return E.isLeft(lowered) ? lowered.left.message : undefined;
}

/** Runs an entry with its settings for networks, or with its defaults if it has none. */
async function runEntry(entry: CatalogueEntry, train: Split): Promise<Result> {
  const { network: settings } = entry, refused = refusal(entry);
  const fixed = { name: entry.name, settings, hash: hashOf(entry) };
  const said = refused === undefined ? {} : { refused };
  if (refused !== undefined && Object.keys(settings).length === 0) return { ...fixed, ...said };
  try {
    return { ...fixed, ...said, outcome: await outcomeOf(entry.build(settings), train) };
  } catch (cause) {
    if (cause instanceof SteepestError) return { ...fixed, ...said, failed: cause.message };
    throw cause;
  }
}

if (import.meta.main) {
  const [name = "", directory = ""] = Deno.args;
  const { train } = await mnist({ directory });
  console.log(JSON.stringify(await runEntry(catalogue[name]!, train)));
}
