/** Rows against the programs of peers. */
import { hasTorch, JAX, type Program as Peer, startPeer, torch } from "../peers/_peer.ts";
import type { Task } from "../peers/_serve.ts";
import { ADAM_RULE, adamUpdate, cnnStep } from "../_same_work.ts";
import { programSide } from "./_cnn.ts";
import {
  alternate,
  type AlternateOptions,
  type Elsewhere,
  type Ratio,
  Skipped,
} from "./_measure.ts";

/** Steps of a run on either side. */
export interface Runs extends AlternateOptions {
  readonly ours: number;
  readonly theirs: number;
}

/** What is compiled for a task. */
function compiled(task: Task): ReturnType<typeof cnnStep> {
  return task.kind === "cnn" ? cnnStep(ADAM_RULE) : adamUpdate(task.size);
}

/** Ours in this process over a peer in its own. */
async function overPeer(peer: Peer, task: Task, runs: Runs): Promise<Ratio> {
  using program = await compiled(task);
  const { name, ask, close } = await startPeer(peer, task);
  const measure = async () => ({ ...await ask(runs.theirs), units: runs.theirs });
  const theirs: Elsewhere = { name, measure };
  const ratio = await alternate(programSide(program, runs.ours), theirs, runs);
  await close();
  return ratio;
}

/** Ours over jax-js, by the clock on the wall. */
export function overJax(task: Task, runs: Omit<Runs, "clock">): Promise<Ratio> {
  return overPeer(JAX, task, { ...runs, clock: "wall" });
}

/** Ours over PyTorch, where an interpreter was given that has it. */
export async function overTorch(task: Task, runs: Runs): Promise<Ratio> {
  const python = Deno.env.get("STEEPEST_PYTHON") ?? "python3";
  if (!await hasTorch(python)) throw new Skipped(`${python} has no PyTorch: --python PATH`);
  return await overPeer(torch(python), task, runs);
}
