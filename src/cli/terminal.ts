/**
 * What the command line needs from its surroundings, so that tests can stand in for them.
 *
 * @module
 */

/** Where a command writes, and how it is told to stop. */
export interface Terminal {
  /** Writes a line of results. */
  readonly out: (line: string) => void;
  /** Writes a line of progress or errors. */
  readonly err: (line: string) => void;
  /** Whether a person watches the progress: then it is a bar, else lines. */
  readonly interactive: boolean;
  /** Columns of the terminal that results go to; absent where they go elsewhere. */
  readonly width?: number;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** The status a command ends with. */
export const EXIT = { ok: 0, failure: 1, usage: 2, interrupted: 130 } as const;

/** Keeps a Vulkan layer of Mesa, which writes two lines if it has no display to ask, from being asked. */
function silenceDrivers(): void {
  const allowed = Deno.permissions.querySync({ name: "env", variable: "NODEVICE_SELECT" });
  if (allowed.state === "granted") Deno.env.set("NODEVICE_SELECT", "1");
}

type Stream = Pick<typeof Deno.stdout, "writeSync">;

/**
 * Writes lines for as long as somebody reads them. When the reader of the pipe has gone (`| head -1`) there is
 * nobody left to work for, so the process ends, and that is no failure.
 */
function writer(stream: Stream): (line: string) => void {
  const encoder = new TextEncoder();
  return (line) => {
    let rest = encoder.encode(`${line}\n`);
    try {
      while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
    } catch (cause) {
      if (cause instanceof Deno.errors.BrokenPipe) Deno.exit(EXIT.ok);
      throw cause;
    }
  };
}

/** Shows the cursor and wraps lines again, which a bar may have turned off. */
const RESTORE = "\x1b[?25h\x1b[?7h";

/** Columns of the terminal, if the results go to one that knows. */
function columns(): number | undefined {
  if (!Deno.stdout.isTerminal()) return undefined;
  const { columns } = Deno.consoleSize();
  return columns > 0 ? columns : undefined;
}

/**
 * The terminal of this process. The first Ctrl-C asks the command to stop and report, the second
 * ends the process at once and leaves the terminal as it was.
 */
export function processTerminal(): Terminal {
  const controller = new AbortController();
  const interactive = Deno.stderr.isTerminal();
  const err = writer(Deno.stderr);
  const interrupt = () => {
    if (controller.signal.aborted) {
      if (interactive) err(RESTORE);
      Deno.exit(EXIT.interrupted);
    }
    controller.abort();
  };
  Deno.addSignalListener("SIGINT", interrupt);
  silenceDrivers();
  const width = columns();
  return {
    out: writer(Deno.stdout),
    err,
    interactive,
    ...(width === undefined ? {} : { width }),
    signal: controller.signal,
  };
}
