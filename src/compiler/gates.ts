/**
 * Iterations that need not happen: a loop that has stopped leaves everything as it is, and the device
 * alone knows. So the kernels of a loop are dispatched over grids that lie in a buffer, where one
 * thread writes zeros as soon as the loop has stopped.
 *
 * @module
 */
import type { AdapterClass } from "../loops/adapter.ts";
import {
  type BufferSpec,
  type Command,
  type Kernel,
  type Place,
  type Plan,
  type Repeat,
  visitCommands,
} from "./plan.ts";

type Dispatch = Extract<Command, { readonly kind: "dispatch" }>;
type Grid = Dispatch["workgroups"];

/** Nanoseconds of a multiply-add and of a word, and what a grid that the device has written costs more. */
const COSTS: {
  readonly [K in AdapterClass["kind"]]: {
    readonly flop: number;
    readonly word: number;
    readonly dispatch: number;
  };
} = {
  cpu: { flop: 0.1, word: 1.5, dispatch: 12_000 },
  gpu: { flop: 0.001, word: 0.02, dispatch: 3000 },
  script: { flop: 1, word: 1, dispatch: 0 },
};

/** Which part of an iteration what lets the next ones be left out may take. */
const MOST = 0.1;

/** Where a loop keeps whether it goes on, and the grids of its kernels. */
interface Gate {
  readonly go: number;
  readonly rows: Rows;
  /** Of kernels that happen once more, so that buffers that change places become equal. */
  readonly late: Rows;
}

/** By workgroups, the first of three words. */
type Rows = Map<string, { readonly word: number; readonly grid: Grid }>;

/** What an iteration does once it is known whether the loop goes on, in nanoseconds, and its dispatches. */
function workOf(
  plan: Plan,
  { commands, active }: Repeat,
  adapter: AdapterClass,
): { readonly work: number; readonly dispatches: number } {
  const { flop, word } = COSTS[adapter.kind];
  let work = 0, dispatches = 0;
  visitCommands(commands.slice(active?.after), (c, times) => {
    if (c.kind !== "dispatch") return;
    const { flops, words } = plan.kernels[c.kernel]!;
    work += times * (flops * flop + words * word);
    dispatches += times;
  });
  return { work, dispatches };
}

function gridWrites(rows: Rows, on: string): readonly string[] {
  return [...rows.values()].flatMap(({ word, grid }) =>
    grid.map((n, i) => `  grids[${word + i}u] = select(0u, ${n}u, ${on});`)
  );
}

/** One thread: a loop goes on if the one around it does and the flag, where there is one, is set. */
function gateKernel(
  { go, rows, late }: Gate,
  grids: number,
  around: Gate | undefined,
  flag: Place | undefined,
): Kernel {
  const conditions = [
    ...around === undefined ? [] : [`grids[${around.go}u] != 0u`],
    ...flag === undefined ? [] : [`flags[${flag.offset}u] != 0u`],
  ];
  const flags = flag === undefined ? [] : [{ buffer: flag.buffer, access: "read" as const }];
  return {
    label: flag === undefined ? "loop begins" : "loop goes on",
    bindings: [{ buffer: grids, access: "write" }, ...flags],
    source: [
      "@group(0) @binding(0) var<storage, read_write> grids: array<u32>;",
      ...flag === undefined ? [] : ["@group(0) @binding(1) var<storage, read> flags: array<u32>;"],
      "@compute @workgroup_size(1)",
      "fn main() {",
      `  let before = grids[${go}u] != 0u;`,
      `  let on = ${conditions.length === 0 ? "true" : conditions.join(" && ")};`,
      `  grids[${go}u] = select(0u, 1u, on);`,
      ...flag === undefined ? [] : [...gridWrites(rows, "on"), ...gridWrites(late, "before")],
      "}",
    ].join("\n"),
    workgroupSize: 1,
    flops: 0,
    words: 1 + 3 * (rows.size + late.size),
  };
}

/**
 * The plan whose loops with heavy iterations dispatch nothing once they have stopped.
 *
 * That begins in the iteration that finds out, after the commands that it took. What writes into buffers
 * that change places happens once more, which makes them equal.
 *
 * @param most Which part of an iteration this may cost.
 */
export function gateLoops(plan: Plan, adapter: AdapterClass, most = MOST): Plan {
  const kernels: Kernel[] = [...plan.kernels];
  const grids = plan.buffers.length;
  let words = 0;
  const allocate = (n: number): number => (words += n) - n;
  const dispatchOf = (kernel: Kernel): Dispatch => {
    kernels.push(kernel);
    return { kind: "dispatch", kernel: kernels.length - 1, workgroups: [1, 1, 1] };
  };
  const gridOf = (rows: Rows, grid: Grid): Place => {
    const key = grid.join();
    const row = rows.get(key) ?? { word: allocate(3), grid };
    rows.set(key, row);
    return { buffer: grids, offset: row.word };
  };
  /** The commands with the grids of a gate; `changing` are the buffers that change places in its loop. */
  const through = (
    commands: readonly Command[],
    gate: Gate | undefined,
    changing: ReadonlySet<number> = new Set(),
  ): Command[] =>
    commands.flatMap((command): Command[] => {
      if (command.kind === "repeat") return loop(command, gate);
      if (command.kind === "copy" || gate === undefined) return [command];
      const late = kernels[command.kernel]!.bindings.some(({ buffer, access }) =>
        access === "write" && changing.has(buffer)
      );
      return [{ ...command, grid: gridOf(late ? gate.late : gate.rows, command.workgroups) }];
    });
  const loop = (repeat: Repeat, around: Gate | undefined): Command[] => {
    const { active, commands, swaps } = repeat;
    const { work, dispatches } = workOf(plan, repeat, adapter);
    if (active === undefined || (dispatches + 1) * COSTS[adapter.kind].dispatch > most * work) {
      return [{ ...repeat, commands: through(commands, around) }];
    }
    const gate: Gate = { go: allocate(1), rows: new Map(), late: new Map() };
    const first = through(commands.slice(0, active.after), around);
    const rest = through(commands.slice(active.after), gate, new Set(swaps.flat()));
    const next = dispatchOf(gateKernel(gate, grids, around, active));
    const gated = { ...repeat, commands: [...first, next, ...rest] };
    return gate.late.size === 0
      ? [gated]
      : [dispatchOf(gateKernel(gate, grids, around, undefined)), gated];
  };
  const regions = plan.regions.map((r) => ({ ...r, commands: through(r.commands, undefined) }));
  if (words === 0) return plan;
  const buffer: BufferSpec = {
    label: "grids",
    words: Math.ceil(words / 4) * 4,
    kind: "device",
    grids: true,
  };
  return { ...plan, kernels, regions, buffers: [...plan.buffers, buffer] };
}
