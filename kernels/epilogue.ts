/**
 * What a thread does with the sums of its box: it evaluates the epilogue there, and stores.
 *
 * A large box is stored in rounds, which loop over one of its axes: the sums lie in an array then,
 * and each load and store is spelled out for one round alone.
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
  type ValueId,
} from "../src/loops/scalar.ts";
import type { Stage } from "../src/loops/stage.ts";
import { combineStage, evaluateBox, points, storeAll } from "./boxes.ts";
import type { AxisRelation, TiledCluster } from "./tile.ts";
import type { Writer, WriterContext } from "./writer.ts";

/** The box of a thread, or of one of its rounds. */
interface Box {
  /** Elements along each parallel axis. */
  readonly sizes: readonly number[];
  readonly points: readonly (readonly number[])[];
  /** From one element to the next along each of them. */
  readonly steps: readonly number[];
  /** Its first element along each axis. */
  readonly base: readonly Index[];
  /** What is computed at each point. */
  readonly registers: ReadonlyMap<string, Scalar>;
  /** Where a box of other sizes begins for this thread and round. */
  readonly origin: (axis: number, scaled: (size: number) => number) => Index;
}

/** What is known when the sums are done. */
export interface Finished {
  readonly points: readonly (readonly number[])[];
  readonly steps: readonly number[];
  readonly base: readonly Index[];
  readonly registers: ReadonlyMap<string, Scalar>;
}

/** Evaluates and stores what a thread computes. */
export function writeEpilogue(
  t: TiledCluster,
  { points: all, steps, base, registers }: Finished,
  threadAxes: readonly Axis[],
  dtypeOf: (v: ValueId) => DType,
  writer: Writer,
  context: WriterContext,
): void {
  const { parallel: sizes, rounds } = t.tile;
  const begin = (axis: number, scaled: (size: number) => number): Index =>
    indexScale(indexAxis(threadAxes[axis]!), scaled(sizes[axis]!));
  if (rounds === undefined) {
    const box = { sizes, points: all, steps, base, registers, origin: begin };
    return writeBox(t, box, dtypeOf, writer, context);
  }
  const { axis, size } = rounds;
  const dtype = dtypeOf(t.cluster.anchor.value);
  const count = sizes[axis]! / size;
  const first = all.filter((p) => p[axis]! < size);
  const places = new Map(first.map((p, k) => [p.join(), k]));
  // An array for each place of a round: drivers read one by going through all of its elements.
  const arrays = first.map(() => writer.fresh("r"));
  for (const array of arrays) writer.line(context.syntax.registers!(array, dtype, count));
  for (const p of all) {
    const within = p.map((off, i) => i === axis ? off % size : off);
    const array = arrays[places.get(within.join())!]!;
    const at = context.syntax.integer(Math.floor(p[axis]! / size));
    writer.line(`${array}[${at}] = ${writer.scalar(registers.get(p.join())!)};`);
  }
  const round: Axis = { name: writer.fresh("R"), extent: count };
  writer.loop(round, () => {
    const at = writer.index(indexAxis(round));
    const held = first.map((p, k) => {
      const name = writer.fresh("h");
      writer.line(context.syntax.declare(name, dtype, `${arrays[k]}[${at}]`));
      return [p.join(), scalarLocal(name, dtype)] as const;
    });
    const further = (i: number, of: Index, step: number): Index =>
      i !== axis ? of : indexSum([
        { factor: 1, index: of },
        { factor: step, index: indexAxis(round) },
      ]);
    const box: Box = {
      sizes: sizes.map((n, i) => i === axis ? size : n),
      points: first,
      steps,
      base: base.map((of, i) => further(i, of, size)),
      registers: new Map(held),
      origin: (i, scaled) => further(i, begin(i, scaled), scaled(size)),
    };
    writeBox(t, box, dtypeOf, writer, context);
  });
}

function writeBox(
  t: TiledCluster,
  { sizes, points: boxPoints, steps, base, registers, origin: originOf }: Box,
  dtypeOf: (v: ValueId) => DType,
  writer: Writer,
  context: WriterContext,
): void {
  const { anchor, stored } = t.cluster;
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
    const extents = axes.map((r, i) => boxExtent(r, stage.parallel[i]!.extent, sizes));
    const origin = axes.map((r) => {
      if (r.kind === "free") return indexConstant(0);
      if (r.kind === "same") return base[r.anchor]!;
      return originOf(r.anchor, (size) => r.kind === "grow" ? size * r.by : size / r.by);
    });
    const apart = axes.map((r) => r.kind === "same" ? steps[r.anchor]! : 1);
    const box = [...points(extents, apart)].filter((p) =>
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
