/**
 * What making all factors of the MNIST CNN again takes, in steps of plain gradient descent:
 *
 *     deno run -A bench/refresh.ts [NAME …]
 *
 * Processor time of the process for a step that makes them, less that of a step between two of them.
 */
import process from "node:process";
import * as E from "fp-ts/lib/Either.js";
import { digits } from "../src/data/digits.ts";
import type { Parameters } from "../src/nn/parameters.ts";
import { empiricalFisher } from "../src/optimizer/calculating.ts";
import { kfac } from "../src/optimizer/catalogue/kfac.ts";
import { sgd } from "../src/optimizer/catalogue/sgd.ts";
import { SHAMPOO } from "../src/optimizer/catalogue/shampoo.ts";
import { soap } from "../src/optimizer/catalogue/soap.ts";
import { chain } from "../src/optimizer/combinators.ts";
import { curvature } from "../src/optimizer/curvature.ts";
import { sum } from "../src/optimizer/iterative.ts";
import { gradientNorm } from "../src/optimizer/length.ts";
import { coupledNewton, eigen, type Solver } from "../src/optimizer/solver.ts";
import { kronecker } from "../src/optimizer/kronecker.ts";
import { scale } from "../src/optimizer/transforms.ts";
import type { Optimizer } from "../src/optimizer/types.ts";
import type { Program } from "../src/runtime/program.ts";
import { given, someOf, task } from "../tools/arguments.ts";
import { trainingProgram } from "./_programs.ts";

/** Rounds, and the steps of one: the first of them makes the factors. */
const ROUNDS = 5, EVERY = 6;
/** What that is allowed, in steps of plain gradient descent. */
const MOST = 50;

/** Shampoo without momentum, by a solver. */
function shampooBy(solver: Solver): Optimizer {
  const stage = curvature({
    calculating: empiricalFisher(),
    structure: kronecker(),
    iterative: sum({ initial: SHAMPOO.initial }),
    length: gradientNorm(),
    solver,
    every: { factor: EVERY },
  });
  return chain(stage, scale(1e-3));
}

const CASES: Readonly<Record<string, Optimizer>> = {
  "Shampoo, eigen()": shampooBy(eigen()),
  "Shampoo, coupledNewton()": shampooBy(coupledNewton()),
  "SOAP, orthogonalIteration()": soap({ every: EVERY }),
  // A sample at every step, so that a refresh is all that a step has more than others.
  "K-FAC, cholesky()": kfac({ sample: 1, every: EVERY }),
};

async function timeOf(program: Program<Parameters>, steps: number): Promise<number> {
  const before = process.cpuUsage();
  program.step(steps);
  await program.settled();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** Milliseconds of what the first step of a round does beside what the others do, by rounds. */
async function refresh(program: Program<Parameters>): Promise<readonly number[]> {
  const own: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const first = await timeOf(program, 1);
    own.push(first - await timeOf(program, EVERY - 1) / (EVERY - 1));
  }
  return own;
}

async function main(): Promise<number> {
  const read = given(
    task(
      "deno run -A bench/refresh.ts",
      "What making all factors of the CNN again takes, in steps.",
    )
      .addArgument(someOf("name", Object.keys(CASES))),
  );
  if (E.isLeft(read)) return read.left;
  const names = read.right.words;
  const { train } = digits({ train: 2400, test: 1 });
  const options = { batchSize: 60, backend: "webgpu" } as const;
  using plain = await trainingProgram(sgd({ learningRate: 1e-3 }), train, options);
  await timeOf(plain, EVERY);
  for (const [name, optimizer] of Object.entries(CASES)) {
    if (names.length > 0 && !names.includes(name)) continue;
    using program = await trainingProgram(optimizer, train, options);
    // The first time the driver compiles; a basis that follows the one before begins by eigenvectors.
    const [first, ...others] = await refresh(program);
    const steps: number[] = [];
    for (let round = 0; round < ROUNDS; round++) steps.push(await timeOf(plain, EVERY) / EVERY);
    const step = median(steps), own = median(others) / step;
    console.log(
      `${name}: ${own.toFixed(1)} steps of ${
        step.toFixed(1)
      } ms, the first time with what the driver compiles ${(first! / step).toFixed(1)}${
        own <= MOST ? "" : `; more than ${MOST}`
      }`,
    );
  }
  return 0;
}

if (import.meta.main) Deno.exit(await main());
