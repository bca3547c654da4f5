/**
 * The same work on other libraries, in turns with the compiled program:
 *
 *     deno task bench:peers [--python PATH] [--pairs N] [--steps N] [--write] [TASK …]
 *
 * A task is `cnn` (a step with Adam from the same weights on the same batch) or `adam SIZE`, written
 * `adam:SIZE`. Every peer has a process of its own; the peers on npm are fetched when they are first
 * run, PyTorch takes part where the interpreter has it. First the losses have to agree, at the first
 * step and after twenty; then ratios are printed, ours over theirs; `--write` keeps them in
 * `bench/peers/results.json`.
 */
import { InvalidArgumentError } from "commander";
import * as E from "fp-ts/lib/Either.js";
import { integer } from "../../src/cli/values.ts";
import type { Parameters, Value } from "../../src/nn/parameters.ts";
import type { Program } from "../../src/runtime/program.ts";
import { given, task } from "../../tools/arguments.ts";
import { ADAM_RULE, adamUpdate, cnnStep } from "../_same_work.ts";
import { type Ratio, ratioOf, takeTurns } from "../ratios/_measure.ts";
import { type Place, place } from "../ratios/_place.ts";
import { rounded } from "../ratios/_result.ts";
import { programSide } from "../ratios/_cnn.ts";
import {
  hasTorch,
  JAX,
  type Peer,
  type Program as Foreign,
  startPeer,
  TFJS,
  torch,
} from "./_peer.ts";
import { type Task, taskOf } from "./_serve.ts";

/** Steps until losses are compared for the second time. */
const LATER = 20;

/** How far losses may be apart, relative to the loss: single precision, other orders of sums. */
const APART = 1e-3;

/** How a task is run here. */
interface Ours {
  readonly program: Program<Parameters>;
  /** What peers answer with after a number of steps: see `Answer` in `_serve.ts`. */
  readonly at: readonly [first: number, later: number];
}

async function firstOf(program: Program<Parameters>): Promise<number> {
  const { theta } = await program.parameters() as unknown as { readonly theta: Value };
  return theta.data[0]!;
}

async function ours(task: Task): Promise<Ours> {
  if (task.kind === "cnn") {
    const program = await cnnStep(ADAM_RULE);
    program.step(LATER);
    const losses = await program.losses();
    return { program, at: [losses[0]!, losses[LATER - 1]!] };
  }
  const program = await adamUpdate(task.size);
  program.step(1);
  const first = await firstOf(program);
  program.step(LATER - 1);
  return { program, at: [first, await firstOf(program)] };
}

/** Why the losses of a peer are not ours. */
async function disagreement({ ask }: Peer, at: Ours["at"]): Promise<string | undefined> {
  const found = [(await ask(1)).loss, (await ask(LATER - 1)).loss];
  const apart = found.map((loss, i) => Math.abs(loss - at[i]!) / Math.abs(at[i]!));
  if (apart.every((one) => one <= APART)) return undefined;
  return `after 1 and ${LATER} steps it has ${found.join(", ")}, ours is ${at.join(", ")}`;
}

/** What is kept of a peer at a task. */
interface Kept extends Place {
  readonly task: string;
  readonly peer: string;
  readonly wall: Ratio;
  readonly cpu: Ratio;
  /** The day, ISO. */
  readonly date: string;
}

const RESULTS = new URL("results.json", import.meta.url);

/** Results take the place of earlier ones of the same task and peer. */
async function keep(found: readonly Kept[]): Promise<void> {
  const text = await Deno.readTextFile(RESULTS).catch(() => "[]");
  const keyed = [...JSON.parse(text) as readonly Kept[], ...found];
  const all = new Map(keyed.map((one) => [`${one.task} ${one.peer}`, one]));
  await Deno.writeTextFile(RESULTS, `${JSON.stringify([...all.values()], null, 2)}\n`);
}

function said({ ratio, low, high, ours, theirs, clock }: Ratio): string {
  const spread = `${low.toFixed(3)} to ${high.toFixed(3)}`;
  return `${clock} ${ratio.toFixed(3)} (${spread}; ${ours.toFixed(2)} / ${theirs.toFixed(2)} ms)`;
}

/** Ratios by both clocks; none, and a word about it, where the losses are others. */
async function compare(
  foreign: Foreign,
  task: Task,
  { program, at }: Ours,
  pairs: number,
  steps: number,
): Promise<Pick<Kept, "peer" | "wall" | "cpu"> | undefined> {
  const peer = await startPeer(foreign, task), { name, ask } = peer;
  try {
    const wrong = await disagreement(peer, at);
    if (wrong !== undefined) {
      console.log(`  / ${name}: DISAGREES: ${wrong}`);
      return undefined;
    }
    const measure = async () => ({ ...await ask(steps), units: steps });
    const found = await takeTurns(programSide(program, steps), { name, measure }, { pairs });
    const wall = rounded(ratioOf(found, "wall")), cpu = rounded(ratioOf(found, "cpu"));
    console.log(`  / ${name}: ${said(wall)}, ${said(cpu)}`);
    return { peer: name, wall, cpu };
  } finally {
    await peer.close();
  }
}

/** Reads one more task. */
function taskNamed(text: string, before: readonly string[] = []): readonly string[] {
  if (/^(cnn|adam:[1-9]\d*)$/.test(text)) return [...before, text];
  throw new InvalidArgumentError("A task is cnn, or adam:SIZE, such as adam:1000000.");
}

interface Options {
  readonly python: string;
  readonly pairs: number;
  readonly steps: number;
  readonly write: boolean;
}

async function main(): Promise<number> {
  const read = given<Options>(
    task("deno task bench:peers", "The same work on jax-js, TensorFlow.js and PyTorch, in turns.")
      .argument("[task...]", "cnn, where none is given, or adam:SIZE", taskNamed)
      .option("--python <path>", "an interpreter; without PyTorch, that is left out", "python3")
      .option("--pairs <n>", "turns of both", integer(1), 8)
      .option("--steps <n>", "steps in a turn", integer(1), 4)
      .option("--write", "keep the results in bench/peers/results.json", false),
  );
  if (E.isLeft(read)) return read.left;
  const { words, options: { python, pairs, steps, write } } = read.right;
  const peers: Foreign[] = [JAX, TFJS];
  if (await hasTorch(python)) peers.push(torch(python));
  else console.log(`PyTorch is left out: ${python} does not have it`);
  const tasks = words.length === 0 ? ["cnn"] : words;
  const found: Kept[] = [];
  let agree = true;
  for (const text of tasks) {
    const task = taskOf(text.split(":"));
    const own = await ours(task);
    console.log(`${text}, ours over theirs, median and quartiles of ${pairs} pairs:`);
    for (const peer of peers) {
      const before = await place(), date = new Date().toISOString().slice(0, 10);
      const ratios = await compare(peer, task, own, pairs, steps);
      if (ratios === undefined) agree = false;
      else found.push({ task: text, ...ratios, ...before, date });
    }
    own.program[Symbol.dispose]();
  }
  if (write) await keep(found);
  return agree ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
