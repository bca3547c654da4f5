/**
 * Iterations that need not happen: a loop that has stopped leaves everything as it is, and the device
 * alone knows. So the kernels of a loop are dispatched over grids that lie in a buffer, where one
 * thread writes zeros as soon as the loop has stopped. Where iterations are long, the host asks whether it has
 * while the device is at the next ones.
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

/**
 * Nanoseconds of a multiply-add and of a word, what a grid that the device has written costs more, and how
 * long an answer takes to arrive, in work of all cores.
 */
const COSTS: {
  readonly [K in AdapterClass["kind"]]: {
    readonly flop: number;
    readonly word: number;
    readonly dispatch: number;
    readonly answer: number;
  };
} = {
  cpu: { flop: 0.1, word: 1.5, dispatch: 30_000, answer: 20_000_000 },
  gpu: { flop: 0.001, word: 0.02, dispatch: 3000, answer: 12_000_000 },
  script: { flop: 1, word: 1, dispatch: 0, answer: Infinity },
};

/** Which part of what it leaves out a grid that the device has written may take. */
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

/** What a kernel does in a dispatch, in nanoseconds, and what it costs if the device writes its grid: for each of its slices. */
function gating(
  { flops, words, slices }: Kernel,
  { kind }: AdapterClass,
): { readonly work: number; readonly cost: number } {
  const { flop, word, dispatch } = COSTS[kind];
  return { work: flops * flop + words * word, cost: dispatch * (slices?.length ?? 1) };
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
 * that change places happens once more, which makes them equal. Small kernels go on: they change nothing, whatever they
 * find where others have not been.
 *
 * @param most Which part of what is left out this may cost.
 * @param answer How long the device is at work for each question of the host, in nanoseconds.
 */
export function gateLoops(
  plan: Plan,
  adapter: AdapterClass,
  most = MOST,
  answer = COSTS[adapter.kind].answer,
): Plan {
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
  const heavy = (kernel: number): boolean => {
    const { work, cost } = gating(plan.kernels[kernel]!, adapter);
    return cost <= most * work;
  };
  /** The work of an iteration, and how much of it heavy kernels do once it is known whether the loop goes on. */
  const workOf = (
    { commands, active }: Repeat,
  ): { readonly all: number; readonly heavy: number } => {
    const work = { all: 0, heavy: 0 };
    const add = (of: readonly Command[], known: boolean): void =>
      visitCommands(of, (c, times) => {
        if (c.kind !== "dispatch") return;
        const own = times * gating(plan.kernels[c.kernel]!, adapter).work;
        work.all += own;
        if (known && heavy(c.kernel)) work.heavy += own;
      });
    add(commands.slice(0, active?.after), false);
    add(commands.slice(active?.after), true);
    return work;
  };
  /** The commands with the grids of a gate; `changing` are the buffers that change places in its loop. */
  const through = (
    commands: readonly Command[],
    gate: Gate | undefined,
    changing: ReadonlySet<number> = new Set(),
  ): Command[] =>
    commands.flatMap((command): Command[] => {
      if (command.kind === "repeat") return loop(command, gate);
      if (command.kind === "copy" || gate === undefined || !heavy(command.kernel)) return [command];
      const late = kernels[command.kernel]!.bindings.some(({ buffer, access }) =>
        access === "write" && changing.has(buffer)
      );
      return [{ ...command, grid: gridOf(late ? gate.late : gate.rows, command.workgroups) }];
    });
  const loop = (repeat: Repeat, around: Gate | undefined): Command[] => {
    const { active, commands, swaps } = repeat, work = workOf(repeat);
    if (active === undefined || COSTS[adapter.kind].dispatch > most * work.heavy) {
      return [{ ...repeat, commands: through(commands, around) }];
    }
    const gate: Gate = { go: allocate(1), rows: new Map(), late: new Map() };
    const first = through(commands.slice(0, active.after), around);
    const rest = through(commands.slice(active.after), gate, new Set(swaps.flat()));
    const next = dispatchOf(gateKernel(gate, grids, around, active));
    const every = Math.max(1, Math.ceil(answer / work.all));
    // The host goes on until the answer to a question is there, at the next one.
    const asks = { buffer: grids, offset: gate.go, every };
    const gated: Repeat = {
      ...repeat,
      commands: [...first, next, ...rest],
      ...repeat.times > 2 * every ? { asks } : {},
    };
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
