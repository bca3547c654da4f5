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

/**
 * The terminal of this process. The first Ctrl-C asks the command to stop and report, the second
 * ends the process at once.
 */
export function processTerminal(): Terminal {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) Deno.exit(EXIT.interrupted);
    controller.abort();
  };
  Deno.addSignalListener("SIGINT", interrupt);
  silenceDrivers();
  return {
    out: (line) => console.log(line),
    err: (line) => console.error(line),
    interactive: Deno.stderr.isTerminal(),
    signal: controller.signal,
  };
}
