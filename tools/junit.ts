/** Reads the reports that `deno test --junit-path` writes. */

/** One test, as reported. */
export interface TestCase {
  /** The file the test stands in. */
  readonly file: string;
  /** What the test is called. */
  readonly name: string;
  /** How long it took. */
  readonly seconds: number;
  /** How it ended. */
  readonly outcome: "passed" | "failed" | "ignored";
}

const entities: { readonly [entity: string]: string } = {
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&apos;": "'",
  "&amp;": "&",
};

function attribute(tag: string, name: string): string {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? "";
  return value.replace(/&(lt|gt|quot|apos|amp);/g, (entity) => entities[entity] ?? entity);
}

/** The tests of a report, in its order. */
export function testCases(xml: string): readonly TestCase[] {
  const pattern = /<testcase\b(?<tag>(?:[^>"]|"[^"]*")*?)(?:\/>|>(?<body>[\s\S]*?)<\/testcase>)/g;
  return [...xml.matchAll(pattern)].map((match) => {
    const tag = match.groups?.["tag"] ?? "";
    const body = match.groups?.["body"] ?? "";
    return {
      file: attribute(tag, "classname"),
      name: attribute(tag, "name"),
      seconds: Number(attribute(tag, "time")),
      outcome: /<(failure|error)\b/.test(body)
        ? "failed"
        : /<skipped\b/.test(body)
        ? "ignored"
        : "passed",
    };
  });
}

/** How many of `cases` ended in each way. */
export function totals(cases: readonly TestCase[]): Record<TestCase["outcome"], number> {
  const sums = { passed: 0, failed: 0, ignored: 0 };
  for (const { outcome } of cases) sums[outcome]++;
  return sums;
}

/** The `count` slowest tests, slowest first. */
export function slowest(cases: readonly TestCase[], count: number): readonly TestCase[] {
  return cases.toSorted((a, b) => b.seconds - a.seconds).slice(0, count);
}
