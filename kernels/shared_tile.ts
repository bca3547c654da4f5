/**
 * Products whose factors a workgroup loads together: each element goes once from the buffer into
 * workgroup memory and is read from there by all threads of its row or column.
 *
 * That is how a real GPU multiplies large matrices; on a software adapter workgroup memory is slower
 * than a buffer, and its class has no such tile.
 *
 * @module
 */
import {
  type Axis,
  type Index,
  indexAtoms,
  indexAxis,
  indexConstant,
  indexDiv,
  indexMod,
  indexScale,
  indexSum,
} from "../src/loops/index.ts";
import {
  type Scalar,
  scalarBinary,
  scalarConstant,
  scalarHasFold,
  scalarIndices,
  scalarInside,
  scalarSelect,
  scalarSubstitute,
  scalarVisit,
} from "../src/loops/scalar.ts";
import type { Stage } from "../src/loops/stage.ts";
import type { Writer, WriterContext } from "./writer.ts";

/** How a workgroup shares what it loads. */
export interface SharedTile {
  /** The parallel axis that only the left factor moves with, and the one that only the right one does. */
  readonly rows: number;
  readonly columns: number;
  /** Threads of a workgroup along them. */
  readonly threads: readonly [number, number];
  /** Terms of a sum that are in workgroup memory at a time. */
  readonly depth: number;
}

/** Names of the axes that an expression moves with. */
function axesOf(s: Scalar): ReadonlySet<string> {
  const names = new Set<string>();
  scalarVisit(s, (x) => {
    for (const index of scalarIndices(x)) {
      indexAtoms(index, (a) => a.kind === "axis" && names.add(a.axis.name));
    }
  });
  return names;
}

/** Which axes a workgroup may share the loads of, if a stage is a product of that kind. */
export function sharedAxes(
  { parallel, reduce, combine, body }: Stage,
): Pick<SharedTile, "rows" | "columns"> | undefined {
  if (combine !== "sum" || reduce.length !== 1 || scalarHasFold(body)) return undefined;
  if (body.kind !== "binary" || body.fn !== "mul") return undefined;
  const left = axesOf(body.a), right = axesOf(body.b);
  const only = (one: ReadonlySet<string>, other: ReadonlySet<string>): number[] =>
    parallel.flatMap(({ name }, i) => one.has(name) && !other.has(name) ? [i] : []);
  const [rows, ...moreRows] = only(left, right), [columns, ...moreColumns] = only(right, left);
  if (rows === undefined || columns === undefined) return undefined;
  return moreRows.length + moreColumns.length === 0 ? { rows, columns } : undefined;
}

/** Words of workgroup memory for each factor. */
export function sharedWords(
  { rows, columns, threads, depth }: SharedTile,
  sizes: readonly number[],
): readonly [number, number] {
  return [threads[0] * sizes[rows]! * depth, threads[1] * sizes[columns]! * depth];
}

/** What is known when the sums are written. */
export interface SharedSums {
  readonly anchor: Stage;
  readonly tile: SharedTile;
  /** Elements of a thread along each parallel axis. */
  readonly sizes: readonly number[];
  /** The first element of a thread along each parallel axis, and of its workgroup. */
  readonly base: readonly Index[];
  readonly groupBase: readonly Index[];
  /** The number of the thread in its workgroup, and where it stands along rows and columns. */
  readonly local: Axis;
  readonly place: readonly [Axis, Axis];
  /** The sums of the box, row-major. */
  readonly sums: readonly string[];
}

/** Adds all terms to the sums. */
export function addShared(of: SharedSums, writer: Writer, context: WriterContext): void {
  const { anchor, tile, sizes, sums } = of;
  const { syntax } = context;
  const { rows, columns, threads, depth } = tile;
  const [term] = anchor.reduce;
  if (anchor.body.kind !== "binary" || syntax.shared === undefined) {
    throw new RangeError("Only products are shared, where there is workgroup memory");
  }
  const { a: left, b: right } = anchor.body;
  const count = threads[0] * threads[1];
  const [m, n] = [sizes[rows]!, sizes[columns]!];
  const blocks: Axis = { name: writer.fresh("K"), extent: Math.ceil(term!.extent / depth) };

  /** Loads a block of a factor: `wide` elements along its axis for each term. */
  const fill = (memory: 0 | 1, factor: Scalar, axis: number, wide: number): void => {
    const words = wide * depth;
    for (let first = 0; first < words; first += count) {
      const at = indexSum([{ factor: 1, index: indexAxis(of.local) }], first);
      // Neighbouring threads load neighbouring terms of a row, and neighbouring columns of a term.
      const [along, k] = memory === 0
        ? [indexDiv(at, depth), indexMod(at, depth)]
        : [indexMod(at, wide), indexDiv(at, wide)];
      const position = indexSum([
        { factor: 1, index: of.groupBase[axis]! },
        { factor: 1, index: along },
      ]);
      const sum = indexSum([{ factor: depth, index: indexAxis(blocks) }, { factor: 1, index: k }]);
      const map = new Map(
        anchor.parallel.map((a, i) => [a.name, i === axis ? position : of.base[i]!]),
      );
      map.set(term!.name, sum);
      const inside = scalarBinary(
        "and",
        scalarInside(position, anchor.parallel[axis]!.extent),
        scalarInside(sum, term!.extent),
      );
      const value = scalarSelect(inside, scalarSubstitute(factor, map), scalarConstant(0, "f32"));
      const store = syntax.shared!.store(memory, writer.index(at), writer.scalar(value));
      if (first + count <= words) writer.line(store);
      else {
        const within = syntax.inside(writer.index(at), words);
        writer.block(syntax.branch(within), syntax.close, undefined, () => writer.line(store));
      }
    }
  };

  writer.loop(blocks, () => {
    fill(0, left, rows, threads[0] * m);
    fill(1, right, columns, threads[1] * n);
    writer.line(syntax.shared!.barrier);
    const k: Axis = { name: writer.fresh("k"), extent: Math.min(depth, term!.extent) };
    writer.loop(k, () => {
      const read = (memory: 0 | 1, index: Index): string => {
        const name = writer.fresh("f");
        const text = syntax.shared!.load(memory, writer.index(index));
        writer.line(syntax.declare(name, "f32", text));
        return name;
      };
      const [row, column] = of.place;
      const lefts = Array.from({ length: m }, (_, i) =>
        read(
          0,
          indexSum([
            { factor: m * depth, index: indexAxis(row) },
            { factor: 1, index: indexAxis(k) },
          ], i * depth),
        ));
      const rights = Array.from({ length: n }, (_, j) =>
        read(
          1,
          indexSum([
            { factor: threads[1] * n, index: indexAxis(k) },
            { factor: 1, index: indexScale(indexAxis(column), n) },
          ], j),
        ));
      const [rowFirst] = rows < columns ? [true] : [false];
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          const name = sums[rowFirst ? i * n + j : j * m + i]!;
          writer.add(name, syntax.binary("mul", lefts[i]!, rights[j]!, "f32"));
        }
      }
    });
    writer.line(syntax.shared!.barrier);
  });
}

/** Binds the axes of threads: where the workgroup stands, and where the thread stands in it. */
export function bindShared(
  tile: SharedTile,
  sizes: readonly number[],
  threadAxes: readonly Axis[],
  writer: Writer,
  { syntax }: WriterContext,
): Pick<SharedSums, "groupBase" | "local" | "place"> {
  const { rows, columns, threads } = tile;
  const local: Axis = { name: "local", extent: threads[0] * threads[1] };
  writer.bind(local, "local");
  const place = [
    { name: "localRow", extent: threads[0] },
    { name: "localColumn", extent: threads[1] },
  ] as const;
  const declare = (prefix: string, text: string): string => {
    const name = writer.fresh(prefix);
    writer.line(syntax.declare(name, "index", text));
    return name;
  };
  writer.bind(place[0], declare("l", syntax.quotient("local", threads[1])));
  writer.bind(place[1], declare("l", syntax.remainder("local", threads[1])));
  let rest = "group";
  const groupBase = threadAxes.map(() => indexConstant(0));
  for (let i = threadAxes.length - 1; i >= 0; i--) {
    const side = i === rows ? 0 : i === columns ? 1 : undefined;
    const across = side === undefined ? 1 : threads[side];
    const groups: Axis = { name: `G${i}`, extent: threadAxes[i]!.extent / across };
    writer.bind(groups, declare("g", syntax.remainder(rest, groups.extent)));
    rest = declare("g", syntax.quotient(rest, groups.extent));
    const within = side === undefined ? [] : [{ factor: 1, index: indexAxis(place[side]) }];
    const thread = indexSum([{ factor: across, index: indexAxis(groups) }, ...within]);
    writer.bind(threadAxes[i]!, declare("a", writer.index(thread)));
    groupBase[i] = indexScale(indexAxis(groups), across * sizes[i]!);
  }
  return { groupBase, local, place };
}
