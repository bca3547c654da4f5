/**
 * What a sweep found, as a table and as events.
 *
 * @module
 */
import { show } from "../errors/words.ts";
import type { FailedTrial, SweepResult, Trial } from "../training/sweep_result.ts";
import type { Settings } from "../training/trials.ts";
import { jsonLine } from "./json_lines.ts";
import { cut, short, tableLines } from "./table.ts";

/** Numbers of a run that a table shows, by the head of their column. */
export type Measures<R> = Readonly<Record<string, (run: R) => number>>;

type AnyTrial<R> = Trial<Settings, R>;

function word(value: unknown): string {
  if (typeof value === "number") return short(value);
  return typeof value === "string" ? value : typeof value === "object" ? show(value) : `${value}`;
}

function standing<R>(trial: AnyTrial<R>, best: AnyTrial<R> | undefined): string {
  if (trial === best) return "best";
  if (Number.isFinite(trial.score)) return "";
  return trial.firstNonFinite === undefined
    ? "not finite"
    : `not finite from step ${trial.firstNonFinite}`;
}

/** What is wrong with trials, those with the same problems together. */
function failureLines(failures: readonly FailedTrial<Settings>[]): readonly string[] {
  const alike = Map.groupBy(failures, ({ error }) => error.message);
  return [...alike].map(([message, trials]) =>
    `failed: ${trials.map(({ index }) => index).join(", ")}: ${message.replaceAll("\n", "; ")}`
  );
}

/** The trials as a table, best first, then those that failed, and what it took to run them. */
export function sweepLines<R>(
  result: SweepResult<Settings, R>,
  measures: Measures<R>,
  asked: number,
  width: number | undefined,
): readonly string[] {
  const { ranked, failures, best, structural, programs, runs } = result;
  const tried = [...ranked, ...failures];
  const names = [...new Set(tried.flatMap(({ settings }) => Object.keys(settings)))];
  const heads = [
    "#",
    ...names,
    ...Object.keys(measures),
    ...(programs > 1 ? ["program"] : []),
    "",
  ];
  const row = (
    { index, settings }: { readonly index: number; readonly settings: Settings },
    measured: readonly string[],
    program: string,
    end: string,
  ) => [
    String(index),
    ...names.map((name) => Object.hasOwn(settings, name) ? word(settings[name]) : ""),
    ...measured,
    ...(programs > 1 ? [program] : []),
    end,
  ];
  const columns = Object.values(measures);
  const rows = [
    ...ranked.map((trial) =>
      row(
        trial,
        columns.map((of) => short(of(trial.run))),
        `${trial.program}`,
        standing(trial, best),
      )
    ),
    // What is wrong is told of below, in full.
    ...failures.map((trial) =>
      row(trial, columns.map(() => ""), "", `failed: ${trial.error.kind}`)
    ),
  ];
  const numeric = heads.slice(0, -1).map((_, i) => i);
  const plural = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;
  const notes = [
    `${ranked.length} of ${plural(asked, "trial")} in ${plural(programs, "program")}` +
    (runs > programs ? `, ${plural(runs, "run")}: not all of them may run side by side` : ""),
    ...(structural.length === 0 ? [] : [
      `compiled in, so that each of their values is a program of its own: ${structural.join(", ")}`,
    ]),
    ...failureLines(failures),
    ...(result.interrupted ? ["interrupted; this is what was reached"] : []),
    ...(best === undefined && ranked.length > 0 ? ["no trial ended with a finite number"] : []),
  ];
  return [
    ...(rows.length === 0 ? [] : [...tableLines(heads, rows, { right: numeric, width }), ""]),
    ...notes.map((note) => cut(note, width)),
  ];
}

/** The trials as events, best first, then those that failed, and the result. */
export function sweepEvents<R>(
  result: SweepResult<Settings, R>,
  measures: Measures<R>,
  fields: object,
): readonly string[] {
  const { ranked, failures, best, structural, programs, runs, interrupted, backend } = result;
  const measured = ({ run }: AnyTrial<R>) =>
    Object.fromEntries(Object.entries(measures).map(([name, of]) => [name, of(run)]));
  return [
    ...ranked.map((trial, rank) => {
      const { index, settings, program, firstNonFinite = null } = trial;
      const finite = Number.isFinite(trial.score);
      const own = { index, rank, settings, program, finite, firstNonFinite };
      return jsonLine("trial", { ...own, ...measured(trial) });
    }),
    ...failures.map(({ index, settings, error: { kind, issues } }) =>
      jsonLine("failure", { index, settings, kind, issues })
    ),
    jsonLine("result", {
      ...fields,
      trials: ranked.length,
      failures: failures.length,
      programs,
      runs,
      structural,
      interrupted,
      backend: backend ?? null,
      best: best === undefined ? null : { index: best.index, settings: best.settings },
    }),
  ];
}
