/**
 * How far compiling has come.
 *
 * @module
 */

/** What takes time, in order: kernels are planned, made into pipelines, and compiled by the driver. */
export type CompileStage = "planning" | "pipelines" | "driver";

/** How far compiling has come. */
export interface CompileProgress {
  /** What is being done. */
  readonly stage: CompileStage;
  /** Pieces of it that are done: of the plan, or kernels. All of them at the very end alone. */
  readonly done: number;
  /** All pieces of it. */
  readonly total: number;
  /** Seconds since planning began. */
  readonly seconds: number;
}

/** Told at each piece of work. */
export type CompileMeter = (stage: CompileStage, done: number, total: number) => void;

/** What takes less is over before it could be read. */
const SILENT_SECONDS = 1;

/** Tells of the pieces of work, from a second after now on; of the end only where there was something to tell. */
export function compileMeter(
  tell: ((progress: CompileProgress) => void) | undefined,
  now: () => number = () => performance.now(),
): CompileMeter {
  if (tell === undefined) return () => undefined;
  const start = now();
  let told = false;
  return (stage, done, total) => {
    const seconds = (now() - start) / 1000;
    if (seconds < SILENT_SECONDS || !told && done === total) return;
    told = true;
    tell({ stage, done, total, seconds });
  };
}
