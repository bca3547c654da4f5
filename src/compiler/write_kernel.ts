/**
 * From a group of stages to a kernel's source.
 *
 * @module
 */
import type { AdapterClass } from "../loops/adapter.ts";
import { type Index, indexAdd, indexAtoms, indexConstant } from "../loops/index.ts";
import { scalarHasFold, scalarVisit, type ValueId } from "../loops/scalar.ts";
import type { Nest, Stage, Value } from "../loops/stage.ts";
import { addressOf } from "./build_stages.ts";
import { type Group, nestOf, readsOf, stagesOf } from "./fusion.ts";
import { sizeOf } from "../tensor/node.ts";
import type { Binding, Kernel } from "./plan.ts";
import type { BoundBuffer, Syntax } from "../../kernels/syntax.ts";
import { type FlatCluster, writeFlat } from "../../kernels/flat.ts";
import { jsModule } from "../../kernels/syntax_js.ts";
import { wgsl, wgslModule } from "../../kernels/syntax_wgsl.ts";
import { wgslWorkgroupModule, type WorkgroupStep } from "../../kernels/workgroup_wgsl.ts";
import {
  type EpilogueStage,
  threadsOf,
  type TiledCluster,
  writeTiled,
} from "../../kernels/tile.ts";
import type { WriterContext } from "../../kernels/writer.ts";
import { type Afterwards, chooseTile, type ChosenTile } from "../../kernels/tile_search.ts";

/** Where a value lies for the kernels. */
export interface Seat {
  readonly buffer: number;
  readonly offset: number;
  /** Rows of scalars and records are seen word by word. */
  readonly ring: boolean;
}

/** Workgroups in x before the grid goes on in y. */
const ROW = 32768;
/** Elements from which an elementwise kernel handles four neighbours per thread. */
const VECTOR_ELEMENTS = 2048;

/** A kernel with the grid that runs it. */
export interface WrittenKernel {
  readonly kernel: Kernel;
  readonly workgroups: readonly [number, number, number];
}

/** How many elements an epilogue stage has for each one of the anchor's. */
function elementsPerAnchor({ stage, axes }: EpilogueStage, anchor: Stage): number {
  const followed = new Set<number>();
  const grown = axes.reduce((n, r, i) => {
    if (r.kind === "free") return n * stage.parallel[i]!.extent;
    followed.add(r.anchor);
    return r.kind === "same" ? n : r.kind === "grow" ? n * r.by : n / r.by;
  }, 1);
  return anchor.parallel.reduce((n, a, i) => followed.has(i) ? n : n / a.extent, grown);
}

/** Neighbouring words of a member for each element of the anchor along its last axis, or 0. */
function neighbours({ stage, axes }: EpilogueStage, anchor: Stage): number {
  let words = 1;
  for (let i = axes.length - 1; i >= 0; i--) {
    const r = axes[i]!;
    if (r.kind === "free") words *= stage.parallel[i]!.extent;
    else {
      const by = r.kind === "same" ? 1 : r.kind === "grow" ? r.by : 1 / r.by;
      return r.anchor === anchor.parallel.length - 1 ? words * by : 0;
    }
  }
  return 0;
}

/** What a kernel loads and stores besides what its anchor reads. */
function afterwardsOf({ anchor, epilogue }: Group, stored: readonly ValueId[]): Afterwards {
  const inside = new Set([anchor.value, ...epilogue.map((e) => e.stage.value)]);
  const own = stored.includes(anchor.value);
  const loads = new Map<string, Afterwards["loads"][number]>();
  let stores = own ? 1 : 0, last = own ? 1 : Infinity;
  for (const member of epilogue) {
    scalarVisit(member.stage.body, (s) => {
      if (s.kind !== "load" || inside.has(s.value)) return;
      const moves = anchor.parallel.map(() => false);
      let words = 1;
      const names = new Set<string>();
      for (const x of s.at) {
        indexAtoms(x, (a) => a.kind === "axis" && names.add(a.axis.name));
      }
      member.stage.parallel.forEach((axis, i) => {
        const r = member.axes[i]!;
        if (!names.has(axis.name)) return;
        if (r.kind === "free") words *= axis.extent;
        else moves[r.anchor] = true;
      });
      loads.set(s.key, { moves, words });
    });
    if (!stored.includes(member.stage.value)) continue;
    stores += elementsPerAnchor(member, anchor);
    last = Math.min(last, neighbours(member, anchor));
  }
  return { loads: [...loads.values()], stores, last: last === Infinity ? 0 : last };
}

function tileOf(
  group: Group,
  stored: readonly ValueId[],
  values: readonly Value[],
  adapter: AdapterClass,
): ChosenTile {
  return chooseTile(group.anchor, {
    constraints: group.constraints,
    adapter,
    fixed: group.anchor.combine === "none",
    shapeOf: (v) => values[v]!.shape,
    address: (v, at) => addressOf(at, values[v]!.shape),
    afterwards: afterwardsOf(group, stored),
  });
}

function tiled(
  group: Group,
  stored: readonly ValueId[],
  values: readonly Value[],
  adapter: AdapterClass,
): TiledCluster {
  const { anchor, epilogue } = group;
  const cluster = { anchor, epilogue: epilogue.map((e) => e.stage), stored };
  const elementwise = anchor.combine === "none";
  const chosen = tileOf(group, stored, values, adapter).tile;
  if (!elementwise) return { cluster, epilogue, tile: chosen };
  const last = anchor.parallel.length - 1;
  const size = anchor.parallel.reduce((n, a) => n * a.extent, 1);
  let plain = size >= VECTOR_ELEMENTS && last >= 0 && anchor.parallel[last]!.extent % 4 === 0 &&
    chosen.parallel[last] === 1;
  for (const stage of stagesOf(group)) {
    scalarVisit(stage.body, (s) => {
      // Branches and gathered rows differ from element to element.
      if (s.kind === "fold" || s.kind === "inside") plain = false;
    });
  }
  if (!plain) return { cluster, epilogue, tile: chosen };
  return {
    cluster,
    epilogue,
    tile: { ...chosen, parallel: chosen.parallel.map((n, i) => i === last ? 4 : n) },
  };
}

/** Four neighbours at a time where all ranges begin and end at vectors, unless there are loops to write out. */
function flatCluster(
  group: Group,
  nest: Nest,
  stored: readonly ValueId[],
  { lanes }: Syntax,
): FlatCluster {
  const stages = stagesOf(group);
  const quarters = nest.block % 4 === 0 && nest.size % 4 === 0 &&
    nest.runs.every(({ start, stop }) => start % 4 === 0 && stop % 4 === 0);
  const plain = lanes !== undefined && quarters && stages.every(({ body }) => !scalarHasFold(body));
  return { nest, stages, stored, width: plain ? 4 : 1 };
}

/** A group with what it stores: one grid of threads. */
export interface Part {
  readonly group: Group;
  readonly stored: readonly ValueId[];
}

/** Multiply-adds, and words that are read and stored. */
function workOf(parts: readonly Part[], values: readonly Value[]): Pick<Kernel, "flops" | "words"> {
  let flops = 0, words = 0;
  for (const { group, stored } of parts) {
    const { parallel, reduce } = group.anchor;
    flops += 2 * [...parallel, ...reduce].reduce((n, a) => n * a.extent, 1);
    words += [...readsOfPart(group), ...stored].reduce((n, v) => n + sizeOf(values[v]!.shape), 0);
  }
  return { flops, words };
}

/** What a group reads and does not compute. */
function readsOfPart(group: Group): ReadonlySet<ValueId> {
  const stages = stagesOf(group);
  const inside = new Set(stages.map((s) => s.value));
  return new Set(stages.flatMap((s) => [...readsOf(s)]).filter((v) => !inside.has(v)));
}

/** Estimated nanoseconds of one core. */
export function costOf(
  { group, stored }: Part,
  values: readonly Value[],
  adapter: AdapterClass,
): number {
  const { words } = workOf([{ group, stored }], values);
  return nestOf(group) === undefined
    ? tileOf(group, stored, values, adapter).running + words
    : 2 * words;
}

/** The statements of parts that share their buffers. */
interface WrittenParts {
  readonly bindings: readonly Binding[];
  readonly buffers: readonly BoundBuffer[];
  readonly parts: readonly { readonly lines: readonly string[]; readonly threads: number }[];
}

/** How many threads a part has, and what each of them does. */
function threadsOfPart(
  { group, stored }: Part,
  values: readonly Value[],
  syntax: Syntax,
  adapter: AdapterClass,
): { readonly threads: number; readonly write: (context: WriterContext) => readonly string[] } {
  const dtypeOf = (v: ValueId) => values[v]!.dtype;
  const nest = nestOf(group);
  if (nest !== undefined) {
    const flat = flatCluster(group, nest, stored, syntax);
    return {
      threads: nest.threads * nest.copies,
      write: (context) => writeFlat(flat, context, dtypeOf),
    };
  }
  const plan = tiled(group, stored, values, adapter);
  return { threads: threadsOf(plan), write: (context) => writeTiled(plan, context, dtypeOf) };
}

function writeParts(
  parts: readonly Part[],
  values: readonly Value[],
  seatOf: (v: ValueId) => Seat,
  syntax: Syntax,
  adapter: AdapterClass,
): WrittenParts {
  const threads = parts.map((part) => threadsOfPart(part, values, syntax, adapter));
  const access = new Map<number, "read" | "write">();
  const kinds = new Map<number, Set<string>>();
  const rings = new Set<number>();
  const touch = (v: ValueId, how: "read" | "write") => {
    const seat = seatOf(v);
    if (how === "write" || !access.has(seat.buffer)) access.set(seat.buffer, how);
    kinds.set(
      seat.buffer,
      (kinds.get(seat.buffer) ?? new Set()).add(values[v]!.dtype === "f32" ? "f32" : "u32"),
    );
    if (seat.ring) rings.add(seat.buffer);
  };
  for (const { group, stored } of parts) {
    for (const v of readsOfPart(group)) touch(v, "read");
    for (const v of stored) touch(v, "write");
  }
  const order = [...access.keys()].sort((a, b) => a - b);

  const scalarOnly = new Set<number>(rings);
  for (const [buffer, kind] of kinds) if (kind.size > 1) scalarOnly.add(buffer);
  // Assume vectors everywhere; an access that is not aligned makes its buffer plain, and we write again.
  for (;;) {
    let missed = false;
    const bound = new Map<number, BoundBuffer>(order.map((b, position) => {
      const f32 = kinds.get(b)!.size === 1 && kinds.get(b)!.has("f32");
      const vector = syntax.lanes !== undefined && !scalarOnly.has(b);
      return [b, {
        position,
        access: access.get(b)!,
        element: vector ? (f32 ? "vec4f" : "vec4u") : f32 ? "f32" : "u32",
      }];
    }));
    const context: WriterContext = {
      syntax,
      address: (v: ValueId, at: readonly Index[]) => {
        const seat = seatOf(v);
        return {
          buffer: bound.get(seat.buffer)!,
          word: indexAdd(addressOf(at, values[v]!.shape), indexConstant(seat.offset)),
        };
      },
      unaligned: (buffer) => {
        scalarOnly.add(order[buffer.position]!);
        missed = true;
      },
    };
    const written = threads.map((it) => ({ threads: it.threads, lines: it.write(context) }));
    if (missed) continue;
    return {
      bindings: order.map((b) => ({ buffer: b, access: access.get(b)! })),
      buffers: [...bound.values()],
      parts: written,
    };
  }
}

/** Writes one kernel. */
export function writeKernel(
  label: string,
  group: Group,
  stored: readonly ValueId[],
  values: readonly Value[],
  seatOf: (v: ValueId) => Seat,
  syntax: Syntax,
  adapter: AdapterClass,
): WrittenKernel {
  const all = [{ group, stored }];
  const { bindings, buffers, parts } = writeParts(all, values, seatOf, syntax, adapter);
  const { lines, threads } = parts[0]!;
  // Software adapters hand whole workgroups to cores: few threads go in small groups.
  const workgroupSize = adapter.kind === "gpu" ? 64 : threads < 256 ? 8 : threads < 4096 ? 16 : 64;
  const groups = Math.ceil(threads / workgroupSize);
  const x = Math.min(groups, ROW, adapter.maxWorkgroups);
  const source = syntax.target === "wgsl"
    ? wgslModule(buffers, lines, threads, workgroupSize, x * workgroupSize)
    : jsModule(lines);
  return {
    kernel: { label, bindings, source, workgroupSize, ...workOf(all, values) },
    workgroups: [x, Math.ceil(groups / x), 1],
  };
}

/** One thing that a kernel with loops in it does. */
export type Phase =
  | { readonly kind: "part"; readonly part: Part }
  | {
    readonly kind: "loop";
    readonly times: number;
    readonly phases: readonly Phase[];
    /** A stored bool that ends the loop when it is false after an iteration. */
    readonly active?: ValueId;
  };

/** The parts of phases in order, and how often each happens. */
function partsOf(phases: readonly Phase[], times = 1): readonly (Part & { times: number })[] {
  return phases.flatMap((phase) =>
    phase.kind === "part" ? [{ ...phase.part, times }] : partsOf(phase.phases, times * phase.times)
  );
}

/** Lanes of a workgroup that goes through loops: a software adapter runs it on one core, eight at a time. */
export function workgroupLanes({ kind }: AdapterClass): number {
  return kind === "gpu" ? 256 : 64;
}

/** Writes a kernel of one workgroup that goes through loops by itself. */
export function writeLoopKernel(
  label: string,
  phases: readonly Phase[],
  values: readonly Value[],
  seatOf: (v: ValueId) => Seat,
  adapter: AdapterClass,
): WrittenKernel {
  const all = partsOf(phases);
  const { bindings, buffers, parts } = writeParts(all, values, seatOf, wgsl, adapter);
  const positions = new Map(bindings.map(({ buffer }, i) => [buffer, i]));
  let next = 0;
  const steps = (list: readonly Phase[]): readonly WorkgroupStep[] =>
    list.map((phase): WorkgroupStep => {
      if (phase.kind === "part") return { kind: "part", ...parts[next++]! };
      const { times, active } = phase;
      const inner = steps(phase.phases);
      if (active === undefined) return { kind: "loop", times, steps: inner };
      const { buffer, offset } = seatOf(active);
      return {
        kind: "loop",
        times,
        steps: inner,
        active: { buffer: buffers[positions.get(buffer)!]!, offset },
      };
    });
  const workgroupSize = workgroupLanes(adapter);
  let flops = 0, words = 0;
  for (const part of all) {
    const work = workOf([part], values);
    flops += part.times * work.flops;
    words += part.times * work.words;
  }
  const source = wgslWorkgroupModule(buffers, steps(phases), workgroupSize);
  return {
    kernel: { label, bindings, source, workgroupSize, flops, words },
    workgroups: [1, 1, 1],
  };
}
