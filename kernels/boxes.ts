/**
 * Boxes of values that one thread evaluates and stores.
 *
 * @module
 */
import { type Index, indexConstant, indexShift, indexSum } from "../src/loops/index.ts";
import {
  type DType,
  type Scalar,
  scalarBinary,
  scalarCompare,
  scalarConstant,
  scalarSelect,
  scalarSubstitute,
  type ValueId,
} from "../src/loops/scalar.ts";
import type { Stage } from "../src/loops/stage.ts";
import type { BoundBuffer } from "./syntax.ts";
import { vectorOf, type Writer, type WriterContext } from "./writer.ts";

/** All points of a box, row-major. */
export function* points(extents: readonly number[]): Generator<readonly number[]> {
  const at = extents.map(() => 0);
  while (true) {
    yield [...at];
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

/** A value that is evaluated and waits to be stored. */
export interface Written {
  readonly stage: Stage;
  readonly at: readonly Index[];
  readonly text: string;
  readonly dtype: DType;
  readonly buffer: BoundBuffer;
  readonly word: Index;
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
  return box.map((p) => {
    const at = origin.map((o, i) => indexShift(o, p[i]!));
    const scalar = value(p);
    return {
      stage,
      at,
      text: writer.scalar(scalar),
      dtype: scalar.dtype,
      ...context.address(stage.value, at),
    };
  });
}

/** Stores values, four neighbours at a time where they are aligned. */
export function storeAll(
  written: readonly Written[],
  context: WriterContext,
  writer: Writer,
): void {
  const { syntax } = context;
  const beyond = (w: Written): number[] =>
    w.at.flatMap((c, i) => c.high >= w.stage.parallel[i]!.extent ? [i] : []);
  for (let k = 0; k < written.length; k++) {
    const w = written[k]!;
    const edges = beyond(w).map((i) =>
      syntax.inside(writer.index(w.at[i]!), w.stage.parallel[i]!.extent)
    );
    if (w.buffer.element === "vec4f" || w.buffer.element === "vec4u") {
      const split = vectorOf(w.word);
      const four = written.slice(k, k + 4);
      const together = split !== undefined && split.lane === 0 && four.length === 4 &&
        four.every((x, j) => {
          const d = indexSum([{ factor: 1, index: x.word }, { factor: -1, index: w.word }]);
          return x.stage === w.stage && d.terms.length === 0 && d.constant === j &&
            beyond(x).length === 0;
        });
      if (together) {
        writer.line(
          syntax.storeVector(
            w.buffer,
            writer.index(split.vector),
            four.map((x) => x.text),
            w.dtype,
          ),
        );
        k += 3;
        continue;
      }
      context.unaligned(w.buffer);
    }
    const text = syntax.store(w.buffer, writer.index(w.word), w.text, w.dtype);
    if (edges.length === 0) writer.line(text);
    else for (const l of [syntax.branch(edges.join(" && ")), text, syntax.close]) writer.line(l);
  }
}
