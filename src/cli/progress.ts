/**
 * Progress of a run: a bar where a person watches, lines elsewhere.
 *
 * @module
 */
import { SingleBar } from "cli-progress";
import type { CompileProgress, CompileStage } from "../runtime/compile_progress.ts";
import type { Progress } from "../training/progress.ts";
import { jsonLine } from "./json_lines.ts";
import { cut } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** Shows progress until it is stopped. */
interface ProgressView {
  readonly compiling: (progress: CompileProgress) => void;
  readonly update: (progress: Progress) => void;
  readonly stop: () => void;
}

/** Seconds for a person: `42 s`, `3 min 05 s`, `2 h 07 min`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const whole = Math.round(seconds);
  const two = (n: number) => String(n).padStart(2, "0");
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor(whole / 60) % 60)} min`;
}

/** A fraction as percent. */
export function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(2)} %`;
}

/** One line for a person. */
function progressLine(p: Progress): string {
  const parts = [
    `epoch ${p.epoch}/${p.epochs}`,
    `step ${p.step}/${p.steps}`,
    `loss ${Number.isNaN(p.loss) ? "–" : p.loss.toFixed(4)}`,
    ...(p.accuracy === undefined ? [] : [`test accuracy ${percent(p.accuracy)}`]),
    `${p.stepsPerSecond.toFixed(1)} steps/s`,
    `${duration(p.secondsLeft)} left`,
  ];
  return parts.join("  ");
}

const STAGES: Readonly<Record<CompileStage, string>> = {
  planning: "planning, part",
  pipelines: "pipelines, kernel",
  driver: "in the driver, kernel",
};

/** One line for a person who waits for the first step. */
export function compilingLine({ stage, done, total, seconds }: CompileProgress): string {
  if (done === total) return `compiled in ${duration(seconds)}`;
  return `compiling: ${STAGES[stage]} ${done + 1} of ${total}  ${duration(seconds)}`;
}

/** Seconds between two lines where nobody watches. */
const quiet = 5;

/** Lines about compiling, where nobody watches. */
export function plainCompiling(write: (line: string) => void): ProgressView["compiling"] {
  let saidAt = 0;
  return (p) => {
    const soon = saidAt > 0 && p.seconds >= saidAt && p.seconds - saidAt < quiet;
    if (soon && p.done < p.total) return;
    saidAt = p.seconds;
    write(compilingLine(p));
  };
}

function plainView(write: (line: string) => void): ProgressView {
  let lineAt = performance.now();
  let shownEpoch = 0;
  return {
    compiling: plainCompiling(write),
    update: (p) => {
      const now = performance.now();
      const epochDone = p.epochDone && p.epoch > shownEpoch;
      if (!epochDone && now - lineAt < quiet * 1000) return;
      if (epochDone) shownEpoch = p.epoch;
      lineAt = now;
      write(progressLine(p));
    },
    stop: () => undefined,
  };
}

/** What is used of the library, which brings no types of its own. */
interface Bar {
  start(total: number, value: number, payload: { readonly line: string }): void;
  setTotal(total: number): void;
  update(value: number, payload: { readonly line: string }): void;
  stop(): void;
}

/** A bar that is redrawn in place and gone when it is stopped. */
interface BarView {
  readonly update: (total: number, value: number, line: string) => void;
  readonly stop: () => void;
}

/** Columns that the percentage and the spaces round it take. */
const PERCENTAGE = 9;

/** A bar as wide as the terminal allows, with a line of text after it. */
export function barView(): BarView {
  const { columns } = Deno.consoleSize();
  const width = columns > 0 ? columns : 80;
  const barsize = Math.max(4, Math.min(20, Math.floor(width / 6)));
  const bar: Bar = new SingleBar({
    format: "{bar} {percentage} %  {line}",
    barsize,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    hideCursor: true,
    gracefulExit: false,
    clearOnComplete: true,
  });
  let started = false;
  return {
    update: (total, value, text) => {
      const line = { line: cut(text, width - barsize - PERCENTAGE) };
      if (!started) bar.start(total, value, line);
      else {
        bar.setTotal(total);
        bar.update(value, line);
      }
      started = true;
    },
    stop: () => {
      if (started) bar.stop();
    },
  };
}

/** The view that fits the terminal; with `json` a line of JSON for each update. */
export function progressView(terminal: Terminal, json: boolean): ProgressView {
  if (json) {
    const update = (p: Progress) => terminal.out(jsonLine("progress", p));
    return { compiling: () => undefined, update, stop: () => undefined };
  }
  if (!terminal.interactive) return plainView(terminal.err);
  const bar = barView();
  return {
    compiling: (p) => bar.update(p.total, p.done, compilingLine(p)),
    update: (p) => bar.update(p.steps, p.step, progressLine(p)),
    stop: bar.stop,
  };
}
