import { runCommandLine } from "../../src/cli/main.ts";

/** What a command wrote and how it ended. */
export interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line inside this process. */
export async function run(args: readonly string[], signal?: AbortSignal): Promise<Ended> {
  const out: string[] = [], err: string[] = [];
  const status = await runCommandLine(args, {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    interactive: false,
    signal: signal ?? new AbortController().signal,
  });
  return { status, out: out.join("\n"), err: err.join("\n") };
}

/** The lines of `--json`. */
export function events(out: string): readonly Readonly<Record<string, unknown>>[] {
  return out.split("\n").map((line) => JSON.parse(line));
}
