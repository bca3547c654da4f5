/**
 * Checks that imports point one way: a file imports from its own room or from an earlier one.
 *
 * `deno run --allow-read tools/check_rooms.ts` prints every import that does not, with its line.
 */

/** The rooms in their order; the first is the one that everybody may use. */
export const rooms: readonly string[] = [
  "errors",
  "tensor",
  "autodiff",
  "linalg",
  "nn",
  "objective",
  "optimizer",
  "taxonomy",
  "lowering",
  "reference",
  "loops",
  "kernels",
  "compiler",
  "runtime",
  "data",
  "training",
  "analysis",
  "cli",
];

/** Rooms that may use less than what stands before them. */
const narrower: { readonly [room: string]: readonly string[] } = {
  kernels: ["errors", "loops", "kernels"],
};

/** An import, and where it stands. */
interface Import {
  /** What is imported, as written. */
  readonly specifier: string;
  /** The line, counted from 1. */
  readonly line: number;
}

/** An import that points the wrong way. */
interface Violation extends Import {
  /** The importing file. */
  readonly file: string;
  /** Why it is not allowed. */
  readonly reason: string;
}

/** The room of a path such as `src/tensor/shape.ts`, or undefined where there is none. */
export function roomOf(path: string): string | undefined {
  const [top, second] = path.split("/");
  if (top === "kernels") return "kernels";
  if (top !== "src" || second === undefined) return undefined;
  const room = second.endsWith(".ts") ? second.slice(0, -".ts".length) : second;
  return rooms.includes(room) && room !== "kernels" ? room : undefined;
}

// A comment is matched first, so that an import in an example is not taken for one.
const pattern =
  /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/[^\n]*|\b(?:from|import)\s*\(?\s*"(?<specifier>[^"\n]+)"/g;

/** The imports and re-exports of a TypeScript source, comments left out. */
export function importsOf(source: string): readonly Import[] {
  const found: Import[] = [];
  for (const match of source.matchAll(pattern)) {
    const specifier = match.groups?.["specifier"];
    if (specifier === undefined) continue;
    found.push({ specifier, line: source.slice(0, match.index).split("\n").length });
  }
  return found;
}

function reasonAgainst(file: string, specifier: string): string | undefined {
  if (specifier.startsWith("@steepest/")) return "the package does not import itself by name";
  if (!specifier.startsWith(".")) return undefined;
  const target = new URL(specifier, `file:///${file}`).pathname.slice(1);
  const from = roomOf(file);
  const to = roomOf(target);
  if (from === undefined) return `${file} is in no room`;
  if (to === undefined) return `${target} is in no room`;
  const allowed = narrower[from] ?? rooms.slice(0, rooms.indexOf(from) + 1);
  return allowed.includes(to) ? undefined : `${from} must not import ${to}`;
}

/** Every import among `files` (path → source, paths from the root) that points the wrong way. */
export function violations(files: ReadonlyMap<string, string>): readonly Violation[] {
  return [...files].flatMap(([file, source]) =>
    importsOf(source).flatMap(({ specifier, line }) => {
      const reason = reasonAgainst(file, specifier);
      return reason === undefined ? [] : [{ file, specifier, line, reason }];
    })
  );
}

async function sources(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) found.push(...await sources(path));
    else if (entry.name.endsWith(".ts")) found.push(path);
  }
  return found.sort();
}

async function main(): Promise<number> {
  const paths = [...await sources("src"), ...await sources("kernels")];
  const files = new Map<string, string>();
  for (const path of paths) files.set(path, await Deno.readTextFile(path));
  const wrong = violations(files);
  for (const { file, line, specifier, reason } of wrong) {
    console.error(`${file}:${line}: "${specifier}": ${reason}`);
  }
  console.log(`rooms: ${files.size} files, ${wrong.length} imports point the wrong way`);
  return wrong.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
