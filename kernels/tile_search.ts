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
import type { Tile } from "./tile.ts";

/** What a tile must satisfy along each parallel axis. */
export interface TileConstraint {
  readonly multiple: number;
  readonly whole: boolean;
}

interface Costs {
  readonly load: number;
  readonly vectorLoad: number;
  readonly arithmetic: (accumulators: number) => number;
  readonly thread: number;
  readonly lanes: number;
  /** Groups of lanes that run at once. */
  readonly width: number;
  readonly accumulators: number;
  /** Multiply-adds of one loop body, at most. */
  readonly bodyArithmetic: number;
  /** Loads and stores that a kernel may spell out for nothing … */
  readonly sites: number;
  /** … and what each one more costs: compiling it takes milliseconds, shared by the steps of a run. */
  readonly site: number;
}

const COSTS: { readonly [K in AdapterClass["kind"]]: Costs } = {
  cpu: {
    load: 6.7,
    vectorLoad: 13.6,
    arithmetic: (n) => n <= 24 ? 0.32 : n <= 96 ? 0.38 : 0.42,
    thread: 40,
    lanes: 8,
    width: 2,
    accumulators: 144,
    bodyArithmetic: 2000,
    sites: 100,
    site: 3000,
  },
  gpu: {
    load: 4,
    vectorLoad: 6,
    arithmetic: (n) => n <= 32 ? 1 : n <= 64 ? 1.3 : 3,
    thread: 20,
    lanes: 32,
    width: 256,
    accumulators: 64,
    bodyArithmetic: 2000,
    sites: 100,
    site: 3000,
  },
  // Engines stop optimising functions that grow long, and have sixteen registers.
  script: {
    load: 1,
    vectorLoad: 4,
    arithmetic: (n) => n <= 12 ? 0.6 : n <= 20 ? 0.9 : 2,
    thread: 4,
    lanes: 1,
    width: 1,
    accumulators: 16,
    bodyArithmetic: 200,
    sites: 80,
    site: 1000,
  },
};

/** What comes after the sums of a tile, for each of its elements. */
export interface Afterwards {
  /** Words that are loaded. */
  readonly loads: number;
  /** Words that are stored. */
  readonly stores: number;
}

/** What a search knows of the kernel besides the stage itself. */
export interface TileOptions {
  /** What the tile must satisfy along each parallel axis. */
  readonly constraints: readonly TileConstraint[];
  readonly adapter: AdapterClass;
  /** Whether an elementwise tile is as small as its constraints allow. */
  readonly fixed: boolean;
  /** The word of an element of a value. */
  readonly address: (value: ValueId, at: readonly Index[]) => Index;
  readonly afterwards: Afterwards;
}

interface LoadShape {
  /** Along each axis, how far apart in memory its elements are; absent where that is no constant. */
  readonly strides: ReadonlyMap<string, number> | undefined;
  /** For each form, the axes it moves with and their factors; the last one is the innermost. */
  readonly dimensions: readonly (readonly { readonly axis: string; readonly factor: number }[])[];
}

/**
 * The affine forms that an element's coordinates are made of. A quotient and a remainder of one form
 * move together, so they count once.
 */
function formsOf(at: readonly Index[]): LoadShape["dimensions"] {
  const forms = new Map<string, { axis: string; factor: number }[]>();
  const collect = (x: Index): void => {
    const plain: { axis: string; factor: number }[] = [];
    for (const { factor, atom } of x.terms) {
      if (atom.kind === "axis") plain.push({ axis: atom.axis.name, factor: Math.abs(factor) });
      else if (atom.kind !== "dynamic") collect(atom.of);
    }
    if (plain.length === 0) return;
    const key = plain.map((t) => `${t.axis}*${t.factor}`).join();
    forms.delete(key);
    forms.set(key, plain);
  };
  at.forEach(collect);
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

/** How many positions Σ factor · offset takes when the offsets fill a box. */
function spread(
  terms: readonly { readonly axis: string; readonly factor: number }[],
  size: (axis: string) => number,
): number {
  let product = 1, span = 1;
  for (const t of terms) {
    const n = size(t.axis);
    product *= n;
    span += t.factor * (n - 1);
  }
  return Math.min(product, span);
}

function candidates(extent: number, c: TileConstraint, most: number): number[] {
  if (c.whole) return [extent];
  const sizes = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, extent];
  const found = [...new Set(sizes)].filter((n) => n <= extent && n <= most && n % c.multiple === 0);
  return found.length > 0 ? found : [c.multiple];
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
  readonly threads: number;
}

/** The cheapest tile of a stage. */
export function chooseTile(
  stage: Stage,
  { constraints, adapter, fixed, address, afterwards }: TileOptions,
): ChosenTile {
  const costs = COSTS[adapter.kind];
  const loads: LoadShape[] = [];
  const guards: Guard[] = [];
  let operations = 0;
  scalarVisit(stage.body, (s: Scalar) => {
    if (s.kind === "load") {
      loads.push({ dimensions: formsOf(s.at), strides: stridesOf(address(s.value, s.at)) });
    } else if (s.kind === "inside") guards.push(guardOf(s.index, s.extent));
    else if (
      s.dtype !== "bool" && s.kind !== "constant" && s.kind !== "index" && s.kind !== "select"
    ) operations++;
  });
  const names = [...stage.parallel, ...stage.reduce].map((a) => a.name);
  const extents = [...stage.parallel, ...stage.reduce].map((a) => a.extent);
  const p = stage.parallel.length;
  const sums = stage.combine !== "none";
  const options = extents.map((extent, i) =>
    i < p
      ? fixed && !sums
        ? [Math.max(constraints[i]!.multiple, constraints[i]!.whole ? extent : 1)]
        : candidates(extent, constraints[i]!, costs.accumulators)
      : reduceCandidates(extent)
  );
  let best: ChosenTile | undefined;
  const size = extents.map(() => 1);
  const sizeOf = (axis: string): number => {
    const i = names.indexOf(axis);
    return i < 0 ? 1 : size[i]!;
  };
  /** Whether the words that a thread's box begins with are the first ones of vectors. */
  const beginsVectors = ({ strides, dimensions }: LoadShape): boolean => {
    const starts = (axis: string, factor: number): boolean => {
      const i = names.indexOf(axis);
      return size[i] === extents[i] || (factor * size[i]!) % 4 === 0;
    };
    if (strides !== undefined) return [...strides].every(([axis, factor]) => starts(axis, factor));
    return dimensions.at(-1)?.every(({ axis, factor }) => starts(axis, factor)) ?? false;
  };
  const evaluate = (): void => {
    let accumulators = 1, threads = 1, body = 1, iterations = 1, bodies = 1;
    extents.forEach((extent, i) => {
      body *= size[i]!;
      if (i < p) {
        accumulators *= size[i]!;
        threads *= Math.ceil(extent / size[i]!);
      } else {
        iterations *= extent / size[i]!;
        // What is left when blocks do not fill an axis is spelled out once more.
        bodies += extent % size[i]! === 0 ? 0 : (extent % size[i]!) / size[i]!;
      }
    });
    // A test whose axes are all unrolled is decided while writing: what lies outside costs nothing.
    let open = 0;
    for (const g of guards) {
      if (
        g.axes.every((a) =>
          !names.includes(a) || size[names.indexOf(a)] === extents[names.indexOf(a)]
        )
      ) body *= g.share;
      else open++;
    }
    if (body > costs.bodyArithmetic) return;
    let loadCost = 0, sites = 0;
    for (const load of loads) {
      const last = load.dimensions.length - 1;
      let count = 1, vector = 1;
      load.dimensions.forEach((terms, d) => {
        const n = spread(terms, sizeOf);
        count *= n;
        vector *= d === last && n >= 2 ? Math.ceil(n / 4 + 0.4) : n;
      });
      const aligned = beginsVectors(load);
      const wide = aligned && vector < count;
      sites += wide ? vector : count;
      loadCost += (wide ? vector * costs.vectorLoad : count * costs.load) +
        (loads.length <= 2 ? count * open * 0.4 : 0);
    }
    const quarter = size[p - 1] === undefined || size[p - 1]! % 4 === 0 ? 4 : 1;
    const spelled = sites * bodies +
      Math.ceil(accumulators * (afterwards.loads + afterwards.stores) / quarter);
    const over = Math.max(0, spelled - costs.sites) * costs.site;
    const arithmetic = body * Math.max(1, operations) * costs.arithmetic(accumulators);
    const perThread = costs.thread + iterations * (loadCost + arithmetic + 3 + 0.2 * accumulators) +
      accumulators * 6;
    const groups = Math.ceil(threads / costs.lanes);
    const cost = perThread * Math.ceil(groups / costs.width) * costs.width + over;
    if (best === undefined || cost < best.cost) {
      best = { tile: { parallel: size.slice(0, p), reduce: size.slice(p) }, cost, threads };
    }
  };
  const search = (i: number, accumulators: number, body: number): void => {
    if (i === extents.length) return evaluate();
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
    threads: stage.parallel.reduce((n, a) => n * a.extent, 1),
  };
}
