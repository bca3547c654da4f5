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
  readonly rows: Map<string, { readonly word: number; readonly grid: Grid }>;
}

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

/** One thread: `go` becomes whether `from` goes on and the flag is set, and the rows follow it. */
function gateKernel(
  { go, rows }: Gate,
  grids: number,
  from: number | undefined,
  flag: Place | undefined,
): Kernel {
  const conditions = [
    ...from === undefined ? [] : [`grids[${from}u] != 0u`],
    ...flag === undefined ? [] : [`flags[${flag.offset}u] != 0u`],
  ];
  const writes = [...rows.values()].flatMap(({ word, grid }) =>
    grid.map((n, i) => `  grids[${word + i}u] = select(0u, ${n}u, on);`)
  );
  const flags = flag === undefined ? [] : [{ buffer: flag.buffer, access: "read" as const }];
  return {
    label: flag === undefined ? "loop begins" : "loop goes on",
    bindings: [{ buffer: grids, access: "write" }, ...flags],
    source: [
      "@group(0) @binding(0) var<storage, read_write> grids: array<u32>;",
      ...flag === undefined ? [] : ["@group(0) @binding(1) var<storage, read> flags: array<u32>;"],
      "@compute @workgroup_size(1)",
      "fn main() {",
      `  let on = ${conditions.length === 0 ? "true" : conditions.join(" && ")};`,
      `  grids[${go}u] = select(0u, 1u, on);`,
      ...writes,
      "}",
    ].join("\n"),
    workgroupSize: 1,
    flops: 0,
    words: 1 + 3 * rows.size,
  };
}

/**
 * The plan whose loops with heavy iterations dispatch nothing once they have stopped.
 *
 * Where all values are overwritten in place, that begins in the iteration that finds out, after the
 * commands that it took. Where buffers change places, that iteration happens, which makes them equal.
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
  const through = (commands: readonly Command[], gate: Gate | undefined): Command[] =>
    commands.flatMap((command): Command[] => {
      if (command.kind === "repeat") return loop(command, gate);
      if (command.kind === "copy" || gate === undefined) return [command];
      const key = command.workgroups.join();
      const row = gate.rows.get(key) ?? { word: allocate(3), grid: command.workgroups };
      gate.rows.set(key, row);
      return [{ ...command, grid: { buffer: grids, offset: row.word } }];
    });
  const loop = (repeat: Repeat, outer: Gate | undefined): Command[] => {
    const { active, commands, swaps } = repeat;
    const { work, dispatches } = workOf(plan, repeat, adapter);
    if (active === undefined || (dispatches + 1) * COSTS[adapter.kind].dispatch > most * work) {
      return [{ ...repeat, commands: through(commands, outer) }];
    }
    const gate: Gate = { go: allocate(1), rows: new Map() };
    if (swaps.length > 0) {
      const inside = through(commands, gate);
      const begin = dispatchOf(gateKernel(gate, grids, outer?.go, undefined));
      const next = dispatchOf(gateKernel(gate, grids, gate.go, active));
      return [begin, { ...repeat, commands: [...inside, next] }];
    }
    const first = through(commands.slice(0, active.after), outer);
    const rest = through(commands.slice(active.after), gate);
    const next = dispatchOf(gateKernel(gate, grids, outer?.go, active));
    return [{ ...repeat, commands: [...first, next, ...rest] }];
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
