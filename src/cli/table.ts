/**
 * Tables of plain text.
 *
 * @module
 */

/** How a table is laid out. */
interface TableLayout {
  /** Columns whose words end at the same place, by index. */
  readonly right?: readonly number[];
  /** The most columns of the terminal a line may take; longer ones end with "…". */
  readonly width?: number | undefined;
}

/** How many columns a word takes on a terminal: combining marks take none. */
function widthOf(word: string): number {
  return [...word.replace(/\p{Mark}/gu, "")].length;
}

/** A line that is no wider than a terminal. */
export function cut(line: string, width: number | undefined): string {
  if (width === undefined || widthOf(line) <= width) return line;
  return `${[...line].slice(0, Math.max(0, width - 1)).join("")}…`;
}

/** Rows as lines under their heads, in columns as wide as their widest word. */
export function tableLines(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  { right = [], width }: TableLayout = {},
): readonly string[] {
  const widths = heads.map((head, i) =>
    Math.max(widthOf(head), ...rows.map((row) => widthOf(row[i]!)))
  );
  const padded = (word: string, i: number) => {
    const space = " ".repeat(widths[i]! - widthOf(word));
    return right.includes(i) ? space + word : word + space;
  };
  const line = (row: readonly string[]) => row.map(padded).join("  ").trimEnd();
  const rule = widths.map((w) => "─".repeat(w)).join("  ");
  return [line(heads), rule, ...rows.map(line)].map((text) => cut(text, width));
}

/** A number in few characters: `1.23e+6`, `0.0123`, `1e-4`, `12`. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || size === 0) return String(value);
  if (size >= 1e-3 && size < 1e5) return String(Number(value.toPrecision(4)));
  return Number(value.toPrecision(3)).toExponential();
}

/** Bytes for a person: `512 B`, `1.5 MiB`. */
export function bytes(count: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = count < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(count) / 10));
  return `${Number((count / 1024 ** power).toPrecision(3))} ${units[power]}`;
}
