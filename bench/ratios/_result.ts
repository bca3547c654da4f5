/** What is kept of a row: one file a row in `bench/ratios/results/`, and the page of all of them. */
import type { Ratio, Row } from "./_measure.ts";
import type { Place } from "./_place.ts";

/** A row as it was measured. */
export interface Result extends Place {
  /** Of the file that the row is in. */
  readonly name: string;
  readonly row: string;
  readonly atMost: number;
  readonly ratio: Ratio;
  /** The day, ISO. */
  readonly date: string;
}

/** Whether the median is small enough. */
export function passed({ ratio, atMost }: Pick<Result, "ratio" | "atMost">): boolean {
  return ratio.ratio <= atMost;
}

function round(value: number, digits: number): number {
  return Number(value.toPrecision(digits));
}

/** As many digits as mean something. */
export function rounded({ ratio, low, high, ours, theirs, clock, pairs, wall }: Ratio): Ratio {
  return {
    ratio: round(ratio, 3),
    low: round(low, 3),
    high: round(high, 3),
    ours: round(ours, 4),
    theirs: round(theirs, 4),
    clock,
    pairs,
    wall: round(wall, 3),
  };
}

/** What is kept of a measured row. */
export function resultOf(name: string, row: Row, ratio: Ratio, place: Place, day: Date): Result {
  return {
    name,
    row: row.name,
    atMost: row.atMost,
    ratio: rounded(ratio),
    ...place,
    date: day.toISOString().slice(0, 10),
  };
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

const HEADS = ["row", "at most", "measured", "quartiles", "by", "pairs", "load", "passes"];

function cells({ row, atMost, ratio, load }: Result): readonly string[] {
  const { low, high, clock, pairs } = ratio;
  const passes = passed({ ratio, atMost }) ? "yes" : "**no**";
  return [
    row,
    String(atMost),
    ratio.ratio.toFixed(2),
    `${low.toFixed(2)} to ${high.toFixed(2)}`,
    clock,
    String(pairs),
    load.toFixed(0),
    passes,
  ];
}

/** The table, one line a result. */
export function table(results: readonly Result[]): string {
  return [
    line(HEADS),
    line(HEADS.map((_, i) => i === 0 || i > 3 ? "---" : "---:")),
    ...results.map((result) => line(cells(result))),
  ].join("\n");
}

function placeOf({ machine, adapter, driver, deno, date }: Result): string {
  return `${machine}; ${adapter}; ${driver}; Deno ${deno}; ${date}`;
}

/** The page `docs/speed.md`, as `deno fmt` takes it in. */
export function page(results: readonly Result[]): string {
  const places = [...new Set(results.map(placeOf))];
  return [
    "# What is fast, against what",
    "",
    "`deno task ratios --write` prints this page. A ratio is ours over theirs: the two take turns in one",
    "run and the figure is the median over pairs, by the processor time of the process (user and",
    "system, all threads), or by the clock on the wall where the table says so. Less than 1 is faster",
    "than the other. _Load_ is how many processes wanted the processors when a row began: beyond their",
    "number, by the wall is by luck. [bench/README.md](../bench/README.md) says how to measure and how",
    "not to.",
    "",
    table(results),
    "",
    "Measured on:",
    "",
    ...places.map((place) => `- ${place}`),
    "",
  ].join("\n");
}
