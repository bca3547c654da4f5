/**
 * The tiled kernel: one thread computes a box of the anchor's outputs in registers, looping over
 * what it sums, and then every epilogue value that the box covers.
 *
 * Matrix products, convolutions, their gradients, reductions and elementwise updates are all this
 * one generator with other boxes.
 *
 * @module
 */
import {
  type Axis,
  type Index,
  indexAxis,
  indexConstant,
  indexScale,
  indexShift,
  indexSum,
} from "../src/loops/index.ts";
import {
  type DType,
  type Scalar,
  scalarLocal,
  scalarSubstitute,
  type ValueId,
} from "../src/loops/scalar.ts";
import type { Cluster, Stage } from "../src/loops/stage.ts";

import { groupsOf, points } from "./boxes.ts";
import { writeEpilogue } from "./epilogue.ts";
import { type Addend, addUp } from "./addends.ts";
import { addShared, bindShared, type SharedSums, type SharedTile } from "./shared_tile.ts";
import { nearOf } from "./near.ts";
import { addTerms, beginSums } from "./sums.ts";
import { Writer, type WriterContext } from "./writer.ts";

/** How an epilogue axis runs over the anchor's. */
export type AxisRelation =
  /** The same axis. */
  | { readonly kind: "same"; readonly anchor: number }
  /** The anchor's axis is `by` times as long: windows of `by`. */
  | { readonly kind: "shrink"; readonly anchor: number; readonly by: number }
  /** `by` elements for each one of the anchor's. */
  | { readonly kind: "grow"; readonly anchor: number; readonly by: number }
  /** An axis of its own, small: every thread covers all of it. */
  | { readonly kind: "free" };

/** The epilogue member with the relation of each of its axes. */
export interface EpilogueStage {
  readonly stage: Stage;
  readonly axes: readonly AxisRelation[];
}

/** How the anchor's nest is cut. */
export interface Tile {
  /** Elements per thread along each parallel axis. */
  readonly parallel: readonly number[];
  /** Elements per loop iteration along each reduce axis; the whole extent means no loop. */
  readonly reduce: readonly number[];
  /** The parallel axis whose blocks a thread goes through, so that it loads once what they share. */
  readonly serial?: number;
  /**
   * The parallel axis along which the elements of a thread lie as far apart as there are threads along it,
   * if there is one: windows then span what all threads read for one of them.
   */
  readonly spread?: number;
  /** The elements of the last parallel axis that the kernel computes, if not all of them. */
  readonly part?: { readonly from: number; readonly to: number };
  /** How workgroups share what they load, if they do. */
  readonly shared?: SharedTile;
  /** The parallel axis along which the box is stored in rounds of so many elements, if it is. */
  readonly rounds?: { readonly axis: number; readonly size: number };
}

/** A cluster that is ready to be written. */
export interface TiledCluster {
  readonly cluster: Cluster;
  readonly epilogue: readonly EpilogueStage[];
  readonly tile: Tile;
}

/** Accumulators that take all their terms together: as many as stay in the registers of a core. */
const HOT = 8;

/** The blocks of an axis: how many threads along it. */
function blocks(extent: number, tile: number): number {
  return Math.ceil(extent / tile);
}

/** How many blocks the kernel computes along each parallel axis. */
function blocksOf({ cluster: { anchor }, tile }: TiledCluster): readonly number[] {
  const last = anchor.parallel.length - 1;
  return anchor.parallel.map(({ extent }, i) => {
    const some = i === last && tile.part !== undefined ? tile.part.to - tile.part.from : extent;
    const { shared } = tile;
    const across = shared?.rows === i
      ? shared.threads[0]
      : shared?.columns === i
      ? shared.threads[1]
      : 1;
    return across * blocks(some, across * tile.parallel[i]!);
  });
}

/** Number of threads of a tiled cluster. */
export function threadsOf(t: TiledCluster): number {
  return blocksOf(t).reduce((n, count, i) => i === t.tile.serial ? n : n * count, 1);
}

/** Writes the body of a tiled cluster; `flat` binds the thread's number, otherwise loops run over blocks. */
export function writeTiled(
  t: TiledCluster,
  context: WriterContext,
  shapeOf: (v: ValueId) => DType,
): readonly string[] {
  const { syntax } = context;
  const writer = new Writer(context);
  const threadAxes = blocksOf(t).map((extent, i): Axis => ({ name: `T${i}`, extent }));
  const { shared } = t.tile;
  if (shared !== undefined) {
    const bound = bindShared(shared, t.tile.parallel, threadAxes, writer, context);
    writeThread(t, context, writer, threadAxes, shapeOf, bound);
    return writer.lines;
  }
  const run = () => writeThread(t, context, writer, threadAxes, shapeOf);
  if (syntax.target === "js") {
    const nest = (i: number): void => {
      const axis = threadAxes[i];
      if (axis === undefined) run();
      else if (axis.extent === 1) nest(i + 1);
      else writer.loop(axis, () => nest(i + 1));
    };
    nest(0);
  } else {
    const grid = threadAxes.filter((a, i) => a.extent > 1 && i !== t.tile.serial);
    context.thread(grid).forEach((name, i) => writer.bind(grid[i]!, name));
    const serial = threadAxes[t.tile.serial ?? -1];
    if (serial === undefined || serial.extent === 1) run();
    else writer.loop(serial, run);
  }
  return writer.lines;
}

/** The largest blocks, up to those of the tile, that visit the elements in row-major order: ties take the first. */
function inOrder(anchor: Stage, tile: readonly number[]): readonly number[] {
  let whole = true;
  return anchor.reduce.map((a, i) => ({ extent: a.extent, size: tile[i]! })).reverse().map(
    ({ extent, size }) => {
      const allowed = whole ? size : 1;
      whole &&= size >= extent;
      return allowed;
    },
  ).reverse();
}

function writeThread(
  t: TiledCluster,
  context: WriterContext,
  writer: Writer,
  threadAxes: readonly Axis[],
  dtypeOf: (v: ValueId) => DType,
  shared?: Pick<SharedSums, "groupBase" | "local" | "place">,
): void {
  const { anchor } = t.cluster;
  const { syntax } = context;
  const { parallel, spread } = t.tile;
  const reduce = anchor.combine === "argmax" ? inOrder(anchor, t.tile.reduce) : t.tile.reduce;
  const start = (i: number) => i === threadAxes.length - 1 ? t.tile.part?.from ?? 0 : 0;
  const base = threadAxes.map((a, i) =>
    indexShift(indexScale(indexAxis(a), i === spread ? 1 : parallel[i]!), start(i))
  );
  const steps = threadAxes.map(({ extent }, i) => i === spread ? extent : 1);
  const boxPoints = [...points(parallel, steps)].filter((p) =>
    p.every((off, i) => threadAxes[i]!.extent > 1 || off < anchor.parallel[i]!.extent)
  );
  const dtype = dtypeOf(anchor.value);
  const registers = new Map<string, Scalar>();

  if (anchor.combine === "none") {
    const near = nearOf(
      anchor.body,
      new Map(anchor.parallel.map((a, i) => [a.name, base[i]!])),
    );
    for (const p of boxPoints) {
      registers.set(p.join(), near(new Map(anchor.parallel.map((a, i) => [a.name, p[i]!]))));
    }
  } else {
    const groups = anchor.combine === "sum" ? groupsOf(boxPoints.length, context) : [];
    const sums = groups.map(({ size }) => beginSums(size, writer, context));
    const accumulators = anchor.combine === "sum"
      ? sums.flatMap(({ lanes }) => lanes)
      : boxPoints.map((p) => {
        // A maximum begins with the first element, so that a NaN there stays.
        const map = new Map(anchor.reduce.map((a) => [a.name, indexConstant(0)]));
        anchor.parallel.forEach((a, i) => map.set(a.name, indexShift(base[i]!, p[i]!)));
        return writer.variable("f32", writer.scalar(scalarSubstitute(anchor.body, map)), "s");
      });
    const winners = anchor.combine === "argmax"
      ? boxPoints.map(() => writer.variable("u32", syntax.constant(0, "u32"), "w"))
      : [];
    const choose = (place: readonly Index[], term: Scalar, k: number): void => {
      const name = accumulators[k]!;
      const value = writer.scalar(term);
      const better = syntax.compare("gt", value, name);
      if (anchor.combine === "max") {
        writer.line(`${name} = ${syntax.select(better, value, name)};`);
        return;
      }
      const flat = anchor.reduce.reduce<Index>(
        (sum, a, i) =>
          indexSum([{ factor: a.extent, index: sum }, { factor: 1, index: place[i]! }]),
        indexConstant(0),
      );
      writer.line(`${winners[k]} = ${syntax.select(better, writer.index(flat), winners[k]!)};`);
      writer.line(`${name} = ${syntax.select(better, value, name)};`);
    };
    const body = (reduceBase: readonly Index[], limits: readonly number[]) => {
      const terms = [...points(limits)];
      const near = nearOf(
        anchor.body,
        new Map([
          ...anchor.parallel.map((a, i) => [a.name, base[i]!] as const),
          ...anchor.reduce.map((a, i) => [a.name, reduceBase[i]!] as const),
        ]),
      );
      for (let first = 0; first < boxPoints.length; first += HOT) {
        const hot = boxPoints.slice(first, first + HOT);
        const addends: Addend[] = [];
        for (const r of terms) {
          const offsets = new Map(anchor.reduce.map((a, i) => [a.name, r[i]!]));
          const all = hot.map((p) => {
            anchor.parallel.forEach((a, i) => offsets.set(a.name, p[i]!));
            return near(offsets);
          });
          if (anchor.combine !== "sum") {
            const place = reduceBase.map((x, i) => indexShift(x, r[i]!));
            all.forEach((term, j) => choose(place, term, first + j));
          }
          groups.forEach((group, i) => {
            if (group.first < first || group.first >= first + HOT) return;
            const of = all.slice(group.first - first, group.first - first + group.size);
            if (syntax.scalar) addends.push({ name: sums[i]!.name, term: of[0]! });
            else addTerms(sums[i]!, of, writer, context);
          });
        }
        addUp(addends, writer);
      }
    };
    // Loops over the blocks of each reduce axis; a rest that fills no block comes after its loop.
    const nest = (i: number, at: readonly Index[], limits: readonly number[]): void => {
      const axis = anchor.reduce[i];
      if (axis === undefined) return body(at, limits);
      const chunk = Math.min(reduce[i]!, axis.extent);
      const whole = Math.floor(axis.extent / chunk), rest = axis.extent % chunk;
      if (whole === 1) nest(i + 1, [...at, indexConstant(0)], [...limits, chunk]);
      else {
        const loopAxis: Axis = { name: writer.fresh("R"), extent: whole };
        writer.loop(
          loopAxis,
          () => nest(i + 1, [...at, indexScale(indexAxis(loopAxis), chunk)], [...limits, chunk]),
        );
      }
      if (rest > 0) {
        writer.block(syntax.branch("true"), syntax.close, undefined, () => {
          nest(i + 1, [...at, indexConstant(whole * chunk)], [...limits, rest]);
        });
      }
    };
    if (shared === undefined) nest(0, [], []);
    else {
      const { tile: { shared: tile, parallel: sizes } } = t;
      const of = { anchor, tile: tile!, sizes, base, sums: accumulators, ...shared };
      addShared(of, writer, context);
    }
    for (const { name } of sums) writer.total(name);
    boxPoints.forEach((p, k) => {
      registers.set(
        p.join(),
        scalarLocal((anchor.combine === "argmax" ? winners : accumulators)[k]!, dtype),
      );
    });
  }
  const finished = { points: boxPoints, steps, base, registers };
  writeEpilogue(t, finished, threadAxes, dtypeOf, writer, context);
}
