/** The results as a page. */
import { halved, passed, type Result, RUN } from "./result.ts";

const HEADS = [
  "optimizer",
  "settings",
  `loss after ${RUN.steps} steps`,
  "not finite",
  "gradients",
  "time",
  "state",
  "dispatches",
];

function settingsOf({ settings }: Result): string {
  return Object.entries(settings)
    .map(([name, value]) => `\`${name}=${JSON.stringify(value)}\``).join(" ");
}

function row(result: Result): readonly string[] {
  const { name, outcome, failed, refused } = result;
  if (outcome === undefined) {
    return [name, settingsOf(result), failed ?? refused ?? "", "", "", "", "", ""];
  }
  const { end, nonFinite, gradients, time, state, dispatches } = outcome;
  const mean = end?.toFixed(3) ?? "none";
  const loss = halved(outcome) ? mean : `**${mean}**`;
  const numbers = [gradients, time, state, dispatches].map((x) => String(Number(x.toPrecision(3))));
  return [name, settingsOf(result), loss, String(nonFinite), ...numbers];
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function intro(results: readonly Result[]): readonly string[] {
  const starts = results.flatMap(({ outcome }) => outcome === undefined ? [] : [outcome.start]);
  if (starts.length === 0) return [];
  const fits = results.filter(({ outcome }) => outcome !== undefined).length;
  const good = results.filter((one) => one.outcome !== undefined && passed(one)).length;
  return [
    `${good} of the ${fits} entries that fit have at least halved the loss of the first batch`,
    `(${Math.min(...starts).toFixed(2)} to ${Math.max(...starts).toFixed(2)}) without a number`,
    "that is not finite.",
    "",
  ];
}

/** The page, as `deno fmt` takes it in, with the names of those that have no result. */
export function page(results: readonly Result[], missing: readonly string[] = []): string {
  const { steps, last, batchSize } = RUN;
  const refused = results.filter((one) => one.refused !== undefined);
  return [
    "# Every entry of the catalogue on the CNN",
    "",
    `The MNIST CNN with dropout, real MNIST, WebGPU, ${steps} steps of ${batchSize} images, seed`,
    `${RUN.seed}; \`deno task cnn-table --data DIR\` prints this page, and runs only the entries`,
    "whose expression has changed since. Settings are the defaults, or what the entry suggests for",
    "networks (`deno task optimizers --explain NAME`).",
    "",
    ...intro(results),
    `- **loss**: the mean over the last ${last} batches; bold where it is more than half the first.`,
    "- **not finite**: losses of steps, and parameters at the end.",
    "- **gradients**: what `explain` says a step costs, in gradients.",
    "- **time**: processor time of a step over that of plain gradient descent, which takes turns",
    "  with it in the same process. It has the update and what solvers do, too.",
    "- **state**: numbers that are remembered, in multiples of the number of parameters.",
    "- **dispatches**: of one step, averaged over the periods.",
    "",
    line(HEADS),
    line(HEADS.map((_, i) => i < 2 ? "---" : "---:")),
    ...results.map((result) => line(row(result))),
    "",
    ...(missing.length === 0 ? [] : [`Not run yet: ${missing.join(", ")}.`, ""]),
    ...(refused.length === 0 ? [] : [
      "## Defaults that do not fit",
      "",
      "What the compiler says of the entry without the settings above:",
      "",
      ...refused.map(({ name, refused }) => `- ${name}: ${refused}`),
      "",
    ]),
  ].join("\n");
}
