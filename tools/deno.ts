/** Runs `deno` with the environment that WebGPU needs, for the other tools and for `deno task`. */

/** The variables to set before WebGPU is used, on this machine. */
export function gpuEnvironment(): Record<string, string> {
  const environment: Record<string, string> = { DENO_NO_UPDATE_CHECK: "1" };
  if (Deno.build.os !== "linux") return environment;
  // Through OpenGL, about one run in two hundred corrupts the heap while the process ends.
  environment["DENO_WEBGPU_BACKEND"] = Deno.env.get("DENO_WEBGPU_BACKEND") ?? "vulkan";
  // Without it libwayland, which a Mesa driver loads, complains on every start.
  environment["XDG_RUNTIME_DIR"] = Deno.env.get("XDG_RUNTIME_DIR") ?? "/tmp";
  return environment;
}

/** How a command ended, and what it wrote. */
export interface Outcome {
  /** The exit status. */
  readonly code: number;
  /** Standard output and standard error, empty when they went to the terminal. */
  readonly text: string;
}

/** How {@link deno} runs. */
interface DenoOptions {
  /** Collect what it writes in place of showing it. */
  readonly quiet?: boolean;
  readonly signal?: AbortSignal;
  /** Variables besides those of {@link gpuEnvironment}. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Runs `deno` with these arguments. */
export async function deno(args: readonly string[], options: DenoOptions = {}): Promise<Outcome> {
  const stream = options.quiet === true ? "piped" : "inherit";
  const command = new Deno.Command(Deno.execPath(), {
    args: [...args],
    env: { ...gpuEnvironment(), ...options.environment },
    stdin: "null",
    stdout: stream,
    stderr: stream,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const output = await command.output();
  if (stream === "inherit") return { code: output.code, text: "" };
  const decoder = new TextDecoder();
  return { code: output.code, text: decoder.decode(output.stdout) + decoder.decode(output.stderr) };
}

/** Those of `paths` that exist, so that a command is not given a file that is not there. */
export async function existing(paths: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const path of paths) {
    if (await Deno.stat(path).then(() => true, () => false)) found.push(path);
  }
  return found;
}

if (import.meta.main) Deno.exit((await deno(Deno.args)).code);
