/**
 * The flat kernel: each thread goes through its share of a vector's elements once. For each of them it
 * evaluates and stores whatever is wanted there, and adds the terms of any number of sums, which it
 * stores in the end.
 *
 * @module
 */
import {
  type Axis,
  type Index,
  indexAdd,
  indexAxis,
  indexConstant,
  indexDynamic,
  indexScale,
  indexShift,
} from "../src/loops/index.ts";
import {
  type DType,
  type Scalar,
  scalarCompare,
  scalarConstant,
  scalarIndex,
  scalarLoad,
  scalarSelect,
  scalarSubstitute,
  type ValueId,
} from "../src/loops/scalar.ts";
import type { Nest, Run, Stage } from "../src/loops/stage.ts";
import { type Lanes, MOST_LANES } from "./lanes.ts";
import { addTerms, beginSums, type Sums } from "./sums.ts";
import { vectorOf } from "./addresses.ts";
import { Writer, type WriterContext } from "./writer.ts";

/** Stages over the elements of one domain, in order of dependence; some of them are sums over a nest. */
export interface FlatCluster {
  readonly nest: Nest;
  readonly stages: readonly Stage[];
  /** Values that are read outside the cluster, so that they must be stored. */
  readonly stored: readonly ValueId[];
  /** Elements that a thread takes together: 4 neighbours, or 1. */
  readonly width: 1 | 4;
}

/** A number of each run, as an index; that of a single run stays affine. */
function ofRun({ runs }: Nest, thread: Axis, most: number, value: (run: Run) => Index): Index {
  const [first, ...rest] = runs;
  if (rest.length === 0) return value(first!);
  const scalar = rest.reduce<Scalar>(
    (before, run) =>
      scalarSelect(
        scalarCompare("lt", scalarIndex(indexAxis(thread)), scalarConstant(run.first, "u32")),
        before,
        scalarIndex(value(run)),
      ),
    scalarIndex(value(first!)),
  );
  return indexDynamic(scalar, scalar.key, most + 1);
}

/** The value of a stage at an element, with what it reads of the other stages written out. */
function evaluator(
  stages: readonly Stage[],
): (stage: Stage, at: readonly Index[]) => Scalar {
  const members = new Map(stages.filter((s) => s.nest === undefined).map((s) => [s.value, s]));
  const known = new Map<string, Scalar>();
  const evaluate = (stage: Stage, at: readonly Index[]): Scalar => {
    const key = `${stage.value}@${at.map((x) => x.key).join(";")}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const result = scalarSubstitute(
      stage.body,
      new Map(stage.parallel.map((a, i) => [a.name, at[i]!])),
      (value, where, dtype) => {
        const member = members.get(value);
        return member === undefined ? scalarLoad(value, where, dtype) : evaluate(member, where);
      },
    );
    known.set(key, result);
    return result;
  };
  return evaluate;
}

/** The sum of all, by halves. */
function total(texts: readonly string[], add: (a: string, b: string) => string): string {
  if (texts.length === 1) return texts[0]!;
  const half = texts.length / 2;
  return add(total(texts.slice(0, half), add), total(texts.slice(half), add));
}

/** Neighbours that are evaluated and wait to be stored. */
interface Waiting {
  readonly value: ValueId;
  readonly dtype: DType;
  readonly at: readonly (readonly Index[])[];
  readonly lanes: Lanes;
}

/** Stores neighbours, as one vector if they are one. */
function store({ value, dtype, at, lanes }: Waiting, context: WriterContext, writer: Writer): void {
  const { syntax } = context;
  const places = at.map((x) => context.address(value, x));
  const { buffer, word } = places[0]!;
  if (buffer.element === "vec4f" || buffer.element === "vec4u") {
    const split = vectorOf(word);
    if (at.length === MOST_LANES && split?.lane === 0) {
      for (const lane of at.keys()) context.touched(buffer, { vector: split.vector, lane });
      const text = writer.lanes!.vector(lanes, dtype, MOST_LANES);
      writer.line(syntax.lanes!.store(buffer, writer.index(split.vector), text, dtype));
      return;
    }
    context.touched(buffer, undefined);
  }
  places.forEach((p, j) => {
    const text = lanes.kind === "parts" ? lanes.texts[j]! : writer.lanes!.lane(lanes, j);
    writer.line(syntax.store(p.buffer, writer.index(p.word), text, dtype));
  });
}

/** Writes the body of a flat cluster; `thread` is the thread's number, or a loop runs over them. */
export function writeFlat(
  { nest, stages, stored, width }: FlatCluster,
  context: WriterContext,
  dtypeOf: (v: ValueId) => DType,
): readonly string[] {
  const { syntax } = context;
  const { runs, block, size, threads, copies } = nest;
  const writer = new Writer(context);
  const copy: Axis = { name: "copy", extent: copies };
  const thread: Axis = { name: "thread", extent: threads };
  /** The coordinates of an element, whose axis is the last long one. */
  const place = ({ parallel }: Stage, at: Index): readonly Index[] =>
    parallel.map(({ extent }, i) =>
      extent === 1
        ? indexConstant(0)
        : copies > 1 && parallel.slice(0, i).every((a) => a.extent === 1)
        ? indexAxis(copy)
        : at
    );
  const maps = stages.filter((s) => s.nest === undefined && stored.includes(s.value));
  const terms = stages.filter((s) => s.nest !== undefined);
  const strided = nest.order === "strided";
  const times = Math.max(
    ...runs.map(({ start, stop, threads: n }) =>
      Math.ceil(strided ? (stop - start) / (n * width) : Math.min(block, stop - start) / width)
    ),
  );
  const even = runs.every(({ start, stop, threads: n }) => stop - start === n * times * width);

  const element = (first: Index, sums: readonly Sums[]): void => {
    const at = Array.from({ length: width }, (_, j) => indexShift(first, j));
    const evaluate = evaluator(stages);
    const [mapped, added] = [maps, terms].map((of) =>
      of.map((stage) => at.map((x) => evaluate(stage, place(stage, x))))
    ) as [Scalar[][], Scalar[][]];
    writer.expect([...mapped, ...added].flat());
    // Nothing is stored before everything is evaluated.
    added.forEach((of, k) => addTerms(sums[k]!, of, writer, context));
    const waiting = maps.map((stage, k): Waiting => {
      const { value } = stage;
      const of = mapped[k]!;
      const lanes: Lanes = width > 1
        ? writer.lanes!.write(of)
        : { kind: "parts", texts: [writer.scalar(of[0]!)], depth: 0 };
      return { value, dtype: dtypeOf(value), at: at.map((x) => place(stage, x)), lanes };
    });
    for (const one of waiting) store(one, context, writer);
  };
  const share = (): void => {
    // All starts are multiples of the width.
    const quotient = ofRun(nest, thread, size / width, (r) =>
      indexShift(
        indexScale(indexShift(indexAxis(thread), -r.first), strided ? 1 : block / width),
        r.start / width,
      ));
    const begin = indexScale(quotient, width);
    const stop = ofRun(nest, thread, size, (r) => indexConstant(r.stop));
    const sums = terms.map(() => beginSums(width, writer, context));
    const round: Axis = { name: writer.fresh("R"), extent: times };
    const step = strided ? threads * width : width;
    if (times === 1 && even) element(begin, sums);
    else {
      writer.loop(round, () => {
        const first = indexAdd(begin, indexScale(indexAxis(round), step));
        if (!even) {
          writer.line(syntax.leave(syntax.atLeast(writer.index(first), writer.index(stop))));
        }
        element(first, sums);
      });
    }
    terms.forEach(({ value }, k) => {
      const { buffer, word } = context.address(value, [
        ...copies > 1 ? [indexAxis(copy)] : [],
        indexAxis(thread),
      ]);
      const { name, lanes } = sums[k]!;
      const sum = width > 1 ? total(lanes, (a, b) => syntax.binary("add", a, b, "f32")) : name;
      writer.line(syntax.storeWord(buffer, writer.index(word), sum));
    });
  };
  if (syntax.target === "js") {
    const inner = () => threads > 1 ? writer.loop(thread, share) : share();
    if (copies > 1) writer.loop(copy, inner);
    else inner();
    return writer.lines;
  }
  const grid = copies === 1 ? [thread] : [copy, thread];
  context.thread(grid).forEach((name, i) => writer.bind(grid[i]!, name));
  share();
  return writer.lines;
}
