/**
 * Boxes of values that one thread evaluates and stores.
 *
 * @module
 */
import { type Index, indexConstant, indexShift, indexSum } from "../src/loops/index.ts";
import {
  type DType,
  replaceAxes,
  type Scalar,
  scalarBinary,
  scalarCompare,
  scalarConstant,
  scalarSelect,
  scalarSubstitute,
  type ValueId,
} from "../src/loops/scalar.ts";
import type { Stage } from "../src/loops/stage.ts";
import { type Lanes, MOST_LANES } from "./lanes.ts";
import type { BoundBuffer } from "./syntax.ts";
import { vectorOf } from "./addresses.ts";
import type { Writer, WriterContext } from "./writer.ts";

/** All points of a box, row-major, so many steps from one to the next along each axis. */
export function* points(
  extents: readonly number[],
  steps: readonly number[] = extents.map(() => 1),
): Generator<readonly number[]> {
  const at = extents.map(() => 0);
  while (true) {
    yield at.map((n, i) => n * steps[i]!);
    let i = extents.length - 1;
    while (i >= 0 && ++at[i]! >= extents[i]!) at[i--] = 0;
    if (i < 0) return;
  }
}

/** An epilogue value at coordinates: its body with small reductions written out. */
export function combineStage(
  stage: Stage,
  at: readonly Index[],
  load: (value: ValueId, at: readonly Index[], dtype: DType) => Scalar,
): Scalar {
  const evaluate = (r: readonly number[]): Scalar => {
    const map = new Map(stage.parallel.map((a, i) => [a.name, at[i]!]));
    stage.reduce.forEach((a, i) => map.set(a.name, indexConstant(r[i]!)));
    return scalarSubstitute(stage.body, map, load);
  };
  if (stage.combine === "none") return evaluate([]);
  let best: Scalar | undefined;
  let winner: Scalar = scalarConstant(0, "u32");
  let flat = 0;
  for (const r of points(stage.reduce.map((a) => a.extent))) {
    const value = evaluate(r);
    if (best === undefined) best = value;
    else if (stage.combine === "sum") best = scalarBinary("add", best, value);
    else {
      const better = scalarCompare("gt", value, best);
      winner = scalarSelect(better, scalarConstant(flat, "u32"), winner);
      best = scalarSelect(better, value, best);
    }
    flat++;
  }
  return stage.combine === "argmax" ? winner : best!;
}

/** Neighbours that are evaluated together. */
interface Group {
  readonly lanes: Lanes;
  readonly size: number;
}

/** A value that is evaluated and waits to be stored. */
export interface Written {
  readonly stage: Stage;
  readonly at: readonly Index[];
  readonly text: string;
  readonly group: Group | undefined;
  readonly dtype: DType;
  readonly buffer: BoundBuffer;
  readonly word: Index;
}

/** The element of a value that a stage computes at coordinates of its own. */
function placeOf({ place, parallel }: Stage, at: readonly Index[]): readonly Index[] {
  if (place === undefined) return at;
  const map = new Map(parallel.map((a, i) => [a.name, at[i]!]));
  return place.map((x) => replaceAxes(x, map));
}

/** Evaluates a box of values; nothing is stored before everything is evaluated. */
export function evaluateBox(
  stage: Stage,
  box: readonly (readonly number[])[],
  origin: readonly Index[],
  value: (p: readonly number[]) => Scalar,
  context: WriterContext,
  writer: Writer,
): Written[] {
  const scalars = box.map(value);
  const groups = groupsOf(box.length, context).map(({ first, size }) => ({
    first,
    size,
    lanes: writer.lanes?.write(scalars.slice(first, first + size)),
  }));
  return groups.flatMap(({ first, size, lanes }) =>
    box.slice(first, first + size).map((p, j): Written => {
      const at = origin.map((o, i) => indexShift(o, p[i]!));
      const scalar = scalars[first + j]!;
      return {
        stage,
        at,
        text: lanes === undefined ? writer.scalar(scalar) : writer.lanes!.lane(lanes, j),
        group: lanes === undefined ? undefined : { lanes, size },
        dtype: scalar.dtype,
        ...context.address(stage.value, placeOf(stage, at)),
      };
    })
  );
}

/** Neighbours that are written at once: fours, and what is left. */
export function groupsOf(
  count: number,
  { syntax }: WriterContext,
): readonly { readonly first: number; readonly size: number }[] {
  const most = syntax.lanes === undefined ? 1 : MOST_LANES;
  return Array.from({ length: Math.ceil(count / most) }, (_, i) => ({
    first: i * most,
    size: Math.min(most, count - i * most),
  }));
}

/** The coordinates of a value that may lie beyond its edge. */
function beyond({ at, stage }: Written): readonly { readonly c: Index; readonly extent: number }[] {
  return at.map((c, i) => ({ c, extent: stage.parallel[i]!.extent }))
    .filter(({ c, extent }) => c.high >= extent);
}

const edgeOf = (w: Written): string => beyond(w).map(({ c }) => c.key).join();

/** Whether neighbours along the last axis lie inside together: from a multiple of four on, before one. */
function insideTogether([first, ...others]: readonly Written[]): boolean {
  const { at, stage } = first!, last = at.length - 1;
  if (last < 0 || stage.parallel[last]!.extent % 4 !== 0 || vectorOf(at[last]!)?.lane !== 0) {
    return false;
  }
  return others.every((w, j) =>
    w.at.every((c, i) => c.key === (i === last ? indexShift(at[i]!, j + 1) : at[i]!).key)
  );
}

/** The vector that four values fill, if they are neighbours in memory that lie inside together. */
function vectorIn(four: readonly Written[]): Index | undefined {
  const [first] = four;
  const split = first === undefined ? undefined : vectorOf(first.word);
  if (four.length < 4 || split?.lane !== 0) return undefined;
  const together = four.every((x, j) => {
    const d = indexSum([{ factor: 1, index: x.word }, { factor: -1, index: first!.word }]);
    return x.stage === first!.stage && d.terms.length === 0 && d.constant === j;
  });
  const inside = together &&
    (four.every((x) => edgeOf(x) === edgeOf(first!)) || insideTogether(four));
  return inside ? split.vector : undefined;
}

/** Values as they were evaluated, if that was together. */
function lanesOf(four: readonly Written[]): Lanes {
  const [first] = four;
  const together = first?.group !== undefined && first.group.size === four.length &&
    four.every(({ group }) => group?.lanes === first.group!.lanes);
  return together
    ? first.group!.lanes
    : { kind: "parts", texts: four.map(({ text }) => text), depth: 0 };
}

/** Stores values, four neighbours at a time where they are aligned, and those behind one edge in one branch. */
export function storeAll(
  written: readonly Written[],
  context: WriterContext,
  writer: Writer,
): void {
  const { syntax } = context;
  const stores: { readonly edge: string; readonly guard: string; readonly text: string }[] = [];
  const put = (w: Written, text: string): void => {
    const guard = beyond(w).map(({ c, extent }) => syntax.inside(writer.index(c), extent));
    stores.push({ edge: edgeOf(w), guard: guard.join(" && "), text });
  };
  for (let k = 0; k < written.length; k++) {
    const w = written[k]!;
    if (w.buffer.element === "vec4f" || w.buffer.element === "vec4u") {
      const four = written.slice(k, k + 4);
      const vector = vectorIn(four);
      if (vector === undefined) context.touched(w.buffer, undefined);
      else {
        for (const lane of [0, 1, 2, 3]) context.touched(w.buffer, { vector, lane });
        const text = writer.lanes!.vector(lanesOf(four), w.dtype, four.length);
        put(w, syntax.lanes!.store(w.buffer, writer.index(vector), text, w.dtype));
        k += 3;
        continue;
      }
    }
    put(w, syntax.store(w.buffer, writer.index(w.word), w.text, w.dtype));
  }
  // What lies behind one edge is stored together.
  const edges = new Map(stores.map(({ edge }, k) => [edge, k]));
  stores.sort((a, b) => edges.get(a.edge)! - edges.get(b.edge)!);
  stores.forEach(({ edge, guard, text }, k) => {
    if (edge !== "" && edge !== stores[k - 1]?.edge) writer.line(syntax.branch(guard));
    writer.line(text);
    if (edge !== "" && edge !== stores[k + 1]?.edge) writer.line(syntax.close);
  });
}
