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
  scalarConstant,
  scalarLoad,
  scalarLocal,
  scalarNear,
  scalarSubstitute,
  type ValueId,
} from "../src/loops/scalar.ts";
import type { Cluster, Stage } from "../src/loops/stage.ts";

import { combineStage, evaluateBox, groupsOf, points, storeAll } from "./boxes.ts";
import { type Addend, addUp } from "./addends.ts";
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

/** Number of threads of a tiled cluster. */
export function threadsOf(t: TiledCluster): number {
  return t.cluster.anchor.parallel.reduce(
    (n, a, i) => i === t.tile.serial ? n : n * blocks(a.extent, t.tile.parallel[i]!),
    1,
  );
}

/** Writes the body of a tiled cluster; `flat` binds the thread's number, otherwise loops run over blocks. */
export function writeTiled(
  t: TiledCluster,
  context: WriterContext,
  shapeOf: (v: ValueId) => DType,
): readonly string[] {
  const { anchor } = t.cluster;
  const { syntax } = context;
  const writer = new Writer(context);
  const threadAxes = anchor.parallel.map((a, i): Axis => ({
    name: `T${i}`,
    extent: blocks(a.extent, t.tile.parallel[i]!),
  }));
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
    let rest = "thread";
    const over = (a: Axis, i: number): boolean => a.extent > 1 && i !== t.tile.serial;
    for (let i = threadAxes.length - 1; i >= 0; i--) {
      const axis = threadAxes[i]!;
      if (!over(axis, i)) continue;
      const last = !threadAxes.slice(0, i).some(over);
      const name = writer.fresh("a");
      writer.line(syntax.declare(name, "index", last ? rest : syntax.remainder(rest, axis.extent)));
      writer.bind(axis, name);
      if (!last) {
        const next = writer.fresh("a");
        writer.line(syntax.declare(next, "index", syntax.quotient(rest, axis.extent)));
        rest = next;
      }
    }
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
): void {
  const { anchor, stored } = t.cluster;
  const { syntax } = context;
  const { parallel } = t.tile;
  const reduce = anchor.combine === "argmax" ? inOrder(anchor, t.tile.reduce) : t.tile.reduce;
  const base = threadAxes.map((a, i) => indexScale(indexAxis(a), parallel[i]!));
  const boxPoints = [...points(parallel)].filter((p) =>
    p.every((off, i) => threadAxes[i]!.extent > 1 || off < anchor.parallel[i]!.extent)
  );
  const dtype = dtypeOf(anchor.value);
  const registers = new Map<string, Scalar>();

  if (anchor.combine === "none") {
    const near = scalarNear(
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
      const near = scalarNear(
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
    nest(0, [], []);
    for (const { name } of sums) writer.total(name);
    boxPoints.forEach((p, k) => {
      registers.set(
        p.join(),
        scalarLocal((anchor.combine === "argmax" ? winners : accumulators)[k]!, dtype),
      );
    });
  }

  const members = new Map(t.epilogue.map((e) => [e.stage.value, e.stage]));
  const resolved = new Map<string, Scalar>();
  const resolve = (value: ValueId, at: readonly Index[], type: DType): Scalar => {
    if (value === anchor.value) {
      const offsets = at.map((c, i) =>
        indexSum([{ factor: 1, index: c }, { factor: -1, index: base[i]! }])
      );
      const register = offsets.every((o) => o.terms.length === 0)
        ? registers.get(offsets.map((o) => o.constant).join())
        : undefined;
      if (register === undefined) {
        // Beyond the edge of a tile that does not divide: the result is not stored.
        return scalarConstant(0, type);
      }
      return register;
    }
    const member = members.get(value);
    if (member === undefined) return scalarLoad(value, at, type);
    const key = `${value}@${at.map((c) => c.key).join(";")}`;
    const known = resolved.get(key);
    if (known !== undefined) return known;
    const result = combineStage(member, at, resolve);
    resolved.set(key, result);
    return result;
  };

  const isStored = new Set(stored);
  const boxes: {
    readonly stage: Stage;
    readonly box: readonly (readonly number[])[];
    readonly origin: readonly Index[];
    readonly at: (p: readonly number[]) => Scalar;
  }[] = [];
  if (isStored.has(anchor.value)) {
    boxes.push({
      stage: anchor,
      box: boxPoints,
      origin: base,
      at: (p) => registers.get(p.join())!,
    });
  }
  for (const { stage, axes } of t.epilogue) {
    if (!isStored.has(stage.value)) continue;
    const extents = axes.map((r, i) => boxExtent(r, stage.parallel[i]!.extent, parallel));
    const origin = axes.map((r) => {
      if (r.kind === "free") return indexConstant(0);
      const thread = indexAxis(threadAxes[r.anchor]!);
      const size = parallel[r.anchor]!;
      return indexScale(
        thread,
        r.kind === "same" ? size : r.kind === "grow" ? size * r.by : size / r.by,
      );
    });
    const box = [...points(extents)].filter((p) =>
      p.every((off, i) => origin[i]!.terms.length > 0 || off < stage.parallel[i]!.extent)
    );
    boxes.push({
      stage,
      box,
      origin,
      at: (p) => {
        const at = stage.parallel.map((_, i) => indexShift(origin[i]!, p[i]!));
        return resolve(stage.value, at, dtypeOf(stage.value));
      },
    });
  }
  writer.expect(boxes.flatMap(({ box, at }) => box.map(at)));
  const written = boxes.flatMap(({ stage, box, origin, at }) =>
    evaluateBox(stage, box, origin, at, context, writer)
  );
  storeAll(written, context, writer);
}

/** Elements per thread along an epilogue axis. */
export function boxExtent(r: AxisRelation, extent: number, tile: readonly number[]): number {
  if (r.kind === "free") return extent;
  const size = tile[r.anchor]!;
  return r.kind === "same" ? size : r.kind === "grow" ? size * r.by : size / r.by;
}
