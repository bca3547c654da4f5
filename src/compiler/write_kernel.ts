/**
 * From a group of stages to a kernel's source.
 *
 * @module
 */
import type { AdapterClass } from "../loops/adapter.ts";
import { scalarHasFold, type ValueId } from "../loops/scalar.ts";
import type { Nest, Value } from "../loops/stage.ts";
import { shareOut } from "./flat_sums.ts";
import { type Group, isFlat, longAxes, nestOf, readsOf, stagesOf } from "./fusion.ts";
import { isLong } from "./kernel_size.ts";
import type { Kernel } from "./plan.ts";
import { type Piece, type Seat, writePieces } from "./write_pieces.ts";
import type { Syntax } from "../../kernels/syntax.ts";
import { type FlatCluster, type Stretch, writeFlat } from "../../kernels/flat.ts";
import { jsModule } from "../../kernels/syntax_js.ts";
import { wgsl, wgslModule } from "../../kernels/syntax_wgsl.ts";
import { wgslWorkgroupModule, type WorkgroupStep } from "../../kernels/workgroup_wgsl.ts";
import { sharedWords } from "../../kernels/shared_tile.ts";
import { threadsOf, type Tile, writeTiled } from "../../kernels/tile.ts";
import type { WriterContext } from "../../kernels/writer.ts";
import { cutsOf, partedFolds, stretchesOf } from "./stretches.ts";
import { wordsOf } from "./traffic.ts";
import { tiledClusters, tileOf, type TilingOptions, VECTOR_ELEMENTS } from "./tiled_clusters.ts";

/** Workgroups in x before the grid goes on in y. */
const ROW = 32768;
/** Multiply-adds of a loop body, at most, where the cheapest tile is written too long. */
const LESS_ARITHMETIC: readonly number[] = [1500, 1200, 900, 700, 500, 350, 200, 100, 50];

/** Stretches of a flat pass, at most, where all that are worth a text of their own are too many. */
const FEWER_STRETCHES: readonly number[] = [12, 8, 5, 3, 2, 1];

/** Ranges that have a text of their own, at most. */
const MOST_RUNS = 12;

/** A kernel with the grid that runs it. */
export interface WrittenKernel {
  readonly kernel: Kernel;
  readonly workgroups: readonly [number, number, number];
}

/** Whether all runs begin and end at vectors of four. */
function inQuarters({ block, size, runs }: Nest): boolean {
  return block % 4 === 0 && size % 4 === 0 &&
    runs.every(({ start, stop }) => start % 4 === 0 && stop % 4 === 0);
}

/**
 * What the threads of a nest go through.
 *
 * @param most Stretches that have a text of their own, at most.
 */
function flatCluster(
  group: Group,
  nest: Nest,
  stored: readonly ValueId[],
  values: readonly Value[],
  { lanes, target }: Syntax,
  adapter: AdapterClass,
  most: number = Infinity,
): FlatCluster {
  const stages = stagesOf(group), { size } = nest;
  // Loops are written out for one element where there may be branches around them.
  const four = lanes !== undefined && inQuarters(nest) &&
    stages.every(({ body }) => !scalarHasFold(body));
  const whole: readonly Stretch[] = [{ from: 0, to: size, width: four ? 4 : 1 }];
  const runs = nest.runs.length;
  const apart = inStretches(target, adapter) && runs <= Math.min(most, MOST_RUNS) &&
    (runs > 1 || cutsOf(stages, size).length > 0);
  return {
    nest,
    stages,
    stored,
    stretches: apart ? stretchesOf(nest, stages, stored, values, adapter, most) : whole,
    prepared: (s) => apart ? partedFolds(s, values, adapter) : s,
  };
}

/** Whether every thread executes both sides of a branch. */
function inStretches(target: Syntax["target"], { kind }: AdapterClass): boolean {
  return target === "wgsl" && kind === "cpu";
}

/**
 * A nest for an elementwise group: on a software adapter a thread that goes through many elements loads
 * what is the same for all of them once. A GPU has one vector for each thread.
 */
function passOf(group: Group, { target }: Syntax, adapter: AdapterClass): Nest | undefined {
  if (!inStretches(target, adapter) || group.anchor.place !== undefined) return undefined;
  const axes = longAxes(group.anchor).map((i) => group.anchor.parallel[i]!.extent);
  const size = axes.at(-1) ?? 0, copies = axes.length === 1 ? 1 : axes[0]!;
  if (axes.length > 2 || size < VECTOR_ELEMENTS) return undefined;
  const stages = stagesOf(group);
  const plain = stages.every(({ body }) => !scalarHasFold(body));
  if (!plain && cutsOf(stages, size).length === 0) return undefined;
  const nest = shareOut(size, [0, size], copies, adapter);
  return isFlat(group, nest) ? nest : undefined;
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
    words += wordsOf(group, stored, values);
  }
  return { flops, words };
}

/** What a group reads and does not compute. */
function readsOfPart(group: Group): ReadonlySet<ValueId> {
  const stages = stagesOf(group);
  const inside = new Set(stages.map((s) => s.value));
  return new Set(stages.flatMap((s) => [...readsOf(s)]).filter((v) => !inside.has(v)));
}

/**
 * Estimated nanoseconds of one core.
 *
 * @param workgroup What a workgroup writes that does all of it, if one does.
 */
export function costOf(
  { group, stored }: Part,
  values: readonly Value[],
  adapter: AdapterClass,
  workgroup?: ReadonlySet<ValueId>,
): number {
  const { words } = workOf([{ group, stored }], values);
  if (nestOf(group) !== undefined) return 2 * words;
  const options = { memory: false, ...workgroup === undefined ? {} : { workgroup } };
  return tileOf(group, stored, values, adapter, options).running + words;
}

/** One grid of threads of a part. */
interface PartPiece extends Piece {
  readonly part: Part;
  readonly tile?: Tile;
}

/** How a part is written. */
interface WritingOptions extends TilingOptions {
  /** Stretches of a flat pass, at most. */
  readonly mostStretches?: number;
}

/** The pieces of a part: one, or one for each share of its elements. */
function piecesOf(
  part: Part,
  values: readonly Value[],
  syntax: Syntax,
  adapter: AdapterClass,
  options: WritingOptions,
): readonly PartPiece[] {
  const { group, stored } = part, reads = readsOfPart(group);
  const dtypeOf = (v: ValueId) => values[v]!.dtype;
  const nest = nestOf(group) ?? passOf(group, syntax, adapter);
  if (nest !== undefined) {
    const flat = flatCluster(group, nest, stored, values, syntax, adapter, options.mostStretches);
    const write = (context: WriterContext) => writeFlat(flat, context, dtypeOf);
    return [{ part, reads, stored, threads: nest.threads * nest.copies, write }];
  }
  return tiledClusters(group, stored, values, adapter, options).map((plan) => ({
    part,
    reads,
    stored,
    threads: threadsOf(plan),
    tile: plan.tile,
    write: (context) => writeTiled(plan, context, dtypeOf),
  }));
}

/**
 * Writes a part: usually one kernel.
 *
 * The cheapest tile whose text is short, if there is one: what it will be is known once it is written.
 */
export function writeKernels(
  label: string,
  part: Part,
  values: readonly Value[],
  seatOf: (v: ValueId) => Seat,
  syntax: Syntax,
  adapter: AdapterClass,
): readonly WrittenKernel[] {
  const memory = syntax.shared !== undefined;
  const write = (mostArithmetic: number, mostStretches: number): readonly WrittenKernel[] =>
    piecesOf(part, values, syntax, adapter, { memory, mostArithmetic, mostStretches })
      .map((piece) => writePiece(label, piece, values, seatOf, syntax, adapter));
  const cheapest = write(Infinity, Infinity);
  const fits = (kernels: readonly WrittenKernel[]): boolean =>
    kernels.every(({ kernel: { source } }) => !isLong(source));
  if (syntax.target !== "wgsl" || fits(cheapest)) return cheapest;
  const fewer: readonly (readonly [number, number])[] = part.group.anchor.combine === "none"
    ? FEWER_STRETCHES.map((most) => [Infinity, most])
    : LESS_ARITHMETIC.map((most) => [most, Infinity]);
  for (const [arithmetic, stretches] of fewer) {
    const smaller = write(arithmetic, stretches);
    if (fits(smaller)) return smaller;
  }
  return cheapest;
}

function writePiece(
  label: string,
  piece: PartPiece,
  values: readonly Value[],
  seatOf: (v: ValueId) => Seat,
  syntax: Syntax,
  adapter: AdapterClass,
): WrittenKernel {
  const { part, tile } = piece, shared = tile?.shared;
  const written = writePieces([piece], values, seatOf, syntax, adapter);
  const { bindings, buffers, declarations, slices } = written;
  const { lines, threads } = written.pieces[0]!;
  const workgroupSize = sizeOfWorkgroup(threads, tile, adapter);
  const groups = Math.ceil(threads / workgroupSize);
  const row = Math.min(groups, ROW, adapter.maxWorkgroups);
  const grid = {
    threads,
    workgroupSize,
    row,
    ...shared === undefined ? {} : { shared: sharedWords(shared, tile!.parallel) },
  };
  const source = syntax.target === "wgsl"
    ? wgslModule(buffers, declarations, lines, grid)
    : jsModule(lines);
  const kernel = { label, bindings, source, workgroupSize, ...workOf([part], values) };
  return {
    kernel: slices === undefined ? kernel : { ...kernel, slices },
    workgroups: [row, Math.ceil(groups / row), 1],
  };
}

/** Workgroups from which cores that take one after the other have equal shares. */
const SHARED_OUT = 16;

/** Invocations of a workgroup. */
function sizeOfWorkgroup(
  threads: number,
  tile: Tile | undefined,
  { kind }: AdapterClass,
): number {
  if (tile?.shared !== undefined) return tile.shared.threads[0] * tile.shared.threads[1];
  if (kind === "gpu") return 64;
  // Software adapters hand whole workgroups to cores, and begin each: few threads go in small groups.
  return Math.min(Math.max(2 ** Math.floor(Math.log2(threads / SHARED_OUT)), 8), 64);
}

/** One thing that a kernel of one workgroup does. */
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

/** Lanes of a workgroup that goes through parts: a software adapter runs it on one core, eight at a time. */
export function workgroupLanes({ kind }: AdapterClass): number {
  return kind === "gpu" ? 256 : 64;
}

/** Writes a kernel of one workgroup that goes through parts and loops by itself. */
export function writeWorkgroupKernel(
  label: string,
  phases: readonly Phase[],
  values: readonly Value[],
  seatOf: (v: ValueId) => Seat,
  adapter: AdapterClass,
): WrittenKernel {
  const all = partsOf(phases);
  const workgroup = new Set(all.flatMap(({ stored }) => stored));
  // One that goes through parts has no memory left for what threads share.
  const pieces = all.map((part) =>
    piecesOf(part, values, wgsl, adapter, { memory: false, workgroup })
  );
  const { bindings, buffers, declarations, pieces: written } = writePieces(
    pieces.flat(),
    values,
    seatOf,
    wgsl,
    adapter,
  );
  const positions = new Map(bindings.map(({ buffer }, i) => [buffer, i]));
  let nextPart = 0, nextPiece = 0;
  const steps = (list: readonly Phase[]): readonly WorkgroupStep[] =>
    list.flatMap((phase): readonly WorkgroupStep[] => {
      if (phase.kind === "part") {
        return pieces[nextPart++]!.map(() => ({ kind: "part", ...written[nextPiece++]! }));
      }
      const { times, active } = phase;
      const inner = steps(phase.phases);
      if (active === undefined) return [{ kind: "loop", times, steps: inner }];
      const { buffer, offset } = seatOf(active);
      return [{
        kind: "loop",
        times,
        steps: inner,
        active: { buffer: buffers[positions.get(buffer)!]!, offset },
      }];
    });
  const workgroupSize = workgroupLanes(adapter);
  let flops = 0, words = 0;
  for (const part of all) {
    const work = workOf([part], values);
    flops += part.times * work.flops;
    words += part.times * work.words;
  }
  const source = wgslWorkgroupModule(buffers, declarations, steps(phases), workgroupSize);
  return {
    kernel: { label, bindings, source, workgroupSize, flops, words },
    workgroups: [1, 1, 1],
  };
}
