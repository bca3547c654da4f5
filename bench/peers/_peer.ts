/** Starts the programs of peers, and asks them. */
import { fileURLToPath } from "node:url";
import { gpuEnvironment } from "../../tools/deno.ts";
import type { Answer, Task } from "./_serve.ts";

/** A peer in a process of its own. */
export interface Peer {
  /** With its version. */
  readonly name: string;
  /** Takes a number of steps. */
  readonly ask: (steps: number) => Promise<Answer>;
  /** Ends its process. */
  readonly close: () => Promise<void>;
}

/** A program that answers as `_serve.ts` says. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

const at = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/** A program of this folder in Deno: nothing that it loads is noted in the repository's lock file. */
function inDeno(file: string): Program {
  const apart = ["--no-config", "--no-lock", "--node-modules-dir=none", "--no-check"];
  const permissions = ["--allow-read", "--allow-env", "--allow-sys"];
  return { command: Deno.execPath(), args: ["run", "--quiet", ...apart, ...permissions, at(file)] };
}

/** jax-js on WebGPU. */
export const JAX: Program = inDeno("jax.ts");

/** TensorFlow.js on WebGPU. */
export const TFJS: Program = inDeno("tfjs.ts");

/** PyTorch on the CPU, by an interpreter that has it. */
export function torch(python: string): Program {
  return { command: python, args: [at("torch_cpu.py")] };
}

/** Whether an interpreter has PyTorch. */
export async function hasTorch(python: string): Promise<boolean> {
  const command = new Deno.Command(python, { args: ["-c", "import torch"], stderr: "null" });
  return await command.output().then(({ success }) => success, () => false);
}

/** Starts a peer on a task. Rejects with what it wrote where it does not come up. */
export async function startPeer({ command, args }: Program, task: Task): Promise<Peer> {
  const given = task.kind === "cnn" ? ["cnn"] : ["adam", String(task.size)];
  const process = new Deno.Command(command, {
    args: [...args, ...given],
    env: gpuEnvironment(),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const errors = new Response(process.stderr).text();
  const input = process.stdin.getWriter();
  const output = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  const line = async (): Promise<string> => {
    while (!rest.includes("\n")) {
      const { value, done } = await output.read();
      if (done) throw new Error(`${args.at(-1)} ended: ${(await errors).trim()}`);
      rest += value;
    }
    const end = rest.indexOf("\n"), found = rest.slice(0, end);
    rest = rest.slice(end + 1);
    return found;
  };
  const { name } = JSON.parse(await line()) as { readonly name: string };
  return {
    name,
    ask: async (steps) => {
      await input.write(new TextEncoder().encode(`${steps}\n`));
      return JSON.parse(await line()) as Answer;
    },
    close: async () => {
      await input.close();
      await output.cancel();
      await process.status;
    },
  };
}
