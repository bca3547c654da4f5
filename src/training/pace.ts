/**
 * Running many steps without waiting for the device, and without keeping the event loop waiting.
 *
 * @module
 */
import type { Executor, RecordRows } from "../runtime/executor.ts";

/** What {@link runSteps} does between chunks. */
interface PaceOptions {
  readonly signal?: AbortSignal;
  /** Called with the records of steps `from` to `to` (exclusive), in order; a promise is awaited. */
  readonly onRecords: (rows: RecordRows, from: number, to: number) => void | Promise<void>;
  /** How long a chunk may take, in milliseconds. Default: 250. */
  readonly chunk?: number;
}

type Source = Pick<Executor, "step" | "records" | "steps">;

const eventLoop = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** How long timers and events may wait for a backend that computes within `step`, in milliseconds. */
const BREATH = 50;

/** Gives a function that lets timers and events run if they have waited for long. */
export function breather(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < BREATH) return;
    await eventLoop();
    since = performance.now();
  };
}

/** Takes `n` steps, and breathes between them; after the signal, no more. */
export async function stepSoftly(
  source: Pick<Executor, "step">,
  n: number,
  breathe: () => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  let piece = 1;
  for (let left = n; left > 0 && signal?.aborted !== true;) {
    const start = performance.now();
    const now = Math.min(piece, left);
    source.step(now);
    left -= now;
    piece = nextChunk(now, performance.now() - start, BREATH);
    await breathe();
  }
}

/** The number of steps that would have taken `target` ms, growing at most fourfold. */
function nextChunk(chunk: number, elapsed: number, target: number): number {
  const fitting = Math.floor(chunk * target / Math.max(elapsed, 0.01));
  return Math.max(1, Math.min(fitting, 4 * chunk));
}

/**
 * Runs steps up to number `until`, or until the signal, and returns how many steps the program then
 * has taken. A chunk is queued before the records of the one before it are awaited, so that the
 * device never idles while the host reads.
 */
export async function runSteps(
  source: Source,
  until: number,
  options: PaceOptions,
): Promise<number> {
  const { signal, onRecords, chunk: target = 250 } = options;
  const breathe = breather();
  let chunk = 1;
  let before:
    | { readonly rows: Promise<RecordRows>; readonly from: number; readonly to: number }
    | undefined;
  const report = async () => {
    if (before !== undefined) await onRecords(await before.rows, before.from, before.to);
  };
  while (source.steps < until && signal?.aborted !== true) {
    const from = source.steps;
    const start = performance.now();
    const n = Math.min(chunk, until - from);
    await stepSoftly(source, n, breathe);
    const rows = source.records(from, from + n);
    // A failure is met where the rows are awaited, one chunk later.
    rows.catch(() => undefined);
    await report();
    before = { rows, from, to: from + n };
    await eventLoop();
    chunk = nextChunk(n, performance.now() - start, target);
  }
  await report();
  return source.steps;
}
