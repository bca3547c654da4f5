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
import type { Follower } from "./grid.ts";
import { addTerms, beginSums, narrowed, type Sums } from "./sums.ts";
import { vectorOf } from "./addresses.ts";
import { Writer, type WriterContext } from "./writer.ts";

/** Elements that have a text of their own: on a driver that executes both sides of a branch no other is free. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  /** Elements that a thread takes together: 4 neighbours, or 1. */
  readonly width: 1 | 4;
}

/** Stages over the elements of one domain, in order of dependence; some of them are sums over a nest. */
export interface FlatCluster {
  readonly nest: Nest;
  readonly stages: readonly Stage[];
  /** Values that are read outside the cluster, so that they must be stored. */
  readonly stored: readonly ValueId[];
  /** The domain, in order; each lies in one run, unless there is one for all of them. */
  readonly stretches: readonly Stretch[];
  /** An expression as it is best written. */
  readonly prepared: (s: Scalar) => Scalar;
}

/** A number of each run, as an index. */
function ofRun({ runs, team }: Nest, teams: Axis, most: number, value: (run: Run) => Index): Index {
  const [first, ...rest] = runs;
  const scalar = rest.reduce<Scalar>(
    (before, run) =>
      scalarSelect(
        scalarCompare("lt", scalarIndex(indexAxis(teams)), scalarConstant(run.first / team, "u32")),
        before,
        scalarIndex(value(run)),
      ),
    scalarIndex(value(first!)),
  );
  return indexDynamic(scalar, scalar.key, most + 1);
}

/** The value of a stage at an element, with what it reads of the other stages written out. */
export function evaluator(
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

/** The coordinates of an element of a stage, whose axis is the last long one. */
export function placeOf({ parallel }: Stage, copy: Axis, at: Index): readonly Index[] {
  return parallel.map(({ extent }, i) =>
    extent === 1
      ? indexConstant(0)
      : copy.extent > 1 && parallel.slice(0, i).every((a) => a.extent === 1)
      ? indexAxis(copy)
      : at
  );
}

/** The axis of copies. */
export function copiesOf({ copies }: Nest): Axis {
  return { name: "copy", extent: copies };
}

/** The run that a stretch is a part of. */
export function runOf({ runs }: Nest, { from }: Pick<Stretch, "from">): Run {
  return runs.findLast(({ start }) => start <= from)!;
}

/** The elements of a stretch, by vectors, and the first one of a vector. */
export function elementsOf({ from, to, width }: Stretch): readonly [Axis, Index] {
  const axis: Axis = { name: `from${from}to${to}`, extent: (to - from) / width };
  return [axis, indexShift(indexScale(indexAxis(axis), width), from)];
}

/** Writes the body of a flat cluster; `thread` is the thread's number, or a loop runs over them. */
export function writeFlat(
  { nest, stages, stored, stretches, prepared }: FlatCluster,
  context: WriterContext,
  dtypeOf: (v: ValueId) => DType,
): readonly string[] {
  const { syntax } = context;
  const { runs, block, size, threads, copies, team } = nest;
  const writer = new Writer(context);
  const copy = copiesOf(nest);
  const maps = stages.filter((s) => s.nest === undefined && stored.includes(s.value));
  const terms = stages.filter((s) => s.nest !== undefined);
  const widest = Math.max(...stretches.map(({ width }) => width));

  const element = (first: Index, width: number, sums: readonly Sums[]): void => {
    const at = Array.from({ length: width }, (_, j) => indexShift(first, j));
    const evaluate = evaluator(stages);
    const [mapped, added] = [maps, terms].map((of) =>
      of.map((stage) => at.map((x) => prepared(evaluate(stage, placeOf(stage, copy, x)))))
    ) as [Scalar[][], Scalar[][]];
    writer.expect([...mapped, ...added].flat());
    // Nothing is stored before everything is evaluated.
    added.forEach((of, k) => addTerms(narrowed(sums[k]!, width), of, writer, context));
    const waiting = maps.map((stage, k): Waiting => {
      const { value } = stage;
      const of = mapped[k]!;
      const lanes: Lanes = width > 1
        ? writer.lanes!.write(of)
        : { kind: "parts", texts: [writer.scalar(of[0]!)], depth: 0 };
      return { value, dtype: dtypeOf(value), at: at.map((x) => placeOf(stage, copy, x)), lanes };
    });
    for (const one of waiting) store(one, context, writer);
  };
  /** A thread's sums, of the elements that `inside` goes through. */
  const summing = (inside: (sums: readonly Sums[]) => void): void => {
    const sums = terms.map(() => beginSums(widest, writer, context));
    inside(sums);
    terms.forEach(({ value }, k) => {
      const { buffer, word } = context.address(value, [
        ...copies > 1 ? [indexAxis(copy)] : [],
        thread,
      ]);
      const { name, lanes } = sums[k]!;
      const sum = widest > 1 ? total(lanes, (a, b) => syntax.binary("add", a, b, "f32")) : name;
      writer.line(syntax.storeWord(buffer, writer.index(word), sum));
    });
  };
  const teams: Axis = { name: "team", extent: threads / team };
  const member: Axis = { name: "member", extent: team };
  const thread = indexAdd(indexScale(indexAxis(teams), team), indexAxis(member));
  /** What threads do where all runs have one text. */
  const share = (): void => {
    const width = widest;
    const quotient = ofRun(nest, teams, size / width, (r) =>
      indexShift(
        // All starts are multiples of the width.
        indexScale(indexShift(indexAxis(teams), -r.first / team), team * block / width),
        r.start / width,
      ));
    const begin = indexScale(indexAdd(quotient, indexAxis(member)), width);
    const stop = ofRun(nest, teams, size, (r) => indexConstant(r.stop));
    const times = Math.max(
      ...runs.map(({ start, stop }) =>
        Math.ceil(Math.min(block, Math.ceil((stop - start) / team)) / width)
      ),
    );
    const even = runs.every(({ start, stop, threads: n }) => stop - start === n * times * width);
    summing((sums) => {
      const round: Axis = { name: writer.fresh("R"), extent: times };
      if (times === 1 && even) return element(begin, width, sums);
      writer.loop(round, () => {
        const first = indexAdd(begin, indexScale(indexAxis(round), team * width));
        if (!even) {
          writer.line(syntax.leave(syntax.atLeast(writer.index(first), writer.index(stop))));
        }
        element(first, width, sums);
      });
    });
  };
  /** What threads do where stretches have texts of their own: a team goes through what it has of each. */
  const goThrough = (): void => {
    const at = writer.index(indexAxis(member)), elements = team * block;
    const most = (fn: "max" | "min") => (a: string, b: number): string =>
      syntax.binary(fn, a, `${syntax.integer(b)}`, "u32");
    const max = most("max"), min = most("min");
    const declared = (text: string): string => {
      const name = writer.fresh("t");
      writer.line(syntax.declare(name, "index", text));
      return name;
    };
    const own = writer.index(indexAxis(teams));
    /** Where a team begins and ends in a run, whose teams are not the first. */
    const bounds = runs.map(({ start, first }) => {
      if (teams.extent === 1) return undefined;
      const within = first === 0
        ? own
        : `(${declared(max(own, first / team))} - ${syntax.integer(first / team)})`;
      const begin = declared(`${within} * ${syntax.integer(elements)} + ${syntax.integer(start)}`);
      const end = declared(`${begin} + ${syntax.integer(elements)}`);
      if (first === 0) return { begin, end };
      const none = syntax.select(
        syntax.atLeast(own, syntax.integer(first / team)),
        end,
        syntax.integer(0),
      );
      return { begin, end: declared(none) };
    });
    summing((sums) => {
      for (const stretch of stretches) {
        const { from, to, width } = stretch, [axis, first] = elementsOf(stretch);
        const inside = (): void => element(first, width, sums);
        const bound = bounds[runs.indexOf(runOf(nest, stretch))];
        if (bound === undefined && axis.extent === team) {
          writer.bind(axis, at);
          inside();
          continue;
        }
        const places = (text: string): string => {
          const within = from === 0
            ? text
            : `(${declared(max(text, from))} - ${syntax.integer(from)})`;
          return width === 1 ? within : syntax.quotient(within, width);
        };
        const start = bound === undefined ? at : `${places(bound.begin)} + ${at}`;
        const below = bound === undefined
          ? syntax.integer(axis.extent)
          : places(declared(min(bound.end, to)));
        const name = writer.fresh("i");
        const [open, close] = syntax.walk(name, declared(start), team, declared(below));
        writer.block(open, close, axis, () => {
          writer.bind(axis, name);
          inside();
        });
      }
    });
  };
  const apart = runs.length === 1 || stretches.length > 1, run = apart ? goThrough : share;
  const grid = [copy, teams, member].filter(({ extent }) => extent > 1);
  if (syntax.target === "js") {
    const nested = (i: number): void => {
      if (i === grid.length) run();
      else writer.loop(grid[i]!, () => nested(i + 1));
    };
    nested(0);
    return writer.lines;
  }
  const followers = !apart ? [] : stretches.map((stretch): Follower => {
    const { start, first } = runOf(nest, stretch);
    return {
      axis: elementsOf(stretch)[0],
      of: teams.name,
      per: team * block / stretch.width,
      skipped: (first * block + stretch.from - start) / stretch.width,
    };
  });
  context.thread(grid, followers).forEach((name, i) => writer.bind(grid[i]!, name));
  run();
  return writer.lines;
}
