/**
 * Which box a thread computes: a small search over the cost of loads, arithmetic and idle cores.
 *
 * The figures are nanoseconds per operation for one group of eight lanes on a software adapter,
 * where memory is a loop over the lanes and reuse in registers is everything; a real GPU wants many
 * more threads, so its tiles are bounded more tightly.
 *
 * @module
 */
import { type Index, indexAtoms, indexEvaluate } from "../src/loops/index.ts";
import { type Scalar, scalarVisit, type ValueId } from "../src/loops/scalar.ts";
import type { Stage } from "../src/loops/stage.ts";
import type { AdapterClass } from "../src/loops/adapter.ts";
import { COSTS } from "./tile_costs.ts";
import type { Tile } from "./tile.ts";

/** What a tile must satisfy along each parallel axis. */
export interface TileConstraint {
  readonly multiple: number;
  readonly whole: boolean;
}

/** What comes after the sums of a tile. */
export interface Afterwards {
  /** Loads: with which parallel axes they move, and how many words they are for each element along those. */
  readonly loads: readonly { readonly moves: readonly boolean[]; readonly words: number }[];
  /** Words that are stored for each element. */
  readonly stores: number;
  /** Neighbouring words for each element along the last axis; 0 where they are no neighbours. */
  readonly last: number;
}

/** What a search knows of the kernel besides the stage itself. */
export interface TileOptions {
  /** What the tile must satisfy along each parallel axis. */
  readonly constraints: readonly TileConstraint[];
  readonly adapter: AdapterClass;
  /** Whether an elementwise tile is as small as its constraints allow. */
  readonly fixed: boolean;
  readonly shapeOf: (value: ValueId) => readonly number[];
  /** The word of an element of a value. */
  readonly address: (value: ValueId, at: readonly Index[]) => Index;
  readonly afterwards: Afterwards;
}

/** An affine form that coordinates are made of. */
interface Form {
  readonly terms: readonly { readonly axis: string; readonly factor: number }[];
  /** How many values it can have where the element exists. */
  readonly extent: number;
}

interface LoadShape {
  /** Along each axis, how far apart in memory its elements are; absent where that is no constant. */
  readonly strides: ReadonlyMap<string, number> | undefined;
  /** The last one is the innermost. */
  readonly forms: readonly Form[];
}

/**
 * The affine forms that an element's coordinates are made of. A quotient and a remainder of one form
 * move together, so they count once.
 */
function formsOf(at: readonly Index[], shape: readonly number[]): readonly Form[] {
  const forms = new Map<string, Form>();
  const collect = (x: Index, extent: number): void => {
    const terms: { axis: string; factor: number }[] = [];
    for (const { factor, atom } of x.terms) {
      if (atom.kind === "axis") terms.push({ axis: atom.axis.name, factor: Math.abs(factor) });
      else if (atom.kind === "div") {
        collect(atom.of, x.terms.length === 1 ? extent * atom.by : Infinity);
      } else if (atom.kind === "mod") collect(atom.of, Infinity);
    }
    if (terms.length === 0) return;
    const key = terms.map((t) => `${t.axis}*${t.factor}`).join();
    const bound = x.terms.length === terms.length ? extent : Infinity;
    const known = forms.get(key)?.extent ?? Infinity;
    forms.delete(key);
    forms.set(key, { terms, extent: Math.min(bound, known) });
  };
  at.forEach((x, d) => collect(x, shape[d]!));
  return [...forms.values()];
}

/** Constant strides of an address, if it has them. */
function stridesOf(word: Index): ReadonlyMap<string, number> | undefined {
  const strides = new Map<string, number>();
  for (const { factor, atom } of word.terms) {
    if (atom.kind !== "axis") return undefined;
    strides.set(atom.axis.name, factor);
  }
  return strides;
}

/** A range test: its axes, and which share of their points it lets through. */
interface Guard {
  readonly axes: readonly string[];
  readonly share: number;
}

/** Threads that are left where each goes through an axis. */
const FEWEST = 256;

/** Points up to which the share is counted. */
const MOST_POINTS = 4096;

function guardOf(index: Index, extent: number): Guard {
  const extents = new Map<string, number>();
  indexAtoms(index, (a) => a.kind === "axis" && extents.set(a.axis.name, a.axis.extent));
  const axes = [...extents.keys()];
  const total = [...extents.values()].reduce((n, d) => n * d, 1);
  if (total > MOST_POINTS) return { axes, share: 1 };
  let inside = 0;
  for (let k = 0; k < total; k++) {
    const at = new Map<string, number>();
    let rest = k;
    for (const [name, d] of extents) {
      at.set(name, rest % d);
      rest = Math.floor(rest / d);
    }
    const value = indexEvaluate(index, (a) => a.kind === "axis" ? at.get(a.axis.name)! : 0);
    if (value >= 0 && value < extent) inside++;
  }
  return { axes, share: inside / total };
}

/** Elements along a parallel axis: what divides it, and a few sizes that do not. */
function candidates(extent: number, c: TileConstraint, most: number, edges: boolean): number[] {
  if (c.whole) return [extent];
  const even = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, extent]
    .filter((n) => extent % n === 0);
  const sizes = new Set(edges ? [...even, 4, 6, 8, 12, 16] : even);
  const found = [...sizes].filter((n) => n <= extent && n <= most && n % c.multiple === 0);
  return found.length > 0 ? found.sort((a, b) => a - b) : [c.multiple];
}

/** Sizes of loop blocks: all of a short axis, or a few. */
function reduceCandidates(extent: number): number[] {
  const sizes = extent <= 32 ? [extent, 1] : [1];
  for (const n of [4, 8, 16]) if (extent > n && (extent % n === 0 || extent > 4 * n)) sizes.push(n);
  for (const n of [5, 6, 10, 12]) if (extent > n && extent % n === 0) sizes.push(n);
  return [...new Set(sizes)];
}

/** A tile with its estimated cost in nanoseconds of one core. */
export interface ChosenTile {
  readonly tile: Tile;
  readonly cost: number;
  /** The cost without what compiling takes. */
  readonly running: number;
  readonly threads: number;
}

/** A load of the body as the search sees it. */
interface SeenLoad {
  /** The forms with the numbers of their axes; the last one is the innermost. */
  readonly forms: readonly {
    readonly terms: readonly { readonly axis: number; readonly factor: number }[];
    readonly extent: number;
  }[];
  /** What must be a multiple of four for a box to begin with vectors: sizes of axes times these factors. */
  readonly starts: readonly { readonly axis: number; readonly factor: number }[] | undefined;
  /** Whether it moves with an axis. */
  readonly moves: readonly boolean[];
}

function seenLoad({ strides, forms }: LoadShape, names: readonly string[]): SeenLoad {
  const numbered = (terms: readonly { readonly axis: string; readonly factor: number }[]) =>
    terms.flatMap(({ axis: name, factor }) => {
      const axis = names.indexOf(name);
      return axis < 0 ? [] : [{ axis, factor }];
    });
  const seen = forms.map(({ terms, extent }) => ({ terms: numbered(terms), extent }));
  return {
    forms: seen,
    starts: strides === undefined
      ? seen.at(-1)?.terms
      : numbered([...strides].map(([axis, factor]) => ({ axis, factor }))),
    moves: names.map((_, i) => seen.some(({ terms }) => terms.some((t) => t.axis === i))),
  };
}

/** The cheapest tile of a stage. */
export function chooseTile(
  stage: Stage,
  { constraints, adapter, fixed, shapeOf, address, afterwards }: TileOptions,
): ChosenTile {
  const costs = COSTS[adapter.kind];
  const axes = [...stage.parallel, ...stage.reduce];
  const names = axes.map((a) => a.name);
  const extents = axes.map((a) => a.extent);
  const p = stage.parallel.length;
  const sums = stage.combine !== "none";
  const loads: SeenLoad[] = [];
  const guards: { readonly axes: readonly number[]; readonly share: number }[] = [];
  let operations = 0;
  scalarVisit(stage.body, (s: Scalar) => {
    if (s.kind === "load") {
      const strides = stridesOf(address(s.value, s.at));
      loads.push(seenLoad({ forms: formsOf(s.at, shapeOf(s.value)), strides }, names));
    } else if (s.kind === "inside") {
      const guard = guardOf(s.index, s.extent);
      const known = guard.axes.map((a) => names.indexOf(a)).filter((i) => i >= 0);
      guards.push({ axes: known, share: guard.share });
    } else if (
      s.dtype !== "bool" && s.kind !== "constant" && s.kind !== "index" && s.kind !== "select"
    ) operations++;
  });
  const options = extents.map((extent, i) =>
    i < p
      ? fixed && !sums
        ? [Math.max(constraints[i]!.multiple, constraints[i]!.whole ? extent : 1)]
        : candidates(extent, constraints[i]!, costs.accumulators, costs.edges)
      : reduceCandidates(extent)
  );
  let best: ChosenTile | undefined;
  const size = extents.map(() => 1);
  const whole = (i: number): boolean => size[i] === extents[i];
  const trips = (i: number): number => extents[i]! / size[i]!;
  /** Whether a thread may go through the blocks of an axis: one is enough, and only where loads are shared. */
  const mayLoop = (i: number): boolean =>
    sums && adapter.kind === "cpu" && !whole(i) && loads.some(({ moves }) => !moves[i]);
  const evaluate = (serial: number | undefined): void => {
    let accumulators = 1, threads = 1, body = 1, iterations = 1, bodies = 1;
    for (let i = 0; i < extents.length; i++) {
      body *= size[i]!;
      if (i < p) {
        accumulators *= size[i]!;
        if (i !== serial) threads *= Math.ceil(trips(i));
      } else {
        iterations *= trips(i);
        // What is left when blocks do not fill an axis is spelled out once more.
        bodies += Math.ceil(trips(i)) - trips(i) === 0 ? 0 : trips(i) % 1;
      }
    }
    const rounds = serial === undefined ? 1 : Math.ceil(trips(serial));
    // A test whose axes are all unrolled is decided while writing: what lies outside costs nothing.
    let open = 0;
    for (const g of guards) {
      if (g.axes.every(whole)) body *= g.share;
      else open++;
    }
    if (body > costs.bodyArithmetic) return;
    let loadCost = 0, sites = 0, shared = serial === undefined;
    for (const { forms, starts, moves } of loads) {
      const last = forms.length - 1;
      let count = 1, vector = 1;
      for (let d = 0; d <= last; d++) {
        let product = 1, span = 1;
        const { terms, extent } = forms[d]!;
        for (const t of terms) {
          product *= size[t.axis]!;
          span += t.factor * (size[t.axis]! - 1);
        }
        const n = Math.min(product, span, extent);
        count *= n;
        vector *= d === last && n >= 2 ? Math.ceil(n / 4 + 0.4) : n;
      }
      const aligned = starts?.every(({ axis, factor }) =>
        whole(axis) || (factor * size[axis]!) % 4 === 0
      ) ?? false;
      const wide = aligned && vector < count;
      sites += wide ? vector : count;
      // It stands in the innermost loop that it moves with.
      let times = 1, around = serial !== undefined ? rounds : 1;
      if (serial !== undefined && moves[serial]) times = around;
      for (let i = p; i < extents.length; i++) {
        around *= trips(i);
        if (size[i]! < extents[i]! && moves[i]) times = around;
      }
      shared ||= times === 1;
      loadCost += times *
        ((wide ? vector * costs.vectorLoad : count * costs.load) +
          (loads.length <= 2 ? count * open * 0.4 : 0));
    }
    if (!shared || (serial !== undefined && threads < FEWEST)) return;
    const words = size[p - 1] === undefined ? 0 : size[p - 1]! * afterwards.last;
    const row = p === 0 ? 0 : extents[p - 1]! * afterwards.last;
    const quads = words > 0 && words % 4 === 0 && row % 4 === 0;
    const stores = accumulators * afterwards.stores / (quads ? 4 : 1);
    let after = stores * (quads ? costs.vectorStore : costs.store) + accumulators;
    let spelled = sites * bodies + stores;
    for (const { moves, words } of afterwards.loads) {
      let count = words;
      for (let i = 0; i < p; i++) if (moves[i]) count *= size[i]!;
      const wide = quads && moves[p - 1] === true;
      after += wide ? count / 4 * costs.vectorLoad : count * costs.load;
      spelled += wide ? count / 4 : count;
    }
    const over = costs.site * spelled + Math.max(0, spelled - costs.sites) * costs.crowded;
    const arithmetic = body * Math.max(1, operations) * costs.arithmetic(accumulators);
    const perThread = costs.thread + loadCost +
      rounds * (iterations * (arithmetic + 3 + 0.2 * accumulators) + after);
    const groups = Math.ceil(threads / costs.lanes);
    const cost = perThread * Math.ceil(groups / costs.width) * costs.width + over;
    if (best === undefined || cost < best.cost) {
      best = {
        tile: {
          parallel: size.slice(0, p),
          reduce: size.slice(p),
          ...serial === undefined ? {} : { serial },
        },
        cost,
        running: cost - over,
        threads,
      };
    }
  };
  const search = (i: number, accumulators: number, body: number): void => {
    if (i === extents.length) {
      evaluate(undefined);
      for (let axis = 0; axis < p; axis++) if (mayLoop(axis)) evaluate(axis);
      return;
    }
    for (const n of options[i]!) {
      const grown = i < p ? accumulators * n : accumulators;
      if (grown > costs.accumulators && n > options[i]![0]!) continue;
      if (body * n > 4 * costs.bodyArithmetic && n > 1 && i >= p) continue;
      size[i] = n;
      search(i + 1, grown, body * n);
    }
    size[i] = 1;
  };
  search(0, 1, 1);
  return best ?? {
    tile: {
      parallel: stage.parallel.map((a, i) =>
        constraints[i]!.whole ? a.extent : constraints[i]!.multiple
      ),
      reduce: stage.reduce.map(() => 1),
    },
    cost: Infinity,
    running: Infinity,
    threads: stage.parallel.reduce((n, a) => n * a.extent, 1),
  };
}
