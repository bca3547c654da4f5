/**
 * The printed table and the product, as lines and as JSON.
 *
 * @module
 */
import {
  type Compared,
  compared,
  PRINTED_TABLE,
  type PrintedRow,
} from "../taxonomy/printed_table.ts";
import { AXES, type Combination } from "../taxonomy/product/axes.ts";
import type { Judged } from "../taxonomy/product/verdict.ts";
import { COLUMNS } from "../taxonomy/printed_table.ts";
import type { Row } from "../taxonomy/classify.ts";
import { jsonLine } from "./json_lines.ts";
import { tableLines } from "./table.ts";

const HEADS = ["", "Length", "Calculating", "Structure", "Iterative"];

function cells(row: Row): readonly string[] {
  return COLUMNS.map((column) => row[column] === "" ? "–" : row[column]);
}

/** An entry with what it is given, as it is written. */
function expression({ entry, options }: Compared): string {
  const given = Object.entries(options).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return `${entry}(${given.length === 0 ? "" : `{ ${given.join(", ")} }`})`;
}

function notesOf({ notes }: PrintedRow): readonly string[] {
  return COLUMNS.flatMap((column) =>
    notes[column] === undefined ? [] : [`${column}: ${notes[column]}`]
  );
}

/** Table 1 as it is printed, each row above those that are derived; then the notes. */
export function printedLines(width: number | undefined): readonly string[] {
  const rows = PRINTED_TABLE.flatMap((row) => [
    [row.title, ...cells(row.printed)],
    ...compared(row).map((one) => [
      `${one.differs.length === 0 ? "  = " : "  ≠ "}${expression(one)}`,
      ...cells(one.derived),
    ]),
  ]);
  const notes = PRINTED_TABLE.flatMap((row) =>
    notesOf(row).map((note) => `  ${row.title}, ${note}`)
  );
  return [
    "Table 1 as it is printed; below each row what is derived from the catalogue's expression",
    "",
    ...tableLines(HEADS, rows, { width }),
    "",
    "Where ours differs",
    ...notes,
  ];
}

/** Table 1, a line of JSON a row. */
export function printedEvents(): readonly string[] {
  return PRINTED_TABLE.map((row) => {
    const { title, printed, notes } = row;
    return jsonLine("row", { title, printed, ours: compared(row), notes });
  });
}

/** A combination as it is written. */
export function named(combination: Combination): string {
  return Object.values(combination).map(([word]) => word).join(" · ");
}

/** How often each text occurs, the most frequent first. */
function counted(texts: readonly string[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1]);
}

/** What the product is, in numbers. */
interface ProductCounts {
  readonly combinations: number;
  readonly stages: number;
  /** Equal to another by construction, and for which reasons. */
  readonly equal: number;
  readonly equalities: readonly (readonly [string, number])[];
  /** Refused, and for which reasons; there may be several at once. */
  readonly refused: number;
  readonly reasons: readonly (readonly [string, number])[];
}

/** Counts verdicts. */
export function productCounts(judged: readonly Judged[]): ProductCounts {
  const verdicts = judged.map(({ verdict }) => verdict);
  const equal = verdicts.flatMap((it) => it.kind === "equal" ? [it.because] : []);
  const refused = verdicts.flatMap((it) => it.kind === "refused" ? [it.issues] : []);
  const reason = (path: string, expected: string) =>
    `${path.replace("curvature/", "").replace(/\/\d+/, "")}: ${expected}`;
  return {
    combinations: judged.length,
    stages: verdicts.filter(({ kind }) => kind === "stage").length,
    equal: equal.length,
    equalities: counted(equal.flat()),
    refused: refused.length,
    reasons: counted(
      refused.flatMap((issues) => [
        ...new Set(issues.map(({ path, expected }) => reason(path, expected))),
      ]),
    ),
  };
}

/** The product in numbers, and why what is not in it is not. */
export function productLines(
  { combinations, stages, equal, equalities, refused, reasons }: ProductCounts,
  width: number | undefined,
): readonly string[] {
  const sizes = Object.entries(AXES).map(([slot, { length }]) => `${length} of ${slot}`);
  const list = (found: readonly (readonly [string, number])[], head: string) =>
    tableLines(["", head], found.map(([text, count]) => [`${count}`, text]), {
      right: [0],
      width,
    });
  return [
    `The product: ${combinations} combinations (${sizes.join(" × ")})`,
    `  ${stages} are stages, each its own`,
    `  ${equal} are equal to another by construction`,
    `  ${refused} make no sense`,
    "",
    ...list(equalities, "Equal by construction, because"),
    "",
    ...list(reasons, "Refused, because expected was"),
  ];
}
