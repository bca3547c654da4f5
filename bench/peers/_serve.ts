/**
 * How a peer is asked, by lines of text: `cnn` or `adam SIZE` is its argument; each line that it is
 * given is a number of steps, which it takes and answers with {@link Answer} as JSON. Its first line
 * says what it is.
 */
import process from "node:process";

/** What a peer is given to do. */
export type Task = { readonly kind: "cnn" } | { readonly kind: "adam"; readonly size: number };

/** What a number of steps took, and where it has come. */
export interface Answer {
  /** Milliseconds of all threads of its process. */
  readonly cpu: number;
  readonly wall: number;
  /** Steps since the beginning. */
  readonly steps: number;
  /** The loss that the last step began with; of an update alone, the first parameter. */
  readonly loss: number;
}

/** A peer's way to do a task. */
export interface Worker {
  /** Takes steps and comes back when the last of them is done. */
  readonly run: (steps: number) => Promise<void>;
  /** What {@link Answer} says of the last step. */
  readonly loss: () => Promise<number>;
}

/** The task in the arguments of a program. */
export function taskOf([kind, size]: readonly string[]): Task {
  return kind === "adam" ? { kind, size: Number(size) } : { kind: "cnn" };
}

async function* lines(): AsyncGenerator<string> {
  let rest = "";
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const whole = (rest + text).split("\n");
    rest = whole.pop() ?? "";
    yield* whole;
  }
}

/** Answers until there are no more questions. */
export async function serve(name: string, { run, loss }: Worker): Promise<void> {
  console.log(JSON.stringify({ name }));
  let steps = 0;
  for await (const line of lines()) {
    const count = Number(line), before = process.cpuUsage(), start = performance.now();
    await run(count);
    const wall = performance.now() - start, { user, system } = process.cpuUsage(before);
    steps += count;
    const answer: Answer = { cpu: (user + system) / 1000, wall, steps, loss: await loss() };
    console.log(JSON.stringify(answer));
  }
  Deno.exit(0);
}
