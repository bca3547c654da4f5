/**
 * A plan as lines for a person, and as events for a machine.
 *
 * @module
 */
import type { KernelDescription, ProgramDescription } from "../compiler/describe.ts";
import type { HostScalar } from "../compiler/plan.ts";
import { type Need, needs } from "../optimizer/needs.ts";
import type { Optimizer } from "../optimizer/types.ts";
import { costInGradients } from "../taxonomy/explain.ts";
import { topological } from "../tensor/walk.ts";
import { jsonLine } from "./json_lines.ts";
import { bytes, short, tableLines } from "./table.ts";

/** What is reported about. */
interface PlanReport {
  /** What the plan is of, such as `adam on rosenbrock`. */
  readonly title: string;
  readonly optimizer: Optimizer;
  readonly description: ProgramDescription;
  /** How often it runs a step for all copies. */
  readonly passes: number;
  readonly hostScalars: readonly HostScalar[];
  /** Elements of θ. */
  readonly parameters: number;
}

/** A scalar of the host in words: the slots that it is made of. */
interface HostScalarReport {
  readonly word: number;
  readonly perReplica: boolean;
  readonly of: readonly string[];
}

function hostScalarsOf({ hostScalars }: PlanReport): readonly HostScalarReport[] {
  return hostScalars.map(({ node, word, perReplica }) => ({
    word,
    perReplica,
    of: [...new Set(topological([node]).flatMap(({ op }) => op.kind === "input" ? [op.name] : []))],
  }));
}

const often = (every: number): string => every === 1 ? "every step" : `every ${every} steps`;

function kernelLines(
  kernels: readonly KernelDescription[],
  width: number | undefined,
): readonly string[] {
  const rows = kernels.map((k, i) => [
    String(i),
    k.label,
    String(k.dispatches),
    k.workgroups.join("×"),
    bytes(k.bytes),
    short(k.flops),
  ]);
  const heads = ["#", "Kernel", "Dispatches", "Workgroups", "Bytes", "Flops"];
  return tableLines(heads, rows, { right: [0, 2, 3, 4, 5], width });
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return ["", title, ...(lines.length === 0 ? ["none"] : lines).map((line) => `  ${line}`)];
}

/** The report as lines that are no wider than a terminal. */
export function planLines(report: PlanReport, width: number | undefined): readonly string[] {
  const { title, optimizer, description: d, parameters, passes } = report;
  const dispatches = Number(d.dispatchesPerStep.toPrecision(4));
  const need = ({ path, what, every, count }: Need) =>
    `${path}: ${count} × ${what}, ${often(every)}`;
  const buffers = Object.entries(d.buffers).toSorted(([, a], [, b]) => b - a);
  const narrow = width === undefined ? undefined : width - 2;
  return [
    `${title}: ${d.target}, ${parameters} parameters, ` +
    (passes === 1 ? "" : `${passes} passes of `) +
    `${d.replicas} ${d.replicas === 1 ? "copy" : "copies"}`,
    `${d.kernels.length} kernels, ${dispatches} dispatches a step, ${bytes(d.bytes)} on the device`,
    "",
    ...kernelLines(d.kernels, width),
    ...section(
      "Regions",
      d.regions.map((r) =>
        `${often(r.period)}${r.offset === 0 ? "" : ` from step ${r.offset} on`}: ` +
        `${r.dispatches} dispatches, ${r.copies} copies`
      ),
    ),
    ...section(
      "Buffers",
      tableLines(["Buffer", "Bytes"], buffers.map(([name, n]) => [name, bytes(n)]), {
        right: [1],
        width: narrow,
      }),
    ),
    ...section(
      "Scalars that the host writes for each step",
      hostScalarsOf(report).map(({ word, of, perReplica }) =>
        `${word}: from ${of.join(", ") || "nothing"}${perReplica ? " (per copy)" : ""}`
      ),
    ),
    ...section("Needs beyond the gradient", needs(optimizer).map(need)),
    ...section("Cost", [
      `${Number(costInGradients(optimizer, [], parameters).toPrecision(4))} gradients a step`,
    ]),
  ];
}

/** The report as events: `kernel`, `region`, `buffer`, `hostScalar`, `need`, and at last `result`. */
export function planEvents(
  report: PlanReport,
  sourceOf: (kernel: KernelDescription) => string | undefined,
): readonly string[] {
  const { title, optimizer, description: d, parameters, passes } = report;
  return [
    ...d.kernels.map(({ source: _, ...kernel }, index) => {
      const source = sourceOf(d.kernels[index]!);
      return jsonLine("kernel", { index, ...kernel, ...(source === undefined ? {} : { source }) });
    }),
    ...d.regions.map((region) => jsonLine("region", region)),
    ...Object.entries(d.buffers).map(([label, size]) => jsonLine("buffer", { label, bytes: size })),
    ...hostScalarsOf(report).map((scalar) => jsonLine("hostScalar", scalar)),
    ...needs(optimizer).map((need) => jsonLine("need", need)),
    jsonLine("result", {
      title,
      target: d.target,
      replicas: d.replicas,
      passes,
      parameters,
      kernels: d.kernels.length,
      dispatchesPerStep: d.dispatchesPerStep,
      bytes: d.bytes,
      hostScalars: d.hostScalars,
      gradientsPerStep: costInGradients(optimizer, [], parameters),
    }),
  ];
}
