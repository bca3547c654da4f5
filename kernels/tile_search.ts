/**
 * Which box a thread computes: a small search over the cost of loads, arithmetic and idle cores.
 *
 * @module
 */
import type { Index } from "../src/loops/index.ts";
import { type Fetch, fetchOf, isNear, isNearAtOnce, slicesExpected, spreadsOf } from "./fetches.ts";
import { type Scalar, scalarVisit, type ValueId } from "../src/loops/scalar.ts";
import type { Stage } from "../src/loops/stage.ts";
import { type AdapterClass, mostTurns } from "../src/loops/adapter.ts";
import { type Guard, guardOf, type SeenLoad, seenLoad } from "./seen_loads.ts";
import { sharedTile } from "./shared_search.ts";
import { candidates, reduceCandidates, type TileConstraint } from "./tile_candidates.ts";
import { COSTS, type Costs } from "./tile_costs.ts";
import type { Tile } from "./tile.ts";

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
  /** Parallel axes along which the elements of a thread may lie far apart. */
  readonly spreads: readonly boolean[];
  /** Whether the target has memory that threads share, and arrays of their own. */
  readonly memory: boolean;
  /** Multiply-adds of one loop body, at most, if fewer than the class allows. */
  readonly mostArithmetic: number;
  /** Tiles that cost more need not be found: the cost may then be Infinity. */
  readonly most?: number;
  /** What a workgroup writes that does all the work, if one does: it reads that from storage. */
  readonly workgroup?: ReadonlySet<ValueId>;
}

/** Threads that are left where each goes through an axis. */
const FEWEST = 256;

/** A tile with its estimated cost in nanoseconds of one core. */
export interface ChosenTile {
  readonly tile: Tile;
  readonly cost: number;
  /** The cost without what compiling takes. */
  readonly running: number;
  readonly threads: number;
}

/**
 * The cheapest tile of a stage; its cost is infinite where none has a thread that ends in time, or
 * none that is small enough to write.
 */
export function chooseTile(stage: Stage, options: TileOptions): ChosenTile {
  const own = cheapestTile(stage, options), shared = sharedTile(stage, options);
  return shared !== undefined && shared.cost < own.cost ? shared : own;
}

function cheapestTile(
  stage: Stage,
  {
    constraints,
    adapter,
    fixed,
    shapeOf,
    address,
    afterwards,
    spreads,
    memory,
    mostArithmetic,
    most = Infinity,
    workgroup,
  }: TileOptions,
): ChosenTile {
  const costs = COSTS[adapter.kind];
  const bodyArithmetic = Math.min(mostArithmetic, costs.bodyArithmetic);
  const axes = [...stage.parallel, ...stage.reduce];
  const names = axes.map((a) => a.name);
  const extents = axes.map((a) => a.extent);
  const p = stage.parallel.length;
  const sums = stage.combine !== "none";
  const loads: SeenLoad[] = [];
  const guards: (Omit<Guard, "axes"> & { readonly axes: readonly number[] })[] = [];
  const fetches: Fetch[] = [];
  let operations = 0;
  scalarVisit(stage.body, (s: Scalar) => {
    if (s.kind === "load") {
      const word = address(s.value, s.at);
      loads.push(seenLoad(s.at, shapeOf(s.value), word, names));
      const words = shapeOf(s.value).reduce((n, d) => n * d, 1);
      fetches.push(fetchOf(s.value, word, stage, words, adapter));
    } else if (s.kind === "inside") {
      const guard = guardOf(s.index, s.extent);
      const known = guard.axes.map((a) => names.indexOf(a)).filter((i) => i >= 0);
      guards.push({ ...guard, axes: known });
    } else if (
      s.dtype !== "bool" && s.kind !== "constant" && s.kind !== "index" && s.kind !== "select"
    ) operations++;
  });
  let options: readonly (readonly number[])[] = extents.map((extent, i) =>
    i < p
      ? fixed && !sums
        ? [Math.max(constraints[i]!.multiple, constraints[i]!.whole ? extent : 1)]
        : candidates(extent, constraints[i]!, costs.accumulators, costs.edges)
      : reduceCandidates(extent)
  );
  const uniform = adapter.maxUniforms > 0 ? costs.uniform : undefined;
  const { load, vectorLoad } = uniform ?? costs;
  const width = workgroup === undefined ? costs.width : costs.workgroupWidth;
  const cut = uniform === undefined || workgroup !== undefined ? [] : fetches;
  let { slices, near: mayBeNear } = slicesExpected(cut, extents, adapter);
  /** The axis along which the elements of a thread lie far apart. */
  let spread = -1;
  let best: ChosenTile | undefined;
  /** A tile that costs more is not the cheapest. */
  let limit = most;
  const size = extents.map(() => 1);
  const whole = (i: number): boolean => size[i] === extents[i];
  const trips = (i: number): number => extents[i]! / size[i]!;
  const shares = extents.map((_, i) => loads.some(({ moves }) => !moves[i]));
  /** Whether a thread may go through the blocks of an axis: one is enough, and only where loads are shared. */
  const mayLoop = (i: number): boolean => sums && adapter.kind === "cpu" && !whole(i) && shares[i]!;
  /** The axis with most rounds; the last one is left to vectors. */
  const roundsAxis = (): number | undefined => {
    let axis: number | undefined, most = 2;
    for (let i = 0; i < p - 1; i++) {
      const count = size[i]! / constraints[i]!.multiple;
      if (i === spread || constraints[i]!.whole || count <= most || !Number.isInteger(count)) {
        continue;
      }
      axis = i;
      most = count;
    }
    return axis;
  };
  /** What a load takes each time, and at how many places it is written; what is known of the current box. */
  const loadCosts = loads.map(() => 0),
    farCosts = loads.map(() => 0),
    loadSites = loads.map(() => 0);
  let seen = 0;
  const see = ({ forms, starts }: SeenLoad, open: number): void => {
    const last = forms.length - 1;
    let count = 1, vector = 1;
    for (let d = 0; d <= last; d++) {
      // Axes of one factor overlap; those of smaller ones fill the rows between.
      let product = 1, span = 1, rows = 1, row = 1, factor = Infinity;
      const { terms, extent, by } = forms[d]!;
      for (const t of terms) {
        const n = size[t.axis]!;
        product *= n;
        span += t.factor * (n - 1);
        if (t.factor < factor) {
          rows *= row;
          row = 1;
          factor = t.factor;
        }
        row += n - 1;
      }
      const n = Math.min(product, rows * row, Math.ceil(Math.min(span, extent) / by));
      count *= n;
      vector *= d === last && n >= 2
        ? Math.min(Math.ceil(n / 4 + 0.4), rows * Math.ceil(row / 4 + 0.4))
        : n;
    }
    // Each row of the box begins with a vector, or where the one before ends.
    let aligned = starts !== undefined, run = 1;
    if (starts !== undefined) {
      for (const { axis, factor } of starts) {
        const n = size[axis]!, step = Math.abs(factor);
        if (!whole(axis) && (axis === spread ? step : step * n) % 4 !== 0) aligned = false;
        if (n === 1) continue;
        if (step === 1) run += n - 1;
        else if (step === run) run *= n;
        else if (step % 4 !== 0) aligned = false;
      }
    }
    const wide = aligned && vector < count;
    loadSites[seen] = wide ? vector : count;
    const tests = loads.length <= 2 ? count * open * 0.4 : 0;
    const costOf = (of: Pick<Costs, "load" | "vectorLoad">): number =>
      tests + (wide ? vector * of.vectorLoad : count * of.load);
    farCosts[seen] = costOf(costs);
    loadCosts[seen] = uniform === undefined ? farCosts[seen]! : costOf(uniform);
    seen++;
  };
  const runningOf = (perThread: number, threads: number, among = slices): number => {
    const groups = Math.ceil(Math.ceil(threads / among) / costs.lanes);
    return among * (perThread * Math.ceil(groups / width) * width +
      (among === 1 ? 0 : uniform!.slice));
  };
  const compilingOf = (places: number, arrays: number): number =>
    costs.site * (places + arrays) + Math.max(0, places - costs.sites) * costs.crowded;
  /** The current box, and with each axis whose blocks a thread may go through. */
  const evaluate = (): void => {
    let accumulators = 1, all = 1, body = 1, iterations = 1, bodies = 1;
    for (let i = 0; i < extents.length; i++) {
      body *= size[i]!;
      if (i < p) {
        accumulators *= size[i]!;
        all *= Math.ceil(trips(i));
      } else {
        iterations *= trips(i);
        // What is left when blocks do not fill an axis is spelled out once more.
        bodies += Math.ceil(trips(i)) - trips(i) === 0 ? 0 : trips(i) % 1;
      }
    }
    // A test whose axes are all unrolled is decided while writing: what lies outside costs nothing.
    let open = 0;
    for (const g of guards) {
      if (g.axes.every((i) => whole(i) || size[i]! % g.period === 0)) body *= g.share;
      else open++;
    }
    if (body > bodyArithmetic) return;
    // The terms of sums are products; those of maxima may be anything.
    const other = sums && stage.combine !== "sum";
    if (other && body * operations > bodyArithmetic && body > 1) return;
    const words = p === 0 || spread === p - 1 ? 0 : size[p - 1]! * afterwards.last;
    const row = p === 0 ? 0 : extents[p - 1]! * afterwards.last;
    const quads = words > 0 && words % 4 === 0 && row % 4 === 0;
    const stores = accumulators * afterwards.stores / (quads ? 4 : 1);
    let after = stores * (quads ? costs.vectorStore : costs.store) + accumulators;
    let spelled = stores;
    for (const { moves, words } of afterwards.loads) {
      let count = words;
      for (let i = 0; i < p; i++) if (moves[i]) count *= size[i]!;
      const wide = quads && moves[p - 1] === true;
      after += wide ? count / 4 * vectorLoad : count * load;
      spelled += wide ? count / 4 : count;
    }
    const arithmetic = body * Math.max(1, operations) * costs.arithmetic(accumulators);
    const inside = iterations * (arithmetic + 3 + 0.2 * accumulators);
    const at = memory && costs.register !== undefined && sums ? roundsAxis() : undefined;
    const fewest = at === undefined ? spelled : spelled * constraints[at]!.multiple / size[at]!;
    seen = 0;
    // A thread that goes through blocks does the work of as many.
    const work = (inside + after) * all / costs.lanes * (1 - 1e-9);
    if (work + compilingOf(fewest, 0) > limit) return;
    for (let serial = -1; serial < p; serial++) {
      if (serial >= 0 && (serial === spread || !mayLoop(serial))) continue;
      const rounds = serial < 0 ? 1 : Math.ceil(trips(serial)), threads = all / rounds;
      if (rounds * iterations > mostTurns(adapter)) continue;
      if (serial >= 0 && threads < FEWEST) continue;
      let loadCost = 0, sites = 0, shared = serial < 0, dear = false;
      const perThread = (after: number): number =>
        costs.thread + loadCost + rounds * (inside + after);
      for (let l = 0;; l++) {
        // Nothing that is added makes it less, whatever the other loads are.
        const least = runningOf(perThread(after), threads) +
          compilingOf(sites * bodies + fewest, 0);
        if (least > limit) dear = true;
        if (dear || l === loads.length) break;
        if (l === seen) see(loads[l]!, open);
        sites += loadSites[l]!;
        // It stands in the innermost loop that it moves with.
        const { moves } = loads[l]!;
        let times = 1, around = rounds;
        if (serial >= 0 && moves[serial]) times = around;
        for (let i = p; i < extents.length; i++) {
          around *= trips(i);
          if (size[i]! < extents[i]! && moves[i]) times = around;
        }
        shared ||= times === 1;
        const fetch = fetches[l]!;
        const near = uniform !== undefined &&
          (workgroup === undefined
            ? mayBeNear[l]! && isNear(fetch, size, serial, spread, extents, adapter)
            : !workgroup.has(fetch.value) && isNearAtOnce(fetch, adapter));
        loadCost += times * (near ? loadCosts : farCosts)[l]!;
      }
      if (dear || !shared) continue;
      let stored = {}, each = perThread(after);
      let compiling = compilingOf(sites * bodies + spelled, 0);
      let cost = runningOf(each, threads) + compiling;
      if (at !== undefined) {
        const moved = perThread(after + accumulators * costs.register!.move);
        const places = compilingOf(sites * bodies + fewest, accumulators * costs.register!.sites);
        const inRounds = runningOf(moved, threads) + places;
        if (inRounds < cost) {
          stored = { rounds: { axis: at, size: constraints[at]!.multiple } };
          [each, compiling, cost] = [moved, places, inRounds];
        }
      }
      if (best !== undefined && cost >= best.cost) continue;
      // Slices hold whole threads: boxes make more of them.
      const box = { sizes: size, spread, serial };
      const among = slices === 1 ? 1 : slicesExpected(fetches, extents, adapter, box).slices;
      const running = runningOf(each, threads, among);
      cost = running + compiling;
      if (best !== undefined && cost >= best.cost) continue;
      best = {
        tile: {
          parallel: size.slice(0, p),
          reduce: size.slice(p),
          ...serial < 0 ? {} : { serial },
          ...spread < 0 ? {} : { spread },
          ...stored,
        },
        cost,
        running,
        threads,
      };
      limit = Math.min(limit, cost);
    }
  };
  /** Whether an axis may have a size where those before it have so many elements. */
  const mayHave = (i: number, n: number, accumulators: number, body: number): boolean =>
    i < p
      ? accumulators * n <= costs.accumulators || n <= options[i]![0]!
      : body * n <= 4 * bodyArithmetic || n === 1;
  /** A good tile by changing one axis at a time: with its cost known, most others are seen to cost more. */
  const descend = (): void => {
    options.forEach((sizes, i) => size[i] = i < p ? sizes[0]! : 1);
    const allowed = (): boolean => {
      let body = 1;
      return size.every((n, i) => {
        const may = mayHave(i, n, body, body);
        body *= n;
        return may;
      });
    };
    for (let cost = Infinity; limit < cost || cost === Infinity;) {
      cost = limit;
      for (let i = 0; i < extents.length; i++) {
        let kept = size[i]!;
        for (const n of options[i]!) {
          const before = best;
          size[i] = n;
          if (allowed()) evaluate();
          if (best !== before) kept = n;
        }
        size[i] = kept;
      }
      if (best === undefined) return;
    }
    best = undefined;
  };
  const decided = guards.reduce((all, { share }) => all * share, 1 - 1e-9);
  const search = (i: number, accumulators: number, body: number): void => {
    if (i === extents.length) return evaluate();
    for (const n of options[i]!) {
      if (!mayHave(i, n, accumulators, body) || body * n * decided > bodyArithmetic) continue;
      size[i] = n;
      search(i + 1, i < p ? accumulators * n : accumulators, body * n);
    }
    size[i] = 1;
  };
  descend();
  search(0, 1, 1);
  if (slices > 1 && sums) {
    const all = options, others = afterwards.loads.length;
    spreads.forEach((may, axis) => {
      if (!may || guards.some(({ axes }) => axes.includes(axis))) return;
      for (const found of spreadsOf(axis, all[axis]!, fetches, extents, others, adapter)) {
        options = all.map((sizes, i) => i === axis ? found.elements : sizes);
        spread = axis;
        ({ slices, near: mayBeNear } = found);
        search(0, 1, 1);
      }
    });
  }
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
