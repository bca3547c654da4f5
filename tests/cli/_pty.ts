/** Commands on a real terminal: `script` of util-linux gives them a pty. */

const ROOT = new URL("../..", import.meta.url);

/** How the command line is started in these tests: with no more than it needs. */
const DENO = [Deno.execPath(), "run", "--no-check", "--no-prompt", "--allow-read"];

/** The command line as words of a process. */
export const STEEPEST: readonly string[] = [...DENO, "src/cli/main.ts"];

/** What a terminal showed and how the command ended. */
export interface Shown {
  readonly status: number;
  /** Everything that was written, control sequences included. */
  readonly text: string;
}

/** Whether a program is there. */
export async function hasProgram(name: string): Promise<boolean> {
  try {
    return (await new Deno.Command(name, { args: ["--version"], stdout: "null", stderr: "null" })
      .output()).success;
  } catch {
    return false;
  }
}

/** Whether this machine can do it; says so where it cannot. */
export async function canShow(): Promise<boolean> {
  // Other systems have a program of that name with other flags.
  if (Deno.build.os === "linux" && await hasProgram("script")) return true;
  console.log("not run on a terminal: script of util-linux is not there");
  return false;
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** Runs words of a shell as they are on a terminal of so many columns; `type` may answer to what it shows. */
export async function onTerminal(
  command: string,
  columns: number,
  type: (text: string) => string | undefined = () => undefined,
): Promise<Shown> {
  const child = new Deno.Command("script", {
    args: ["-qefc", `stty cols ${columns} rows 24; ${command}`, "/dev/null"],
    cwd: ROOT,
    env: { TERM: "xterm", SHELL: "/bin/sh", NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
    // What never ends is a failure, not a test that never ends.
    signal: AbortSignal.timeout(60_000),
  }).spawn();
  const keys = child.stdin.getWriter();
  let text = "";
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    const answer = type(text);
    if (answer !== undefined) await keys.write(new TextEncoder().encode(answer));
  }
  const { code } = await child.status;
  await keys.close().catch(() => undefined);
  return { status: code, text };
}

/** The command line on a terminal. */
export function steepestOnTerminal(
  args: readonly string[],
  columns: number,
  type?: (text: string) => string | undefined,
): Promise<Shown> {
  return onTerminal(`exec ${[...STEEPEST, ...args].map(quoted).join(" ")}`, columns, type);
}

/** A shell line with `steepest` in it, elsewhere than on a terminal. */
export async function inShell(
  shell: string,
  line: string,
): Promise<{ readonly status: number; readonly out: string; readonly err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(shell, {
    args: ["-c", line.replaceAll("steepest ", `${STEEPEST.map(quoted).join(" ")} `)],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { status: code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}
